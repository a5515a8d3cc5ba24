import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { type AuditEvent, FIRST_HASH, recordAlone } from '../../src/audit/audit.ts'
import { exportAudit } from '../../src/audit/export.ts'
import type { SyslogTarget } from '../../src/audit/syslog.ts'
import type { Database } from '../../src/database/database.ts'
import { auditEvents, auditExportCursor, exams, shares, studies, visits } from '../../src/database/schema.ts'
import { testDatabase } from '../support/database.ts'
import type { LogLine } from '../support/gateway.ts'
import { type Pki, type SyslogReceiver, syslogReceiver, testPki } from './syslog-receiver.ts'
import { fillTrail } from './trail.ts'
import { all, complaintsOf, parseXml, trailDetails } from './xml.ts'

const NOW = new Date('2026-11-23T10:00:00.000Z')
const SOURCE = { organisation: 'Ospedale di prova', portalUrl: 'https://referti.ospedale.example' }

type Running = { logged: LogLine[]; stop: () => Promise<void>; [Symbol.asyncDispose]: () => Promise<void> }

function exporting(db: Database, target: SyslogTarget): Running {
  const stopping = new AbortController()
  const logged: LogLine[] = []
  const running = exportAudit({
    db,
    target,
    source: SOURCE,
    log: (level, event, fields = {}) => void logged.push({ level, event, fields }),
    clock: () => NOW,
    signal: stopping.signal,
  })
  const stop = () => {
    stopping.abort()
    return running
  }
  return { logged, stop, [Symbol.asyncDispose]: stop }
}

const targetOf = (receiver: SyslogReceiver, pki: Pki) => ({
  host: '127.0.0.1',
  port: receiver.port,
  ca: pki.ca,
})

async function act(
  db: Database,
  event: AuditEvent['event'] = 'access.failed',
  more: Partial<AuditEvent> = {},
) {
  await recordAlone(db, NOW, { event, actor: { kind: 'anonymous' }, source: '192.0.2.7', ...more })
}

async function acts(db: Database, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await act(db)
}

/** Waits until the receiver has as many rows of the trail, and returns them as they came. */
async function received(receiver: SyslogReceiver, rows: number, timeoutMs = 20_000) {
  const deadline = Date.now() + timeoutMs
  for (; ; await sleep(100)) {
    const lines = await receiver.messages()
    if (lines.length < rows && Date.now() < deadline) continue
    const messages = lines.map((message) => {
      const xml = message.slice(message.indexOf('<?xml'))
      const { seq, hash = '', previousHash = '' } = trailDetails(parseXml(xml))
      return { seq: Number(seq), hash, previousHash, message, xml }
    })
    if (new Set(messages.map(({ seq }) => seq)).size >= rows) return messages
    if (Date.now() > deadline) throw new Error(`${messages.length} messages came, ${rows} rows were awaited`)
  }
}

/** What came must be the whole chain, in its order; the same row may come again, as the same bytes. */
async function expectWholeChain(db: Database, messages: Awaited<ReturnType<typeof received>>): Promise<void> {
  const first = new Map<number, (typeof messages)[number]>()
  for (const message of messages) {
    const before = first.get(message.seq)
    if (before) expect(message.message).toBe(before.message)
    else first.set(message.seq, message)
  }
  const trail = await db.select().from(auditEvents).orderBy(auditEvents.seq)
  expect([...first.keys()]).toEqual(trail.map(({ seq }) => seq))
  let previousHash = FIRST_HASH
  for (const { hash, previousHash: chained } of first.values()) {
    expect(chained).toBe(previousHash)
    previousHash = hash
  }
  expect(previousHash).toBe(trail.at(-1)?.hash)
}

async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not come to that')
    await sleep(50)
  }
}

const cursorOf = async (db: Database) => (await db.select().from(auditExportCursor))[0]

// Each has its own trail and repository, and mostly waits: they wait together.
describe.concurrent('the export of the trail', () => {
  test('what is in the trail goes to the repository in its order, once, and what comes later follows (S39)', async () => {
    await using database = await testDatabase()
    await using pki = await testPki()
    await using receiver = await syslogReceiver(pki)
    await acts(database.db, 450)
    await using running = exporting(database.db, targetOf(receiver, pki))
    await received(receiver, 450)
    await acts(database.db, 3)
    const messages = await received(receiver, 453)
    expect(messages).toHaveLength(453)
    await expectWholeChain(database.db, messages)
    for (const { message } of messages)
      expect(message).toMatch(
        /^<85>1 2026-11-23T10:00:00\.000Z referti\.ospedale\.example ritiro - DICOM\+RFC3881 - <\?xml/,
      )
    expect(await complaintsOf(messages.map(({ xml }) => xml))).toEqual([])
    expect(running.logged).toEqual([])
  }, 60_000)

  test('a message names patient, doctor and studies as they are known when it is sent; who was deleted is absent', async () => {
    await using database = await testDatabase()
    await using pki = await testPki()
    await using receiver = await syslogReceiver(pki)
    const { db } = database
    const { visitId, examId, shareId } = await seed(db)
    const about = { visitId, examId, actor: { kind: 'doctor', share: shareId } } as const
    await act(db, 'images.viewed', about)
    await act(db, 'images.viewed', {
      ...about,
      visitId: randomUUID(),
      examId: randomUUID(),
      actor: { kind: 'patient' },
    })
    await using _running = exporting(db, targetOf(receiver, pki))
    const messages = await received(receiver, 2)
    const [known, gone] = messages.map(({ xml }) => parseXml(xml))
    expect(messages[0]?.xml).toContain('csd-code="110103"')
    expect(all(known, 'ActiveParticipant')[0]?.attributes).toMatchObject({
      UserID: `share-${shareId}@referti.ospedale.example`,
      UserName: 'Bianchi Anna',
    })
    const ids = all(known, 'ParticipantObjectIdentification').map(
      ({ attributes }) => attributes.ParticipantObjectID,
    )
    expect(ids.slice(0, 3)).toEqual(['1.2.826.1', '1.2.826.2', 'P1'])
    expect(messages[0]?.xml).toContain('<ParticipantObjectName>Rossi^Mario</ParticipantObjectName>')
    expect(messages[1]?.xml).not.toMatch(/Rossi|Bianchi|1\.2\.826/)
    expect(all(gone, 'ActiveParticipant')[0]?.attributes.UserName).toBeUndefined()
    for (const secret of ['token-hash', 'anna@example.org', 'mario@example.org', 'RSSMRA80D23D205X'])
      expect(messages.map(({ xml }) => xml).join()).not.toContain(secret)
  }, 60_000)

  test('a repository that is down is waited for with growing pauses, and nothing is lost', async () => {
    await using database = await testDatabase()
    await using pki = await testPki()
    await using receiver = await syslogReceiver(pki)
    await receiver.stop()
    await acts(database.db, 5)
    await using running = exporting(database.db, targetOf(receiver, pki))
    await until(() => running.logged.length >= 3)
    expect(running.logged.slice(0, 3)).toEqual(
      [1, 2, 3].map((failures) => ({
        level: 'warn',
        event: 'audit.export_failed',
        fields: { code: 'ECONNREFUSED', failures },
      })),
    )
    expect(await cursorOf(database.db)).toMatchObject({ lastSeq: 0 })
    await receiver.start()
    await expectWholeChain(database.db, await received(receiver, 5))
    await until(() => running.logged.some(({ event }) => event === 'audit.export_back'))
  }, 60_000)

  test('a receiver that is stopped, killed and restarted while acts are written loses nothing and keeps the order', async () => {
    await using database = await testDatabase()
    await using pki = await testPki()
    await using receiver = await syslogReceiver(pki)
    const { db } = database
    // So many that there is always something on its way.
    await fillTrail(db, 4_000)
    let writing = true
    const writer = (async () => {
      for (; writing; await sleep(20)) await act(db)
    })()
    await using _running = exporting(db, targetOf(receiver, pki))
    for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
      await sleep(900 + Math.random() * 1_200)
      await receiver.stop(signal)
      await sleep(Math.random() * 400)
      await receiver.start()
    }
    writing = false
    await writer
    const [total] = await db.select({ rows: sql<number>`count(*)::int` }).from(auditEvents)
    const messages = await received(receiver, total?.rows ?? 0, 60_000)
    await expectWholeChain(db, messages)
  }, 120_000)

  test('what a receiver may have lost in its memory when it died is sent to it once more', async () => {
    await using database = await testDatabase()
    await using pki = await testPki()
    await using receiver = await syslogReceiver(pki)
    const { db } = database
    await acts(db, 3)
    await using running = exporting(db, targetOf(receiver, pki))
    await received(receiver, 3)
    await until(async () => (await cursorOf(db))?.lastSeq === 3)
    await receiver.stop('SIGKILL')
    await act(db)
    await until(() => running.logged.length > 0)
    await receiver.start()
    const messages = await received(receiver, 4)
    expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 1, 2, 3, 4])
    await expectWholeChain(db, messages)
  }, 60_000)

  test('an impostor without the authority’s certificate gets nothing, however often it is tried', async () => {
    await using database = await testDatabase()
    await using pki = await testPki()
    await using other = await testPki()
    await using impostor = await syslogReceiver(other)
    await act(database.db)
    await using running = exporting(database.db, targetOf(impostor, pki))
    await until(() => running.logged.length >= 2)
    expect(running.logged[0]).toMatchObject({ fields: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } })
    expect(await impostor.messages()).toEqual([])
    expect(await cursorOf(database.db)).toMatchObject({ lastSeq: 0 })
  }, 60_000)

  test('a repository that wants our certificate gets the trail with it, and without it nothing is lost', async () => {
    await using database = await testDatabase()
    await using pki = await testPki()
    await using receiver = await syslogReceiver(pki, { peers: ['gateway.example'] })
    const { cert, key } = await pki.issue('gateway', 'DNS:gateway.example')
    await acts(database.db, 3)
    {
      await using without = exporting(database.db, targetOf(receiver, pki))
      await until(() => without.logged.length >= 2)
      expect(await cursorOf(database.db)).toMatchObject({ lastSeq: 0 })
    }
    await using _with = exporting(database.db, { ...targetOf(receiver, pki), cert, key })
    await expectWholeChain(database.db, await received(receiver, 3))
  }, 60_000)

  test('of several gateways one sends at a time: each row once, and the next goes on where the first stopped', async () => {
    await using database = await testDatabase()
    await using pki = await testPki()
    await using receiver = await syslogReceiver(pki)
    const { db } = database
    const gateways = [1, 2, 3].map(() => exporting(db, targetOf(receiver, pki)))
    for (const gateway of gateways) {
      await acts(db, 20)
      const [total] = await db.select({ rows: sql<number>`count(*)::int` }).from(auditEvents)
      const rows = total?.rows ?? 0
      expect(await received(receiver, rows)).toHaveLength(rows)
      await until(async () => (await cursorOf(db))?.lastSeq === rows)
      await gateway.stop()
      expect(gateway.logged).toEqual([])
    }
    await expectWholeChain(db, await received(receiver, 60))
    // The last one let go as it stopped.
    expect(await cursorOf(db)).toMatchObject({ holder: null, heldUntil: null, lastSeq: 60 })
  }, 60_000)

  test('a gateway that died while sending is followed by another once its lease is over', async () => {
    await using database = await testDatabase()
    await using pki = await testPki()
    await using receiver = await syslogReceiver(pki)
    const { db } = database
    await acts(db, 4)
    const [, second] = await db.select().from(auditEvents).orderBy(auditEvents.seq)
    await db.insert(auditExportCursor).values({
      lastSeq: 2,
      lastHash: second?.hash ?? '',
      holder: randomUUID(),
      heldUntil: sql`now() + interval '1 hour'`,
      updatedAt: NOW,
    })
    await using _running = exporting(db, targetOf(receiver, pki))
    await sleep(1_000)
    expect(await receiver.messages()).toEqual([])
    await db.update(auditExportCursor).set({ heldUntil: sql`now()` })
    // What the dead one had sent is not sent again.
    const messages = await received(receiver, 2)
    expect(messages.map(({ seq }) => seq)).toEqual([3, 4])
  }, 60_000)

  test('a trail that was changed after it was sent is reported, and what follows is still sent', async () => {
    await using database = await testDatabase()
    await using pki = await testPki()
    await using receiver = await syslogReceiver(pki)
    const { db } = database
    await acts(db, 3)
    await using running = exporting(db, targetOf(receiver, pki))
    await received(receiver, 3)
    await until(async () => (await cursorOf(db))?.lastSeq === 3)
    await db.execute(sql`alter table audit_events disable trigger user`)
    await db.delete(auditEvents).where(eq(auditEvents.seq, 3))
    await act(db)
    const messages = await received(receiver, 4)
    expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(running.logged.filter(({ event }) => event === 'audit.trail_changed')).toEqual([
      { level: 'error', event: 'audit.trail_changed', fields: { seq: 3 } },
    ])
    // The repository sees it as well: the new row is chained to one it knows, but not to the last.
    expect(messages[3]?.previousHash).toBe(messages[1]?.hash)
  }, 60_000)
})

async function seed(db: Database) {
  const day = '2026-11-23'
  const [visit] = await db
    .insert(visits)
    .values({
      accessionNumber: 'V1',
      familyName: 'Rossi',
      givenName: 'Mario',
      birthDate: '1980-04-23',
      taxCode: 'RSSMRA80D23D205X',
      patientId: 'P1',
      email: 'mario@example.org',
      registeredAt: NOW,
      consent: true,
      consentAt: NOW,
      consentTextVersion: '1',
      pin1Digest: new Uint8Array(32),
      pin1IssuedAt: NOW,
    })
    .returning()
  const visitId = visit?.id ?? ''
  const exam = { visitId, position: 1, accessionNumber: 'ACC001', description: 'RM', examDate: day }
  const [stored] = await db.insert(exams).values(exam).returning()
  const study = {
    accessionNumber: 'ACC001',
    state: 'stable',
    seriesCount: 1,
    instanceCount: 1,
    sizeBytes: 1,
    changedAt: NOW,
  } as const
  await db.insert(studies).values([
    { ...study, orthancId: 'a', studyInstanceUid: '1.2.826.2' },
    { ...study, orthancId: 'b', studyInstanceUid: '1.2.826.1' },
    { ...study, orthancId: 'c', studyInstanceUid: '1.2.826.3', accessionNumber: 'ACC002' },
  ])
  const [share] = await db
    .insert(shares)
    .values({
      visitId,
      requestId: randomUUID(),
      familyName: 'Bianchi',
      givenName: 'Anna',
      email: 'anna@example.org',
      tokenHash: 'token-hash',
      createdAt: NOW,
      availableUntil: day,
      endsAt: NOW,
    })
    .returning()
  return { visitId, examId: stored?.id ?? '', shareId: share?.id ?? '' }
}
