import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dicomFile, type Elements, instance } from '../support/dicom.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { doctorOf, type Patient, signedIn } from '../support/patient.ts'
import { sharedWith } from '../support/site.ts'
import { code, contentItem } from '../support/structured-report.ts'
import { type LoggingProxy, loggingProxy } from './logging-proxy.ts'

/** One exam: its report's page and its study. `mark` stands in its images and texts, and nowhere else. */
export type ExamObject = {
  mark: string
  publicationId: string
  /** A share of it, that its patient manages. */
  shareId: string
  study: string
  series: string
  instance: string
}

export type Actor = 'nobody' | 'patient B' | 'doctor' | 'revoked' | 'expired' | 'patient A'

export type World = {
  gateway: TestGateway
  orthanc: TestOrthanc
  /** What the gateway asked of Orthanc, "GET /path" each. */
  asked: LoggingProxy['asked']
  exams: Record<'A1' | 'A2' | 'B', ExamObject>
  /** Cookies of sessions; nobody has none. */
  cookies: Record<Actor, string | null>
  people: { a: Patient; b: Patient; doctor: Patient }
  [Symbol.asyncDispose]: () => Promise<void>
}

/** Patient A with two exams, patient B with one, a doctor of A's first exam, one whose share was revoked, and an expired visit. */
export async function world(): Promise<World> {
  const orthanc = await testOrthanc()
  const proxy = await loggingProxy(orthanc.httpPort)
  const { user, password } = orthanc
  // The last minutes of a visit that was published 45 days ago.
  const gateway = await testGateway({
    orthanc: { url: proxy.url, user, password },
    now: '2026-03-01T10:00:00Z',
  })
  const late = await online(gateway, orthanc, { name: 'X', patient: 3, exams: 1 })
  gateway.travelTo('2026-04-15T21:55:00Z')
  const expired = await signedIn(gateway, late.pin1, late.pin2)
  const before = await expired.get('/referti')
  if (before.status !== 200) throw new Error(`the visit is not online before its end: ${before.status}`)
  gateway.travelTo('2026-04-15T22:05:00Z')

  const a = await online(gateway, orthanc, { name: 'A', patient: 1, exams: 2 })
  const b = await online(gateway, orthanc, { name: 'B', patient: 2, exams: 1 })
  const patientA = await signedIn(gateway, a.pin1, a.pin2)
  const patientB = await signedIn(gateway, b.pin1, b.pin2)
  const [a1, a2, b1] = [await only(a.objects[0]), await only(a.objects[1]), await only(b.objects[0])]

  const share = await sharedWith(patientA, [a1.publicationId])
  const doctor = await doctorOf(gateway, share.token, share.pin)
  const ending = await sharedWith(patientA, [a1.publicationId, a2.publicationId])
  const revoked = await doctorOf(gateway, ending.token, ending.pin)
  await patientA.post(`/condivisioni/${ending.id}/annulla`)
  const shareOfA2 = await sharedWith(patientA, [a2.publicationId])
  const shareOfB = await sharedWith(patientB, [b1.publicationId])
  // A receipt exists from the first reading on.
  await patientA.get(`/referti/${a1.publicationId}/documento.pdf`)
  await patientA.get(`/referti/${a2.publicationId}/documento.pdf`)
  await patientB.get(`/referti/${b1.publicationId}/documento.pdf`)

  return {
    gateway,
    orthanc,
    asked: proxy.asked,
    exams: {
      A1: { ...a1, shareId: share.id },
      A2: { ...a2, shareId: shareOfA2.id },
      B: { ...b1, shareId: shareOfB.id },
    },
    cookies: {
      nobody: null,
      'patient B': patientB.cookie,
      doctor: doctor.cookie,
      revoked: revoked.cookie,
      expired: expired.cookie,
      'patient A': patientA.cookie,
    },
    people: { a: patientA, b: patientB, doctor },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await proxy.close()
      await orthanc[Symbol.asyncDispose]()
    },
  }
}

type Exam = Omit<ExamObject, 'shareId'>

/** Registers a visit, sends its images and reports, waits until all is online and its discs are prepared. */
async function online(
  gateway: TestGateway,
  orthanc: TestOrthanc,
  { name, patient, exams }: { name: string; patient: number; exams: number },
): Promise<{ pin1: string; pin2: string; objects: Exam[] }> {
  const email = `${name.toLowerCase()}@example.org`
  const list = Array.from({ length: exams }, (_, index) => ({
    accessionNumber: `${name}-${index + 1}`,
    description: `MARCHIO-${name}${index + 1}`,
    date: '2026-02-27',
  }))
  const body = visit({ accessionNumber: name, email, exams: list })
  const registered = await gateway.api('POST', '/visits', body)
  const { pin1 } = (await registered.json()) as { pin1: string }
  const uids = []
  for (const [index, { accessionNumber, description }] of list.entries()) {
    uids.push(await sendStudy(orthanc, { accessionNumber, patient, study: index + 1, mark: description }))
    const delivered = await gateway.deliver(accessionNumber, await pdfOf(`Referto ${description}`))
    if (delivered.status !== 201) throw new Error(`delivery answered ${delivered.status}`)
  }
  const mail = await gateway.mailbox.waitFor(
    ({ envelope, text }) => envelope.to.includes(email) && text.includes('PIN2 è il seguente'),
  )
  const pin2 = pin2In(mail)
  const person = await signedIn(gateway, pin1, pin2)
  const objects: Exam[] = []
  for (const [index, { description: mark }] of list.entries()) {
    const publicationId = await publicationOf(person, mark)
    await prepared(person, publicationId)
    objects.push({ mark, publicationId, ...(uids[index] ?? { study: '', series: '', instance: '' }) })
  }
  await person.post('/uscita')
  return { pin1, pin2, objects }
}

type StudyOf = Record<'accessionNumber' | 'mark', string> & Record<'patient' | 'study', number>

async function sendStudy(orthanc: TestOrthanc, { accessionNumber, patient, study, mark }: StudyOf) {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-authorisation-'))
  const uid = (tag: number, elements: Elements) => String(elements.find(([found]) => found === tag)?.[2])
  let first: Elements | undefined
  for (const number of [1, 2]) {
    // Marked in header and pixels, so that neither can leak unseen.
    const pixels = Buffer.from(mark.padEnd(16, '.').repeat(8), 'latin1')
    const elements = instance({
      patient,
      study,
      number,
      more: {
        524368: ['SH', accessionNumber],
        528432: ['LO', mark],
        1048624: ['DA', '19800423'],
        2145386512: ['OW', pixels],
      },
    })
    first ??= elements
    await writeFile(join(directory, `${number}.dcm`), dicomFile(elements))
  }
  await writeFile(
    join(directory, 'sr.dcm'),
    dicomFile(structuredReport({ accessionNumber, patient, study, mark })),
  )
  await orthanc.send({ directory })
  await rm(directory, { recursive: true })
  const elements = first ?? []
  await orthanc.stable(uid(0x0020000d, elements))
  return {
    study: uid(0x0020000d, elements),
    series: uid(0x0020000e, elements),
    instance: uid(0x00080018, elements),
  }
}

/** The list shows each exam by its description, and then the address of its report. */
async function publicationOf(person: Patient, mark: string): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const page = await (await person.get('/referti')).text()
    for (const [, id] of page.matchAll(/\/referti\/([0-9a-f-]{36})"/g)) {
      if ((await (await person.get(`/referti/${id}`)).text()).includes(mark)) return id ?? ''
    }
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error(`the list does not show ${mark}`)
}

/** Waits for what is made of a study, and for its structured report. */
async function prepared(person: Patient, publicationId: string): Promise<void> {
  const wanted = ['disco.iso', 'rapida/ST000000/INDEX.JS', 'strutturati']
  for (let attempt = 0; attempt < 200; attempt++) {
    const answers = await Promise.all(
      wanted.map((path) => person.get(`/referti/${publicationId}/${path}`, { range: 'bytes=0-0' })),
    )
    if (answers.every(({ ok }) => ok)) return
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error(`one of ${wanted} was not ready in time`)
}

/** A Basic Text SR (PS3.3 §A.35.1) that says `mark`. */
function structuredReport({ accessionNumber, patient, study, mark }: StudyOf): Elements {
  const line = contentItem('TEXT', 'Reperti', [[0x0040a160, 'UT', mark]])
  return instance({
    ...{ patient, study, series: 2, modality: 'SR', pixels: false },
    sopClass: '1.2.840.10008.5.1.4.1.1.88.11',
    more: { 524368: ['SH', accessionNumber], 528432: ['LO', mark], 1048624: ['DA', '19800423'] },
    add: [
      [0x0040a040, 'CS', 'CONTAINER'],
      [0x0040a043, 'SQ', code('1', 'Referto')],
      [0x0040a491, 'CS', 'COMPLETE'],
      [0x0040a493, 'CS', 'VERIFIED'],
      [0x0040a730, 'SQ', { items: [line] }],
    ],
  })
}

function only(exam: Exam | undefined): Exam {
  if (!exam) throw new Error('no such exam')
  return exam
}
