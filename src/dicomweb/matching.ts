/** Attributes of a study in DICOM JSON (PS3.18 §F.2). */
export type Study = Readonly<Record<string, { readonly Value?: readonly unknown[] } | undefined>>

/** What a search is to match: value by tag. */
export type Matching = ReadonlyMap<string, string>

/** Whether a study is one of those that were searched for (PS3.4 §C.2.2.2): single value, wildcards, ranges. */
export function matchesStudy(study: Study, matching: Matching): boolean {
  return [...matching].every(([tag, wanted]) => {
    // PS3.4 §C.2.2.2.3: an empty key, and "*" alone, match anything, what has no value too.
    if (/^\**$/.test(wanted)) return true
    const values = study[tag]?.Value ?? []
    return values.flatMap(textsOf).some((value) => COMPARE[tag]?.(value, wanted) ?? like(value, wanted))
  })
}

const STUDY_DATE = '00080020'
const STUDY_TIME = '00080030'
const PATIENT_NAME = '00100010'
const REFERRING_PHYSICIAN = '00080090'

const COMPARE: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  [STUDY_DATE]: within,
  [STUDY_TIME]: within,
  [PATIENT_NAME]: likeName,
  [REFERRING_PHYSICIAN]: likeName,
}

/** A name comes in up to three groups: alphabetic, ideographic, phonetic. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).map(String)
  return [String(value)]
}

/** PS3.4 §C.2.2.2.5: "a-b", "a-", "-b"; a time that breaks off stands for all that begin so. */
function within(value: string, wanted: string): boolean {
  const at = wanted.indexOf('-')
  const [from, to] = at < 0 ? [wanted, wanted] : [wanted.slice(0, at), wanted.slice(at + 1)]
  return value.slice(0, from.length) >= from && (to === '' || value.slice(0, to.length) <= to)
}

/** PS3.4 §C.2.2.2.1 lets names match whatever their case; components left empty at the end are none (PS3.5 §6.2.1.1). */
function likeName(value: string, wanted: string): boolean {
  return like(bare(value), bare(wanted))
}

const bare = (name: string): string => name.toLowerCase().replace(/[\^ ]+$/, '')

/** PS3.4 §C.2.2.2.4: "*" for any characters, "?" for one; in a time that does not grow with the number of stars. */
function like(value: string, wanted: string): boolean {
  let [at, pattern, star, resume] = [0, 0, -1, 0]
  while (at < value.length) {
    if (wanted[pattern] === '*') {
      star = pattern++
      resume = at
    } else if (wanted[pattern] === '?' || wanted[pattern] === value[at]) {
      at++
      pattern++
    } else if (star >= 0) {
      pattern = star + 1
      at = ++resume
    } else return false
  }
  return /^\**$/.test(wanted.slice(pattern))
}
