/** A patient's number and who assigned it; an empty authority: not said. */
export type PatientNumber = { id: string; authority: string }

type Person = {
  taxCode?: string | null | undefined
  birthDate?: string | null | undefined
  familyName?: string | null | undefined
}

/** Can two numbers be told from each other? Those of two authorities say nothing of each other. */
export const areComparable = (a: PatientNumber, b: PatientNumber): boolean =>
  a.authority === '' || b.authority === '' || a.authority === b.authority

/**
 * Are these two people, though one number may join them? A name, a date or a code may have been corrected, and a code with
 * the name it is made of; but where two of the three are others and neither code nor date agrees, it is somebody else.
 */
export function areTwoPeople(a: Person, b: Person): boolean {
  const told = [
    compare(a.taxCode, b.taxCode),
    compare(a.birthDate, b.birthDate),
    compare(a.familyName && foldedName(a.familyName), b.familyName && foldedName(b.familyName)),
  ]
  if (told[0] === 'same' || told[1] === 'same') return false
  return told.filter((each) => each === 'other').length >= 2
}

const compare = (a: string | null | undefined, b: string | null | undefined) =>
  a && b ? (a === b ? 'same' : 'other') : 'unknown'

/** A name without case, accents, spaces and apostrophes. */
export const foldedName = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/[^\p{L}]/gu, '')
    .toUpperCase()
