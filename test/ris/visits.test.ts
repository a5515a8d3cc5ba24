import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey, revokeApiKeys } from '../../src/ris/keys.ts'
import { visit } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { registered } from '../support/visits.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

const ROUTES: [string, string][] = [
  ['POST', '/visits'],
  ['GET', '/visits/ACC001'],
  ['PATCH', '/visits/ACC001'],
  ['POST', '/visits/ACC001/reports'],
  ['POST', '/visits/ACC001/pin1'],
  ['POST', '/visits/ACC001/pin2'],
  ['GET', '/nothing'],
]

test('every route asks for a valid API key, and says no more than that without one', async () => {
  const revoked = await createApiKey(gateway.db, 'old-ris', gateway.now())
  expect(await revokeApiKeys(gateway.db, 'old-ris', gateway.now())).toBe(1)
  const headers = [
    undefined,
    'Bearer',
    'Bearer wrong',
    `Basic ${gateway.apiKey}`,
    `Bearer ${revoked}`,
    gateway.apiKey,
  ]
  for (const [method, path] of ROUTES) {
    for (const authorization of headers) {
      const response = await fetch(`${gateway.url}/api/v1${path}`, {
        method,
        ...(authorization ? { headers: { authorization } } : {}),
      })
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
      expect(await response.json()).toMatchObject({
        type: 'urn:ritiro:problem:api.unauthorized',
        status: 401,
      })
    }
  }
  expect(JSON.stringify(gateway.logged)).not.toContain(gateway.apiKey)
})

test('S3: a registration is answered with PIN1, told this once, and the visit’s links', async () => {
  const response = await gateway.api('POST', '/visits', visit({ accessionNumber: 'ONCE' }))
  expect(response.status).toBe(201)
  expect(response.headers.get('location')).toBe(`${gateway.url}/api/v1/visits/ONCE`)
  expect(response.headers.get('cache-control')).toBe('no-store')
  const answer = (await response.json()) as { pin1: string; links: { self: string } }
  expect(answer).toMatchObject({ accessionNumber: 'ONCE', pin1: expect.stringMatching(/^\d{12}$/) })
  const state = await gateway.api('GET', '/visits/ONCE')
  expect(await state.text()).not.toContain(answer.pin1)
  const dump = JSON.stringify(await gateway.db.query.visits.findMany())
  expect(dump).not.toContain(answer.pin1)
})

test('the same Accession Number again is 409 and changes nothing; an exam’s counts as the visit’s does', async () => {
  const first = await registered(gateway, {
    accessionNumber: 'TWICE',
    exams: [{ accessionNumber: 'TWICE-1', description: 'TC', date: '2026-11-20' }],
  })
  const before = await (await gateway.api('GET', '/visits/TWICE')).text()
  for (const body of [
    visit({ accessionNumber: 'TWICE', email: 'other@example.org', consent: false }),
    visit({ accessionNumber: 'TWICE-1' }),
    visit({
      accessionNumber: 'THRICE',
      exams: [{ accessionNumber: 'TWICE-1', description: 'TC', date: '2026-11-20' }],
    }),
    visit({
      accessionNumber: 'THRICE',
      exams: [{ accessionNumber: 'TWICE', description: 'TC', date: '2026-11-20' }],
    }),
  ]) {
    const response = await gateway.api('POST', '/visits', body)
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ type: 'urn:ritiro:problem:visit.exists' })
  }
  expect(await (await gateway.api('GET', '/visits/TWICE')).text()).toBe(before)
  expect((await gateway.api('GET', '/visits/THRICE')).status).toBe(404)
  expect(first.pin1).toMatch(/^\d{12}$/)
})

test('of twenty registrations of one Accession Number in the same moment one is taken', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => gateway.api('POST', '/visits', visit({ accessionNumber: 'RACE' }))),
  )
  const statuses = answers.map(({ status }) => status).toSorted()
  expect(statuses).toEqual([201, ...Array(19).fill(409)])
})

test('S3: with Accept: application/pdf the answer is the slip itself, and so is a reissued PIN1', async () => {
  const accept = { accept: 'application/pdf' }
  const slip = await gateway.api('POST', '/visits', visit({ accessionNumber: 'SLIP' }), accept)
  expect(slip.status).toBe(201)
  expect(slip.headers.get('location')).toBe(`${gateway.url}/api/v1/visits/SLIP`)
  const again = await gateway.api('POST', '/visits/SLIP/pin1', undefined, accept)
  expect(again.status).toBe(200)
  for (const response of [slip, again]) {
    expect(response.headers.get('content-type')).toBe('application/pdf')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(
      Buffer.from(await response.arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-')
  }
  for (const [accept, type] of [
    ['application/json, application/pdf;q=0.5', 'application/json'],
    ['application/pdf;q=0', 'application/json'],
    ['application/pdf, */*;q=0.8', 'application/pdf'],
  ] as const) {
    const preferred = await gateway.api('POST', '/visits/SLIP/pin1', undefined, { accept })
    expect(preferred.headers.get('content-type')).toContain(type)
  }
})

test.for<[string, Record<string, unknown>, string]>([
  ['no Accession Number', { accessionNumber: undefined }, '/accessionNumber'],
  ['an empty Accession Number', { accessionNumber: '  ' }, '/accessionNumber'],
  ['an Accession Number of 65 characters', { accessionNumber: 'A'.repeat(65) }, '/accessionNumber'],
  ['a backslash, which parts values in DICOM', { accessionNumber: 'A\\B' }, '/accessionNumber'],
  ['NUL', { accessionNumber: 'A\0B' }, '/accessionNumber'],
  ['half a surrogate pair', { accessionNumber: 'A\ud800' }, '/accessionNumber'],
  ['a step upwards', { accessionNumber: '..' }, '/accessionNumber'],
  ['a number for text', { accessionNumber: 12 }, '/accessionNumber'],
  ['no patient', { patient: undefined }, '/patient'],
  [
    'a name of two lines',
    { patient: { ...visit().patient, familyName: 'SECRET\r\nBcc: x@example.org' } },
    '/patient/familyName',
  ],
  [
    'a birth date that is no day',
    { patient: { ...visit().patient, birthDate: '1980-02-30' } },
    '/patient/birthDate',
  ],
  ['a field nobody knows', { patient: { ...visit().patient, phone: 'SECRET' } }, '/patient'],
  ['an e-mail that is none', { email: 'SECRET@' }, '/email'],
  ['an e-mail with a line break', { email: 'a@example.org\r\nBcc: SECRET@example.org' }, '/email'],
  ['two e-mails', { email: 'a@example.org, SECRET@example.org' }, '/email'],
  ['a consent that is a word', { consent: 'yes' }, '/consent'],
  ['no consent field', { consent: undefined }, '/consent'],
  ['no exams', { exams: [] }, '/exams'],
  ['an exam without a day', { exams: [{ description: 'SECRET' }] }, '/exams/0/date'],
])('%s is refused with 422, by the field’s name and without its value', async ([, changes, pointer]) => {
  const response = await gateway.api('POST', '/visits', visit({ accessionNumber: 'WRONG', ...changes }))
  expect(response.status).toBe(422)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const text = await response.text()
  expect(JSON.parse(text)).toMatchObject({
    type: 'urn:ritiro:problem:request.invalid',
    title: expect.any(String),
    status: 422,
    errors: expect.arrayContaining([{ pointer, detail: expect.any(String) }]),
  })
  expect(text).not.toContain('SECRET')
  expect((await gateway.api('GET', '/visits/WRONG')).status).toBe(404)
})

test('a body that is not JSON, or not said to be, or not UTF-8, or endless, is refused as such', async () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, type: string) =>
    fetch(`${gateway.url}/api/v1/visits`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': type },
      body,
    })
  const json = 'application/json'
  const text = JSON.stringify(visit())
  expect((await post('{', json)).status).toBe(400)
  expect((await post('', json)).status).toBe(400)
  expect((await post(Buffer.from(text.replace('Rossi', 'Rossì'), 'latin1'), json)).status).toBe(400)
  expect((await post(text, 'text/plain')).status).toBe(415)
  expect((await post(text, 'application/x-www-form-urlencoded')).status).toBe(415)
  expect((await post(`{"a":"${'x'.repeat(300_000)}"}`, json)).status).toBe(413)
  const prototype = await post(text.replace('{', '{"__proto__":{"consent":true},'), json)
  expect(prototype.status).toBe(422)
})

test('a body that comes in pieces, without a length, is limited as well', async () => {
  const pieces = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 40; i++) controller.enqueue(new TextEncoder().encode(' '.repeat(10_000)))
      controller.close()
    },
  })
  const response = await fetch(`${gateway.url}/api/v1/visits`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
    body: pieces,
    duplex: 'half',
  } as RequestInit)
  expect(response.status).toBe(413)
})

test.for([
  'A B',
  'A/B',
  '2026/001234',
  '/',
  'Più è ✓',
  '100%',
  '%41',
  'a+b&c=d?e#f',
  'A..B',
  '"quoted"',
  'ＦＷ',
  'x'.repeat(64),
])('the Accession Number “%s” goes into an address and comes back out of it', async (accessionNumber) => {
  const response = await gateway.api('POST', '/visits', visit({ accessionNumber }))
  expect(response.status).toBe(201)
  const { links } = (await response.json()) as { links: { self: string } }
  const headers = { authorization: `Bearer ${gateway.apiKey}` }
  for (const address of [links.self, response.headers.get('location') ?? '']) {
    const state = await fetch(address, { headers })
    expect(state.status).toBe(200)
    expect(await state.json()).toMatchObject({ accessionNumber })
  }
})

test('unknown visits are 404 on every route, whatever stands in the address', async () => {
  for (const name of ['ABSENT', '%00', '%2e%2e', '%ff', '%', 'a%2Fb', 'x'.repeat(3000), "' or 1=1 --"]) {
    for (const [method, rest] of [
      ['GET', ''],
      ['PATCH', ''],
      ['POST', '/pin1'],
      ['POST', '/pin2'],
      ['POST', '/reports'],
    ] as const) {
      const response = await gateway.api(
        method,
        `/visits/${name}${rest}`,
        method === 'PATCH' ? { consent: true } : undefined,
      )
      expect(`${name}${rest} ${response.status}`).toBe(`${name}${rest} 404`)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
    }
  }
})

test('S2: a PATCH needs something to change, and knows nothing but e-mail and consent', async () => {
  await registered(gateway, { accessionNumber: 'PATCHED', consent: false, email: undefined })
  for (const body of [{}, { email: 'nobody' }, { consent: null }, { accessionNumber: 'X' }, []]) {
    expect((await gateway.api('PATCH', '/visits/PATCHED', body)).status).toBe(422)
  }
  expect((await gateway.api('PATCH', '/visits/PATCHED', '{')).status).toBe(400)
  const changed = await gateway.api('PATCH', '/visits/PATCHED', { email: 'new@example.org', consent: true })
  expect(changed.status).toBe(200)
  expect(await changed.json()).toMatchObject({
    email: 'new@example.org',
    consent: { given: true, textVersion: '1' },
  })
})

test('S9: PIN2 is made at publication: asked for before, or without an address or consent, it is 409', async () => {
  await registered(gateway, { accessionNumber: 'EARLY' })
  await registered(gateway, { accessionNumber: 'MAILLESS', email: undefined })
  const early = await gateway.api('POST', '/visits/EARLY/pin2')
  expect(early.status).toBe(409)
  expect(await early.json()).toMatchObject({ type: 'urn:ritiro:problem:visit.no_publication' })
  expect((await gateway.api('POST', '/visits/MAILLESS/pin2')).status).toBe(409)
})
