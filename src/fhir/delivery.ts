import { createHash } from 'node:crypto'
import { AppError } from '../errors.ts'
import { check } from '../http/check.ts'
import type { DeliveredReport } from '../reports/reports.ts'
import { reportFields } from '../ris/visit-input.ts'
import { dayInRome } from '../time/rome.ts'
import type { Attachment, Concept, Identifier, Reference, Supporting } from './incoming.ts'
import { type BinaryResource, invalid, type Parcel } from './parcel.ts'
import { localSystem, type Place, SYSTEMS } from './resource.ts'

/** Whom a report says it is of, as far as it says so. */
export type Subject = {
  reference: string | null
  taxCodes: string[]
  patientIds: string[]
  birthDate: string | null
}

/** A report that came by FHIR, as the REST API would have brought it; null where it is taken back. */
export type Delivery = {
  accessionNumber: string
  exam: string | undefined
  report: DeliveredReport | null
  subject: Subject
}

const FINAL = ['final', 'amended', 'corrected', 'appended']
const WITHDRAWN = ['cancelled', 'entered-in-error']
const P7M = ['application/pkcs7-mime', 'application/x-pkcs7-mime']
const LOINC = 'http://loinc.org'

/** Reads a delivery out of the resources (pure): one visit, one person, one signed document, or none where it is taken back. */
export function readDelivery(parcel: Parcel, place: Place, maxBytes: number): Delivery {
  const { report, document } = parcel
  const withdrawn = [report?.status, document?.status].some((status) => WITHDRAWN.includes(status ?? ''))
  if (!withdrawn) requireFinal(parcel)
  const accessionNumber = accessionOf(parcel, place)
  const subject = subjectOf(parcel, place)
  const exam = examName(report?.code) ?? examName(document?.type)
  if (withdrawn) return { accessionNumber, exam, report: null, subject }
  const issued = report?.issued ?? document?.date
  const fields = check(reportFields, {
    ...kept('exam', exam),
    ...kept('text', report?.conclusion),
    ...kept('physician', physicianOf(parcel)),
    ...(issued ? { date: dayInRome(new Date(issued)) } : {}),
  })
  const bytes = documentOf(parcel)
  if (bytes.byteLength > maxBytes)
    throw new AppError('request.too_large', `At most ${Math.floor(maxBytes / 1_000_000)} MB are accepted.`)
  return { accessionNumber, exam, report: { document: bytes, ...fields }, subject }
}

const kept = (name: string, value: string | undefined) => (value?.trim() ? { [name]: value.trim() } : {})

function requireFinal({ report, document }: Parcel): void {
  const unfinished = new AppError(
    'report.not_final',
    'Only a final report is taken: status final, amended, corrected or appended; docStatus final or amended. To take one back: entered-in-error or cancelled.',
  )
  if (report && !FINAL.includes(report.status)) throw unfinished
  if (document && document.status !== 'current') throw unfinished
  if (document?.docStatus && !FINAL.includes(document.docStatus)) throw unfinished
}

/** The Accession Number stands in the report, or in what it is based on or belongs to. */
function accessionOf({ report, document, resolve }: Parcel, place: Place): string {
  const isAccession = ({ system, type }: Identifier) =>
    system === localSystem(place, 'accession-number') || type?.coding?.some(({ code }) => code === 'ACSN')
  const references = [
    ...(report?.basedOn ?? []),
    ...(report?.imagingStudy ?? []),
    ...(document?.context?.related ?? []),
  ]
  const identifiers = [
    ...(report?.identifier ?? []),
    ...(document?.identifier ?? []),
    ...references.flatMap((reference) => [
      ...(reference.identifier ? [reference.identifier] : []),
      ...identifiersOf(resolve(reference)),
    ]),
  ]
  const [number, ...others] = new Set(
    identifiers.filter(isAccession).flatMap(({ value }) => value?.trim() || []),
  )
  const at = report ? 'DiagnosticReport/identifier' : 'DocumentReference/identifier'
  if (number === undefined)
    throw invalid(
      at,
      'holds no Accession Number: an identifier of type ACSN, here or in what the report is based on',
    )
  if (others.length > 0) throw invalid(at, 'the report names several Accession Numbers')
  return number
}

type Resolved = ReturnType<Parcel['resolve']>
const isSupporting = (resource: Resolved): resource is Supporting =>
  resource !== null && resource.resourceType !== 'Binary'
const isBinary = (resource: Resolved): resource is BinaryResource => resource?.resourceType === 'Binary'
const identifiersOf = (resource: Resolved): Identifier[] =>
  isSupporting(resource) ? (resource.identifier ?? []) : []

// The exam's own name tells exams of one visit apart; that it is a radiological one is no name.
const examName = (concept: Concept | undefined): string | undefined =>
  concept?.text ?? concept?.coding?.find(({ system, display }) => display && system !== LOINC)?.display

function physicianOf({ report, document, resolve }: Parcel): string | undefined {
  const [first] = [
    ...(report?.resultsInterpreter ?? []),
    ...(report?.performer ?? []),
    ...(document?.author ?? []),
  ].flatMap((reference) => reference.display ?? nameOf(resolve(reference)) ?? [])
  return first
}

function nameOf(resource: Resolved): string | undefined {
  if (!isSupporting(resource) || !Array.isArray(resource.name)) return undefined
  const [name] = resource.name
  return name && (name.text ?? [...(name.given ?? []), name.family ?? ''].join(' ').trim())
}

function subjectOf({ report, document, resolve }: Parcel, place: Place): Subject {
  const references = [report?.subject, document?.subject].filter((one): one is Reference => one !== undefined)
  const patients = references.flatMap((reference) => {
    const found = resolve(reference)
    return isSupporting(found) && found.resourceType === 'Patient' ? [found] : []
  })
  const identifiers: Identifier[] = [
    ...references.flatMap(({ identifier }) => (identifier ? [identifier] : [])),
    ...patients.flatMap((patient) => identifiersOf(patient)),
  ]
  const valuesOf = (wanted: string) =>
    identifiers.flatMap(({ system, value }) => (system === wanted && value?.trim() ? [value.trim()] : []))
  const own = references.find((reference) => reference.reference && !resolve(reference))?.reference
  return {
    reference: own ?? null,
    taxCodes: valuesOf(SYSTEMS.taxCode).map((code) => code.toUpperCase()),
    patientIds: valuesOf(localSystem(place, 'patient-id')),
    birthDate: patients.flatMap(({ birthDate }) => birthDate ?? [])[0] ?? null,
  }
}

/** The one signed document: a .p7m, else a PDF. A readable copy beside a .p7m is passed over. */
function documentOf({ report, document, resolve }: Parcel): Uint8Array {
  const forms = [
    ...(report?.presentedForm ?? []).map(
      (form, index) => [form, `DiagnosticReport/presentedForm/${index}`] as const,
    ),
    ...(document?.content ?? []).map(
      ({ attachment }, index) => [attachment, `DocumentReference/content/${index}/attachment`] as const,
    ),
  ]
  const at = report ? 'DiagnosticReport/presentedForm' : 'DocumentReference/content'
  for (const types of [P7M, ['application/pdf']]) {
    const fitting = forms.filter(([{ contentType = '' }]) =>
      types.includes(contentType.split(';')[0]?.trim().toLowerCase() ?? ''),
    )
    const [first, ...others] = fitting.map(([form, pointer]) => bytesOf(form, pointer, resolve))
    if (others.some((other) => first && !Buffer.from(first).equals(other)))
      throw invalid(at, 'holds several documents: it is not clear which is the report')
    if (first) return first
  }
  throw invalid(at, 'holds no signed document: application/pkcs7-mime or application/pdf')
}

function bytesOf(form: Attachment, pointer: string, resolve: Parcel['resolve']): Uint8Array {
  const elsewhere = form.url === undefined ? null : resolve(form.url)
  const data = form.data ?? (isBinary(elsewhere) ? elsewhere.data : undefined)
  // Nothing is fetched from an address that somebody names.
  if (data === undefined)
    throw invalid(pointer, 'needs `data`, or a `url` that leads to a Binary of the same request')
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(data)) throw invalid(pointer, 'is not base64')
  const bytes = Buffer.from(data, 'base64')
  if (form.size !== undefined && form.size !== bytes.byteLength)
    throw invalid(pointer, 'is not as long as its `size` says')
  if (form.hash !== undefined && createHash('sha1').update(bytes).digest('base64') !== form.hash)
    throw invalid(pointer, 'does not match its `hash`')
  return bytes
}
