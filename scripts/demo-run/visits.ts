import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { reportPdf } from '../demo-data/report.ts'
import { type DemoSigner, signP7m } from '../demo-data/sign.ts'
import { filesBelow, storeFiles } from '../demo-data/store.ts'
import { DEMO_PHYSICIAN, DEMO_VISITS, type DemoVisit } from '../demo-data/visits.ts'
import type { Mailbox, MailMessage } from '../mailbox.ts'
import type { RunningOrthanc } from '../orthanc.ts'
import { type Api, call, deliverDocument, type VisitState } from './api.ts'
import { sendRegistration, sendReport } from './hl7.ts'
import type { MllpClient } from './mllp.ts'
import type { DemoState } from './state.ts'

/** A visit to play: what is registered, which files the modality sends, what the report says. */
export type PlayedVisit = {
  accessionNumber: string
  patient: {
    familyName: string
    givenName: string
    birthDate: string
    birthPlace: string
    taxCode: string
    patientId: string
    sex: string
  }
  exam: string
  examDate: string
  reportText: string
  files: string[]
}

export type DemoVisitRun = {
  accessionNumber: string
  patientName: string
  /** false: it was removed, withdrawn or excluded meanwhile, or its days are over. What was taken off stays off (S25). */
  online: boolean
  pin1: string
  /** Empty where the visit has no address any more. */
  pin2: string
  /** The mail that brought PIN2. */
  mail: MailMessage | null
  studyInstanceUids: string[]
}

type Say = (text: string) => void

// More than the whole path takes on a slow machine with thousands of files.
const PATIENCE_MS = 15 * 60_000

/**
 * The two invented visits, their images generated once into `directory`, each in a thread of its own; `slices` caps
 * those of each stack.
 */
export async function syntheticVisits(
  directory: string,
  slices: number | null,
  say: Say,
): Promise<PlayedVisit[]> {
  return await Promise.all(
    DEMO_VISITS.map((visit) => withImages(visit, join(directory, visit.accessionNumber), slices, say)),
  )
}

async function withImages(
  visit: DemoVisit,
  folder: string,
  slices: number | null,
  say: Say,
): Promise<PlayedVisit> {
  const { accessionNumber, patient, exam, reportText } = visit
  const marker = join(folder, '.complete')
  const made = await readFile(marker, 'utf8').catch(() => null)
  const examDate = made ?? new Date().toISOString().slice(0, 10)
  if (made) return { accessionNumber, patient, exam, examDate, reportText, files: await filesBelow(folder) }
  say(`Generating ${exam} …`)
  const { files } = await visit.generate({
    directory: folder,
    patient,
    accessionNumber,
    studyDate: examDate,
    ...(slices && { slices }),
  })
  await writeFile(marker, examDate)
  return { accessionNumber, patient, exam, examDate, reportText, files }
}

type Played = { visit: PlayedVisit; api: Api; mailbox: Mailbox; pin1: string }

/** Plays one visit over the real interfaces: registers it, sends its images by C-STORE, delivers its signed report. */
export async function deliverVisit(options: {
  visit: PlayedVisit
  state: DemoState
  api: Api
  orthanc: RunningOrthanc
  mailbox: Mailbox
  signer: DemoSigner
  directory: string
  /** Where HL7 messages are sent; null: the visit goes over the REST API. */
  hl7?: MllpClient | null
  say: Say
}): Promise<Played> {
  const { visit, state, api, orthanc, mailbox, signer, directory, hl7 = null, say } = options
  const { accessionNumber } = visit
  say(`Visit ${accessionNumber}: ${visit.exam}`)
  const pin1 = await register(visit, state, api, hl7, say)
  const before = await stateOf(api, visit)
  if (!before.published && !isOver(before)) {
    say(`  sending ${visit.files.length} file(s) by C-STORE …`)
    const { accepted, problems } = await storeFiles({
      host: orthanc.host,
      port: orthanc.dicomPort,
      aet: orthanc.aet,
      files: visit.files,
    })
    for (const { file, reason } of problems.slice(0, 5)) say(`  not accepted: ${file} (${reason})`)
    if (accepted === 0) throw new Error('The archive accepted none of the files.')
    say('  delivering the signed report …')
    const document = await signedReport(visit, signer, directory)
    const fields = { exam: visit.exam, physician: physician(), date: visit.examDate }
    if (hl7) await sendReport(hl7, visit, document, DEMO_PHYSICIAN, say)
    else await deliverDocument(api, accessionNumber, document, fields)
  }
  return { visit, api, mailbox, pin1 }
}

/** Waits until a visit is published and its mail has come; one that was taken off the portal is not waited for. */
export async function awaitPublication({ visit, api, mailbox, pin1 }: Played): Promise<DemoVisitRun> {
  const { accessionNumber, patient } = visit
  const state = await waitUntilPublished(api, visit)
  const mail = state.published ? await pin2Mail(state, visit, api, mailbox) : null
  return {
    accessionNumber,
    patientName: `${patient.givenName} ${patient.familyName}`.trim(),
    online: state.published,
    pin1,
    pin2: mail ? (pin2In(mail.text) ?? '') : '',
    mail,
    studyInstanceUids: state.images.studyInstanceUids,
  }
}

/** The newest mail that brought a PIN2. An address that the desk changed may be another visit's too: a new PIN2 is sent there. */
async function pin2Mail(
  { email }: VisitState,
  visit: PlayedVisit,
  api: Api,
  mailbox: Mailbox,
): Promise<MailMessage | null> {
  if (email === null) return null
  const known = new Set(email === addressOf(visit.accessionNumber) ? [] : mailbox.messages())
  const brings = (message: MailMessage) =>
    message.envelope.to.includes(email) && pin2In(message.text) !== null && !known.has(message)
  if (known.size > 0) await call(api, 'POST', `${pathOf(visit)}/pin2`)
  const mail = await mailbox.waitFor(brings)
  return mailbox.messages().findLast(brings) ?? mail
}

async function register(
  visit: PlayedVisit,
  state: DemoState,
  api: Api,
  hl7: MllpClient | null,
  say: Say,
): Promise<string> {
  const { accessionNumber, patient, exam, examDate } = visit
  const kept = state.pin1[accessionNumber]
  if (kept) {
    const { issuedAt } = (await stateOf(api, visit)).pin1
    if ((state.pin1IssuedAt?.[accessionNumber] ?? issuedAt) === issuedAt) return kept
    say('  the desk issued another PIN1 meanwhile: a new one is asked for')
    return keepPin1(visit, state, api, await newPin1(visit, api))
  }
  const body = {
    accessionNumber,
    patient: Object.fromEntries(
      Object.entries(patient).filter(([key, value]) => key !== 'name' && value !== ''),
    ),
    email: addressOf(accessionNumber),
    consent: true,
    exams: [{ description: exam, date: examDate }],
  }
  // By HL7 nobody is told PIN1: printing the slip is an act of the desk, which issues a new one.
  if (hl7) {
    await sendRegistration(hl7, visit, addressOf(accessionNumber), say)
    say(
      '  the desk prints the slip with PIN1, which no message tells: in the console, or as here by POST …/pin1',
    )
  }
  // Registered, but stopped before PIN1 was written down: a new one is issued.
  const answer = hl7 ? { pin1: '' } : await call(api, 'POST', '/visits', body, [201, 409])
  return keepPin1(visit, state, api, answer.pin1 || (await newPin1(visit, api)))
}

const newPin1 = async (visit: PlayedVisit, api: Api) =>
  (await call(api, 'POST', `${pathOf(visit)}/pin1`)).pin1

async function keepPin1(visit: PlayedVisit, state: DemoState, api: Api, pin1: string): Promise<string> {
  const { accessionNumber } = visit
  const { issuedAt } = (await stateOf(api, visit)).pin1
  state.pin1[accessionNumber] = pin1
  state.pin1IssuedAt = { ...state.pin1IssuedAt, [accessionNumber]: issuedAt }
  await state.save()
  return pin1
}

async function signedReport(visit: PlayedVisit, signer: DemoSigner, directory: string): Promise<Uint8Array> {
  await mkdir(directory, { recursive: true })
  const pdf = join(directory, `${fileName(visit.accessionNumber)}.pdf`)
  const signed = `${pdf}.p7m`
  const before = await readFile(signed).catch(() => null)
  if (before) return before
  const { patient } = visit
  await writeFile(
    pdf,
    await reportPdf({
      organisation: 'Ospedale dimostrativo Ritiro',
      department: 'Radiologia',
      patientName: `${patient.familyName} ${patient.givenName}`.trim(),
      birthPlace: patient.birthPlace,
      birthDate: patient.birthDate,
      taxCode: patient.taxCode,
      patientId: patient.patientId,
      accessionNumber: visit.accessionNumber,
      examDate: visit.examDate,
      exam: visit.exam,
      text: visit.reportText,
      physician: physician(),
    }),
  )
  await signP7m(signer, pdf, signed)
  return readFile(signed)
}

async function waitUntilPublished(api: Api, visit: PlayedVisit): Promise<VisitState> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const state = await stateOf(api, visit)
    // A mail that was refused or cancelled by what somebody tried is not waited for either.
    if (state.published ? !['none', 'queued'].includes(state.mail.state) : isOver(state)) return state
    if (Date.now() > deadline) throw new Error(`The visit was not published: ${JSON.stringify(state)}`)
    await sleep(500)
  }
}

/** Will nothing of it come online by itself? Then somebody, or time, has ended it. */
const isOver = ({ published, email, consent, exams }: VisitState) =>
  !published &&
  (!consent.given ||
    email === null ||
    exams.every(
      ({ excluded, publication }) =>
        excluded || (publication?.endedBy != null && publication.endedBy !== 'consent'),
    ))

const stateOf = (api: Api, visit: PlayedVisit) => call<VisitState>(api, 'GET', pathOf(visit))

const pathOf = ({ accessionNumber }: PlayedVisit) => `/visits/${encodeURIComponent(accessionNumber)}`

const physician = () => `${DEMO_PHYSICIAN.title} ${DEMO_PHYSICIAN.givenName} ${DEMO_PHYSICIAN.familyName}`

// Each visit has an address of its own, by which its mail is found again.
const addressOf = (accessionNumber: string) => `${fileName(accessionNumber).toLowerCase()}@pazienti.example`

const fileName = (accessionNumber: string) =>
  accessionNumber.replaceAll(/[^A-Za-z0-9-]/g, '-').replaceAll(/^-+|-+$/g, '') || 'visita'

const pin2In = (text: string): string | null =>
  /PIN2 è il seguente:\s*(\d{4})-(\d{4})/.exec(text)?.slice(1).join('') ?? null
