import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEvents, sessions } from '../../src/database/schema.ts'
import { AUDIENCES, type Audience, requireAudiences } from '../../src/http/audience.ts'
import { visit } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { doctorOf, enterPins, enterShare, type Patient } from '../support/patient.ts'
import { type Published, publishedVisit, type Shared, sharedWith } from '../support/site.ts'

type Route = { name: string; method: string; path: string; audience: Audience }

const ROUTES: Route[] = Object.entries(AUDIENCES).map(([name, audience]) => {
  const [method = '', path = ''] = name.split(' ')
  return { name, method, path, audience }
})
const of = (...audiences: Audience[]) => ROUTES.filter(({ audience }) => audiences.includes(audience))
const WRITES = ROUTES.filter(({ method }) => method !== 'GET')
const NOBODYS = { cookie: `__Host-ritiro=${'A'.repeat(43)}` }

let gateway: TestGateway
let mine: Published
let share: Shared
let doctor: Patient
/** A visit that nobody signs in to: the RIS may change it. */
let spare: Published
let asset: string

beforeAll(async () => {
  gateway = await testGateway()
  spare = await publishedVisit(gateway)
  asset = /\/assets\/[^"]+\.css/.exec(await (await fetch(gateway.url)).text())?.[0] ?? ''
  mine = await publishedVisit(gateway)
  share = await sharedWith(mine.patient, mine.publicationIds)
  doctor = await doctorOf(gateway, share.token, share.pin)
})
afterAll(() => gateway[Symbol.asyncDispose]())

test('S44: a gateway with a route whose audience is not declared does not start, nor one that lacks a route', () => {
  const routes = ROUTES.map(({ method, path }) => ({ method, path }))
  requireAudiences(routes)
  const { routes: more } = new Hono().get('/novita', (c) => c.text('')).use((_, next) => next())
  expect(() => requireAudiences([...routes, ...more])).toThrow('not named: GET /novita;')
  expect(() => requireAudiences(routes.slice(1))).toThrow('not there: GET /api/openapi.json')
})

test('every route is called by an address that could be one', () => {
  expect(ROUTES.map(addressOf).filter((address) => /[:*{]/.test(address))).toEqual([])
})

test.for(of('viewer', 'patient'))('S45: $name leads who has no session to the login', async (route) => {
  for (const headers of [{}, NOBODYS]) {
    const response = await call(route, headers)
    if (response.status === 303) expect(response.headers.get('location')).toBe('/?fine=sessione')
    else
      expect([
        route.path.startsWith('/dicomweb') || route.path === '/sessione/attiva',
        response.status,
      ]).toEqual([true, 401])
  }
})

test.for(of('patient'))('S34: $name is a page that is not there for a doctor', async (route) => {
  expect((await call(route, { cookie: doctor.cookie })).status).toBe(404)
})

test.for(of('ris'))('S45: $name takes neither a stranger nor a patient, but an API key', async (route) => {
  for (const headers of [{}, NOBODYS, { cookie: mine.patient.cookie }, { authorization: 'Bearer wrong' }]) {
    const response = await call(route, headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('Bearer')
  }
  expect((await call(route, { authorization: `Bearer ${gateway.apiKey}` })).status).not.toBe(401)
})

test.for(of('static', 'public', 'sign-in'))('S45: $name answers everybody', async (route) => {
  expect([200, 303, 401, 503]).toContain((await call(route)).status)
})

test.for(ROUTES)('S44: every answer of $name has the headers that protect it', async (route) => {
  const known = route.path === '/uscita' ? NOBODYS : { cookie: doctor.cookie }
  for (const response of [
    await call(route, known),
    await call(route),
    await call(route, NOBODYS),
    await call(route, { 'sec-fetch-site': 'cross-site' }),
  ]) {
    expect(headersOf(response)).toEqual(PROTECTED)
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/default-src 'none'/)
    expect(policy).toMatch(/script-src 'self'(;|$)/)
    expect(policy).toMatch(/frame-ancestors 'none'/)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    if (route.audience !== 'static' || response.status !== 200)
      expect(response.headers.get('cache-control')).toBe('no-store')
  }
})

test.for([
  '/nulla',
  '/api/nulla',
  '/assets/nulla.js',
  '/viewer/nulla',
  '/dicomweb/nulla',
  '/%00',
  '/%',
  '/%c0%ae',
  '//',
  '/api/v1/nulla',
  '/api/docs/constructor',
  '/api/docs/__proto__',
  '/viewer/constructor',
  '/assets/constructor',
])('S44: so has the answer to %s, which is no route', async (path) => {
  const response = await fetch(gateway.url + path, { redirect: 'manual' })
  expect(headersOf(response)).toEqual(PROTECTED)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect([400, 401, 404, 503]).toContain(response.status)
})

test.for(WRITES)(
  'S44: $name refuses what another site sends, in any form, and changes nothing',
  async (route) => {
    const before = await stateOf()
    const key = route.audience === 'ris' ? { authorization: `Bearer ${gateway.apiKey}` } : {}
    for (const from of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site', origin: gateway.url },
      { origin: 'https://altrove.example' },
      { origin: 'null' },
      { origin: `${gateway.url}.altrove.example` },
    ]) {
      for (const type of [
        'application/x-www-form-urlencoded',
        'application/json',
        'text/plain',
        'multipart/form-data; boundary=x',
      ]) {
        const headers = {
          cookie: mine.patient.cookie,
          'sec-fetch-site': undefined,
          ...key,
          ...from,
          'content-type': type,
        }
        const response = await call(
          route,
          headers,
          type.endsWith('json') ? JSON.stringify(visit()) : formFor(route),
        )
        expect([from, type, response.status]).toEqual([from, type, 403])
      }
    }
    expect(await stateOf()).toEqual(before)
  },
)

test.for(WRITES.filter(({ audience }) => audience !== 'ris'))(
  'S44: $name takes odd bodies from its own pages without failing',
  async (route) => {
    const isEnd = /rimuovi|annulla|uscita|nuovo-pin/.test(route.path)
    const headers = isEnd ? {} : { cookie: mine.patient.cookie }
    for (const [type, body] of [
      ['application/json', '{"pin1":{"a":1}}'],
      ['text/plain', 'pin1=1'],
      ['application/x-www-form-urlencoded', '%&%00=%ff&pin1=%zz&esami[]=1&esami=%00&__proto__=1&codice=%00'],
      [
        'multipart/form-data; boundary=x',
        '--x\r\ncontent-disposition: form-data; name="pin1"\r\n\r\n1\r\n--x--',
      ],
      ['', 'pin1=1'],
    ] as const) {
      const response = await call(route, { ...headers, 'content-type': type }, Buffer.from(body))
      expect([type, response.status]).toEqual([type, expect.toSatisfy((status: number) => status < 500)])
    }
  },
)

test('S44: cookies are bound to this host, unreadable to scripts, and sent by our own pages alone', async () => {
  const again = await publishedVisit(gateway)
  const answers = [
    await enterPins(gateway, again.pin1, again.pin2),
    await enterShare(gateway, share.token, share.pin),
    await again.patient.post('/uscita'),
    await call({ name: '', method: 'POST', path: '/uscita', audience: 'public' }),
  ]
  for (const response of answers) {
    const cookies = response.headers.getSetCookie()
    expect(cookies.length).toBeGreaterThan(0)
    for (const cookie of cookies) {
      const [pair = '', ...attributes] = cookie.split('; ')
      expect(pair).toMatch(/^__Host-/)
      expect(attributes.sort().filter((attribute) => !/^Max-Age=0$/.test(attribute))).toEqual([
        'HttpOnly',
        'Path=/',
        'SameSite=Strict',
        'Secure',
      ])
    }
  }
})

test('S44: a login gives a new session, never the one that somebody put into the browser before', async () => {
  const planted = `__Host-ritiro=${'P'.repeat(43)}`
  const before = mine.patient.cookie
  for (const cookie of [planted, before, doctor.cookie]) {
    const response = await fetch(`${gateway.url}/accesso`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'same-origin', cookie },
      body: new URLSearchParams({ pin1: mine.pin1, pin2: mine.pin2 }),
    })
    const given = response.headers.getSetCookie().map((value) => value.split(';')[0])
    expect(response.status).toBe(303)
    expect(given[0]).toMatch(/^__Host-ritiro=[A-Za-z0-9_-]{43}$/)
    expect(given).not.toContain(cookie)
  }
  const response = await fetch(`${gateway.url}/referti`, { redirect: 'manual', headers: { cookie: planted } })
  expect(response.status).toBe(303)
})

const PROTECTED = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
}

const headersOf = (response: Response) =>
  Object.fromEntries(Object.keys(PROTECTED).map((name) => [name, response.headers.get(name)]))

/** What a write could change, in short. */
async function stateOf() {
  const audit = await gateway.db.$count(auditEvents)
  return {
    audit,
    sessions: await gateway.db.$count(sessions),
    list: (await mine.patient.get('/condivisioni')).status,
  }
}

function call(
  route: Route,
  headers: Record<string, string | undefined> = {},
  body: BodyInit = formFor(route),
): Promise<Response> {
  const sent = Object.entries({ 'sec-fetch-site': 'same-origin', ...headers })
  return fetch(gateway.url + addressOf(route), {
    method: route.method,
    redirect: 'manual',
    headers: sent.flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as [string, string]],
    ),
    ...(route.method === 'GET' ? {} : { body }),
  })
}

/** A route's pattern with what is really there. */
function addressOf({ path }: Route): string {
  return path
    .replace(':accessionNumber', spare.accessionNumber)
    .replace('/condivisioni/:id', `/condivisioni/${share.id}`)
    .replace('/referti/:id', `/referti/${mine.publicationIds[0]}`)
    .replace('/:study/:file', '/ST000000/INDEX.JS')
    .replace('/rapida/:file', '/rapida/EXAM.JS')
    .replace('/api/docs/:file', '/api/docs/swagger-ui.css')
    .replace('/viewer/*', '/viewer/viewer')
    .replace('/dicomweb/*', '/dicomweb/studies')
    .replace('/assets/:file{.+}', asset)
    .replace(':code', 'H501')
    .replaceAll(/:(?:id|exam)\b/g, randomUUID())
}

function formFor({ path }: Route): URLSearchParams {
  if (path === '/accesso') return new URLSearchParams({ pin1: mine.pin1, pin2: mine.pin2 })
  if (path === '/condivisione') return new URLSearchParams({ codice: share.token, pin: share.pin })
  const doctor = {
    cognome: 'Neri',
    nome: 'Ada',
    email: 'ada@example.org',
    telefono: '',
    richiesta: randomUUID(),
  }
  return new URLSearchParams({ ...doctor, pin1: spare.pin1, esami: mine.publicationIds[0] ?? '' })
}
