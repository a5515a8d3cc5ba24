import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEvents, studies } from '../../src/database/schema.ts'
import { capabilityStatement } from '../../src/fhir/capability.ts'
import { AUDIENCES } from '../../src/http/audience.ts'
import { pdfOf, visit, visitWithoutImages } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { dicomFiles } from '../support/images.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { type FhirClient, fhirClient, type Json, linkOf, resourcesOf } from './client.ts'
import { complaintsOf } from './schema.ts'
import { signed } from './signed.ts'

const TAX_CODE = 'urn:oid:2.16.840.1.113883.2.9.4.3.2'
const ROSSI = 'RSSMRA80D23D205X'
const BIANCHI = {
  familyName: 'Bianchi',
  givenName: 'Anna',
  birthDate: '1970-01-02',
  taxCode: 'BNCNNA70A42D205F',
}
const LAST_TEXT = 'Nessuna alterazione.'

let orthanc: TestOrthanc
let gateway: TestGateway
let fhir: FhirClient
let studyInstanceUid: string
let p7m: Uint8Array
let inside: Uint8Array

// Rossi: RX (.p7m, images), then ECO a year later (PDF, corrected once). Bianchi: without consent. Verdi: excluded by law.
beforeAll(async () => {
  orthanc = await testOrthanc()
  gateway = await testGateway({ orthanc, now: '2026-03-01T10:00:00Z' })
  fhir = fhirClient(gateway)
  await register(visit({ accessionNumber: 'RX', exams: [{ description: 'RX TORACE', date: '2026-02-27' }] }))
  await using files = await dicomFiles({ accessionNumber: 'RX', study: 700 })
  await orthanc.send(files)
  studyInstanceUid = files.studyInstanceUid
  inside = await pdfOf('Referto RX')
  p7m = await signed(inside)
  expect(
    (await gateway.deliver('RX', p7m, { physician: 'Anna Verdi', text: LAST_TEXT }, 'application/pkcs7-mime'))
      .status,
  ).toBe(201)
  await register(visitWithoutImages({ accessionNumber: 'NOCONS', patient: BIANCHI, consent: false }))
  await deliver('NOCONS', 'segreto-consenso')
  const excluded = { description: 'ESAME', date: '2026-02-27', imagesExpected: false, excluded: true }
  const patient = { familyName: 'Verdi', givenName: 'Ugo', birthDate: '1960-05-06' }
  await register(visit({ accessionNumber: 'LEGGE', patient, exams: [excluded] }))
  await deliver('LEGGE', 'segreto-legge')
  await gateway.waitForState('RX', ({ published }) => published)
  gateway.travelTo('2026-03-02T10:00:00Z')
  const later = {
    familyName: 'Rossi Neri',
    givenName: 'Mario',
    birthDate: '1980-04-23',
    taxCode: ROSSI,
    patientId: 'P9',
  }
  await register(visitWithoutImages({ accessionNumber: 'ECO', patient: later }))
  await deliver('ECO', 'Prima versione')
  await deliver('ECO', 'Seconda versione')
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await orthanc[Symbol.asyncDispose]()
})

async function register(body: object): Promise<void> {
  expect((await gateway.api('POST', '/visits', body)).status).toBe(201)
}

async function deliver(accessionNumber: string, words: string): Promise<void> {
  expect((await gateway.deliver(accessionNumber, await pdfOf(words), { text: words })).status).toBe(201)
}

const raw = (path: string, headers: Record<string, string> = {}) =>
  fetch(path.startsWith('http') ? path : `${gateway.url}/fhir${path}`, {
    headers: { authorization: `Bearer ${gateway.apiKey}`, ...headers },
  })
const only = (bundle: Json): Json => {
  expect(bundle.total).toBe(1)
  return resourcesOf(bundle)[0]
}
const reportOf = async (accession: string) =>
  only(await fhir.get(`/DiagnosticReport?identifier=${accession}`))

test('the CapabilityStatement is valid, open to read, and names what is implemented and nothing else', async () => {
  const { body } = await fhir.ask('/metadata', { headers: { authorization: '' } })
  expect(body).toMatchObject({ fhirVersion: '4.0.1', kind: 'instance' })
  const told = body.rest[0].resource.flatMap(({ type, interaction }: Json) =>
    interaction.flatMap(({ code }: Json) => ROUTES_OF[code]?.map((route) => route.replace('TYPE', type))),
  )
  const made = Object.keys(AUDIENCES).filter(
    (route) => route.includes(' /fhir') && !route.endsWith('/metadata'),
  )
  expect(made.toSorted()).toEqual([...told, ...SYSTEM_ROUTES(body)].toSorted())
  for (const { type, searchParam = [] } of body.rest[0].resource) {
    for (const { name } of searchParam) {
      const value = name === '_lastUpdated' ? '2026-01-01' : 'x'
      expect((await fhir.ask(`/${type}?${name}=${value}`)).status).toBe(200)
    }
  }
  expect(complaintsOf(capabilityStatement({ base: 'https://x.example/fhir', organisation: 'X' }))).toEqual([])
})

const ROUTES_OF: Record<string, string[]> = {
  read: ['GET /fhir/TYPE/:id'],
  'search-type': ['GET /fhir/TYPE', 'POST /fhir/TYPE/_search'],
  create: ['POST /fhir/TYPE'],
}
// Transaction and batch share an address.
const SYSTEM_ROUTES = ({ rest }: Json): string[] => [
  ...new Set<string>(rest[0].interaction.map(() => 'POST /fhir')),
]

test('the schema that answers are held against is the real one: it refuses what R4 does not know', () => {
  expect(complaintsOf({ resourceType: 'Patient', id: 'a b', colour: 'red' })).toHaveLength(2)
  expect(
    complaintsOf({ resourceType: 'Bundle', type: 'searchset', entry: [{ resource: { resourceType: 'X' } }] }),
  ).toEqual(['no resource of R4: X'])
})

test('a person is one Patient, however many visits there are, told as the newest visit says', async () => {
  const patient = only(await fhir.search('Patient', { identifier: `${TAX_CODE}|${ROSSI.toLowerCase()}` }))
  expect(patient).toMatchObject({
    name: [{ family: 'Rossi Neri', given: ['Mario'] }],
    birthDate: '1980-04-23',
    identifier: [
      { system: TAX_CODE, value: ROSSI },
      { value: 'P9', type: { coding: [{ code: 'MR' }] } },
    ],
  })
  // The earlier visit's number leads to the same person.
  expect(only(await fhir.search('Patient', { identifier: 'P1' })).id).toBe(patient.id)
  const reports = resourcesOf(await fhir.get(`/DiagnosticReport?patient=Patient/${patient.id}`))
  expect(reports.map(({ code }) => code.text).toSorted()).toEqual(['RX TORACE', 'VISITA ORTOPEDICA'])
  const chained = await fhir.search('DiagnosticReport', { 'patient.identifier': `${TAX_CODE}|${ROSSI}` })
  expect(resourcesOf(chained)).toEqual(reports)
  expect((await fhir.search('Patient', { identifier: `urn:oid:1.2.3|${ROSSI}` })).total).toBe(0)
  expect((await fhir.get('/Patient')).total).toBe(3)
})

test('an ImagingStudy is found by Accession Number and by Study Instance UID', async () => {
  const study = only(await fhir.get('/ImagingStudy?identifier=RX'))
  expect(study).toMatchObject({ status: 'available', numberOfSeries: 1, numberOfInstances: 3 })
  expect(study.identifier).toEqual([
    { system: 'urn:dicom:uid', value: `urn:oid:${studyInstanceUid}` },
    {
      system: `${gateway.url}/fhir/sid/accession-number`,
      value: 'RX',
      type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }] },
    },
  ])
  for (const query of [
    `identifier=urn:dicom:uid|urn:oid:${studyInstanceUid}`,
    `identifier=${gateway.url}/fhir/sid/accession-number|RX`,
    `patient=${study.subject.reference}`,
    `patient=${gateway.url}/fhir/${study.subject.reference}`,
    `_id=${study.id}`,
    `identifier=NO,RX`,
  ])
    expect(only(await fhir.get(`/ImagingStudy?${query}`)).id).toBe(study.id)
  expect((await fhir.get('/ImagingStudy?identifier=RX&identifier=NO')).total).toBe(0)
})

test('S45: a study whose UID the archive also holds for somebody else is nobody’s', async () => {
  const [study] = await gateway.db.select().from(studies).where(eq(studies.accessionNumber, 'RX'))
  if (!study) throw new Error('no study')
  await gateway.db.insert(studies).values({ ...study, orthancId: 'twin', accessionNumber: 'ECO' })
  expect((await fhir.get('/ImagingStudy')).total).toBe(0)
  expect((await fhir.ask(`/ImagingStudy/${study.orthancId}`)).status).toBe(404)
  expect((await reportOf('RX')).imagingStudy).toBeUndefined()
  await gateway.db.delete(studies).where(eq(studies.orthancId, 'twin'))
  expect((await reportOf('RX')).imagingStudy).toHaveLength(1)
})

test('S18: the signed document is attached and comes back byte for byte, with the PDF inside it beside', async () => {
  const report = await reportOf('RX')
  expect(report).toMatchObject({
    status: 'final',
    conclusion: LAST_TEXT,
    effectiveDateTime: '2026-02-27',
    resultsInterpreter: [{ display: 'Anna Verdi' }],
  })
  const [document, pdf] = report.presentedForm
  expect(document).toMatchObject({ contentType: 'application/pkcs7-mime', size: p7m.byteLength })
  expect(pdf).toMatchObject({ contentType: 'application/pdf', size: inside.byteLength })
  const bytes = await raw(document.url)
  expect(bytes.headers.get('content-type')).toBe('application/pkcs7-mime')
  expect(Buffer.from(await bytes.arrayBuffer()).equals(p7m)).toBe(true)
  expect(Buffer.from(await (await raw(pdf.url)).arrayBuffer()).equals(inside)).toBe(true)
  const { body } = await fhir.ask(document.url, { headers: { accept: 'application/fhir+json' } })
  expect(Buffer.from(body.data, 'base64').equals(p7m)).toBe(true)
  expect(body.securityContext.reference).toMatch(/^DocumentReference\//)
})

test('S7: a corrected report is amended, and its DocumentReference replaces the earlier one', async () => {
  expect(await reportOf('ECO')).toMatchObject({ status: 'amended', conclusion: 'Seconda versione' })
  const documents = resourcesOf(await fhir.get('/DocumentReference?identifier=ECO'))
  const [first, second] = documents.toSorted((a, b) => a.status.localeCompare(b.status) * -1)
  expect(first).toMatchObject({ status: 'superseded', docStatus: 'final' })
  expect(second).toMatchObject({
    status: 'current',
    docStatus: 'amended',
    relatesTo: [{ code: 'replaces', target: { reference: `DocumentReference/${first.id}` } }],
  })
  const digest = second.masterIdentifier
  expect(only(await fhir.get(`/DocumentReference?identifier=${digest.system}|${digest.value}`)).id).toBe(
    second.id,
  )
})

test('S2, S41: without consent, or excluded by law, a report is known but not given away', async () => {
  for (const accession of ['NOCONS', 'LEGGE']) {
    const report = await reportOf(accession)
    expect(report.presentedForm).toBeUndefined()
    expect(JSON.stringify(report)).not.toContain('segreto')
    expect((await fhir.get(`/DocumentReference?identifier=${accession}`)).total).toBe(0)
  }
  // Consent brings it, its withdrawal takes it away again, and each is another version of the resource.
  const before = await reportOf('NOCONS')
  expect((await gateway.api('PATCH', '/visits/NOCONS', { consent: true })).status).toBe(200)
  const given = await reportOf('NOCONS')
  expect((await raw(given.presentedForm[0].url)).status).toBe(200)
  expect((await gateway.api('PATCH', '/visits/NOCONS', { consent: false })).status).toBe(200)
  const after = await reportOf('NOCONS')
  expect((await raw(given.presentedForm[0].url)).status).toBe(404)
  expect(given.meta.versionId).not.toBe(before.meta.versionId)
  expect(after.meta.versionId).toBe(before.meta.versionId)
  expect(Date.parse(after.meta.lastUpdated)).toBeGreaterThan(Date.parse(before.meta.lastUpdated))
})

test('pages follow each other without a gap or a repetition, and their addresses tell nothing of who is searched for', async () => {
  const all = resourcesOf(await fhir.get('/DiagnosticReport')).map(({ id }) => id)
  expect(all).toHaveLength(4)
  const seen: string[] = []
  let page = await fhir.search('DiagnosticReport', { _count: '3' })
  for (;;) {
    seen.push(...resourcesOf(page).map(({ id }) => id))
    expect(page.total).toBe(4)
    const next = linkOf(page, 'next')
    if (!next) break
    page = await fhir.get(next)
  }
  expect(seen).toEqual(all)
  const ofRossi = await fhir.search('DiagnosticReport', { 'patient.identifier': ROSSI, _count: '1' })
  expect(JSON.stringify(ofRossi.link)).not.toContain(ROSSI)
  expect(resourcesOf(await fhir.get(linkOf(ofRossi, 'self') ?? ''))).toEqual(resourcesOf(ofRossi))
  const next = linkOf(ofRossi, 'next') ?? ''
  expect(resourcesOf(await fhir.get(next))).toHaveLength(1)
  for (const wrong of [next.slice(0, -2), next.replace('DiagnosticReport', 'Patient'), '/Patient?_page=x'])
    expect((await fhir.ask(wrong)).status).toBe(400)
  expect(resourcesOf(await fhir.get('/DiagnosticReport?_count=0'))).toEqual([])
})

test('_lastUpdated takes dates with prefixes; a day is a day in Italy', async () => {
  const count = async (query: string) =>
    (await fhir.get(`/DocumentReference?identifier=RX,ECO&${query}`)).total
  expect(await count('_lastUpdated=2026-03-01')).toBe(1)
  expect(await count('_lastUpdated=ge2026-03-02')).toBe(2)
  expect(await count('_lastUpdated=lt2026-03-02')).toBe(1)
  expect(await count('_lastUpdated=2026-03')).toBe(3)
  expect(await count('_lastUpdated=gt2026&_lastUpdated=lt2027')).toBe(0)
  expect(await count('_lastUpdated=ge2026-03-01T10:00:00Z&_lastUpdated=lt2026-03-01T12:00:00%2B01:00')).toBe(
    1,
  )
})

test('a version has an ETag: who has it gets 304, and an ETag goes before a date', async () => {
  const path = `/DiagnosticReport/${(await reportOf('RX')).id}`
  const { headers, body } = await fhir.ask(path)
  const etag = headers.get('etag') ?? ''
  expect(etag).toBe(`W/"${body.meta.versionId}"`)
  const modified = headers.get('last-modified') ?? ''
  expect((await fhir.ask(path, { headers: { 'if-none-match': etag } })).status).toBe(304)
  expect((await fhir.ask(path, { headers: { 'if-modified-since': modified } })).status).toBe(304)
  const other = { 'if-none-match': 'W/"x"', 'if-modified-since': modified }
  expect((await fhir.ask(path, { headers: other })).status).toBe(200)
  const document = await raw(body.presentedForm[0].url)
  const again = await raw(body.presentedForm[0].url, { 'if-none-match': document.headers.get('etag') ?? '' })
  expect(again.status).toBe(304)
})

test('XML is answered 406, JSON by whatever name is given', async () => {
  const status = async (path: string, accept?: string) =>
    (await fhir.ask(path, accept ? { headers: { accept } } : {})).status
  for (const accept of [
    'application/fhir+xml',
    'text/xml',
    'text/html',
    'application/fhir+json; fhirVersion=5.0',
  ])
    expect(await status('/Patient', accept)).toBe(406)
  for (const accept of ['application/json', '*/*', 'application/fhir+xml, application/fhir+json;q=0.5'])
    expect(await status('/Patient', accept)).toBe(200)
  expect(await status('/Patient?_format=xml')).toBe(406)
  expect(await status('/Patient?_format=application/fhir+json', 'application/fhir+xml')).toBe(200)
  const { presentedForm } = await reportOf('RX')
  expect((await raw(presentedForm[0].url, { accept: 'application/fhir+xml' })).status).toBe(406)
})

test('what is not understood or not there is refused with an OperationOutcome', async () => {
  const id = '00000000-0000-4000-8000-000000000000'
  for (const [path, status, code] of [
    ['/Patient?name=Rossi', 400, 'invalid'],
    ['/Patient?identifier=', 400, 'invalid'],
    [`/Patient?identifier=${TAX_CODE}|`, 400, 'invalid'],
    ['/Patient?_lastUpdated=2026-02-31', 400, 'invalid'],
    ['/Patient?_lastUpdated=ieri', 400, 'invalid'],
    ['/Patient?_count=-1', 400, 'invalid'],
    ['/Patient?identifier=%00', 400, 'invalid'],
    [`/Patient/${id}`, 404, 'not-found'],
    ['/Patient/x', 404, 'not-found'],
    [`/Binary/${id}`, 404, 'not-found'],
    ['/Binary/x', 404, 'not-found'],
    ['/Observation', 404, 'not-found'],
    ['/Patient/a/b', 404, 'not-found'],
  ] as const) {
    const { status: answered, body } = await fhir.ask(path)
    expect([path, answered, body.resourceType, body.issue[0].code]).toEqual([
      path,
      status,
      'OperationOutcome',
      code,
    ])
  }
  expect((await fhir.ask(`/Patient/${id}`, { method: 'DELETE' })).status).toBe(405)
  expect((await fhir.ask('/Patient/_search', { method: 'POST', body: '{}' })).status).toBe(415)
  const stranger = await fhir.ask('/Patient', { headers: { authorization: 'Bearer x' } })
  expect([stranger.status, stranger.body.issue[0].code]).toEqual([401, 'login'])
  expect(stranger.headers.get('www-authenticate')).toContain('Bearer')
})

test('S39: what a system reads is in the trail, a poll once, each document each time; nothing personal is logged', async () => {
  const events = async () =>
    (await gateway.db.select().from(auditEvents).where(eq(auditEvents.actor, 'ris:test-ris'))).filter(
      ({ event }) => event.endsWith('.read'),
    )
  const { presentedForm } = await reportOf('RX')
  await fhir.get(`/Patient?identifier=${ROSSI}`)
  const before = await events()
  expect(before.some(({ event, visitId }) => event === 'visit.read' && visitId)).toBe(true)
  expect(before.some(({ event, examId }) => event === 'report.read' && examId)).toBe(true)
  await fhir.get(`/Patient?identifier=${ROSSI}`)
  await reportOf('RX')
  expect(await events()).toHaveLength(before.length)
  await raw(presentedForm[0].url)
  await raw(presentedForm[0].url)
  expect(await events()).toHaveLength(before.length + 2)
  const log = JSON.stringify(gateway.logged)
  expect(log).toContain('/fhir/DiagnosticReport')
  for (const secret of [ROSSI, 'Rossi', 'identifier=', studyInstanceUid]) expect(log).not.toContain(secret)
})
