import { and, gte, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { visits } from '../database/schema.ts'
import { newVisit } from '../ris/visit-input.ts'
import { placeName } from '../tax-code/places.ts'
import { fitsNames, readTaxCode } from '../tax-code/tax-code.ts'
import { addDays, type Day, dayInRome, endOfDay } from '../time/rome.ts'
import type { NewVisit } from '../visits/visits.ts'
import { readDay } from './search.ts'

/** The form as it is typed. Names of the fields are those of the page. */
export type TypedExam = {
  /** Of a registered visit's exam. */
  id?: string | undefined
  description: string
  date: string
  accession: string
  images: boolean
  excluded: boolean
}
export type TypedVisit = {
  taxCode: string
  familyName: string
  givenName: string
  birthDate: string
  birthPlace: string
  sex: string
  patientId: string
  accession: string
  email: string
  emailAgain: string
  consent: 'yes' | 'no' | ''
  exams: TypedExam[]
  /** The warnings were read, and it is meant so. */
  confirmed: boolean
}

export type Fault =
  | 'required'
  | 'taxForm'
  | 'taxCheck'
  | 'taxDate'
  | 'day'
  | 'future'
  | 'email'
  | 'emailDiffers'
  | 'consent'
  | 'accession'
  | 'taken'
  | 'text'
export type Warning = 'names' | 'birthDate' | 'sex' | 'noEmail' | 'again'
export type Faults = Partial<Record<string, Fault>>

export type Registration =
  | { ok: true; input: NewVisit }
  | { ok: false; faults: Faults; warnings: Warning[]; typed: TypedVisit }

/** An empty form: one exam, of today. */
export function emptyVisit(today: Day): TypedVisit {
  const blank = { taxCode: '', familyName: '', givenName: '', birthDate: '', birthPlace: '', sex: '' }
  const exam = { description: '', date: shownDay(today), accession: '', images: true, excluded: false }
  return {
    ...blank,
    patientId: '',
    accession: '',
    email: '',
    emailAgain: '',
    consent: '',
    exams: [exam],
    confirmed: false,
  }
}

/**
 * Checks what was typed, and fills from the tax code what was left out. Faults must be mended; warnings (names that do not
 * fit the tax code, the same person registered today already) need a second look and a confirmation.
 */
export async function checkRegistration(
  db: Database,
  given: TypedVisit,
  now: Date,
  /** A correction is not warned of: it is the visit that was registered today. */
  { isNew = true } = {},
): Promise<Registration> {
  const today = dayInRome(now)
  const tax = given.taxCode === '' ? null : readTaxCode(given.taxCode, today)
  const facts = tax?.kind === 'person' ? tax.facts : null
  const typed = {
    ...given,
    taxCode:
      tax && tax.kind !== 'wrong' ? (facts?.code ?? (tax.kind === 'other' ? tax.code : '')) : given.taxCode,
    birthDate: given.birthDate || (facts ? shownDay(facts.birthDate) : ''),
    sex: given.sex || (facts?.sex ?? ''),
    // A place that the table does not know stays its code.
    birthPlace: given.birthPlace || (facts ? ((await placeName(facts.place)) ?? facts.place) : ''),
  }
  const birthDate = readDay(typed.birthDate)
  const faults: Faults = {
    ...(tax?.kind === 'wrong' ? { codice_fiscale: TAX_FAULTS[tax.reason] } : {}),
    ...(typed.familyName ? {} : { cognome: 'required' }),
    ...(typed.givenName ? {} : { nome: 'required' }),
    ...dayFault('nascita', typed.birthDate, birthDate, today),
    ...(typed.accession ? {} : { accettazione: 'required' }),
    ...emailFaults(typed),
    ...(typed.consent === '' ? { consenso: 'consent' } : {}),
    ...examFaults(typed.exams, today),
  }
  const input = inputOf(typed, birthDate)
  if (Object.keys(faults).length === 0) Object.assign(faults, faultsOfSchema(input))
  const warnings: Warning[] = [
    ...(facts && !fitsNames(facts.code, typed.familyName, typed.givenName) ? (['names'] as const) : []),
    // The code has two digits of the year: a person of more than a hundred fits as well.
    ...(facts && birthDate && facts.birthDate.slice(2) !== birthDate.slice(2)
      ? (['birthDate'] as const)
      : []),
    ...(facts && typed.sex !== '' && facts.sex !== typed.sex ? (['sex'] as const) : []),
    ...(typed.consent === 'yes' && typed.email === '' ? (['noEmail'] as const) : []),
    ...(facts && isNew && (await registeredToday(db, facts.code, today)) ? (['again'] as const) : []),
  ]
  const settled = warnings.length === 0 || typed.confirmed
  if (Object.keys(faults).length > 0 || !settled) return { ok: false, faults, warnings, typed }
  return { ok: true, input: newVisit.parse(input) }
}

const TAX_FAULTS = { form: 'taxForm', check: 'taxCheck', date: 'taxDate' } as const

/** Is it an address that mail may be sent to? */
const isEmail = (typed: string): boolean => newVisit.shape.email.safeParse(typed).success

/** An address typed twice (S1): the second time is the proof that the first was meant. */
export function emailFaults({ email, emailAgain }: { email: string; emailAgain: string }): Faults {
  if (email === '' && emailAgain === '') return {}
  if (!isEmail(email)) return { email: 'email' }
  return email.toLowerCase() === emailAgain.toLowerCase() ? {} : { email_di_nuovo: 'emailDiffers' }
}

function dayFault(field: string, typed: string, day: Day | null, latest: Day): Faults {
  if (typed === '') return { [field]: 'required' }
  if (day === null) return { [field]: 'day' }
  return day > latest ? { [field]: 'future' } : {}
}

function examFaults(exams: TypedExam[], today: Day): Faults {
  const faults: Faults = {}
  for (const [index, exam] of exams.entries()) {
    if (exam.description === '') faults[`esame_${index + 1}`] = 'required'
    // An exam is today's, or soon to come.
    Object.assign(faults, dayFault(`data_${index + 1}`, exam.date, readDay(exam.date), addDays(today, 366)))
  }
  return faults
}

function inputOf(typed: TypedVisit, birthDate: Day | null) {
  return {
    accessionNumber: typed.accession,
    patient: {
      familyName: typed.familyName,
      givenName: typed.givenName,
      birthDate: birthDate ?? '',
      ...optional('birthPlace', typed.birthPlace),
      ...optional('taxCode', typed.taxCode),
      ...optional('patientId', typed.patientId),
      ...optional('sex', typed.sex),
    },
    ...optional('email', typed.email),
    consent: typed.consent === 'yes',
    exams: typed.exams.map((exam) => ({
      ...optional('accessionNumber', exam.accession),
      description: exam.description,
      date: readDay(exam.date) ?? '',
      imagesExpected: exam.images,
      excluded: exam.excluded,
    })),
  }
}

const optional = (name: string, value: string) => (value === '' ? {} : { [name]: value })

const FIELDS: Record<string, string> = {
  accessionNumber: 'accettazione',
  familyName: 'cognome',
  givenName: 'nome',
  birthPlace: 'luogo',
  taxCode: 'codice_fiscale',
  patientId: 'numero_paziente',
  email: 'email',
}

/** What the RIS's own check finds beyond ours: control characters, lengths, signs that an Accession Number cannot hold. */
function faultsOfSchema(input: unknown): Faults {
  const parsed = newVisit.safeParse(input)
  if (parsed.success) return {}
  const faults: Faults = {}
  for (const { path } of parsed.error.issues) {
    const [first, index] = path
    const last = String(path.at(-1))
    const field =
      first === 'exams'
        ? `${last === 'accessionNumber' ? 'numero' : last === 'date' ? 'data' : 'esame'}_${Number(index) + 1}`
        : (FIELDS[last] ?? 'accettazione')
    faults[field] = last === 'accessionNumber' ? 'accession' : 'text'
  }
  return faults
}

async function registeredToday(db: Database, taxCode: string, today: Day): Promise<boolean> {
  const since = endOfDay(addDays(today, -1))
  const [found] = await db
    .select({ id: visits.id })
    .from(visits)
    .where(and(sql`upper(${visits.taxCode}) = ${taxCode}`, gte(visits.registeredAt, since)))
    .limit(1)
  return found !== undefined
}

/** A day as the form shows it: gg/mm/aaaa. */
export const shownDay = (day: Day) => day.split('-').reverse().join('/')
