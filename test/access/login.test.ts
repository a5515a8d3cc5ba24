import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEvents, loginLocks, sessions } from '../../src/database/schema.ts'
import { dammDigit } from '../../src/pin/damm.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { signedIn } from '../support/patient.ts'
import { pin2FromDesk, publishedAtDesk as published } from '../support/visits.ts'

const START = '2026-11-23T10:00:00Z'
const MINUTE = 60_000
const UNKNOWN = `00000000001${dammDigit('00000000001')}`

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

/** Status and words of an answer, without what was typed into it. */
async function told(response: Response, pin1: string): Promise<string> {
  return `${response.status} ${(await response.text()).replaceAll(pin1, 'PIN1')}`
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

test('S42: twenty wrong PIN2s in all lock for good, until a new PIN2; the right one in between does not reset the count', async () => {
  const { pin1, pin2 } = await published(gateway, 'LOCK2')
  for (let i = 1; i <= 20; i++) {
    await enter(pin1, '00000000')
    if (i % 4 === 0 && i < 20) expect((await enter(pin1, pin2)).status).toBe(303)
  }
  expect((await enter(pin1, pin2)).status).toBe(429)
  const { pin1: locked } = await gateway.waitForState('LOCK2', () => true)
  expect(locked.lockedUntil).toMatch(/^9999-/)
  const renewed = await pin2FromDesk(gateway, 'LOCK2')
  expect((await enter(pin1, pin2)).status).toBe(401)
  expect((await enter(pin1, renewed)).status).toBe(303)
})

test('S43: unknown PIN1, wrong PIN2 and an expired visit get the same answers, word for word, up to and beyond the lock', async () => {
  const known = await published(gateway, 'SAME1')
  const expired = await published(gateway, 'SAME2')
  await gateway.api('PATCH', '/visits/SAME2', { consent: false })
  const unknown = `00000000002${dammDigit('00000000002')}`
  const answers = []
  for (let i = 0; i < 7; i++) {
    const three = []
    for (const pin1 of [known.pin1, expired.pin1, unknown])
      three.push(await told(await enter(pin1, '00000000'), pin1))
    answers.push(three)
  }
  for (const three of answers) expect(new Set(three).size).toBe(1)
  expect(answers.map(([answer]) => answer?.slice(0, 3))).toEqual([
    '401',
    '401',
    '401',
    '401',
    '429',
    '429',
    '429',
  ])
})

test('S43: the answer takes as long for a PIN1 that does not exist as for a wrong PIN2', async () => {
  const timed = async (pin1: string) => {
    const started = performance.now()
    expect((await enter(pin1, '00000000')).status).toBe(401)
    return performance.now() - started
  }
  const known: number[] = []
  const unknown: number[] = []
  for (let i = 0; i < 4; i++) {
    const { pin1 } = await published(gateway, `TIME${i}`)
    for (let j = 0; j < 3; j++) {
      const digits = `1000000${i}${j}00`
      known.push(await timed(pin1))
      unknown.push(await timed(digits + dammDigit(digits)))
    }
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
  const ratio = median(unknown) / median(known)
  expect(ratio).toBeGreaterThan(0.6)
  expect(ratio).toBeLessThan(1.6)
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

test('S42: fifty guesses at once, from fifty sources, get five answers and no more', async () => {
  const { pin1, pin2 } = await published(gateway, 'RACE1')
  const answers = await Promise.all(
    Array.from(
      { length: 50 },
      async (_, i) => (await enter(pin1, String(10_000_000 + i), `192.0.2.${100 + i}`)).status,
    ),
  )
  expect(answers.filter((status) => status === 401)).toHaveLength(4)
  expect(answers.filter((status) => status === 429)).toHaveLength(46)
  expect((await enter(pin1, pin2)).status).toBe(429)
  const tried = await gateway.db.select().from(loginLocks).where(eq(loginLocks.failuresInAll, 5))
  expect(tried.length).toBeGreaterThan(0)
  const atOnce = await Promise.all(
    Array.from(
      { length: 50 },
      async (_, i) => (await enter(UNKNOWN, String(20_000_000 + i), `192.0.3.${100 + i}`)).status,
    ),
  )
  expect(atOnce.filter((status) => status === 401)).toHaveLength(4)
})

test('S42: a source has thirty attempts in a quarter of an hour, whatever it writes in front of its address', async () => {
  const { pin1, pin2 } = await published(gateway, 'BUDGET')
  gateway.travelTo('2026-11-24T10:00:01Z')
  for (let i = 0; i < 30; i++) {
    const digits = `3000000${String(i).padStart(2, '0')}00`
    expect((await enter(digits + dammDigit(digits), '00000000', `8.8.8.${i}, 192.0.2.77`)).status).toBe(401)
  }
  expect((await enter(pin1, pin2, '8.8.4.4, 192.0.2.77')).status).toBe(429)
  expect((await enter(pin1, pin2, '192.0.2.78')).status).toBe(303)
  later(15 * MINUTE)
  expect((await enter(pin1, pin2, '192.0.2.77')).status).toBe(303)
  gateway.travelTo(START)
})

test('S42: the addresses of one IPv6 line are one source', async () => {
  gateway.travelTo('2026-11-25T10:00:01Z')
  const statuses = []
  for (let i = 0; i < 31; i++) {
    const digits = `4000000${String(i).padStart(2, '0')}00`
    statuses.push(
      (await enter(digits + dammDigit(digits), '00000000', `2001:db8:0:7::${i.toString(16)}`)).status,
    )
  }
  expect(statuses.indexOf(429)).toBe(30)
  const digits = '40000009900'
  expect((await enter(digits + dammDigit(digits), '00000000', '2001:db8:0:8::1')).status).toBe(401)
  gateway.travelTo(START)
})

test('S44: the session’s cookie is a host cookie for this browser session alone, new at each login', async () => {
  const { pin1, pin2 } = await published(gateway, 'COOKIE')
  const cookies = []
  for (let i = 0; i < 2; i++) {
    const response = await fetch(`${gateway.url}/accesso`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'same-origin', cookie: '__Host-ritiro=planted' },
      body: new URLSearchParams({ pin1, pin2 }),
    })
    const cookie = response.headers.getSetCookie().find((value) => value.startsWith('__Host-ritiro=')) ?? ''
    const [pair = '', ...attributes] = cookie.split('; ')
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'])
    expect(pair.split('=')[1]).toMatch(/^[\w-]{43}$/)
    cookies.push(pair)
  }
  expect(new Set(cookies).size).toBe(2)
  const planted = await fetch(`${gateway.url}/referti`, {
    redirect: 'manual',
    headers: { cookie: '__Host-ritiro=planted' },
  })
  expect(planted.status).toBe(303)
  // The database, if it leaks, opens no session.
  const stored = await gateway.db.select().from(sessions)
  for (const cookie of cookies) expect(JSON.stringify(stored)).not.toContain(cookie.split('=')[1])
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
