import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestPin2 } from '../../src/access/pin2-requests.ts'
import { pin2Requests, sourceAttempts } from '../../src/database/schema.ts'
import { dammDigit } from '../../src/pin/damm.ts'
import { pdfOf } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'
import { enterPins, signedIn } from '../support/patient.ts'
import { firstPublication, published, registered } from '../support/visits.ts'

const MINUTE = 60_000
const WAIT = { timeout: 10_000 }
let gateway: TestGateway
let sources = 0

beforeAll(async () => {
  gateway = await testGateway({
    now: '2026-11-23T10:00:00Z',
    environment: { TRUSTED_PROXIES: '127.0.0.1,::1' },
  })
})
afterAll(() => gateway[Symbol.asyncDispose]())

const request = (pin1: string, from?: string) => askFor(gateway.url, pin1, from)
const askFor = (url: string, pin1: string, from = `10.1.0.${sources++}`) =>
  fetch(`${url}/pin2`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', 'x-forwarded-for': from },
    body: new URLSearchParams({ pin1 }),
  })
const textOf = async (url: string) => (await fetch(url)).text()
const mailsTo = (email: string) =>
  gateway.mailbox.messages().filter(({ envelope }) => envelope.to.includes(email))
const later = (ms: number) => gateway.travelTo(new Date(gateway.now().getTime() + ms).toISOString())

test('S11b: who has PIN1 alone gets a new PIN2 by mail, at the registered address; the old one and its sessions die', async () => {
  const { pin1, pin2, email } = await published(gateway, 'ASK1')
  const before = await signedIn(gateway, pin1, pin2)
  const spaced = pin1.replace(/(\d{4})(?=\d)/g, '$1 ')
  expect((await request(spaced)).status).toBe(303)
  await expect.poll(() => mailsTo(email), WAIT).toHaveLength(2)
  const mail = mailsTo(email).at(-1)
  if (!mail) throw new Error('no mail')
  expect((await enterPins(gateway, pin1, pin2)).status).toBe(401)
  expect((await enterPins(gateway, pin1, pin2In(mail))).status).toBe(303)
  expect((await before.get('/referti')).status).toBe(303)
})

test('S11b: the answer is the same for every PIN1: known, unknown, mistyped, not yet published, asked too often', async () => {
  const known = await published(gateway, 'ASK2')
  const waiting = await registered(gateway, { accessionNumber: 'ASK3' })
  const answers = new Set<string>()
  const unknown = `00000000004${dammDigit('00000000004')}`
  for (const pin1 of [known.pin1, known.pin1, unknown, '000000000000', waiting.pin1, '', 'x'.repeat(5000)]) {
    const response = await request(pin1)
    answers.add(`${response.status} ${response.headers.get('location')} ${await response.text()}`)
  }
  expect([...answers]).toEqual(['303 /pin2?inviato '])
  const page = await (await fetch(`${gateway.url}/pin2?inviato`)).text()
  for (const told of [known.pin1, known.email, 'ASK2']) expect(page).not.toContain(told)
})

test('S11b: a PIN1 brings five mails a day; a source has ten requests an hour', async () => {
  const { pin1, email } = await published(gateway, 'ASK4')
  for (let i = 1; i <= 7; i++) {
    later(6 * MINUTE)
    await request(pin1)
    // Each is looked at after its answer: leave it the time to be.
    await expect.poll(() => mailsTo(email).length, WAIT).toBe(1 + Math.min(i, 5))
  }
  await new Promise((done) => setTimeout(done, 1_000))
  expect(mailsTo(email)).toHaveLength(6)

  const other = await published(gateway, 'ASK5')
  gateway.travelTo('2026-11-23T14:00:01Z')
  const digits = (i: number) => `7000000${String(i).padStart(2, '0')}00`
  for (let i = 0; i < 10; i++) await request(digits(i) + dammDigit(digits(i)), '192.0.2.9')
  const counted = () => gateway.db.select().from(sourceAttempts).where(eq(sourceAttempts.count, 10))
  await expect.poll(counted, WAIT).toHaveLength(1)
  await request(other.pin1, '192.0.2.9')
  await new Promise((done) => setTimeout(done, 1_000))
  expect(mailsTo(other.email)).toHaveLength(1)
})

test('S11b: a request that was answered is in the database first, and is done by whichever gateway is there next', async () => {
  const { pin1, email } = await published(gateway, 'ASK8')
  const { config, now } = gateway
  const rules = { ...config, pin2Delivery: 'email' as const }
  await gateway.stop()
  // What the page does before it answers; the gateway that took it dies then.
  await requestPin2({ db: gateway.db, peppers: config.peppers, rules, now: now() }, pin1, '192.0.2.8')
  expect(await gateway.db.select().from(pin2Requests)).toHaveLength(1)
  await gateway.start()
  await expect.poll(() => mailsTo(email), WAIT).toHaveLength(2)
  expect(await gateway.db.select().from(pin2Requests)).toEqual([])
})

test('S43: asking for a PIN2 lets a locked PIN1 go whether it exists or not, so the lock tells nothing', async () => {
  const { pin1 } = await published(gateway, 'ASK6')
  const unknown = '70000009900'
  const statusOf = async (typed: string) => (await enterPins(gateway, typed, '00000000')).status
  for (const typed of [pin1, unknown + dammDigit(unknown)]) {
    for (let i = 0; i < 6; i++) await statusOf(typed)
    expect(await statusOf(typed)).toBe(429)
    await request(typed)
    await expect.poll(() => statusOf(typed), WAIT).toBe(401)
  }
})

test('S9: without an address any more, PIN2 is dead with its sessions; a corrected report shows all the same, and the next address gets a new PIN2', async () => {
  const { pin1, pin2 } = await published(gateway, 'ASK7')
  const patient = await signedIn(gateway, pin1, pin2)
  expect((await gateway.api('PATCH', '/visits/ASK7', { email: null })).status).toBe(200)
  expect((await patient.get('/referti')).status).toBe(303)
  expect((await enterPins(gateway, pin1, pin2)).status).toBe(401)
  const corrected = await pdfOf('Referto corretto')
  expect(await (await gateway.deliver('ASK7', corrected)).json()).toMatchObject({ version: 2 })
  await gateway.api('PATCH', '/visits/ASK7', { email: 'ask7-new@example.org' })
  const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes('ask7-new@example.org'))
  const again = await signedIn(gateway, pin1, pin2In(mail))
  const shown = await again.get(`/referti/${await firstPublication(again)}/firmato`)
  expect(Buffer.from(await shown.arrayBuffer()).equals(corrected)).toBe(true)
})

test('S5, S9: where PIN2 is told at the desk only, mail, slip and pages say so, and the page ends no lock', async () => {
  await using desk = await testGateway({ environment: { PIN2_DELIVERY: 'desk' } })
  const { pin1 } = await registered(desk, { accessionNumber: 'DESK', email: 'desk@example.org' })
  desk.mailbox.behave((stage) => (stage === 'rcpt' ? 550 : undefined))
  await desk.deliver('DESK', await pdfOf('Referto'))
  await desk.waitForState('DESK', ({ mail }) => mail.state === 'refused')
  const told = await desk.api('POST', '/visits/DESK/pin2')
  expect(told.status).toBe(200)
  const { pin2 } = (await told.json()) as { pin2: string }
  expect((await enterPins(desk, pin1, pin2)).status).toBe(303)

  // A corrected address changes nothing of a PIN2 that never travelled by mail; the notice goes out to it.
  desk.mailbox.behave(undefined)
  await desk.api('PATCH', '/visits/DESK', { email: 'other@example.org' })
  const mail = await desk.mailbox.waitFor(({ envelope }) => envelope.to.includes('other@example.org'))
  expect(mail.subject).toContain('nuovo referto disponibile')
  expect(mail.text).toContain('il PIN2 viene comunicato solo allo sportello')
  expect(mail.text).not.toMatch(/\d{4}-\d{4}|già ricevuto/)
  expect((await enterPins(desk, pin1, pin2)).status).toBe(303)
  await desk.deliver('DESK', await pdfOf('Referto corretto'))
  const updated = await desk.mailbox.waitFor(({ subject }) => subject.includes('aggiornato'))
  expect(updated.text).not.toMatch(/\d{4}-\d{4}|già ricevuto/)

  const pages = await Promise.all(['/', '/pin2', '/aiuto'].map((path) => textOf(desk.url + path)))
  for (const page of pages) {
    expect(page).toContain('allo sportello')
    expect(page).not.toMatch(/href="\/pin2"|action="\/pin2"|recapitato via email|nuovo PIN2 all’indirizzo/)
  }

  const unknown = `70000008800${dammDigit('70000008800')}`
  for (const typed of [pin1, unknown]) {
    for (let i = 0; i < 6; i++) await enterPins(desk, typed, '00000000')
    await askFor(desk.url, typed)
  }
  // The page answers before it acts: leave it the time to be wrong.
  await new Promise((done) => setTimeout(done, 500))
  for (const typed of [pin1, unknown]) expect((await enterPins(desk, typed, pin2)).status).toBe(429)
})
