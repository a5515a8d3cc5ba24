import type { Matching } from './matching.ts'
import type { Resource } from './resource.ts'

type Keys = Readonly<Record<string, RegExp>>

const UID = /^[0-9.]{1,64}$/
const NUMBER = /^-?[0-9]{1,12}$/
const CODE = /^[A-Z0-9_ ]{1,16}$/
const CODES = /^[A-Z0-9_ *?]{1,16}$/
// Alone, or a range (PS3.4 §C.2.2.2.5).
const DATE = /^(?:\d{8}|\d{8}-|-\d{8}|\d{8}-\d{8})$/
const TIME = /^(?=.)(?:(?:\d\d){1,3}(?:\.\d{1,6})?)?(?:-(?:(?:\d\d){1,3}(?:\.\d{1,6})?)?)?$/
const TEXT = /^[^\p{Cc}\\]{0,324}$/u

const COMMON: Keys = {
  includefield: /^(?:all|[0-9A-Za-z]{1,64})(?:,[0-9A-Za-z]{1,64})*$/,
  limit: /^[0-9]{1,6}$/,
  offset: /^[0-9]{1,6}$/,
}
const STUDY_UIDS = ['StudyInstanceUID', '0020000D']

/** Each by its keyword and by its tag. */
const keyed = (keys: readonly (readonly [keyword: string, tag: string, value: RegExp])[]): Keys =>
  Object.fromEntries(
    keys.flatMap(([keyword, tag, value]) => [[keyword, value] as const, [tag, value] as const]),
  )

// PS3.18 Table 10.6.1-5, by level.
const OF_STUDIES = [
  ['StudyDate', '00080020', DATE],
  ['StudyTime', '00080030', TIME],
  ['AccessionNumber', '00080050', TEXT],
  ['ModalitiesInStudy', '00080061', CODES],
  ['ReferringPhysicianName', '00080090', TEXT],
  ['PatientName', '00100010', TEXT],
  ['PatientID', '00100020', TEXT],
  ['StudyID', '00200010', TEXT],
] as const
const OF_SERIES = [
  ['Modality', '00080060', CODE],
  ['SeriesInstanceUID', '0020000E', UID],
  ['SeriesNumber', '00200011', NUMBER],
  ['PerformedProcedureStepStartDate', '00400244', DATE],
  ['PerformedProcedureStepStartTime', '00400245', TIME],
] as const
const OF_INSTANCES = [
  ['SOPClassUID', '00080016', UID],
  ['SOPInstanceUID', '00080018', UID],
  ['InstanceNumber', '00200013', NUMBER],
] as const
const TAGS: ReadonlyMap<string, string> = new Map([
  ...OF_STUDIES.flatMap(([keyword, tag]) => [[keyword, tag] as const, [tag, tag] as const]),
  // Of a study it can only mean one of those that are in it.
  ['Modality', '00080061'],
  ['00080060', '00080061'],
])
const STUDIES: Keys = { ...keyed(OF_STUDIES), Modality: CODES, '00080060': CODES }
const SERIES: Keys = { ...COMMON, ...keyed(OF_SERIES) }
const INSTANCES: Keys = { ...SERIES, ...keyed(OF_INSTANCES) }
const RENDERING: Record<string, RegExp> = {
  // At most 4096 each way: whoever draws makes room for all of it.
  viewport:
    /^(?:[1-9]\d{0,2}|[1-3]\d{3}|40[0-8]\d|409[0-6])(?:,(?:[1-9]\d{0,2}|[1-3]\d{3}|40[0-8]\d|409[0-6]))$/,
  window: /^-?\d{1,9}(?:\.\d{1,9})?,\d{1,9}(?:\.\d{1,9})?,(?:linear|linear-exact|sigmoid)$/,
  quality: /^(?:[1-9]\d?|100)$/,
}

export type Query = {
  /** Studies that were asked for; null where the question leaves them open. */
  studyInstanceUids: string[] | null
  /** What else a search for studies is to match: here, and not in the archive (S45). */
  matching: Matching
  /** What Orthanc is told, already encoded; '' where nothing is. */
  search: string
}

/** Reads a query string by allow-list; null where it holds a parameter that is not on it, or an odd value. */
export function parseQuery(kind: Resource['kind'], parameters: URLSearchParams): Query | null {
  const searching = kind.startsWith('search-')
  const { passed: allowed, matched = {} } = ALLOWED[kind] ?? NOTHING
  const passed = new URLSearchParams()
  const matching = new Map<string, string>()
  let studyInstanceUids: string[] | null = null
  for (const [name, value] of parameters) {
    const own = (keys: Keys) => (Object.hasOwn(keys, name) ? keys[name] : undefined)
    const key = own(matched)
    if (searching && STUDY_UIDS.includes(name)) studyInstanceUids = value.split(/[,\\]/)
    // PS3.18 §8.3.4.1: who offers no fuzzy matching passes over it.
    else if (searching && name === 'fuzzymatching') continue
    // PS3.4 §C.2.2.2.3: an empty key matches anything.
    else if (key && (value === '' || key.test(value))) matching.set(TAGS.get(name) ?? name, value)
    else if (!own(allowed)?.test(value)) return null
    // Orthanc 1.7 ignores a list of fields, but takes the parameter again and again.
    else if (name === 'includefield') for (const field of value.split(',')) passed.append(name, field)
    else passed.append(name, value)
  }
  // Orthanc 1.7 takes no encoded comma.
  const search = passed.toString().replaceAll('%2C', ',')
  return { studyInstanceUids, matching, search: search ? `?${search}` : '' }
}

type Allowed = {
  /** On to Orthanc. */
  readonly passed: Keys
  /** Compared here. */
  readonly matched?: Keys
}
const NOTHING: Allowed = { passed: {} }
const ALLOWED: Readonly<Partial<Record<Resource['kind'], Allowed>>> = {
  'search-studies': { passed: COMMON, matched: STUDIES },
  'search-series': { passed: SERIES },
  'search-instances': { passed: INSTANCES },
  rendered: { passed: RENDERING },
  thumbnail: { passed: RENDERING },
}
