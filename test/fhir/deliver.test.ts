import { createHash } from 'node:crypto'
import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEvents, reports } from '../../src/database/schema.ts'
import { listAttention } from '../../src/desk/attention.ts'
import { pdfOf, visitWithoutImages } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { type FhirClient, fhirClient, type Json } from './client.ts'
import { complaintsOf } from './schema.ts'
import { signed } from './signed.ts'

const TAX_CODE = 'urn:oid:2.16.840.1.113883.2.9.4.3.2'
const ROSSI = 'RSSMRA80D23D205X'
const ACSN = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }] }
const MAX_REPORT_MB = 0.2

let gateway: TestGateway
let fhir: FhirClient
let p7m: Uint8Array
let inside: Uint8Array

beforeAll(async () => {
  gateway = await testGateway({ environment: { MAX_REPORT_MB: String(MAX_REPORT_MB) } })
  fhir = fhirClient(gateway)
  inside = await pdfOf('Referto firmato')
  p7m = await signed(inside)
})
afterAll(() => gateway[Symbol.asyncDispose]())

let numbered = 0
/** A visit of Rossi's that waits for its report. */
async function registered(changes: Record<string, unknown> = {}): Promise<string> {
  numbered += 1
  const accessionNumber = `F${numbered}`
  expect(
    (await gateway.api('POST', '/visits', visitWithoutImages({ accessionNumber, ...changes }))).status,
  ).toBe(201)
  return accessionNumber
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const P7M = () => ({ contentType: 'application/pkcs7-mime', data: base64(p7m) })
const report = (accession: string, changes: Record<string, unknown> = {}) => ({
  resourceType: 'DiagnosticReport',
  identifier: [{ type: ACSN, value: accession }],
  status: 'final',
  code: { text: 'VISITA ORTOPEDICA' },
  subject: { identifier: { system: TAX_CODE, value: ROSSI } },
  presentedForm: [P7M()],
  ...changes,
})
const reference = (accession: string, changes: Record<string, unknown> = {}) => ({
  resourceType: 'DocumentReference',
  identifier: [{ type: ACSN, value: accession }],
  status: 'current',
  content: [{ attachment: P7M() }],
  ...changes,
})
const patient = (changes: Record<string, unknown> = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system: TAX_CODE, value: ROSSI }],
  birthDate: '1980-04-23',
  ...changes,
})
const entry = (resource: Json, fullUrl?: string) => ({
  ...(fullUrl ? { fullUrl } : {}),
  resource,
  request: { method: 'POST', url: resource.resourceType },
})
const transaction = (...entries: Json[]) => ({ resourceType: 'Bundle', type: 'transaction', entry: entries })

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fhir.ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const stateOf = async (accession: string): Promise<Json> =>
  (await gateway.api('GET', `/visits/${accession}`)).json()
const storedOf = async (accession: string) => {
  const { exams } = await stateOf(accession)
  const sha256 = exams[0].report?.sha256
  return sha256 ? gateway.db.select().from(reports).where(eq(reports.sha256, sha256)) : []
}

test('a transaction with the report, its person, its order and the document as Binary publishes the report', async () => {
  const accession = await registered()
  const bundle = transaction(
    entry(patient(), 'urn:uuid:00000000-0000-4000-8000-000000000001'),
    entry(
      { resourceType: 'ServiceRequest', identifier: [{ type: ACSN, value: accession }] },
      'urn:uuid:00000000-0000-4000-8000-000000000002',
    ),
    entry(
      { resourceType: 'Practitioner', name: [{ family: 'Verdi', given: ['Anna'] }] },
      'urn:uuid:00000000-0000-4000-8000-000000000003',
    ),
    entry(
      { resourceType: 'Binary', contentType: 'application/pkcs7-mime', data: base64(p7m) },
      'urn:uuid:00000000-0000-4000-8000-000000000004',
    ),
    entry(
      report(accession, {
        identifier: undefined,
        basedOn: [{ reference: 'urn:uuid:00000000-0000-4000-8000-000000000002' }],
        subject: { reference: 'urn:uuid:00000000-0000-4000-8000-000000000001' },
        resultsInterpreter: [{ reference: 'urn:uuid:00000000-0000-4000-8000-000000000003' }],
        issued: '2020-05-18T23:30:00Z',
        conclusion: 'Nulla da segnalare.',
        presentedForm: [
          {
            contentType: 'application/pkcs7-mime',
            url: 'urn:uuid:00000000-0000-4000-8000-000000000004',
            size: p7m.byteLength,
            hash: createHash('sha1').update(p7m).digest('base64'),
          },
        ],
      }),
    ),
  )
  const { status, body } = await post('', bundle)
  expect([status, body.type]).toEqual([200, 'transaction-response'])
  expect(body.entry.map(({ response }: Json) => response.status)).toEqual([
    ...Array(3).fill('200 OK'),
    ...Array(2).fill('201 Created'),
  ])
  const [, , , binary, delivered] = body.entry.map(({ response }: Json) => response.location)
  const told = await fhir.get(`/${delivered}`)
  expect(told).toMatchObject({
    conclusion: 'Nulla da segnalare.',
    resultsInterpreter: [{ display: 'Anna Verdi' }],
  })
  expect(told.presentedForm[0].url).toBe(`${gateway.url}/fhir/${binary}`)
  expect(body.entry[4].response.etag).toBe(`W/"${told.meta.versionId}"`)
  const [stored] = await storedOf(accession)
  expect(Buffer.from(stored?.document ?? []).equals(p7m)).toBe(true)
  // 23:30 in UTC is the next day in Italy.
  expect(stored).toMatchObject({ physician: 'Anna Verdi', reportDate: '2020-05-19', kind: 'p7m' })
  expect(await stateOf(accession)).toMatchObject({ published: true })
})

test('a collection with a DocumentReference, and either resource by itself, deliver the same', async () => {
  const [a, b, c] = [await registered(), await registered(), await registered()]
  const collection = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      {
        resource: reference(a, {
          content: [{ attachment: { contentType: 'application/pkcs7-mime', url: 'Binary/x' } }],
        }),
      },
      {
        resource: {
          resourceType: 'Binary',
          id: 'x',
          contentType: 'application/pkcs7-mime',
          data: base64(p7m),
        },
      },
      { resource: report(a) },
    ],
  }
  const answered = await post('', collection)
  expect(answered.body.entry.map(({ response }: Json) => response.status)).toEqual(
    Array(3).fill('201 Created'),
  )
  const single = await post('/DiagnosticReport', report(b))
  expect([single.status, single.body.resourceType]).toEqual([201, 'DiagnosticReport'])
  const location = single.headers.get('location') ?? ''
  expect(await fhir.get(location)).toEqual(single.body)
  const document = await post('/DocumentReference', reference(c))
  expect([document.status, document.body.resourceType]).toEqual([201, 'DocumentReference'])
  expect(await fhir.get(document.headers.get('location') ?? '')).toEqual(document.body)
  for (const accession of [a, b, c]) {
    expect(await stateOf(accession)).toMatchObject({ published: true, report: 'delivered' })
    expect(Buffer.from((await storedOf(accession))[0]?.document ?? []).equals(p7m)).toBe(true)
  }
})

test('S7: the same bytes again change nothing, by whatever way they came first; others are a new version', async () => {
  const accession = await registered()
  const first = await pdfOf('Prima versione')
  const pdf = (bytes: Uint8Array) =>
    report(accession, { presentedForm: [{ contentType: 'application/pdf', data: base64(bytes) }] })
  expect((await gateway.deliver(accession, first)).status).toBe(201)
  const again = await post('/DiagnosticReport', pdf(first))
  expect([again.status, again.body.status]).toEqual([200, 'final'])
  const before = await stateOf(accession)
  const changed = await post('/DiagnosticReport', pdf(await pdfOf('Seconda versione')))
  expect([changed.status, changed.body.status]).toEqual([201, 'amended'])
  expect(changed.body.meta.versionId).not.toBe(again.body.meta.versionId)
  const old = await post('', transaction(entry(pdf(first))))
  expect(old.body.entry[0].response.status).toBe('200 OK')
  expect(old.body.entry[0].response.outcome.issue[0].diagnostics).toContain('a newer one replaced it')
  const after = await stateOf(accession)
  expect([before.exams[0].report.version, after.exams[0].report.version]).toEqual([1, 2])
  const minimal = await post('/DiagnosticReport', pdf(first), { prefer: 'return=minimal' })
  expect([minimal.status, minimal.body]).toEqual([200, null])
  const outcome = await post('/DiagnosticReport', pdf(first), { prefer: 'return=OperationOutcome' })
  expect(outcome.body.issue[0].severity).toBe('information')
})

test('a report that was entered in error is taken back: it goes offline, and the same document does not come again', async () => {
  const accession = await registered()
  const delivered = await post('/DiagnosticReport', report(accession))
  const { body: document } = await fhir.ask(`/DocumentReference?identifier=${accession}`)
  const back = await post(
    '/DiagnosticReport',
    report(accession, { status: 'entered-in-error', presentedForm: undefined }),
  )
  expect([back.status, back.body.status, back.body.id]).toEqual([200, 'entered-in-error', delivered.body.id])
  expect(back.body.presentedForm).toBeUndefined()
  expect(Date.parse(back.body.meta.lastUpdated)).toBeGreaterThan(Date.parse(delivered.body.meta.lastUpdated))
  expect((await fhir.ask(`/DocumentReference/${document.entry[0].resource.id}`)).status).toBe(404)
  expect(await stateOf(accession)).toMatchObject({ published: false })
  const again = await post('', transaction(entry(report(accession))))
  expect(again.body.entry[0].response.outcome.issue[0].diagnostics).toContain('taken back')
  expect(await stateOf(accession)).toMatchObject({ published: false })
  const other = { contentType: 'application/pdf', data: base64(await pdfOf('Corretto')) }
  expect((await post('/DiagnosticReport', report(accession, { presentedForm: [other] }))).status).toBe(201)
  expect(await stateOf(accession)).toMatchObject({ published: true })
  // Nobody else's: the subject is asked here too.
  const foreign = report(accession, {
    status: 'cancelled',
    subject: { identifier: { system: TAX_CODE, value: 'BNCNNA70A42D205F' } },
  })
  expect((await post('/DiagnosticReport', foreign)).status).toBe(422)
  expect(await stateOf(accession)).toMatchObject({ published: true })
})

test('a readable copy beside the .p7m is passed over: the .p7m is the report', async () => {
  const accession = await registered()
  const copy = { contentType: 'application/pdf', data: base64(inside) }
  expect((await post('/DiagnosticReport', report(accession, { presentedForm: [copy, P7M()] }))).status).toBe(
    201,
  )
  expect((await storedOf(accession))[0]?.kind).toBe('p7m')
})

test('S2: without consent a report is taken and not told back', async () => {
  const accession = await registered({ consent: false })
  const document = await post('/DocumentReference', reference(accession))
  expect([document.status, document.body.resourceType]).toEqual([201, 'OperationOutcome'])
  expect(document.headers.get('location')).toBeNull()
  const single = await post('/DiagnosticReport', report(accession))
  expect(single.status).toBe(200)
  expect(single.body.presentedForm).toBeUndefined()
  expect(await stateOf(accession)).toMatchObject({ published: false, report: 'delivered' })
})

test('S19: what the REST API refuses is refused here, with the same code, and noted in the trail', async () => {
  const accession = await registered()
  const altered = Buffer.from(p7m)
  // Within the PDF, which the signature covers.
  altered.writeUInt8(altered.readUInt8(400) ^ 1, 400)
  const refuse = async (data: Uint8Array, contentType = 'application/pkcs7-mime') => {
    const { status, body } = await post(
      '/DiagnosticReport',
      report(accession, { presentedForm: [{ contentType, data: base64(data) }] }),
    )
    return [status, body.issue[0].details.coding[0].code]
  }
  const byRest = async (data: Uint8Array) =>
    ((await (await gateway.deliver(accession, data, {}, 'application/octet-stream')).json()) as Json).type
      .split(':')
      .at(-1)
  for (const document of [altered, Buffer.from('testo'), p7m.subarray(0, 500)]) {
    const code = await byRest(document)
    expect(code).toMatch(/^report\./)
    expect(await refuse(document)).toEqual([422, code])
  }
  expect((await refuse(altered))[1]).toBe('report.altered')
  const refused = await gateway.db
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.event, 'report.refused'), eq(auditEvents.actor, 'ris:test-ris')))
  expect(refused.length).toBeGreaterThanOrEqual(7)
  expect(await stateOf(accession)).toMatchObject({ report: 'missing', published: false })
})

test('a report of another person than the visit’s is refused, whatever says so, and stored nowhere', async () => {
  const accession = await registered()
  const other = 'BNCNNA70A42D205F'
  await registered({
    patient: { familyName: 'Bianchi', givenName: 'Anna', birthDate: '1970-01-02', taxCode: other },
  })
  const { body } = await fhir.ask('/Patient/_search', {
    method: 'POST',
    body: new URLSearchParams({ identifier: `${TAX_CODE}|${other}` }),
  })
  const bianchi = body.entry[0].resource.id
  const subjects = [
    { identifier: { system: TAX_CODE, value: other } },
    { identifier: { system: `${gateway.url}/fhir/sid/patient-id`, value: 'P2' } },
    { reference: `Patient/${bianchi}` },
    { reference: `${gateway.url}/fhir/Patient/${bianchi}` },
    { reference: 'Patient/nessuno' },
  ]
  for (const subject of subjects) {
    const { status, body } = await post('/DiagnosticReport', report(accession, { subject }))
    expect([subject, status, body.issue[0].details.coding[0].code]).toEqual([
      subject,
      422,
      'report.other_patient',
    ])
    expect(JSON.stringify(body)).not.toContain(ROSSI)
  }
  const born = transaction(
    entry(
      patient({ identifier: undefined, birthDate: '1980-04-24' }),
      'urn:uuid:00000000-0000-4000-8000-000000000009',
    ),
    entry(report(accession, { subject: { reference: 'urn:uuid:00000000-0000-4000-8000-000000000009' } })),
  )
  expect((await post('', born)).status).toBe(422)
  expect(await stateOf(accession)).toMatchObject({ report: 'missing' })
  const mattersOf = async () =>
    (await listAttention(gateway.db, gateway.now())).filter(
      ({ visit }) => visit?.accessionNumber === accession,
    )
  // The desk's list tells them with the exam, until its report has come.
  expect(await mattersOf()).toContainEqual(
    expect.objectContaining({
      kind: 'document-refused',
      detail: 'report.other_patient',
      about: expect.any(String),
    }),
  )
  const own = await fhir.search('Patient', { identifier: `${TAX_CODE}|${ROSSI}` })
  const subject = { reference: `Patient/${own.entry[0].resource.id}` }
  expect((await post('/DiagnosticReport', report(accession, { subject }))).status).toBe(201)
  expect((await mattersOf()).map(({ kind }) => kind)).not.toContain('document-refused')
})

test('what cannot be a delivery is refused with the place and the reason, and nothing is stored', async () => {
  const accession = await registered()
  const twoExams = await registered({
    exams: [1, 2].map((n) => ({ description: `ESAME ${n}`, date: '2020-05-18', imagesExpected: false })),
  })
  const pdf = { contentType: 'application/pdf', data: base64(inside) }
  const other = { contentType: 'application/pdf', data: base64(await pdfOf('Altro')) }
  const one = report(accession)
  const cases: [name: string, path: string, body: unknown, status: number, code: string][] = [
    [
      'no Accession Number',
      '/DiagnosticReport',
      { ...one, identifier: [{ value: accession }] },
      422,
      'request.invalid',
    ],
    [
      'two of them',
      '/DiagnosticReport',
      { ...one, basedOn: [{ identifier: { type: ACSN, value: 'X' } }] },
      422,
      'request.invalid',
    ],
    ['an unknown one', '/DiagnosticReport', report('IGNOTO'), 422, 'report.no_visit'],
    ['which exam is not clear', '/DiagnosticReport', report(twoExams), 422, 'exam.ambiguous'],
    ['a preliminary report', '/DiagnosticReport', { ...one, status: 'preliminary' }, 422, 'report.not_final'],
    [
      'a superseded document',
      '/DocumentReference',
      reference(accession, { status: 'superseded' }),
      422,
      'report.not_final',
    ],
    [
      'no document',
      '/DiagnosticReport',
      { ...one, presentedForm: undefined, conclusion: 'Testo' },
      422,
      'request.invalid',
    ],
    ['two documents', '/DiagnosticReport', { ...one, presentedForm: [pdf, other] }, 422, 'request.invalid'],
    [
      'a document elsewhere',
      '/DiagnosticReport',
      { ...one, presentedForm: [{ contentType: 'application/pdf', url: `${gateway.url}/` }] },
      422,
      'request.invalid',
    ],
    [
      'another hash',
      '/DiagnosticReport',
      { ...one, presentedForm: [{ ...P7M(), hash: 'AAAA' }] },
      422,
      'request.invalid',
    ],
    [
      'another size',
      '/DiagnosticReport',
      { ...one, presentedForm: [{ ...P7M(), size: 3 }] },
      422,
      'request.invalid',
    ],
    [
      'no base64',
      '/DiagnosticReport',
      { ...one, presentedForm: [{ ...P7M(), data: '<p7m>' }] },
      422,
      'request.invalid',
    ],
    ['another resource', '/DiagnosticReport', reference(accession), 422, 'request.invalid'],
    ['a wrong type', '/DiagnosticReport', { ...one, status: 7 }, 422, 'request.invalid'],
    ['a bundle without report', '', transaction(entry(patient())), 422, 'request.invalid'],
    ['two reports', '', transaction(entry(one), entry(one)), 422, 'request.invalid'],
    [
      'something else',
      '',
      transaction(entry(one), entry({ resourceType: 'Observation' })),
      422,
      'request.invalid',
    ],
    ['no request', '', transaction({ resource: one }), 422, 'request.invalid'],
    [
      'a change',
      '',
      transaction({ resource: one, request: { method: 'PUT', url: 'DiagnosticReport/1' } }),
      422,
      'request.invalid',
    ],
    [
      'a message',
      '',
      { resourceType: 'Bundle', type: 'message', entry: [{ resource: one }] },
      422,
      'request.invalid',
    ],
    ['no object', '', 'null', 422, 'request.invalid'],
    ['no JSON', '', '{', 400, 'request.malformed'],
    [
      'a document too large',
      '/DiagnosticReport',
      {
        ...one,
        presentedForm: [
          { contentType: 'application/pdf', data: base64(Buffer.alloc(MAX_REPORT_MB * 1e6 + 1)) },
        ],
      },
      413,
      'request.too_large',
    ],
    ['a body too large', '/DiagnosticReport', ' '.repeat(2_000_000), 413, 'request.too_large'],
  ]
  for (const [name, path, body, status, code] of cases) {
    const answered = await post(path, body)
    expect([name, answered.status, answered.body.issue[0].details.coding[0].code]).toEqual([
      name,
      status,
      code,
    ])
    expect(answered.body.resourceType).toBe('OperationOutcome')
  }
  const wrong = await post('', transaction(entry({ ...one, presentedForm: [{ ...P7M(), data: 7 }] })))
  expect(wrong.body.issue[0].expression).toEqual(['entry[0].resource.presentedForm[0].data'])
  expect((await post('/DiagnosticReport', '<x/>', { 'content-type': 'application/fhir+xml' })).status).toBe(
    415,
  )
  expect(await stateOf(accession)).toMatchObject({ report: 'missing' })
  expect(complaintsOf({ ...one, id: 'x' })).toEqual([])
})
