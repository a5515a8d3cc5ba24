import { AppError } from '../errors.ts'
import { addDays, endOfDay } from '../time/rome.ts'
import { localReference, type ResourceType } from './resource.ts'

export type Token = { system: string | null; value: string }
type Range = { from: Date | null; to: Date | null }

/** What a search asks for. Each list is of alternatives, and every list must be met. */
export type Criteria = {
  ids: string[][]
  identifiers: Token[][]
  patients: string[][]
  patientIdentifiers: Token[][]
  lastUpdated: Range[]
}

/** Every search parameter there is, by type: the CapabilityStatement and the reading of a search share it. */
export const SEARCH_PARAMETERS = {
  Patient: ['_id', '_lastUpdated', 'identifier'],
  ImagingStudy: ['_id', '_lastUpdated', 'identifier', 'patient'],
  DiagnosticReport: ['_id', '_lastUpdated', 'identifier', 'patient'],
  DocumentReference: ['_id', '_lastUpdated', 'identifier', 'patient'],
} as const satisfies Record<ResourceType, readonly string[]>

const DEFAULT_COUNT = 20
const MAX_COUNT = 100
const MOST_VALUES = 50

/** Reads a search's parameters. One that is not understood is refused: passing it over would answer with other people's data. */
export function readCriteria(
  type: ResourceType,
  parameters: URLSearchParams,
  base: string,
): { criteria: Criteria; count: number } {
  const criteria: Criteria = {
    ids: [],
    identifiers: [],
    patients: [],
    patientIdentifiers: [],
    lastUpdated: [],
  }
  const allowed: readonly string[] = SEARCH_PARAMETERS[type]
  let count = DEFAULT_COUNT
  for (const [name, value] of parameters) {
    if (name === '_format' || name === '_pretty') continue
    if (name === '_count') {
      count = countOf(value)
      continue
    }
    const plain = name === 'patient.identifier' || name === 'subject' ? 'patient' : name
    if (!allowed.includes(plain))
      throw new AppError(
        'search.invalid',
        `The parameter \`${known(name)}\` is not known for ${type}. Known are: ${[...allowed, '_count'].join(', ')}.`,
      )
    if (value.trim() === '') throw new AppError('search.invalid', `\`${name}\` has no value.`)
    if (name === '_id') criteria.ids.push(values(value))
    else if (name === '_lastUpdated') criteria.lastUpdated.push(rangeOf(value))
    else if (name === 'identifier') criteria.identifiers.push(values(value).map(tokenOf))
    else if (name === 'patient.identifier') criteria.patientIdentifiers.push(values(value).map(tokenOf))
    // `ID`, `Patient/ID` or the address of one of ours.
    else
      criteria.patients.push(
        values(value).map((reference) => localReference({ base }, 'Patient', reference) ?? reference),
      )
  }
  return { criteria, count }
}

// A name that somebody made up may hold anything: it is told back only where it looks like one.
const known = (name: string) => (/^[\w.:-]{1,64}$/.test(name) ? name : '…')

function countOf(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new AppError('search.invalid', '`_count` must be a number.')
  return Math.min(Number(value), MAX_COUNT)
}

/** A comma means "or", unless a backslash stands before it (R4 §3.1.1.5.7). */
function values(value: string): string[] {
  const found = [...value.matchAll(/((?:\\.|[^,\\])*)(?:,|$)/g)].map(([, item = '']) => item.trim())
  const kept = found.filter((item) => item !== '').map((item) => item.replaceAll(/\\([,|$\\])/g, '$1'))
  if (kept.length === 0 || kept.length > MOST_VALUES)
    throw new AppError('search.invalid', `Give 1 to ${MOST_VALUES} values.`)
  if (kept.some((item) => item.includes('\0'))) throw new AppError('search.invalid', 'A value holds NUL.')
  return kept
}

/** `system|value`, or a value of any system. A system alone would list everybody. */
function tokenOf(value: string): Token {
  const bar = value.indexOf('|')
  if (bar === -1) return { system: null, value }
  const token = { system: value.slice(0, bar), value: value.slice(bar + 1) }
  if (token.value === '') throw new AppError('search.invalid', 'An identifier needs a value after the bar.')
  return token
}

const DATE =
  /^(eq|gt|ge|lt|le)?(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d))?)?)?$/

/** A date with its prefix as a span of time (R4 §3.1.1.5.4): a day is a day in Italy. */
function rangeOf(value: string): Range {
  const [, prefix = 'eq', year = '', month, day, time, zone] = DATE.exec(value) ?? []
  const span = year === '' ? null : spanOf({ year, month, day, time, zone })
  if (!span)
    throw new AppError(
      'search.invalid',
      '`_lastUpdated` must be a date such as 2020-05-18 or 2020-05-18T10:00:00+02:00, after eq, gt, ge, lt or le.',
    )
  const { from, to } = span
  switch (prefix) {
    case 'gt':
      return { from: to, to: null }
    case 'ge':
      return { from, to: null }
    case 'lt':
      return { from: null, to: from }
    case 'le':
      return { from: null, to }
    default:
      return { from, to }
  }
}

type Parts = Record<'year', string> & Partial<Record<'month' | 'day' | 'time' | 'zone', string | undefined>>

function spanOf({ year, month, day, time, zone }: Parts): { from: Date; to: Date } | null {
  const first = `${year}-${month ?? '01'}-${day ?? '01'}`
  const date = new Date(`${first}T00:00:00Z`)
  // 2020-02-31 is no day, and would be taken for one in March.
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== first) return null
  if (time !== undefined) {
    const from = new Date(`${first}T${time}${zone}`)
    const length = time.length === 5 ? 60_000 : time.includes('.') ? 1 : 1_000
    return Number.isNaN(from.getTime()) ? null : { from, to: new Date(from.getTime() + length) }
  }
  const last = day ? first : lastDay(date, month === undefined)
  return { from: endOfDay(addDays(first, -1)), to: endOfDay(last) }
}

function lastDay(first: Date, ofYear: boolean): string {
  const next = new Date(first)
  if (ofYear) next.setUTCFullYear(next.getUTCFullYear() + 1)
  else next.setUTCMonth(next.getUTCMonth() + 1)
  return addDays(next.toISOString().slice(0, 10), -1)
}
