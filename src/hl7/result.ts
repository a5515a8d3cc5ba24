import { createHash } from 'node:crypto'
import { AppError } from '../errors.ts'
import type { Visit } from '../publications/publications.ts'
import { deletedWithConsent, deliverReport, examOf } from '../reports/reports.ts'
import type { Inspection } from '../signature/signature.ts'
import { examsOf, reportedSince, withdrawReport } from '../visits/exams.ts'
import { findVisitIfAny } from '../visits/visits.ts'
import type { Act, Call, Intake, Received } from './call.ts'
import { type Content, contentOf } from './content.ts'
import type { Mapping } from './mapping.ts'
import type { Delimiters, Hl7Message, Segment } from './message.ts'
import { requireIdentified, requireSamePatient, underCurrentNumber } from './patient.ts'
import { Hl7Refusal, inWords, type RefusedReport } from './refusal.ts'
import { dayOf, orderGroups, type PatientFacts, readerOf, readPatient } from './values.ts'

type Status = 'final' | 'corrected' | 'preliminary' | 'withdrawn'

type Result = {
  accessionNumbers: string[]
  status: Status
  /** Or why it cannot be taken, to be told once it is known whose it is. */
  content: Content | Hl7Refusal
  /** The PID that it stands under: a message may hold several (HL7 v2.5 §7.3.1). */
  person: Segment | undefined
  exam: string | undefined
  physician: string | undefined
  date: string | undefined
  patient: PatientFacts
}

const NOTHING: Content = { document: null, text: '' }

/** ORU^R01, MDM^T02 and its kin: a report as text, as a signed document, or both; final, corrected or taken back. */
export async function result({ message, header }: Received, intake: Intake): Promise<Act> {
  const isDocument = header.type === 'MDM'
  if (isDocument && (countOf(message, 'PID') > 1 || countOf(message, 'TXA') > 1))
    throw new Hl7Refusal(
      'AE',
      100,
      'MDM is of one document of one patient: send another message for another.',
      {
        location: 'TXA',
      },
    )
  const groups = isDocument ? [message.segments] : orderGroups(message)
  if (groups.length === 0)
    throw new Hl7Refusal('AE', 100, 'A result needs an OBR segment.', { location: 'OBR' })
  const results = withShared(
    await Promise.all(groups.map((group) => readResult(group, message, header.event, intake))),
  )
  return async (call) => {
    const told: string[] = []
    for (const each of results) told.push(await apply(call, each, intake))
    return [...new Set(told)].filter(Boolean).join(' ')
  }
}

const countOf = ({ segments }: Hl7Message, wanted: string) =>
  segments.filter(({ name }) => name === wanted).length

/**
 * One report for several exams comes with one of them alone. It is the same person's, and final: another's report, a
 * draft or one that is taken back is never shown in the place of what is missing.
 */
function withShared(results: Result[]): Result[] {
  return results.map((each) => {
    if (!isShown(each) || !isEmpty(each)) return each
    const [only, ...others] = results.filter(
      (other) => other.person === each.person && isShown(other) && !isEmpty(other),
    )
    // Of several, which one is meant cannot be told.
    return only && others.length === 0 ? { ...each, content: only.content } : each
  })
}

const isShown = ({ status }: Result) => status === 'final' || status === 'corrected'
const isEmpty = ({ content }: Result) =>
  !(content instanceof Hl7Refusal) && content.document === null && content.text === ''

async function readResult(
  segments: readonly Segment[],
  { delimiters }: Hl7Message,
  event: string,
  intake: Intake,
): Promise<Result> {
  const { mapping } = intake
  const reader = readerOf(segments, delimiters)
  const accessionNumbers = [...new Set(reader.all(mapping.accessionNumber))]
  if (accessionNumbers.length === 0)
    throw new Hl7Refusal('AE', 101, 'The Accession Number is missing where the mapping looks for it.', {
      location: 'OBR-18',
    })
  const ofReport = withoutPatientsOwn(segments)
  const status = statusOf(ofReport, delimiters, event, mapping)
  const read = status === 'final' || status === 'corrected'
  return {
    accessionNumbers,
    status,
    content: read ? await contentOf(ofReport, delimiters, intake).catch(refusalIn) : NOTHING,
    person: segments.find(({ name }) => name === 'PID'),
    exam: reader.first(mapping.exam)?.slice(0, 200),
    physician: reader.person(mapping.physician)?.slice(0, 200),
    date: reader.all(mapping.reportDate).map(dayOf).find(Boolean),
    patient: readPatient(reader, mapping),
  }
}

function refusalIn(error: unknown): Hl7Refusal {
  if (error instanceof Hl7Refusal) return error
  throw error
}

/** Without the OBX that stand before the order: they tell of the patient (HL7 v2.7 §7.3.1), not of an exam. */
function withoutPatientsOwn(segments: readonly Segment[]): readonly Segment[] {
  const order = segments.findIndex(({ name }) => name === 'ORC' || name === 'OBR')
  return segments.filter(({ name }, index) => name !== 'OBX' || index > order)
}

function statusOf(
  segments: readonly Segment[],
  delimiters: Delimiters,
  event: string,
  mapping: Mapping,
): Status {
  const txa = segments.find(({ name }) => name === 'TXA')
  if (txa) return documentStatus(txa, event)
  const code = (readerOf(segments, delimiters).first(mapping.resultStatus) ?? '').toUpperCase()
  for (const status of ['withdrawn', 'preliminary', 'corrected', 'final'] as const) {
    if (mapping[`${status}Status`].includes(code)) return status
  }
  throw new Hl7Refusal('AE', 103, 'The result status is not known: add it to the mapping.', {
    location: 'OBR-25',
  })
}

// HL7 tables 0271 (completion) and 0273 (availability); T11 cancels, T06, T08 and T10 replace or add.
function documentStatus({ fields }: Segment, event: string): Status {
  const completion = (fields[17] ?? '').trim().toUpperCase()
  const availability = (fields[19] ?? '').trim().toUpperCase()
  if (event === 'T11' || availability === 'CA') return 'withdrawn'
  if (['DI', 'DO', 'IN', 'IP', 'PA'].includes(completion) || availability === 'UN') return 'preliminary'
  return ['T06', 'T08', 'T10'].includes(event) ? 'corrected' : 'final'
}

async function apply(call: Call, each: Result, intake: Intake): Promise<string> {
  const { accessionNumbers, status } = each
  if (call.again && !isShown(each)) return ''
  if (status === 'preliminary') return 'Preliminary: nothing is kept or published until it is final.'
  const found = await visitOf(call, accessionNumbers)
  const patient = await underCurrentNumber(call, each.patient)
  await requireNewest(call, found)
  if (call.again) {
    requireSameResult(found.visit, patient, intake.mapping)
    return fill(call, found, each, intake)
  }
  if (status === 'withdrawn') {
    requireSameResult(found.visit, patient, intake.mapping)
    return withdraw(call, found.accessionNumber, each)
  }
  try {
    requireSameResult(found.visit, patient, intake.mapping)
    return await take(call, found, each, intake)
  } catch (error) {
    // The desk finds it with its visit (S19).
    throw error instanceof Hl7Refusal ? error.of(await examOfResult(call, found, each)) : error
  }
}

function requireSameResult(visit: Visit, patient: PatientFacts, { unidentified }: Mapping): void {
  requireSamePatient(visit, patient)
  if (unidentified === 'refuse') requireIdentified(visit, patient)
}

type Found = { visit: Visit; accessionNumber: string }

async function requireNewest({ db, since }: Call, { visit, accessionNumber }: Found): Promise<void> {
  if (since && (await reportedSince(db, visit.id, accessionNumber, since)))
    throw new Hl7Refusal('AE', 100, 'A newer report of this exam has come since: this one stays aside.')
}

async function take(call: Call, found: Found, each: Result, intake: Intake): Promise<string> {
  const { content } = each
  if (content instanceof Hl7Refusal) throw content
  const document = content.document?.bytes ?? (await pageOf(call, found, each, content.text, intake))
  const inspection = content.document?.inspection ?? (await intake.inspect(document))
  const delivered = await deliver(call, found.accessionNumber, each, content.text, { document, inspection })
  if (!delivered.created) return 'This report is there already: nothing was changed.'
  const signed = inspection.ok && inspection.signature.status !== 'none' ? '' : ' It carries no signature.'
  return `Report taken as version ${delivered.version}.${signed}`
}

/** Takes a report again whose copy was deleted when the consent was withdrawn, if it is that very one. */
async function fill(call: Call, found: Found, each: Result, intake: Intake): Promise<string> {
  const { content } = each
  if (content instanceof Hl7Refusal) return ''
  const { examId } = await examOfResult(call, found, each)
  const deleted = examId && (await deletedWithConsent(call.db, examId))
  if (!deleted) return ''
  const document = content.document?.bytes ?? (await pageOf(call, found, each, content.text, intake))
  if (createHash('sha256').update(document).digest('hex') !== deleted) return ''
  await take(call, found, each, intake)
  return 'Report taken again: its copy had been deleted.'
}

/** Of which exam a report is, as far as that is clear. */
async function examOfResult(
  { db }: Call,
  { visit, accessionNumber }: Found,
  { exam }: Result,
): Promise<RefusedReport> {
  const wanted = await examNamed(db, accessionNumber, exam)
  const examId = await examOf(db, visit, accessionNumber, wanted).then(
    ({ id }) => id,
    (error: unknown) => {
      if (error instanceof AppError) return null
      throw error
    },
  )
  return { visitId: visit.id, examId }
}

// A visit's number may be one of its exams' too: then that exam is meant.
async function examNamed(db: Call['db'], accessionNumber: string, exam: string | undefined) {
  const ofExam = (await examsOf(db, accessionNumber)).length > 0
  return { exam, examAccessionNumber: ofExam ? accessionNumber : undefined }
}

async function visitOf({ db }: Call, accessionNumbers: string[]): Promise<Found> {
  for (const accessionNumber of accessionNumbers) {
    const visit = await findVisitIfAny(db, accessionNumber)
    if (visit) return { visit, accessionNumber }
  }
  throw new Hl7Refusal(
    'AE',
    204,
    'No visit is registered under this Accession Number yet. The message is kept and applied by itself once one is.',
    { location: 'OBR-18', waitingFor: accessionNumbers },
  )
}

async function withdraw(call: Call, accessionNumber: string, { exam }: Result): Promise<string> {
  const exams = await examsOf(call.db, accessionNumber)
  const named = exams.filter(({ description }) => description.toUpperCase() === exam?.toUpperCase())
  const [only, ...others] = named.length > 0 ? named : exams
  if (!only || others.length > 0)
    throw new Hl7Refusal('AE', 204, 'The visit has several exams: say which by its own Accession Number.', {
      location: 'OBR-18',
    })
  const withdrawn = await withdrawReport(call, only)
  return withdrawn ? 'Report withdrawn: it is no longer online.' : 'There was no report to withdraw.'
}

/** A report that came as text alone, as a page that can be shown, put on the disc and downloaded; it is not signed. */
async function pageOf(
  { db }: Call,
  { visit, accessionNumber }: Found,
  { exam, physician, date }: Result,
  text: string,
  { mapping, page }: Intake,
): Promise<Uint8Array> {
  if (text === '')
    throw new Hl7Refusal('AE', 101, 'There is no report: OBX-5 holds neither text nor a PDF or .p7m.', {
      location: 'OBX-5',
      reason: 'report.empty',
    })
  if (mapping.textAlone === 'refuse')
    throw new Hl7Refusal('AE', 101, 'A report without its signed document is not taken here (`textAlone`).', {
      location: 'OBX-5',
      reason: 'report.no_document',
    })
  const [registered] = await examsOf(db, accessionNumber)
  const { familyName, givenName, birthPlace, birthDate, taxCode, patientId } = visit
  return page({
    ...{ familyName, givenName, birthPlace, birthDate, taxCode, patientId, text },
    accessionNumber: visit.accessionNumber,
    exam: exam ?? registered?.description ?? '',
    examDate: registered?.examDate ?? '',
    physician: physician ?? null,
    date: date ?? null,
  })
}

async function deliver(
  call: Call,
  accessionNumber: string,
  { exam, physician, date }: Result,
  text: string,
  { document, inspection }: { document: Uint8Array; inspection: Inspection },
) {
  try {
    return await deliverReport({ ...call, inspect: async () => inspection }, accessionNumber, {
      ...{ document, physician, date, ...(await examNamed(call.db, accessionNumber, exam)) },
      text: text === '' ? undefined : text,
    })
  } catch (error) {
    throw error instanceof AppError ? inWords(error) : error
  }
}
