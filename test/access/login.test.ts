import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEvents, loginLocks } from '../../src/database/schema.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { signedIn } from '../support/patient.ts'
import { publishedAtDesk as published } from '../support/visits.ts'

const START = '2026-11-23T10:00:00Z'
const MINUTE = 60_000

let gateway: TestGateway
let sources = 0

beforeAll(async () => {
  // Behind a trusted proxy each attempt can come from an address of its own, so that only the lock of PIN1 is at work.
  gateway = await testGateway({
    now: START,
    environment: { TRUSTED_PROXIES: '127.0.0.1,::1', PIN2_DELIVERY: 'desk' },
  })
})

afterAll(() => gateway[Symbol.asyncDispose]())

const nextSource = () => `198.51.100.${sources++ % 250}, 203.0.113.${Math.floor(sources / 250)}`

function enter(pin1: string, pin2: string, from = `10.0.${Math.floor(sources++ / 250)}.${sources % 250}`) {
  return fetch(`${gateway.url}/accesso`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', 'x-forwarded-for': from },
    body: new URLSearchParams({ pin1, pin2 }),
  })
}

function later(ms: number) {
  gateway.travelTo(new Date(gateway.now().getTime() + ms).toISOString())
}

test('S11, S42: the fifth wrong PIN2 locks for 15 minutes, even for the right one; the sixth for 30; the desk sees it', async () => {
  const { pin1, pin2 } = await published(gateway, 'LOCK1')
  for (let i = 0; i < 4; i++) expect((await enter(pin1, '00000000')).status).toBe(401)
  const fifth = await enter(pin1, '00000000')
  expect(fifth.status).toBe(429)
  expect((await enter(pin1, pin2)).status).toBe(429)
  const { pin1: locked } = await gateway.waitForState('LOCK1', () => true)
  const minutes = (Date.parse(locked.lockedUntil) - gateway.now().getTime()) / MINUTE
  expect(minutes).toBeGreaterThan(14)
  expect(minutes).toBeLessThanOrEqual(15)
  later(15 * MINUTE)
  expect((await enter(pin1, '00000000')).status).toBe(429)
  later(29 * MINUTE)
  expect((await enter(pin1, pin2)).status).toBe(429)
  later(MINUTE + 1)
  expect((await enter(pin1, pin2)).status).toBe(303)
})

test('S4: spaces, dashes and invisible characters are ignored; a mistyped PIN1 costs no attempt of anybody', async () => {
  const { pin1, pin2 } = await published(gateway, 'TYPED')
  const slipped = pin1.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10))
  for (let i = 0; i < 60; i++) expect((await enter(slipped, pin2, '192.0.2.1')).status).toBe(401)
  expect(await gateway.db.select().from(loginLocks)).not.toContainEqual(
    expect.objectContaining({ failuresInAll: 60 }),
  )
  const groups = (pin: string) => pin.match(/.{4}/g) ?? []
  const typed1 = ` ${groups(pin1).join(' – ')}\u200b`
  expect(
    (await enter(typed1, `${groups(pin2.replaceAll('-', '')).join('\u00a0')} `, '192.0.2.1')).status,
  ).toBe(303)
})

test('S12: a session ends after 15 idle minutes, and after 8 hours in use', async () => {
  const { pin1, pin2 } = await published(gateway, 'IDLE')
  const idle = await signedIn(gateway, pin1, pin2)
  const busy = await signedIn(gateway, pin1, pin2)
  const begun = gateway.now().getTime()
  later(14 * MINUTE)
  expect((await busy.get('/referti')).status).toBe(200)
  later(MINUTE + 1000)
  expect((await idle.get('/referti')).headers.get('location')).toBe('/?fine=sessione')
  expect((await busy.post('/sessione/attiva')).status).toBe(204)
  while (gateway.now().getTime() < begun + 465 * MINUTE) {
    later(14 * MINUTE)
    expect((await busy.post('/sessione/attiva')).status).toBe(204)
  }
  gateway.travelTo(new Date(begun + 480 * MINUTE + 1000).toISOString())
  expect((await busy.post('/sessione/attiva')).status).toBe(401)
  gateway.travelTo(START)
})

test('S3: the portal’s address offers to go on with an open session, and takes the PINs of another visit', async () => {
  const { pin1, pin2 } = await published(gateway, 'OPEN1')
  const patient = await signedIn(gateway, pin1, pin2)
  const page = await patient.get('/')
  // A redirect would carry the fragment of a slip's QR code on, with PIN1, to the list of whoever is signed in.
  expect(page.status).toBe(200)
  const text = await page.text()
  expect(text).toContain('<a href="/referti">Continua la sessione aperta</a>')
  expect(text).toContain('id="pin-form"')
  expect(await (await fetch(`${gateway.url}/`)).text()).not.toContain('sessione aperta')
})

test('S12: "Esci" ends this session and no other; withdrawn consent and a new PIN end them all', async () => {
  const visit = await published(gateway, 'ENDS')
  const enterAgain = () => signedIn(gateway, visit.pin1, visit.pin2)
  const [first, second] = [await enterAgain(), await enterAgain()]
  const left = await first.post('/uscita')
  expect(left.headers.getSetCookie().join()).toMatch(/__Host-ritiro=;.*Max-Age=0/)
  expect((await first.get('/referti')).status).toBe(303)
  expect((await second.get('/referti')).status).toBe(200)
  expect((await gateway.api('POST', '/visits/ENDS/pin1')).status).toBe(200)
  expect((await second.get('/referti')).status).toBe(303)
  expect((await enter(visit.pin1, visit.pin2)).status).toBe(401)
})

test('S39, S42: attempts are in the audit trail with their source, and neither PIN anywhere', async () => {
  const { pin1, pin2 } = await published(gateway, 'TRAIL')
  const from = nextSource()
  await enter(pin1, '87654321', from)
  await enter(pin1, pin2, from)
  const events = await gateway.db.select().from(auditEvents).orderBy(auditEvents.seq)
  const mine = events.filter(({ source }) => source === from.split(', ').at(-1))
  expect(mine.map(({ event }) => event)).toEqual(['access.failed', 'access.login'])
  const everything = JSON.stringify(events) + JSON.stringify(gateway.logged)
  for (const secret of [pin1, pin2, pin2.replace('-', ''), '87654321'])
    expect(everything).not.toContain(secret)
})
