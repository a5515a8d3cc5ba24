import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditEvents, exams, manifests, pacsDocuments, reports, studies } from '../../src/database/schema.ts'
import { cdaText, documentInCda } from '../../src/pacs/cda.ts'
import { readStructuredReport } from '../../src/pacs/structured-report.ts'
import { PERSON, plainPdf, signingOffice, signPdf } from '../signature/support.ts'
import { dicomFile, type Elements, instance } from '../support/dicom.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { signedIn } from '../support/patient.ts'
import { code, contentItem } from '../support/structured-report.ts'
import { firstPublication } from '../support/visits.ts'

const SOP = '1.2.840.10008.5.1.4.1.1'
const office = signingOffice()
let orthanc: TestOrthanc
let gateway: TestGateway
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ritiro-documents-'))
  orthanc = await testOrthanc()
  gateway = await testGateway({
    orthanc,
    environment: Object.fromEntries(example('ini').map((line) => line.split('='))),
  })
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await orthanc?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
  office[Symbol.dispose]()
})

/** The lines of the PACS' example of docs/integration.md. */
function example(language: string): string[] {
  const pacs = readFileSync('docs/integration.md', 'utf8').split(/^## /m)
  const section = pacs.find((part) => part.startsWith('PACS\n')) ?? ''
  const [, text = ''] = new RegExp(`^\`\`\`${language}\\n([^\`]*)^\`\`\``, 'm').exec(section) ?? []
  return text.trim().split('\n')
}

/** A visit of the study that `instance({ study })` makes. */
async function registered(study: number): Promise<{ accession: string; pin1: string; email: string }> {
  const accession = `ACC${study}`
  const email = `studio${study}@example.org`
  const patient = { ...visit().patient, birthDate: '1960-02-01' }
  const answer = await gateway.api('POST', '/visits', visit({ accessionNumber: accession, patient, email }))
  const { pin1 } = (await answer.json()) as { pin1: string }
  return { accession, pin1, email }
}

async function store(name: string, ...objects: Elements[]): Promise<void> {
  const files = await Promise.all(
    objects.map(async (elements, index) => {
      const file = join(folder, `${name}-${index}.dcm`)
      await writeFile(file, dicomFile(elements))
      return file
    }),
  )
  await orthanc.send(files)
}

const image = (study: number) => instance({ study })

function encapsulated(
  study: number,
  number: number,
  document: Uint8Array,
  { title = 'Referto', kind = 'pdf', time = '110000', birthDate = '19600201', length = true } = {},
): Elements {
  return instance({
    ...{ study, number, series: 9, pixels: false, modality: 'DOC' },
    sopClass: `${SOP}.104.${kind === 'pdf' ? 1 : 2}`,
    add: [
      [0x00080033, 'TM', time],
      [0x00100030, 'DA', birthDate],
      [0x00420010, 'ST', title],
      [0x00420011, 'OB', document.byteLength % 2 ? Buffer.concat([document, Buffer.alloc(1)]) : document],
      [0x00420012, 'LO', kind === 'pdf' ? 'application/pdf' : 'text/XML'],
      ...(length ? [[0x00420015, 'UL', [document.byteLength]] as const] : []),
    ],
  })
}

const taken = (study: number, version: number) =>
  gateway.waitForState(
    `ACC${study}`,
    ({ exams: [exam], published }) => published && exam.report?.version === version,
    40_000,
  )

async function documentOf(accession: string) {
  const rows = await gateway.db
    .select({ report: reports })
    .from(reports)
    .innerJoin(exams, eq(exams.id, reports.examId))
    .where(eq(exams.accessionNumber, accession))
    .orderBy(reports.version)
  return rows.map(({ report }) => report)
}

describe.concurrent('reports that come through the PACS', () => {
  test('an Encapsulated PDF stored before its visit is taken once it is registered, byte for byte, with the state of its signature', async () => {
    const signer = office.issue(office.authority(), { subject: PERSON })
    const signed = signPdf(plainPdf(), (bytes) => office.sign(bytes, signer, { detached: true }))
    // An odd document is padded in the object.
    const odd = signed.byteLength % 2 ? signed : Buffer.concat([signed, Buffer.from('\n')])
    await store(
      'signed',
      image(1),
      encapsulated(1, 1, odd),
      encapsulated(1, 2, await pdfOf('Modulo'), { title: 'Modulo' }),
    )
    await registered(1)
    const state = await taken(1, 1)
    expect(state.exams[0].report.signature.status).toBe('valid')
    const [report, ...others] = await documentOf('ACC1')
    expect(Buffer.from(report?.document ?? []).equals(odd)).toBe(true)
    expect(others).toEqual([])
    const rows = await gateway.db.select().from(pacsDocuments)
    const own = rows.filter(({ sopInstanceUid }) => /\.1\.1\.9\.\d$/.test(sopInstanceUid))
    expect(own.map(({ state: is }) => is).sort()).toEqual(['passed', 'taken'])
  })

  test('S7: a later object corrects it, whichever of two is stored first; each is taken once', async () => {
    await registered(2)
    const [first, second] = [await pdfOf('Prima'), await pdfOf('Seconda')]
    await store(
      'late',
      image(2),
      encapsulated(2, 2, second, { time: '120000', length: false }),
      encapsulated(2, 1, first),
    )
    const state = await taken(2, 2)
    expect(state.exams[0].report.signature.status).toBe('none')
    const [one, two] = await documentOf('ACC2')
    expect(Buffer.from(one?.document ?? []).equals(Buffer.from(first))).toBe(true)
    expect(Buffer.from(two?.document ?? []).equals(Buffer.from(second))).toBe(true)

    await store('third', encapsulated(2, 3, await pdfOf('Terza'), { time: '130000' }))
    await taken(2, 3)
    const events = await gateway.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.event, 'report.delivered'))
    const [exam] = await gateway.db.select().from(exams).where(eq(exams.accessionNumber, 'ACC2'))
    const actors = events.filter(({ examId }) => examId === exam?.id).map(({ actor }) => actor)
    expect(actors).toEqual(Array(3).fill('ris:pacs'))
  })

  test('a CDA that carries a PDF gives the PDF; one with sections gives its words, and none of its markup', async () => {
    await registered(3)
    const pdf = await pdfOf('Dentro la CDA')
    const carrier = `<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><component><nonXMLBody><text mediaType="application/pdf" representation="B64">${Buffer.from(pdf).toString('base64')}</text></nonXMLBody></component></ClinicalDocument>`
    await store('cda', image(3), encapsulated(3, 1, Buffer.from(carrier), { kind: 'cda' }))
    await taken(3, 1)
    expect(Buffer.from((await documentOf('ACC3'))[0]?.document ?? []).equals(Buffer.from(pdf))).toBe(true)

    const narrative = `<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><title>Referto</title><component><structuredBody><component><section><title>Conclusioni</title><text><paragraph>Nulla di patologico &amp; regolare.</paragraph><paragraph><script>alert(1)</script></paragraph></text></section></component></structuredBody></component></ClinicalDocument>`
    await store('cda2', encapsulated(3, 2, Buffer.from(narrative), { kind: 'cda', time: '120000' }))
    await taken(3, 2)
    const [, text] = await documentOf('ACC3')
    expect(text?.body).toBe('Referto\n\nConclusioni\n\nNulla di patologico & regolare.\n\nalert(1)')
    expect(text?.kind).toBe('pdf')
  })

  test('of another person, altered or unreadable: not taken, and the trail says why', async () => {
    await registered(4)
    const signer = office.issue(office.authority(), { subject: PERSON })
    const signed = signPdf(plainPdf('Vero'), (bytes) => office.sign(bytes, signer, { detached: true }))
    const altered = Buffer.from(signed)
    altered.write('F', altered.indexOf('Vero'))
    await store(
      'bad',
      image(4),
      encapsulated(4, 1, await pdfOf('Altrui'), { birthDate: '19990101' }),
      encapsulated(4, 2, altered),
      encapsulated(4, 3, Buffer.from('niente')),
    )
    const reasons = async () =>
      (await gateway.db.select().from(auditEvents).where(eq(auditEvents.event, 'report.refused')))
        .map(({ details }) => details.reason)
        .sort()
    await expect
      .poll(reasons, { timeout: 40_000 })
      .toEqual(['report.altered', 'report.other_patient', 'report.unrecognised'])
    expect((await gateway.waitForState('ACC4', () => true)).report).toBe('missing')
  })

  test('docs/integration.md: an image and its report, sent by the commands of the example, are taken', async () => {
    await registered(9)
    const cwd = join(folder, 'example')
    await mkdir(cwd)
    const pdf = await pdfOf('Referto dal PACS')
    await writeFile(join(cwd, 'report.pdf'), pdf)
    await writeFile(join(cwd, 'image.dcm'), dicomFile(image(9)))
    const { aet: AET, host: HOST, dicomPort } = orthanc
    const env = { ...process.env, AET, HOST, PORT: String(dicomPort) }
    await promisify(execFile)('bash', ['-ec', example('sh').join('\n')], { cwd, env })
    await taken(9, 1)
    const [report] = await documentOf('ACC9')
    expect(Buffer.from(report?.document ?? []).equals(Buffer.from(pdf))).toBe(true)
  })

  test('S2: a report comes back from the archive when consent is given again, byte for byte, though the copy was deleted (S26)', async () => {
    const { accession } = await registered(6)
    const document = await pdfOf('Torna')
    await store('back', image(6), encapsulated(6, 1, document))
    await taken(6, 1)
    await gateway.api('PATCH', `/visits/${accession}`, { consent: false })
    expect((await documentOf(accession)).map((report) => report.document)).toEqual([null])
    await gateway.api('PATCH', `/visits/${accession}`, { consent: true })
    await taken(6, 1)
    const [report] = await documentOf(accession)
    expect(Buffer.from(report?.document ?? []).equals(Buffer.from(document))).toBe(true)
  })

  test('a report refused as another person’s is taken once the mistyped birth date is corrected', async ({
    expect,
  }) => {
    const { accession } = await registered(7)
    await store('typo', image(7), encapsulated(7, 1, await pdfOf('Suo'), { birthDate: '19600202' }))
    const states = async () =>
      (await gateway.db.select().from(pacsDocuments))
        .filter(({ sopInstanceUid }) => /\.7\.9\.\d$/.test(sopInstanceUid))
        .map(({ state, reason }) => [state, reason])
    await expect.poll(states, { timeout: 40_000 }).toEqual([['refused', 'report.other_patient']])
    const patched = await gateway.api('PATCH', `/visits/${accession}`, {
      patient: { birthDate: '1960-02-02' },
    })
    expect(patched.status).toBe(200)
    await taken(7, 1)
    expect(await states()).toEqual([['taken', null]])
  })
})

test('what other settings did not mean is taken when they change, and a correction after the end (S24) comes online', async () => {
  const { accession } = await registered(8)
  await store('late', image(8), encapsulated(8, 1, await pdfOf('Referto'), { title: 'Esito' }))
  const own = async () =>
    (await gateway.db.select().from(pacsDocuments))
      .filter(({ sopInstanceUid }) => /\.8\.9\.\d$/.test(sopInstanceUid))
      .map(({ state }) => state)
  await expect.poll(own, { timeout: 40_000 }).toEqual(['passed'])
  await gateway.stop()
  await gateway.start({ REPORTS_FROM_PACS_TITLES: 'Referto, Esito, 18748-4' })
  await taken(8, 1)

  gateway.travelTo(new Date(gateway.now().getTime() + 50 * 24 * 60 * 60_000).toISOString())
  await gateway.waitForState(accession, ({ published }) => !published, 40_000)
  // Nothing that was made of the study stays (S26).
  const kept = async () =>
    (
      await gateway.db
        .select({ id: manifests.orthancId })
        .from(manifests)
        .innerJoin(studies, eq(studies.orthancId, manifests.orthancId))
        .where(eq(studies.accessionNumber, accession))
    ).length
  await expect.poll(kept, { timeout: 40_000 }).toBe(0)
  await store('later', encapsulated(8, 2, await pdfOf('Corretto'), { title: 'Esito', time: '120000' }))
  await taken(8, 2)
})

describe('structured reports', () => {
  const text = (label: string, words: string) => contentItem('TEXT', label, [[0x0040a160, 'UT', words]])
  const sr = (study: number) =>
    instance({
      ...{ study, number: 1, series: 8, pixels: false, modality: 'SR', sopClass: `${SOP}.88.22` },
      add: [
        [0x00080005, 'CS', 'ISO_IR 100'],
        [0x0040a040, 'CS', 'CONTAINER'],
        [0x0040a043, 'SQ', code('126000', 'Ecografia addome')],
        [0x0040a491, 'CS', 'COMPLETE'],
        [0x0040a493, 'CS', 'VERIFIED'],
        [0x0040a073, 'SQ', { items: [[[0x0040a075, 'PN', 'BIANCHI^ANNA^^DOTT.SSA']]] }],
        [
          0x0040a730,
          'SQ',
          {
            undefinedLength: true,
            items: [
              [
                [0x0040a010, 'CS', 'CONTAINS'],
                [0x0040a040, 'CS', 'CONTAINER'],
                [0x0040a043, 'SQ', code('2', 'Fegato')],
                [
                  0x0040a730,
                  'SQ',
                  {
                    items: [
                      text('Reperti', 'Volume nei limiti: più <b>omogeneo</b>'),
                      [
                        [0x0040a010, 'CS', 'CONTAINS'],
                        [0x0040a040, 'CS', 'NUM'],
                        [0x0040a043, 'SQ', code('3', 'Diametro')],
                        [
                          0x0040a300,
                          'SQ',
                          {
                            items: [
                              [
                                [0x004008ea, 'SQ', code('mm', 'millimetri')],
                                [0x0040a30a, 'DS', '12.5'],
                              ],
                            ],
                          },
                        ],
                      ],
                    ],
                  },
                ],
              ],
              [
                [0x0040a010, 'CS', 'CONTAINS'],
                [0x0040a040, 'CS', 'CODE'],
                [0x0040a043, 'SQ', code('4', 'Conclusione')],
                [0x0040a168, 'SQ', code('5', 'Normale')],
              ],
              [
                [0x0040a010, 'CS', 'CONTAINS'],
                [0x0040a040, 'CS', 'IMAGE'],
              ],
            ],
          },
        ],
      ],
    })

  test('are read as lines, in the order of their tree', () => {
    const read = readStructuredReport(dicomFile(sr(1), { encoding: 'implicit' }))
    expect(read).toMatchObject({
      title: 'Ecografia addome',
      completion: 'COMPLETE',
      verification: 'VERIFIED',
      verifiers: ['DOTT.SSA ANNA BIANCHI'],
      date: '20261123',
    })
    expect(read.lines.map(({ depth, label, value }) => [depth, label, value])).toEqual([
      [0, 'Fegato', ''],
      [1, 'Reperti', 'Volume nei limiti: più <b>omogeneo</b>'],
      [1, 'Diametro', '12,5 mm'],
      [0, 'Conclusione', 'Normale'],
    ])
  })

  test('are shown beside the report, escaped, to who may see the exam', async () => {
    const { accession, pin1, email } = await registered(5)
    await store('sr', image(5), sr(5))
    await gateway.deliver(accession, await pdfOf('Referto'))
    const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes(email))
    const patient = await signedIn(gateway, pin1, pin2In(mail))
    const id = await firstPublication(patient)
    const url = `/referti/${id}/strutturati`
    await expect.poll(async () => (await patient.get(url)).status, { timeout: 40_000 }).toBe(200)
    expect(await (await patient.get(`/referti/${id}`)).text()).toContain(url)
    const page = await (await patient.get(url)).text()
    expect(page).toContain('più &lt;b&gt;omogeneo&lt;/b&gt;')
    for (const words of ['Ecografia addome', '12,5 mm', 'Verificato da DOTT.SSA ANNA BIANCHI', 'Completo'])
      expect(page).toContain(words)
    expect((await fetch(gateway.url + url, { redirect: 'manual' })).status).not.toBe(200)
  })
})

test.each([
  ['', /not a CDA/],
  ['<html><body>x</body></html>', /not a CDA/],
  ['<ClinicalDocument/>', /says nothing/],
  ['<!DOCTYPE x [<!ENTITY a "aaaa">]><ClinicalDocument><text>&a;</text></ClinicalDocument>', /DOCTYPE/],
  ['<ClinicalDocument><text>cut short</text', /not XML/],
  ['<ClinicalDocument><!-- no end', /not XML/],
  ['<ClinicalDocument><text>< 5 mm</text></ClinicalDocument>', /not XML/],
])('what is no CDA that can be shown is refused: %j', (xml, reason) => {
  expect(() => documentInCda(Buffer.from(xml)) ?? cdaText(Buffer.from(xml))).toThrow(reason)
})

test('a CDA’s text is read as XML means it: comments, CDATA, entities, a ">" within quotes (XML 1.0 §2.4)', () => {
  const xml = `<?xml version="1.0"?><cda:ClinicalDocument a='x>y "z"'><!-- <text>no</text> --><text>
    Diametro &lt; 5&#160;mm<br/><![CDATA[a <b> & c]]></text></cda:ClinicalDocument>`
  expect(cdaText(Buffer.from(xml))).toBe('Diametro < 5 mm\n\na <b> & c')
})

// Where the cost grew with the square of the length, each of these would take hours, and every page would wait.
test.each(['<a ', '<a "', "<a b='", '<', '</', '<!--', '<![CDATA[', '<?', '&#', '&a', '<text> ', '> '])(
  'four million bytes of %j cost no more than their length',
  (piece) => {
    const xml = Buffer.from(`<ClinicalDocument>${piece.repeat(4_000_000 / piece.length)}`)
    expect(() => documentInCda(xml) ?? cdaText(xml)).toThrow()
  },
)
