import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { desc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoSigner, signP7m } from '../../scripts/demo-data/sign.ts'
import { auditEvents, reports } from '../../src/database/schema.ts'
import { addDays, dayInRome } from '../../src/time/rome.ts'
import { formatDay } from '../../src/ui/format.ts'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { signedIn } from '../support/patient.ts'
import { firstPublication, published, registered } from '../support/visits.ts'

const DAY_MS = 24 * 60 * 60_000
const WAIT = { timeout: 10_000 }
const P7M = 'application/pkcs7-mime'

let gateway: TestGateway
let directory: string
let pdf: Uint8Array

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ritiro-reports-'))
  const signer = await signerIn(directory)
  gateway = await testGateway({ environment: { TRUSTED_CERTIFICATES_FILE: signer.caFile } })
  pdf = await pdfOf('Referto')
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const signerIn = (where: string) =>
  demoSigner(join(where, 'signer'), { givenName: 'Anna', familyName: 'Verdi', taxCode: 'VRDNNA70A41D205X' })

/** A .p7m around any content, signed by openssl. */
async function signed(content: Uint8Array | string): Promise<Uint8Array> {
  const signer = await signerIn(directory)
  const [input, output] = [join(directory, 'in'), join(directory, 'out.p7m')]
  await writeFile(input, content)
  await signP7m(signer, input, output)
  return readFile(output)
}

async function refused(response: Response): Promise<{ status: number; code: string; text: string }> {
  const text = await response.text()
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const { type } = JSON.parse(text) as { type: string }
  return { status: response.status, code: type.replace('urn:ritiro:problem:', ''), text }
}

const mailsTo = (email: string) =>
  gateway.mailbox.messages().filter(({ envelope }) => envelope.to.includes(email))

test('the same bytes again change nothing, whatever comes beside them; not even when twenty come at once', async () => {
  const { email } = await published(gateway, 'SAME')
  const document = await pdfOf('Referto SAME')
  const before = await (await gateway.api('GET', '/visits/SAME')).json()
  const again = await Promise.all(
    Array.from({ length: 20 }, () => gateway.deliver('SAME', document, { text: 'other' })),
  )
  for (const response of again) {
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ created: false, version: 1 })
  }
  await gateway.waitForState('SAME', ({ mail }) => mail.state === 'sent')
  const { mail: _1, ...after } = (await (await gateway.api('GET', '/visits/SAME')).json()) as Record<
    string,
    unknown
  >
  const { mail: _2, ...unchanged } = before as Record<string, unknown>
  expect(after).toEqual(unchanged)
  expect(mailsTo(email)).toHaveLength(1)
})

test('twenty first deliveries of one document in the same moment are one version, one publication, one mail', async () => {
  const email = 'race@example.org'
  await registered(gateway, { accessionNumber: 'RACE', email })
  const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.deliver('RACE', pdf)))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(19).fill(200), 201])
  await gateway.waitForState('RACE', ({ mail }) => mail.state === 'sent')
  expect(mailsTo(email)).toHaveLength(1)
})

test('S7: other bytes are a new version: shown in place of the old, told by mail without a PIN, online for 45 days anew', async () => {
  const { pin1, pin2, email } = await published(gateway, 'NEWER')
  const patient = await signedIn(gateway, pin1, pin2)
  const id = await firstPublication(patient)
  expect((await patient.get(`/referti/${id}/firmato`)).status).toBe(200)
  const until = () => formatDay(addDays(dayInRome(gateway.now()), 45))
  gateway.travelTo(new Date(gateway.now().getTime() + 10 * DAY_MS).toISOString())
  const corrected = await pdfOf('Referto corretto')
  const answer = await gateway.deliver('NEWER', corrected)
  expect(answer.status).toBe(201)
  expect(await answer.json()).toMatchObject({ created: true, version: 2 })
  await expect.poll(() => mailsTo(email), WAIT).toHaveLength(2)
  const mail = mailsTo(email).at(-1)
  expect(mail?.text).toContain('aggiornato')
  expect(mail?.text).toContain(until())
  expect(mail?.text).not.toMatch(/\d{4}-\d{4}/)
  // The PIN2 in the person's hands still opens.
  const afterwards = await signedIn(gateway, pin1, pin2)
  const shown = await afterwards.get(`/referti/${id}/firmato`)
  expect(Buffer.from(await shown.arrayBuffer()).equals(corrected)).toBe(true)
  const state = await gateway.waitForState('NEWER', () => true)
  expect(state).toMatchObject({
    availableUntil: addDays(dayInRome(gateway.now()), 45),
    exams: [{ report: { version: 2 } }],
  })
  const kept = await gateway.db
    .select({ version: reports.version, supersededAt: reports.supersededAt })
    .from(reports)
    .where(eq(reports.examId, (await examIdOf('NEWER')) ?? ''))
    .orderBy(reports.version)
  expect(kept).toEqual([
    { version: 1, supersededAt: new Date(kept[0]?.supersededAt ?? Number.NaN) },
    { version: 2, supersededAt: null },
  ])
  // The old one delivered again is known, and does not come back.
  expect(await (await gateway.deliver('NEWER', await pdfOf('Referto NEWER'))).json()).toMatchObject({
    created: false,
    version: 1,
  })
  expect(await gateway.waitForState('NEWER', () => true)).toMatchObject({
    exams: [{ report: { version: 2 } }],
  })
  gateway.travelTo(new Date().toISOString())
})

test('S6: a visit of several exams grows report by report; one PIN pair opens it all, and only the first mail brings PIN2', async () => {
  const email = 'several@example.org'
  const exams = ['TC TORACE', 'RX MANO', 'ECO ADDOME'].map((description, i) => ({
    description,
    date: '2020-05-18',
    imagesExpected: false,
    ...(i < 2 ? { accessionNumber: `MANY-${i}` } : {}),
  }))
  const { pin1 } = await registered(gateway, { accessionNumber: 'MANY', email, exams })
  const unclear = await refused(await gateway.deliver('MANY', pdf))
  expect(unclear).toMatchObject({ status: 422, code: 'exam.ambiguous' })
  expect(JSON.parse(unclear.text).exams).toHaveLength(3)
  expect(await refused(await gateway.deliver('MANY', pdf, { examAccessionNumber: 'NONE' }))).toMatchObject({
    status: 422,
    code: 'exam.not_found',
  })
  const named = [
    await gateway.deliver('MANY', await pdfOf('one'), { examAccessionNumber: 'MANY-0' }),
    await gateway.deliver('MANY-1', await pdfOf('two')),
    await gateway.deliver('MANY', await pdfOf('three'), { exam: 'eco addome' }),
  ]
  const wanted = ['MANY-0', 'MANY-1', 'MANY']
  for (const [i, response] of named.entries()) {
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ examAccessionNumber: wanted[i] })
  }
  await expect.poll(() => mailsTo(email), WAIT).toHaveLength(3)
  const pins = mailsTo(email).flatMap(({ text }) => /\d{4}-\d{4}/.exec(text) ?? [])
  expect(pins).toHaveLength(1)
  const patient = await signedIn(gateway, pin1, String(pins[0]))
  const list = await (await patient.get('/referti')).text()
  for (const { description } of exams) expect(list).toContain(description)
})

test('S18, S19: a .p7m around a PDF is shown as that PDF, kept byte for byte, and its signer is told', async () => {
  const document = await signed(pdf)
  const { pin1 } = await registered(gateway, { accessionNumber: 'P7M', email: 'p7m@example.org' })
  expect((await gateway.deliver('P7M', document, {}, P7M)).status).toBe(201)
  const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes('p7m@example.org'))
  const patient = await signedIn(gateway, pin1, /\d{4}-\d{4}/.exec(mail.text)?.[0] ?? '')
  const id = await firstPublication(patient)
  const file = await patient.get(`/referti/${id}/firmato`)
  expect(file.headers.get('content-disposition')).toBe(
    'attachment; filename="referto-firmato-2020-05-18.pdf.p7m"',
  )
  expect(Buffer.from(await file.arrayBuffer()).equals(document)).toBe(true)
  const shown = await patient.get(`/referti/${id}/documento.pdf`)
  expect(Buffer.from(await shown.arrayBuffer()).equals(pdf)).toBe(true)
  const { exams } = await gateway.waitForState('P7M', () => true)
  expect(exams[0].report.signature).toMatchObject({
    status: 'valid',
    signers: [{ trusted: true, unaltered: true }],
  })
})

test('a .p7m around something else needs the text beside it; with it the structured report is shown', async () => {
  const document = await signed('Referto in chiaro, non un PDF')
  const { pin1 } = await registered(gateway, { accessionNumber: 'TEXT', email: 'text@example.org' })
  expect(await refused(await gateway.deliver('TEXT', document, {}, P7M))).toMatchObject({
    status: 422,
    code: 'report.content_not_pdf',
  })
  expect((await gateway.waitForState('TEXT', () => true)).report).toBe('missing')
  const fields = {
    text: 'Nulla di patologico.\n<script>',
    physician: 'Dr.ssa Verdi',
    exam: 'VISITA',
    date: '2020-05-18',
  }
  expect((await gateway.deliver('TEXT', document, fields, P7M)).status).toBe(201)
  const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes('text@example.org'))
  const patient = await signedIn(gateway, pin1, /\d{4}-\d{4}/.exec(mail.text)?.[0] ?? '')
  const id = await firstPublication(patient)
  const page = await (await patient.get(`/referti/${id}`)).text()
  expect(page).toContain('Nulla di patologico.')
  expect(page).toContain('Dr.ssa Verdi')
  expect(page).not.toContain('<script>\n')
  expect(page).toContain('&lt;script&gt;')
})

test('S19: an altered document, an empty one, random bytes and another kind of file are refused, each by its name, and recorded', async () => {
  await registered(gateway, { accessionNumber: 'BAD' })
  const altered = Buffer.from(await signed(pdf))
  const at = altered.indexOf('Helvetica')
  expect(at).toBeGreaterThan(0)
  altered[at] = (altered[at] ?? 0) ^ 1
  const cases: [Uint8Array, string, string][] = [
    [altered, P7M, 'report.altered'],
    [new Uint8Array(0), 'application/pdf', 'report.empty'],
    [new Uint8Array(0), P7M, 'report.empty'],
    [randomBytes(5_000), 'application/pdf', 'report.unrecognised'],
    [randomBytes(5_000), P7M, 'report.unrecognised'],
    [Buffer.from('%PDF-1.4 and then nothing of the kind'), 'application/pdf', 'report.unrecognised'],
    [(await signed(pdf)).subarray(0, 700), P7M, 'report.unrecognised'],
    [Buffer.from('<html></html>'), 'application/octet-stream', 'report.unrecognised'],
  ]
  for (const [document, type, code] of cases) {
    expect(await refused(await gateway.deliver('BAD', document, {}, type))).toMatchObject({
      status: 422,
      code,
    })
  }
  const state = await gateway.waitForState('BAD', () => true)
  expect(state).toMatchObject({ report: 'missing', published: false, mail: { state: 'none' } })
  const trail = await gateway.db
    .select({ details: auditEvents.details })
    .from(auditEvents)
    .where(eq(auditEvents.event, 'report.refused'))
    .orderBy(desc(auditEvents.seq))
    .limit(cases.length)
  expect(trail.map(({ details }) => details.reason)).toEqual(cases.map(([, , code]) => code).toReversed())
})

test('a 60 MB document is refused with a reason', async () => {
  await registered(gateway, { accessionNumber: 'LARGE' })
  const large = Buffer.alloc(60_000_000, 'x')
  large.write('%PDF-1.4\n')
  expect(await refused(await gateway.deliver('LARGE', large))).toMatchObject({
    status: 413,
    code: 'request.too_large',
  })
})

test('a document of just the size that is allowed is taken; one larger is refused with a reason, in pieces and unknown too', async () => {
  await using narrow = await testGateway({ environment: { MAX_REPORT_MB: '2' } })
  await registered(narrow, { accessionNumber: 'LIMIT' })
  const large = Buffer.alloc(3_000_000, 'x')
  const form = new FormData()
  form.set('document', new File([large], 'referto.pdf', { type: 'application/pdf' }))
  const { body, headers } = new Response(form)
  const inPieces = await fetch(`${narrow.url}/api/v1/visits/LIMIT/reports`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${narrow.apiKey}`,
      'content-type': headers.get('content-type') ?? '',
    },
    body,
    duplex: 'half',
  } as RequestInit)
  expect(inPieces.status).toBe(413)
  expect((await narrow.deliver('LIMIT', large)).status).toBe(413)
  expect((await narrow.deliver('UNKNOWN', large.subarray(0, 1_900_000))).status).toBe(404)
  const exact = await grown(pdf, 2_000_000)
  expect(exact.byteLength).toBe(2_000_000)
  expect((await narrow.deliver('LIMIT', exact)).status).toBe(201)
})

test('a form without a document, with two, with fields nobody knows, or that is cut off, is refused', async () => {
  await registered(gateway, { accessionNumber: 'FORM' })
  const send = async (form: FormData) =>
    refused(
      await fetch(`${gateway.url}/api/v1/visits/FORM/reports`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.apiKey}` },
        body: form,
      }),
    )
  const file = () => new File([new Uint8Array(pdf)], 'a.pdf', { type: 'application/pdf' })
  const none = new FormData()
  none.set('text', 'x')
  expect(await send(none)).toMatchObject({ status: 422, code: 'request.invalid' })
  const two = new FormData()
  two.append('document', file())
  two.append('other', file())
  expect(await send(two)).toMatchObject({ status: 422 })
  for (const [name, value] of [
    ['unknown', 'x'],
    ['date', '31/12/2020'],
    ['text', 'with\0NUL'],
    ['physician', 'a\nb'],
  ] as const) {
    const form = new FormData()
    form.set('document', file())
    form.set(name, value)
    const answer = await send(form)
    expect(answer).toMatchObject({ status: 422, code: 'request.invalid' })
    if (name !== 'unknown') expect(JSON.parse(answer.text).errors[0].pointer).toBe(`/${name}`)
  }
  const cut = await gateway.api(
    'POST',
    '/visits/FORM/reports',
    '--b\r\nContent-Disposition: form-data; name="document"; filename="a.pdf"\r\n\r\n%PDF',
    {
      'content-type': 'multipart/form-data; boundary=b',
    },
  )
  expect(await refused(cut)).toMatchObject({ status: 400, code: 'request.malformed' })
  expect((await gateway.waitForState('FORM', () => true)).report).toBe('missing')
})

test('S41: what the law excludes is never published, whatever comes', async () => {
  await registered(gateway, {
    accessionNumber: 'LAW',
    email: 'law@example.org',
    exams: [{ description: 'ESAME', date: '2020-05-18', imagesExpected: false, excluded: true }],
  })
  expect((await gateway.deliver('LAW', pdf)).status).toBe(201)
  expect(await gateway.waitForState('LAW', () => true)).toMatchObject({
    published: false,
    report: 'delivered',
  })
  expect(mailsTo('law@example.org')).toHaveLength(0)
})

test('S2: without consent or e-mail nothing is published; either given later publishes; consent withdrawn takes everything back', async () => {
  const email = 'later@example.org'
  const { pin1 } = await registered(gateway, { accessionNumber: 'LATER', consent: false, email: undefined })
  expect((await gateway.deliver('LATER', pdf)).status).toBe(201)
  expect((await gateway.api('PATCH', '/visits/LATER', { consent: true })).status).toBe(200)
  expect(await gateway.waitForState('LATER', () => true)).toMatchObject({ published: false })
  expect(await (await gateway.api('PATCH', '/visits/LATER', { email })).json()).toMatchObject({
    published: true,
  })
  const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes(email))
  const pin2 = /\d{4}-\d{4}/.exec(mail.text)?.[0] ?? ''
  const patient = await signedIn(gateway, pin1, pin2)
  const id = await firstPublication(patient)
  expect(await (await gateway.api('PATCH', '/visits/LATER', { consent: false })).json()).toMatchObject({
    published: false,
  })
  for (const path of ['/referti', `/referti/${id}`, `/referti/${id}/firmato`])
    expect((await patient.get(path)).headers.get('location')).toBe('/?fine=sessione')
  const [kept] = await gateway.db
    .select()
    .from(reports)
    .where(eq(reports.examId, (await examIdOf('LATER')) ?? ''))
  expect(kept).toMatchObject({ document: null, pdf: null })
  // Given again, it needs the document again: our copy is gone (S26).
  await gateway.api('PATCH', '/visits/LATER', { consent: true })
  expect(await gateway.waitForState('LATER', () => true)).toMatchObject({ published: false })
  expect((await gateway.deliver('LATER', pdf)).status).toBe(200)
  expect(await gateway.waitForState('LATER', () => true)).toMatchObject({ published: true })
})

async function examIdOf(accessionNumber: string): Promise<string | undefined> {
  const exam = await gateway.db.query.exams.findFirst({
    where: (table, { eq: equals }) => equals(table.accessionNumber, accessionNumber),
  })
  return exam?.id
}

/** The same PDF with an unused stream of so many bytes, made whole again by a new cross-reference table. */
async function grown(small: Uint8Array, size: number): Promise<Uint8Array> {
  const text = Buffer.from(small).toString('latin1')
  const trailer = text.slice(text.lastIndexOf('trailer'), text.lastIndexOf('startxref'))
  const before = Number(/startxref\s+(\d+)/.exec(text.slice(text.lastIndexOf('startxref')))?.[1])
  const next = Number(/\/Size (\d+)/.exec(trailer)?.[1])
  // Written once to see how long everything around the stream is.
  const write = (length: number) => {
    const object = `\n${next} 0 obj\n<< /Length ${length} >>\nstream\n${'x'.repeat(length)}\nendstream\nendobj\n`
    const entry = String(small.byteLength + 1).padStart(10, '0')
    const table = `xref\n${next} 1\n${entry} 00000 n \n`
    const updated = trailer.replace(/\/Size \d+/, `/Size ${next + 1}`).replace('<<', `<< /Prev ${before}`)
    return `${text}${object}${table}${updated}startxref\n${small.byteLength + object.length}\n%%EOF\n`
  }
  const around = write(1_000_000).length - 1_000_000
  return Buffer.from(write(size - around), 'latin1')
}
