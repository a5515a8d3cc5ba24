import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type SmtpFault, type SmtpStage, startMailbox } from '../../scripts/mailbox.ts'
import { freePort } from '../../scripts/orthanc.ts'
import { mails } from '../../src/database/schema.ts'
import { listAttention } from '../../src/desk/attention.ts'
import { sendMails } from '../../src/mail/mail.ts'
import { it } from '../../src/messages/it.ts'
import { pdfOf } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway, type VisitState } from '../support/gateway.ts'
import { enterPins } from '../support/patient.ts'
import { registered } from '../support/visits.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway()
})
afterEach(() => gateway.mailbox.behave(undefined))
afterAll(() => gateway[Symbol.asyncDispose]())

const mailsTo = (email: string) =>
  gateway.mailbox.messages().filter(({ envelope }) => envelope.to.includes(email))
const later = (ms: number) => gateway.travelTo(new Date(gateway.now().getTime() + ms).toISOString())

/** A visit whose report has been delivered, so that its mail is on its way; mails to it fare as `fault` says. */
async function mailed(accessionNumber: string, fault: (stage: SmtpStage) => SmtpFault | undefined) {
  const email = `${accessionNumber.toLowerCase()}@example.org`
  gateway.mailbox.behave((stage) => fault(stage))
  const { pin1 } = await registered(gateway, { accessionNumber, email })
  expect((await gateway.deliver(accessionNumber, await pdfOf(accessionNumber))).status).toBe(201)
  return { pin1, email }
}

const mailState = (accessionNumber: string, wanted: (mail: VisitState) => boolean) =>
  gateway.waitForState(accessionNumber, ({ mail }) => wanted(mail)).then(({ mail }) => mail)

test('S9: what a server refuses for now waits its time and is sent once', async () => {
  const faults: Record<string, [SmtpStage, SmtpFault]> = {
    greylisted: ['rcpt', 451],
    full: ['data', 452],
    cut1: ['rcpt', 'drop'],
    cut2: ['data', 'drop'],
  }
  gateway.mailbox.behave((stage, { to }) => {
    const [at, fault] = faults[to[0]?.split('@')[0] ?? ''] ?? []
    return stage === at ? fault : undefined
  })
  for (const name of Object.keys(faults)) {
    await registered(gateway, { accessionNumber: name, email: `${name}@example.org` })
    expect((await gateway.deliver(name, await pdfOf(name))).status).toBe(201)
  }
  for (const [name, [, fault]] of Object.entries(faults)) {
    const waiting = await mailState(name, ({ attempts, lastError }) => attempts === 1 && lastError)
    expect(waiting).toMatchObject({ state: 'queued', sentAt: null })
    expect(waiting.lastError).toMatch(typeof fault === 'number' ? String(fault) : /^E/)
  }
  gateway.mailbox.behave(undefined)
  later(10_000)
  await new Promise((done) => setTimeout(done, 600))
  for (const name of Object.keys(faults)) expect(mailsTo(`${name}@example.org`)).toHaveLength(0)
  later(6_000)
  for (const name of Object.keys(faults)) {
    const sent = await mailState(name, ({ state }) => state === 'sent')
    expect(sent).toMatchObject({ attempts: 2, lastError: null })
    expect(mailsTo(`${name}@example.org`)).toHaveLength(1)
  }
})

test.for<[string, SmtpStage, SmtpFault]>([
  ['BUSY', 'connect', 421],
  ['CUT', 'connect', 'drop'],
  // A relay that does not want our sender is misconfigured: no fault of this mail or its reader.
  ['SENDER', 'mail', 550],
])(
  'S9: a server that does not listen at all (%s) gets the mail when it does, once',
  async ([name, at, fault]) => {
    const { email } = await mailed(name, (stage) => (stage === at ? fault : undefined))
    const waiting = await mailState(name, ({ attempts, lastError }) => attempts === 1 && lastError)
    expect(waiting).toMatchObject({ state: 'queued', sentAt: null })
    gateway.mailbox.behave(undefined)
    later(16_000)
    await mailState(name, ({ state }) => state === 'sent')
    expect(mailsTo(email)).toHaveLength(1)
  },
)

test.for<[string, SmtpStage, number]>([
  ['REFUSED1', 'rcpt', 550],
  ['REFUSED2', 'data', 554],
])(
  'S9: a permanent refusal (%s) shows on the desk; a corrected address gets a new PIN2 and the old one is dead',
  async ([name, at, reply]) => {
    const { pin1, email } = await mailed(name, (stage) => (stage === at ? reply : undefined))
    const refused = await mailState(name, ({ state }) => state === 'refused')
    expect(refused).toMatchObject({ lastError: String(reply), attempts: 1 })
    later(2 * 60 * 60_000)
    gateway.mailbox.behave(undefined)
    const right = `right-${email}`
    expect((await gateway.api('PATCH', `/visits/${name}`, { email: right })).status).toBe(200)
    const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes(right))
    expect((await enterPins(gateway, pin1, pin2In(mail))).status).toBe(303)
    expect(mailsTo(email)).toHaveLength(0)
    expect(await mailState(name, ({ state }) => state === 'sent')).toMatchObject({ kind: 'pin2' })
  },
)

test('S9: an address corrected after the mail went out means that a stranger holds PIN2: it dies, and a new one is sent', async () => {
  const { pin1, email } = await mailed('STRANGER', () => undefined)
  const first = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes(email))
  await gateway.api('PATCH', '/visits/STRANGER', { email: 'owner@example.org' })
  const second = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes('owner@example.org'))
  expect((await enterPins(gateway, pin1, pin2In(first))).status).toBe(401)
  expect((await enterPins(gateway, pin1, pin2In(second))).status).toBe(303)
  // The same address once more is no correction.
  await gateway.api('PATCH', '/visits/STRANGER', { email: 'owner@example.org' })
  expect((await enterPins(gateway, pin1, pin2In(second))).status).toBe(303)
})

test('S9: a PIN2 that was refused is not hidden by later mails: each brings a new one, until one gets through', async () => {
  const { pin1, email } = await mailed('QUOTA', (stage) => (stage === 'data' ? 552 : undefined))
  await mailState('QUOTA', ({ state }) => state === 'refused')
  later(1_000)
  await gateway.deliver('QUOTA', await pdfOf('Referto corretto'))
  expect(
    await mailState('QUOTA', ({ kind, state }) => kind === 'updated' && state === 'refused'),
  ).toBeTruthy()
  later(1_000)
  gateway.mailbox.behave(undefined)
  await gateway.deliver('QUOTA', await pdfOf('Referto corretto di nuovo'))
  const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes(email))
  expect(mail.subject).toContain('aggiornato')
  expect((await enterPins(gateway, pin1, pin2In(mail))).status).toBe(303)
  await mailState('QUOTA', ({ state }) => state === 'sent')
})

test('S9: the state tells of a refused PIN2 also where a notice without one was sent meanwhile', async () => {
  const email = 'two@example.org'
  gateway.mailbox.behave((stage) => (stage === 'data' ? 452 : undefined))
  const exams = ['TWO-A', 'TWO-B'].map((number) => ({
    accessionNumber: number,
    description: number,
    date: '2020-05-18',
    imagesExpected: false,
  }))
  await registered(gateway, { accessionNumber: 'TWO', email, exams })
  await gateway.deliver('TWO-A', await pdfOf('A'))
  await mailState('TWO', ({ lastError }) => lastError === '452')
  gateway.mailbox.behave((stage) => (stage === 'data' ? 552 : undefined))
  later(16_000)
  await mailState('TWO', ({ state }) => state === 'refused')
  // The notice of the second exam was queued while the first mail still waited, and got through.
  const [carrier] = await gateway.db.select().from(mails).where(eq(mails.lastError, '552'))
  if (!carrier) throw new Error('no mail was refused')
  const { id: _, ...copy } = carrier
  const sent = { kind: 'published' as const, state: 'sent' as const, carriesPin2: false, lastError: null }
  for (const ahead of [0, 1_000])
    await gateway.db.insert(mails).values({
      ...copy,
      ...sent,
      dedupeKey: `published:two-${ahead}`,
      queuedAt: new Date(carrier.queuedAt.getTime() + ahead),
    })
  expect(await mailState('TWO', () => true)).toMatchObject({ state: 'refused', lastError: '552' })
  const matters = await listAttention(gateway.db, gateway.now())
  expect(
    matters.filter(({ kind, visit }) => kind === 'mail-refused' && visit?.accessionNumber === 'TWO'),
  ).toHaveLength(1)
})

test('S9: one address that is refused, or fails, does not hold up the others', async () => {
  gateway.mailbox.behave((stage, { to }) => {
    if (stage !== 'rcpt') return undefined
    if (to[0]?.startsWith('bad')) return 550
    return to[0]?.startsWith('slow') ? 451 : undefined
  })
  for (const name of ['BAD', 'SLOW', 'GOOD']) {
    await registered(gateway, { accessionNumber: `${name}-X`, email: `${name.toLowerCase()}@example.org` })
    await gateway.deliver(`${name}-X`, await pdfOf(name))
  }
  await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes('good@example.org'))
  expect(mailsTo('bad@example.org').length + mailsTo('slow@example.org').length).toBe(0)
})

test('S9: a mail server that is not there yet gets the mail when it comes, once', async () => {
  const port = await freePort()
  await using early = await testGateway({ environment: { SMTP_URL: `smtp://127.0.0.1:${port}` } })
  await registered(early, { accessionNumber: 'ABSENT', email: 'absent@example.org' })
  await early.deliver('ABSENT', await pdfOf('Referto'))
  const waiting = await early.waitForState('ABSENT', ({ mail }) => mail.attempts === 1 && mail.lastError)
  expect(waiting.mail).toMatchObject({ state: 'queued', lastError: expect.stringMatching(/^E/) })
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-late-'))
  const late = await startMailbox({ directory, smtpPort: port })
  early.travelTo(new Date(early.now().getTime() + 16_000).toISOString())
  await late.waitFor(({ envelope }) => envelope.to.includes('absent@example.org'))
  await early.waitForState('ABSENT', ({ mail }) => mail.state === 'sent')
  expect(late.messages()).toHaveLength(1)
  await late.stop()
  await rm(directory, { recursive: true })
})

test('S9: a server that stops answering is given up after a while, and the mail goes out at the next attempt, once', async () => {
  await using quiet = await testGateway()
  quiet.mailbox.behave(() => 451)
  await registered(quiet, { accessionNumber: 'HANGS', email: 'hangs@example.org' })
  await quiet.deliver('HANGS', await pdfOf('Referto'))
  await quiet.waitForState('HANGS', ({ mail }) => mail.attempts === 1 && mail.lastError)
  await quiet.stop()
  quiet.mailbox.behave((stage) => (stage === 'data' ? 'hang' : undefined))
  const stopping = new AbortController()
  let ahead = 20_000
  const sending = sendMails({
    db: quiet.db,
    keys: quiet.config.encryptionKeys,
    settings: {
      smtpUrl: quiet.config.smtpUrl,
      from: quiet.config.mailFrom,
      organisation: quiet.config.organisation,
      portalUrl: quiet.url,
      contactEmail: undefined,
      shareMail: 'full',
    },
    messages: it,
    log: () => undefined,
    clock: () => new Date(Date.now() + ahead),
    signal: stopping.signal,
    replyTimeoutMs: 400,
  })
  const stored = async () => (await quiet.db.select().from(mails))[0]
  await expect.poll(async () => (await stored())?.lastError, { timeout: 8_000 }).toBe('ETIMEDOUT')
  expect(quiet.mailbox.messages()).toHaveLength(0)
  quiet.mailbox.behave(undefined)
  ahead += 31_000
  await quiet.mailbox.waitFor(() => true)
  await expect.poll(async () => (await stored())?.state, { timeout: 8_000 }).toBe('sent')
  stopping.abort()
  await sending
  expect(quiet.mailbox.messages()).toHaveLength(1)
})

test('S42: PIN2 stands nowhere in the database: sealed while its mail waits, gone once it is sent or refused', async () => {
  const { email } = await mailed('SEALED', (stage) => (stage === 'rcpt' ? 451 : undefined))
  await mailState('SEALED', ({ attempts }) => attempts === 1)
  const waiting = await dump()
  gateway.mailbox.behave(undefined)
  later(16_000)
  const pin2 = pin2In(await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes(email)))
  await mailState('SEALED', ({ state }) => state === 'sent')
  const digits = pin2.replace('-', '')
  const forms = [pin2, digits, Buffer.from(pin2).toString('hex'), Buffer.from(digits).toString('hex')]
  for (const text of [waiting, await dump()]) for (const form of forms) expect(text).not.toContain(form)
  const settled = await gateway.db.select().from(mails)
  for (const { state, payload } of settled) {
    if (['sent', 'refused', 'cancelled'].includes(state)) expect(payload).toBeNull()
  }
})

/** Everything that the database holds, as text. */
async function dump(): Promise<string> {
  const tables = (await gateway.db.execute(
    "select table_name from information_schema.tables where table_schema = 'public'",
  )) as unknown as { table_name: string }[]
  let text = ''
  for (const { table_name: table } of tables) {
    text += JSON.stringify(await gateway.db.execute(`select row_to_json(t)::text from "${table}" t`))
  }
  expect(tables.length).toBeGreaterThan(10)
  return text
}
