import { connect, createServer, type Server } from 'node:net'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mllpClient } from '../../scripts/demo-run/mllp.ts'
import { freePort } from '../../scripts/orthanc.ts'
import type { Actor } from '../../src/audit/audit.ts'
import { auditEvents, hl7Messages, mergedPatients, patients, visits } from '../../src/database/schema.ts'
import { receiveMessage } from '../../src/hl7/inbox.ts'
import {
  countLetters,
  dismissLetter,
  forgetMessages,
  openLetters,
  readLetter,
  replayLetter,
  replayWaiting,
} from '../../src/hl7/letters.ts'
import { readMapping } from '../../src/hl7/mapping.ts'
import { inspectDocument, loadTrustStore } from '../../src/signature/signature.ts'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { listening, spawnGateway } from '../support/process.ts'
import { lines, msh, orderMessage, pid, resultMessage } from './messages.ts'

const DESK: Actor = { kind: 'ris', name: 'desk' }
let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(() => gateway?.[Symbol.asyncDispose]())

function inboxOf(mapping = '{}') {
  const { encryptionKeys, peppers } = gateway.config
  return {
    db: gateway.db,
    clock: gateway.now,
    log: () => undefined,
    mapping: readMapping(mapping),
    rules: {
      availableDays: 45,
      pin2Delivery: 'email',
      consentTextVersion: '1',
      encryptionKeys,
      peppers,
    } as const,
    inspect: (document: Uint8Array) =>
      inspectDocument(document, { trusted: loadTrustStore(), now: gateway.now() }),
    page: ({ text }: { text: string }) => pdfOf(text),
    maxReportBytes: 50_000_000,
  }
}

const receive = async (message: string, mapping?: string) =>
  Buffer.from(await receiveMessage(inboxOf(mapping), Buffer.from(message), '192.0.2.7')).toString()
const letterOf = async (controlId: string) => {
  const letter = (await openLetters(gateway.db)).letters.find((each) => each.controlId === controlId)
  if (!letter) throw new Error('there is no such letter')
  return letter
}

describe('messages that were not applied', () => {
  test('are listed with their reason, kept sealed, and applied after the mapping was mended', async () => {
    const elsewhere = orderMessage(['ACC-R'], { id: 'REP-1' })
      .replaceAll('|ACC-R', '|')
      .replace('ZRI', 'ZAC|ACC-R\rZRI')
    expect(await receive(elsewhere)).toContain('|AE|REP-1|The Accession Number is missing')
    const letter = await letterOf('REP-1')
    expect(letter).toMatchObject({
      sender: 'RIS|OSPEDALE',
      type: 'ORM^O01',
      state: 'refused',
      source: '192.0.2.7',
      attempts: 1,
      answer: { code: 'AE', condition: 101, location: 'OBR-18' },
    })
    expect(Object.keys(letter)).not.toContain('sealed')
    const [row] = await gateway.db.select().from(hl7Messages).where(eq(hl7Messages.id, letter.id))
    expect(Buffer.from(row?.sealed ?? []).includes('Rossi')).toBe(false)
    expect((await readLetter(inboxOf(), letter.id)).bytes.toString()).toBe(elsewhere)

    expect(await replayLetter(inboxOf(), letter.id, DESK)).toMatchObject({ code: 'AE' })
    expect((await letterOf('REP-1')).attempts).toBe(2)
    const mended = inboxOf('{"accessionNumber": ["ZAC-1"]}')
    expect(await replayLetter(mended, letter.id, DESK)).toMatchObject({ code: 'AA' })
    await expect(letterOf('REP-1')).rejects.toThrow()
    expect(await gateway.db.select().from(visits).where(eq(visits.accessionNumber, 'ACC-R'))).toHaveLength(1)
    await expect(replayLetter(mended, letter.id, DESK)).rejects.toThrow('not_found')
    const trail = (await gateway.db.select().from(auditEvents)).filter(({ event }) =>
      event.startsWith('message.'),
    )
    expect(trail.map(({ event, actor }) => [event, actor])).toEqual([
      ['message.refused', 'ris:hl7 RIS|OSPEDALE'],
      ['message.replayed', 'ris:desk'],
    ])
  })

  test('are put aside for good, with their content', async () => {
    await receive(lines(msh('ADT^A04', { id: 'DIS-1' }), 'PID|1||||Rossi^Mario'))
    const { id } = await letterOf('DIS-1')
    await dismissLetter(inboxOf(), id, DESK)
    const [row] = await gateway.db.select().from(hl7Messages).where(eq(hl7Messages.id, id))
    expect(row).toMatchObject({ state: 'dismissed', sealed: null })
    await expect(dismissLetter(inboxOf(), id, DESK)).rejects.toThrow('not_found')
  })

  test('S7: an old report is never put over a newer one', async () => {
    await receive(orderMessage(['OLD-1']))
    const old = resultMessage('OLD-1', { id: 'OLD-1', status: '?', text: 'Vecchio' })
    expect(await receive(old)).toContain('|AE|')
    expect(await receive(resultMessage('OLD-1', { text: 'Nuovo' }))).toContain('|AA|')
    const { id } = await letterOf('OLD-1')
    const mended = inboxOf('{"finalStatus": ["F", "?"]}')
    expect(await replayLetter(mended, id, DESK)).toMatchObject({ code: 'AE', text: /newer report/ })
  })

  test('S9: an old address is never put over a newer one', async () => {
    const person = { patientId: 'LT9', email: 'primo@example.org' }
    await receive(orderMessage(['LT9'], { id: 'LT9', person }))
    const a08 = (email: string, id?: string) =>
      lines(msh('ADT^A08', id ? { id } : {}), pid({ ...person, email }))
    // Kept apart, for its ID was used.
    expect(await receive(a08('secondo@example.org', 'LT9'))).toContain('|AE|')
    await receive(a08('terzo@example.org'))
    expect(await replayLetter(inboxOf(), (await letterOf('LT9')).id, DESK)).toMatchObject({ code: 'AA' })
    const [visit] = await gateway.db.select().from(visits).where(eq(visits.accessionNumber, 'LT9'))
    expect(visit).toMatchObject({ email: 'terzo@example.org', emailByDeskAt: null })
  })

  test('two gateways that apply what waited do it once', async () => {
    await receive(resultMessage('TWICE', { id: 'TWICE-1' }))
    await receive(orderMessage(['TWICE']))
    await Promise.all([replayWaiting(inboxOf()), replayWaiting(inboxOf())])
    const trail = await gateway.db.select().from(auditEvents).where(eq(auditEvents.event, 'message.replayed'))
    expect(trail.filter(({ actor }) => actor === 'ris:hl7 RIS|OSPEDALE')).toHaveLength(1)
  })

  test('after a fault of the portal’s are tried again by themselves, after growing pauses, until they are applied', async () => {
    await receive(orderMessage(['FAULT']))
    let faults = 2
    const start = gateway.now().getTime()
    const page = ({ text }: { text: string }) => {
      if (faults-- > 0) throw new Error('no space left')
      return pdfOf(text)
    }
    const inboxAt = (minutes: number) => ({
      ...{ ...inboxOf(), page },
      clock: () => new Date(start + minutes * 60_000),
    })
    const message = Buffer.from(resultMessage('FAULT', { id: 'FAULT-1' }))
    const answer = Buffer.from(await receiveMessage(inboxAt(0), message, null)).toString()
    expect(answer).toContain(
      '|AE|FAULT-1|The portal failed at this message. It is kept and tried again by itself.',
    )
    expect(await letterOf('FAULT-1')).toMatchObject({ state: 'waiting', waitingFor: [], attempts: 1 })
    await replayWaiting(inboxAt(0.5))
    expect((await letterOf('FAULT-1')).attempts).toBe(1)
    await replayWaiting(inboxAt(1.5))
    expect(await letterOf('FAULT-1')).toMatchObject({ state: 'waiting', attempts: 2 })
    await replayWaiting(inboxAt(3))
    expect((await letterOf('FAULT-1')).attempts).toBe(2)
    await replayWaiting(inboxAt(4))
    await expect(letterOf('FAULT-1')).rejects.toThrow()
  })

  test('are listed by pages, and counted', async () => {
    for (const id of ['PG1', 'PG2', 'PG3'])
      await receive(lines(msh('ADT^A04', { id }), 'PID|1||||Rossi^Mario'))
    const first = await openLetters(gateway.db, { page: 0, size: 2 })
    expect([first.letters.map(({ controlId }) => controlId), first.more]).toEqual([['PG3', 'PG2'], true])
    expect((await openLetters(gateway.db, { page: 1, size: 2 })).letters[0]?.controlId).toBe('PG1')
    const { open, expiring } = await countLetters(gateway.db, gateway.now())
    expect([open, expiring]).toEqual([(await openLetters(gateway.db)).letters.length, 0])
    const later = new Date(gateway.now().getTime() + 24 * 86_400_000)
    expect(await countLetters(gateway.db, later)).toEqual({ open, expiring: open })
  })

  test('are forgotten after 30 days, and so is a patient of whom nothing was heard', async () => {
    await receive(lines(msh('ADT^A04', { id: 'OLD-2' }), pid({ patientId: 'GONE' })))
    await receive(lines(msh('ADT^A04', { id: 'OLD-3' }), 'PID|1'))
    await receive(lines(msh('ADT^A40'), pid({ patientId: 'GONE' }), 'MRG|GONE-BEFORE'))
    await forgetMessages(gateway.db, new Date(gateway.now().getTime() + 31 * 86_400_000))
    expect(await gateway.db.select().from(patients)).toEqual([])
    expect(await gateway.db.select().from(mergedPatients)).toEqual([])
    expect((await openLetters(gateway.db)).letters).toEqual([])
    const rows = await gateway.db.select().from(hl7Messages)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.every(({ sealed }) => sealed === null)).toBe(true)
    const trail = await gateway.db.select().from(auditEvents).where(eq(auditEvents.event, 'message.expired'))
    expect(trail).toContainEqual(expect.objectContaining({ actor: 'system', details: { kind: 'ADT^A04' } }))
  })
})

test('where `unidentified` is `accept`, a report is taken by its Accession Number alone', async () => {
  await receive(orderMessage(['ANON']))
  const anonymous = resultMessage('ANON').replace(/PID\|.*?\r/, '')
  expect(await receive(anonymous)).toContain('|AE|')
  const again = resultMessage('ANON').replace(/PID\|.*?\r/, '')
  expect(await receive(again, '{"unidentified": "accept"}')).toContain('|AA|')
})

test('a mapping that cannot be used is told at its place', () => {
  expect(() => readMapping('{')).toThrow('not valid JSON')
  expect(() => readMapping('{"email": ["PID"]}')).toThrow(/email.*"PID" is no path/)
  expect(() => readMapping('{"e-mail": ["PID-13"]}')).toThrow('e-mail')
  expect(() => readMapping('{"unidentified": "publish"}')).toThrow('unidentified')
  expect(readMapping('{"consentYes": ["oui"]}').consentYes).toEqual(['OUI'])
})

test('mutated and random messages are answered and never stop the gateway', async () => {
  const { random, mutate } = seeded(7)
  const samples = [
    orderMessage(['FZ1', 'FZ2']),
    resultMessage('FZ1', { document: await pdfOf('x') }),
    lines(msh('ADT^A40'), pid(), 'MRG|P1'),
    lines(msh('MDM^T02'), pid(), 'TXA|1', 'OBX|1|ED|||^A^PDF^Base64^AAAA'),
  ].map((text) => Buffer.from(text))
  const codes = new Set<string>()
  for (let round = 0; round < 250; round++) {
    const sample = samples[round % samples.length] ?? Buffer.alloc(0)
    const bytes = round % 10 === 0 ? random(sample.byteLength) : mutate(sample)
    const answer = Buffer.from(await receiveMessage(inboxOf(), bytes, null)).toString('latin1')
    const code = /\rMSA.(A[AER])/.exec(answer)?.[1]
    if (!code) throw new Error(`round ${round} was not answered`)
    codes.add(code)
    // A fault of ours would answer with 207.
    expect(answer).not.toMatch(/[|^]207[&^]/)
  }
  expect([...codes].sort()).toEqual(['AA', 'AE', 'AR'])
})

test('killed between commit and answer: the same message again is answered, and nothing is done twice', async () => {
  await using stood = await testGateway()
  const ports = { hl7: await freePort(), relay: await freePort() }
  const environment = { ...stood.environment, HL7_PORT: String(ports.hl7) }
  await stood.stop()
  const order = orderMessage(['KILL-1'], { id: 'KILL-1' })
  {
    await using gone = await spawnGateway({ ...environment, PORT: String(await freePort()) })
    await listening(gone)
    // The answer leaves the gateway, and no byte of it reaches the sender.
    const relay = await muteRelay(ports.relay, ports.hl7)
    const sender = await mllpClient({ port: ports.relay })
    const answer = sender.send(order)
    answer.catch(() => undefined)
    const committed = async () => (await stood.db.select().from(hl7Messages)).length
    await expect.poll(committed, { timeout: 20_000 }).toBe(1)
    await gone.kill('SIGKILL')
    await expect(answer).rejects.toThrow()
    relay.close()
  }
  const before = await stood.db.select().from(auditEvents)
  await using again = await spawnGateway({ ...environment, PORT: String(await freePort()) })
  await listening(again)
  const sender = await mllpClient({ port: ports.hl7 })
  const [answer] = await sender.send(order)
  sender.close()
  expect(answer).toContain('MSA|AA|KILL-1|Exams: 1 registered.')
  expect(await stood.db.select().from(visits)).toHaveLength(1)
  const after = await stood.db.select().from(auditEvents)
  expect(after.slice(before.length).map(({ event }) => event)).toEqual(['gateway.started'])
})

function muteRelay(port: number, target: number): Promise<Server> {
  return new Promise((done) => {
    const server = createServer((socket) => {
      const upstream = connect(target, '127.0.0.1')
      socket.pipe(upstream)
      upstream.resume()
      for (const end of [socket, upstream]) {
        end.on('error', () => undefined)
        end.on('close', () => {
          socket.destroy()
          upstream.destroy()
        })
      }
    }).listen(port, '127.0.0.1', () => done(server))
  })
}

/** Repeatable disorder (a linear congruential generator). */
function seeded(seed: number) {
  let state = seed
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const SPECIAL = Buffer.from('|^~\\&\r\n\x0b\x00\xff"MSHPIDOBX')
  return {
    random: (length: number) => Buffer.from(Array.from({ length }, () => next(256))),
    mutate(bytes: Buffer): Buffer {
      let out = Buffer.from(bytes)
      for (let times = 1 + next(6); times > 0; times--) {
        const at = next(out.byteLength)
        const how = next(4)
        if (how === 0) out[at] = next(256)
        else if (how === 1) out[at] = SPECIAL[next(SPECIAL.byteLength)] ?? 0
        else if (how === 2) out = Buffer.concat([out.subarray(0, at), out.subarray(at + next(40))])
        else
          out = Buffer.concat([
            out.subarray(0, at),
            out.subarray(next(at + 1), at + next(20)),
            out.subarray(at),
          ])
      }
      return out
    },
  }
}
