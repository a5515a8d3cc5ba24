import { AppError } from '../errors.ts'
import type { Visit } from '../publications/publications.ts'
import { deliverReport, refusalOf } from '../reports/reports.ts'
import type { Inspection } from '../signature/signature.ts'
import { examsOf, reportedSince, withdrawReport } from '../visits/exams.ts'
import { findVisitIfAny } from '../visits/visits.ts'
import type { Act, Call, Intake, Received } from './call.ts'
import { type Document, documentIn } from './document.ts'
import type { Mapping } from './mapping.ts'
import type { Delimiters, Hl7Message, Segment } from './message.ts'
import { requireSamePatient } from './patient.ts'
import { Hl7Refusal } from './refusal.ts'
import { dayOf, orderGroups, type PatientFacts, readerOf, readPatient, textOf } from './values.ts'

type Status = 'final' | 'corrected' | 'preliminary' | 'withdrawn'

type Result = {
  accessionNumbers: string[]
  status: Status
  document: Document | null
  text: string
  exam: string | undefined
  physician: string | undefined
  date: string | undefined
  patient: PatientFacts
}

const MAX_TEXT = 200_000

/** ORU^R01, MDM^T02 and its kin: a report as text, as a signed document, or both; final, corrected or taken back. */
export async function result({ message, header }: Received, intake: Intake): Promise<Act> {
  const { mapping, inspect } = intake
  const groups = header.type === 'MDM' ? [message.segments] : orderGroups(message)
  if (groups.length === 0)
    throw new Hl7Refusal('AE', 100, 'A result needs an OBR segment.', { location: 'OBR' })
  const results = await Promise.all(
    groups.map((group) =>
      readResult(group, message, statusOf(group, message, header.event, mapping), intake),
    ),
  )
  // One report for several exams comes with the first of them alone.
  const shared = results.find(({ document, text }) => document || text)
  return async (call) => {
    const told: string[] = []
    for (const each of results) {
      const { document, text } = each.document || each.text ? each : { ...each, ...pick(shared) }
      told.push(await apply(call, { ...each, document, text }, { ...intake, inspect }))
    }
    return [...new Set(told)].join(' ')
  }
}

const pick = (shared: Result | undefined) => ({
  document: shared?.document ?? null,
  text: shared?.text ?? '',
})

async function readResult(
  segments: readonly Segment[],
  { delimiters }: Hl7Message,
  status: Status,
  { mapping, inspect, maxReportBytes }: Intake,
): Promise<Result> {
  const reader = readerOf(segments, delimiters)
  const accessionNumbers = [...new Set(reader.all(mapping.accessionNumber))]
  if (accessionNumbers.length === 0)
    throw new Hl7Refusal('AE', 101, 'The Accession Number is missing where the mapping looks for it.', {
      location: 'OBR-18',
    })
  const text = textOf(segments, delimiters)
  if (text.length > MAX_TEXT)
    throw new Hl7Refusal('AE', 102, `The text is longer than ${MAX_TEXT} characters.`, { location: 'OBX-5' })
  const read = status === 'final' || status === 'corrected'
  return {
    accessionNumbers,
    status,
    document: read ? await documentOf(segments, delimiters, maxReportBytes, inspect) : null,
    text,
    exam: reader.first(mapping.exam)?.slice(0, 200),
    physician: reader.person(mapping.physician)?.slice(0, 200),
    date: reader.all(mapping.reportDate).map(dayOf).find(Boolean),
    patient: readPatient(reader, mapping),
  }
}

async function documentOf(
  segments: readonly Segment[],
  delimiters: Delimiters,
  maxBytes: number,
  inspect: Intake['inspect'],
): Promise<Document | null> {
  const document = await documentIn(segments, delimiters, { maxBytes, inspect })
  const refused = document && refusalOf(document.inspection, 'text')
  if (refused) throw inWords(refused)
  return document
}

function statusOf(
  segments: readonly Segment[],
  { delimiters }: Hl7Message,
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
  const { accessionNumbers, status, patient } = each
  if (status === 'preliminary') return 'Preliminary: nothing is kept or published until it is final.'
  const found = await visitOf(call, accessionNumbers)
  requireSamePatient(found.visit, patient)
  if (call.since && (await reportedSince(call.db, found.visit.id, found.accessionNumber, call.since)))
    throw new Hl7Refusal('AE', 100, 'A newer report of this exam has come since: this one stays aside.')
  if (status === 'withdrawn') return withdraw(call, found.accessionNumber, each)
  const document = each.document?.bytes ?? (await pageOf(call, found, each, intake))
  const inspection = each.document?.inspection ?? (await intake.inspect(document))
  const delivered = await deliver(call, found.accessionNumber, each, document, inspection)
  if (!delivered.created) return 'This report is there already: nothing was changed.'
  const signed = inspection.ok && inspection.signature.status !== 'none' ? '' : ' It carries no signature.'
  return `Report taken as version ${delivered.version}.${signed}`
}

async function visitOf(
  { db }: Call,
  accessionNumbers: string[],
): Promise<{ visit: Visit; accessionNumber: string }> {
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
  { visit, accessionNumber }: { visit: Visit; accessionNumber: string },
  { text, exam, physician, date }: Result,
  { mapping, page }: Intake,
): Promise<Uint8Array> {
  if (text === '')
    throw new Hl7Refusal('AE', 101, 'There is no report: OBX-5 holds neither text nor a PDF or .p7m.', {
      location: 'OBX-5',
    })
  if (mapping.textAlone === 'refuse')
    throw new Hl7Refusal('AE', 101, 'A report without its signed document is not taken here (`textAlone`).', {
      location: 'OBX-5',
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
  { text, exam, physician, date }: Result,
  document: Uint8Array,
  inspection: Inspection,
) {
  // A visit's number may be one of its exams' too: then that exam is meant.
  const ofExam = (await examsOf(call.db, accessionNumber)).length > 0
  try {
    return await deliverReport({ ...call, inspect: async () => inspection }, accessionNumber, {
      ...{ document, exam, physician, date },
      text: text === '' ? undefined : text,
      examAccessionNumber: ofExam ? accessionNumber : undefined,
    })
  } catch (error) {
    throw error instanceof AppError ? inWords(error) : error
  }
}

/** A refusal of the portal's as the sender of a message reads it. */
function inWords({ code, detail }: AppError): Hl7Refusal {
  const [condition, location] = code.startsWith('exam.')
    ? ([204, 'OBR-18'] as const)
    : code.startsWith('report.')
      ? ([102, 'OBX-5'] as const)
      : ([207, undefined] as const)
  return new Hl7Refusal('AE', condition, detail ?? code, { location })
}
