import type { Resource } from './resource.ts'

// Keys that narrow a search to what it is within anyway: dropped, as results come from the session's studies alone (S45).
const IGNORED = new Set([
  'PatientID',
  '00100020',
  'PatientName',
  '00100010',
  'AccessionNumber',
  '00080050',
  'StudyDate',
  '00080020',
  'fuzzymatching',
])
const PASSED: Record<string, RegExp> = {
  includefield: /^(?:all|[0-9A-Za-z]{1,64})(?:,[0-9A-Za-z]{1,64})*$/,
  limit: /^[0-9]{1,6}$/,
  offset: /^[0-9]{1,6}$/,
  Modality: /^[A-Z]{2,16}$/,
  '00080060': /^[A-Z]{2,16}$/,
  SeriesInstanceUID: /^[0-9.]{1,64}$/,
  '0020000E': /^[0-9.]{1,64}$/,
  SOPInstanceUID: /^[0-9.]{1,64}$/,
  '00080018': /^[0-9.]{1,64}$/,
}
const STUDY_KEYS = ['StudyInstanceUID', '0020000D']
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
  /** What Orthanc is told, already encoded; '' where nothing is. */
  search: string
}

/** Reads a query string by allow-list; null where it holds a parameter that is not on it, or an odd value. */
export function parseQuery(kind: Resource['kind'], parameters: URLSearchParams): Query | null {
  const searching = kind.startsWith('search-')
  const allowed = searching ? PASSED : kind === 'rendered' || kind === 'thumbnail' ? RENDERING : {}
  const passed = new URLSearchParams()
  let studyInstanceUids: string[] | null = null
  for (const [name, value] of parameters) {
    if (searching && STUDY_KEYS.includes(name)) studyInstanceUids = value.split(/[,\\]/)
    else if (searching && IGNORED.has(name)) continue
    else if (!Object.hasOwn(allowed, name) || !allowed[name]?.test(value)) return null
    // Orthanc 1.7 ignores a list of fields, but takes the parameter again and again.
    else if (name === 'includefield') for (const field of value.split(',')) passed.append(name, field)
    else passed.append(name, value)
  }
  // Orthanc 1.7 takes no encoded comma.
  const search = passed.toString().replaceAll('%2C', ',')
  return { studyInstanceUids, search: search ? `?${search}` : '' }
}
