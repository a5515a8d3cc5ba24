import { randomBytes, randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../scripts/orthanc.ts'
import { loginLocks, shares } from '../../src/database/schema.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import { dammDigit } from '../../src/pin/damm.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { seeded } from '../support/pixels.ts'
import { type Published, publishedVisit, sharedWith } from '../support/site.ts'
import { enterDesk, PASSWORD, staffAccount } from '../support/staff.ts'
import { differences, shuffled } from './same-time.ts'

const WRONG = '0000-0000'
// Time goes on by hand, each test in a quarter of an hour of its own: budgets are counted by the quarter.
const END_OF_FIRST = '2026-04-16T08:00:00Z'

let gateway: TestGateway
/** A second gateway on the same database, at another address. */
let second: Gateway
let secondUrl: string
let expired: Published

beforeAll(async () => {
  // This machine stands for the reverse proxy.
  gateway = await testGateway({
    now: '2026-03-01T10:00:00Z',
    environment: { TRUSTED_PROXIES: '127.0.0.1' },
  })
  expired = await publishedVisit(gateway)
  gateway.travelTo(END_OF_FIRST)
  const port = await freePort()
  secondUrl = `http://localhost:${port}`
  const world = { clock: gateway.now, log: () => undefined }
  second = await startGateway({ ...gateway.config, port, portalUrl: secondUrl }, world)
})
afterAll(async () => {
  await second.stop()
  await gateway[Symbol.asyncDispose]()
})

test('S43: a wrong PIN2, an unknown PIN1 and an expired visit get the same answer in the same time', async () => {
  const known = await publishedVisit(gateway)
  const kinds = {
    'wrong PIN2': () => known.pin1,
    'unknown PIN1': unknownPin1,
    'expired visit': () => expired.pin1,
  }
  await answeredAlike('logins', 40, kinds, (pin1) => enter({ pin1, pin2: WRONG, from: anywhere() }))
}, 120_000)

test('S35, S43: so do a wrong PIN of a doctor’s link, a link that ended and one that never was', async () => {
  const { patient, publicationIds } = await publishedVisit(gateway)
  const standing = await sharedWith(patient, publicationIds)
  const ended = await sharedWith(patient, publicationIds)
  await patient.post(`/condivisioni/${ended.id}/annulla`)
  const kinds = {
    'wrong PIN': () => standing.token,
    'unknown link': () => randomBytes(32).toString('base64url'),
    'ended link': () => ended.token,
  }
  const pin = standing.pin === '0000000' ? '0000001' : '0000000'
  await answeredAlike('links', 35, kinds, (token) => enterShare({ token, pin, from: anywhere() }))
}, 120_000)

test('S43: so do a user name of the console that nobody has, a wrong password and a wrong code', async () => {
  const { username } = await staffAccount(gateway, 'sportello', ['desk'])
  const name = (typed: string, password: string) => () => `${typed} ${password}`
  const kinds = {
    'unknown name': () => `nome${randomInt(1e6)} ${PASSWORD}`,
    'wrong password': name(username, `${PASSWORD}.`),
    'wrong code': name(username, PASSWORD),
  }
  await answeredAlike('of the console', 35, kinds, (typed) => {
    const [utente = '', ...password] = typed.split(' ')
    const form = { utente, password: password.join(' '), codice: '000000' }
    return enterDesk(gateway, form, { 'x-forwarded-for': anywhere() })
  })
}, 120_000)

test('a leak of time is told from chance, on a machine that is slow at times and ever slower', () => {
  const random = seeded(7)
  const runs = (shift: number) =>
    Array.from({ length: 25 }, () => {
      const times: Record<string, number[]> = { a: [], b: [], c: [] }
      for (let round = 0; round < 35; round++) {
        const load = 20 + round / 2 + 10 * Math.sin(round)
        for (const [kind, list] of Object.entries(times)) {
          const slow = random() < 0.05 ? 60 * random() : 0
          list.push(load + 3 * (random() + random() - 1) + slow + (kind === 'c' ? shift : 0))
        }
      }
      return differences(times, random).wrong
    })
  expect(runs(0).flat()).toEqual([])
  // A third of what one argon2 takes.
  expect(runs(5).filter((wrong) => wrong.length > 0)).toHaveLength(25)
})

test('S24, S43: after the end the right PINs open nothing, and wrong ones are not told why', async () => {
  // PIN2 is forgotten with the rest soon after the end (S26): until then the right pair is told why, later it is a wrong one.
  const right = await enter({ ...expired, from: anywhere() })
  expect([right.status, right.headers.getSetCookie()]).toEqual([401, []])
  const wrong = await (await enter({ pin1: expired.pin1, pin2: WRONG, from: anywhere() })).text()
  expect(wrong).not.toContain('non è più disponibile')
})

test('S11, S42: five wrong PIN2 suspend an unknown PIN1 with the same words as a known one', async () => {
  const known = await publishedVisit(gateway)
  const answers = []
  for (const pin1 of [known.pin1, unknownPin1()]) {
    const statuses = []
    let last = ''
    for (let attempt = 1; attempt <= 6; attempt++) {
      const response = await enter({ pin1, pin2: WRONG, from: anywhere() })
      statuses.push(response.status)
      last = await response.text()
    }
    answers.push({ statuses, text: last.replaceAll(pin1, '').replaceAll(/\d\d:\d\d/g, '') })
  }
  expect(answers[0]?.statuses).toEqual([401, 401, 401, 401, 429, 429])
  expect(answers[1]).toEqual(answers[0])
  expect((await enter({ ...known, from: anywhere() })).status).toBe(429)
})

test('S42: wrong PIN2 are counted in all: at twenty only a new PIN2 opens, however long one waits', async () => {
  const known = await publishedVisit(gateway)
  for (let round = 1; round <= 5; round++) {
    for (let attempt = 1; attempt <= 4; attempt++)
      await enter({ pin1: known.pin1, pin2: WRONG, from: anywhere() })
    const right = await enter({ ...known, from: anywhere() })
    expect([round, right.status]).toEqual([round, round < 5 ? 303 : 429])
  }
  gateway.travelTo(new Date(gateway.now().getTime() + 20 * 86_400_000).toISOString())
  expect((await enter({ ...known, from: anywhere() })).status).toBe(429)
  const renewed = await gateway.api('POST', `/visits/${known.accessionNumber}/pin2`)
  expect(renewed.status).toBe(202)
  const mails = await gateway.mailbox.waitFor(
    ({ text, envelope }) =>
      envelope.to.some((to) => to === `paziente${known.accessionNumber.slice(1)}@example.org`) &&
      /PIN2 è il seguente: ?\d{4}-\d{4}/.test(text) &&
      !text.includes(known.pin2),
  )
  const pin2 = /PIN2 è il seguente: ?(\d{4}-\d{4})/.exec(mails.text)?.[1] ?? ''
  expect((await enter({ pin1: known.pin1, pin2, from: anywhere() })).status).toBe(303)
})

test('S42: a share’s PIN is counted in all too, in the same way', async () => {
  const { patient, publicationIds } = await publishedVisit(gateway)
  const share = await sharedWith(patient, publicationIds)
  const wrong = share.pin === '0000000' ? '0000001' : '0000000'
  for (let round = 1; round <= 5; round++) {
    for (let attempt = 1; attempt <= 4; attempt++)
      await enterShare({ token: share.token, pin: wrong, from: anywhere() })
    const right = await enterShare({ ...share, from: anywhere() })
    expect([round, right.status]).toEqual([round, round < 5 ? 303 : 401])
  }
})

test('S42: a guess at one PIN1 counts at every gateway, and a restart forgets none', async () => {
  const known = await publishedVisit(gateway)
  for (const url of [gateway.url, secondUrl, gateway.url, secondUrl])
    expect((await enter({ url, pin1: known.pin1, pin2: WRONG, from: anywhere() })).status).toBe(401)
  await gateway.stop()
  await gateway.start()
  expect((await enter({ pin1: known.pin1, pin2: WRONG, from: anywhere() })).status).toBe(429)
  for (const url of [gateway.url, secondUrl])
    expect((await enter({ ...known, url, from: anywhere() })).status).toBe(429)
})

test('S42: forty guesses at once, at both gateways, are no more guesses than one after the other', async () => {
  const known = await publishedVisit(gateway)
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const url = index % 2 === 0 ? gateway.url : secondUrl
      return (await enter({ url, pin1: known.pin1, pin2: WRONG, from: anywhere() })).status
    }),
  )
  expect(statuses.filter((status) => status === 401)).toHaveLength(4)
  expect(statuses.filter((status) => status === 429)).toHaveLength(36)
})

test('S42: one source has thirty logins in a quarter of an hour, at all gateways together and across a restart', async () => {
  nextQuarter()
  const from = '203.0.113.30'
  const statuses = []
  for (let attempt = 1; attempt <= 30; attempt++) {
    if (attempt === 20) {
      await gateway.stop()
      await gateway.start()
    }
    const url = attempt % 2 === 0 ? gateway.url : secondUrl
    statuses.push((await enter({ url, pin1: unknownPin1(), pin2: WRONG, from })).status)
  }
  expect(statuses).toEqual(Array.from({ length: 30 }, () => 401))
  for (const url of [gateway.url, secondUrl])
    expect((await enter({ url, pin1: unknownPin1(), pin2: WRONG, from })).status).toBe(429)
  expect((await enter({ pin1: unknownPin1(), pin2: WRONG, from: '203.0.113.31' })).status).toBe(401)
  nextQuarter()
  expect((await enter({ pin1: unknownPin1(), pin2: WRONG, from })).status).toBe(401)
})

test('S42: what a visitor writes into X-Forwarded-For before the proxy does makes no other source of them', async () => {
  nextQuarter()
  const visitor = '203.0.113.40'
  const forgeries = [
    () => anywhere(),
    () => '127.0.0.1',
    () => `${anywhere()}, 127.0.0.1`,
    () => '::1',
    () => 'x',
    () => '',
    () => `${anywhere()}:80`,
  ]
  for (let attempt = 0; attempt < 30; attempt++) {
    const from = `${forgeries[attempt % forgeries.length]?.()}, ${visitor}`
    expect((await enter({ pin1: unknownPin1(), pin2: WRONG, from })).status).toBe(401)
  }
  for (const forged of forgeries)
    expect((await enter({ pin1: unknownPin1(), pin2: WRONG, from: `${forged()}, ${visitor}` })).status).toBe(
      429,
    )
  // One more trusted hop behind the first changes nothing either.
  const hops = `${anywhere()}, ${visitor}, 127.0.0.1`
  expect((await enter({ pin1: unknownPin1(), pin2: WRONG, from: hops })).status).toBe(429)
})

test('S42: trying links and their PINs has a budget of its own, at all gateways together', async () => {
  nextQuarter()
  const from = '203.0.113.50'
  const guess = (attempt: number) =>
    enterShare({
      url: attempt % 2 === 0 ? gateway.url : secondUrl,
      token: randomBytes(32).toString('base64url'),
      pin: '1234567',
      from,
    })
  for (let attempt = 1; attempt <= 30; attempt++) expect((await guess(attempt)).status).toBe(401)
  for (const attempt of [31, 32]) expect((await guess(attempt)).status).toBe(429)
  expect((await enter({ pin1: unknownPin1(), pin2: WRONG, from })).status).toBe(401)
})

test('S42: the addresses of one IPv6 line are one source', async () => {
  nextQuarter()
  const from = () => `2001:db8:40:1::${randomInt(1, 0xffff).toString(16)}`
  for (let attempt = 1; attempt <= 30; attempt++)
    expect((await enter({ pin1: unknownPin1(), pin2: WRONG, from: from() })).status).toBe(401)
  expect((await enter({ pin1: unknownPin1(), pin2: WRONG, from: from() })).status).toBe(429)
  expect((await enter({ pin1: unknownPin1(), pin2: WRONG, from: '2001:db8:40:2::1' })).status).toBe(401)
})

test('S42: without a trusted proxy X-Forwarded-For is nobody’s word', async () => {
  await using alone = await testGateway({ now: '2026-03-01T10:00:00Z' })
  const statuses = []
  for (let attempt = 1; attempt <= 31; attempt++)
    statuses.push(
      (await enter({ url: alone.url, pin1: unknownPin1(), pin2: WRONG, from: anywhere() })).status,
    )
  expect(statuses.filter((status) => status === 401)).toHaveLength(30)
  expect(statuses.at(-1)).toBe(429)
})

/** Asks once of each kind a round, in another order each time, and compares answers and times. */
async function answeredAlike(
  what: string,
  rounds: number,
  kinds: Record<string, () => string>,
  ask: (secret: string) => Promise<Response>,
): Promise<void> {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(kinds).map((name) => [name, []]))
  const answers = new Set<string>()
  for (let round = -3; round < rounds; round++) {
    // Few wrong ones in a row are taken, and this is about the answers before that: each is the first.
    await gateway.db.delete(loginLocks)
    await gateway.db.update(shares).set({ failuresInRow: 0, failuresInAll: 0 })
    for (const [name, secretOf] of shuffled(Object.entries(kinds))) {
      const secret = secretOf()
      const started = performance.now()
      const response = await ask(secret)
      const text = await response.text()
      const ms = performance.now() - started
      // The form comes back with what was typed.
      const typed = secret.split(' ')[0] ?? ''
      answers.add(`${response.status} ${[...response.headers.keys()].sort()} ${text.replaceAll(typed, '')}`)
      // The first ones find the way cold.
      if (round >= 0) times[name]?.push(ms)
    }
  }
  expect([...answers]).toHaveLength(1)
  const { wrong, told } = differences(times)
  // biome-ignore lint/suspicious/noConsole: the medians are what the test has to tell
  console.log(`S43, medians of ${rounds} ${what} each: ${told}`)
  expect(wrong, told).toEqual([])
}

type Attempt = { url?: string; from: string }

const enter = ({ pin1, pin2, ...attempt }: Attempt & { pin1: string; pin2: string }) =>
  post('/accesso', { pin1, pin2 }, attempt)

const enterShare = ({ token, pin, ...attempt }: Attempt & { token: string; pin: string }) =>
  post('/condivisione', { codice: token, pin }, attempt)

function post(
  path: string,
  form: Record<string, string>,
  { url = gateway.url, from }: Attempt,
): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', 'x-forwarded-for': from },
    body: new URLSearchParams(form),
  })
}

/** Twelve digits that could be a PIN1, and are nobody's. */
function unknownPin1(): string {
  const digits = Array.from({ length: 11 }, () => randomInt(10)).join('')
  return digits + dammDigit(digits)
}

/** An address nobody has used before. */
const anywhere = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`

function nextQuarter(): void {
  const quarter = 15 * 60_000
  gateway.travelTo(
    new Date((Math.floor(gateway.now().getTime() / quarter) + 1) * quarter + 1_000).toISOString(),
  )
}
