/** What an Italian tax code (D.M. 23 December 1976) tells of its holder. */
type TaxCodeFacts = {
  code: string
  /** 'YYYY-MM-DD'. The code has two digits of the year: of the centuries that fit, the latest. */
  birthDate: string
  sex: 'M' | 'F'
  /** Cadastral code of the municipality or of the foreign state: 'H501', 'Z404'. */
  place: string
}

export type TaxCodeReading =
  | { kind: 'person'; facts: TaxCodeFacts }
  /** A code that tells nothing of the person: provisional (11 digits), or of a foreigner without one (STP, ENI). */
  | { kind: 'other'; code: string }
  | { kind: 'wrong'; reason: 'form' | 'check' | 'date' }

const MONTHS = 'ABCDEHLMPRST'
/** Who shares all letters and digits with another person gets letters for digits, from the right (omocodia). */
const OMOCODIA = 'LMNPQRSTUV'
const DIGITS_AT = [6, 7, 9, 10, 12, 13, 14]
// Values of the characters in odd places, A–Z; the digits 0–9 have those of A–J.
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]

/** Reads a tax code as it was typed, spaces and small letters included. `today` decides the century. */
export function readTaxCode(typed: string, today: string): TaxCodeReading {
  const code = typed.toUpperCase().replace(/[\s.-]/g, '')
  if (/^(STP|ENI)\d{13}$/.test(code)) return { kind: 'other', code }
  if (/^\d{11}$/.test(code)) return luhn(code) ? { kind: 'other', code } : { kind: 'wrong', reason: 'check' }
  if (!/^[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPRST][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]$/.test(code))
    return { kind: 'wrong', reason: 'form' }
  if (checkCharacter(code) !== code[15]) return { kind: 'wrong', reason: 'check' }
  const plain = withoutOmocodia(code)
  const day = Number(plain.slice(9, 11))
  const birthDate = dayOf(plain.slice(6, 8), MONTHS.indexOf(plain[8] ?? '') + 1, day % 40, today)
  if (birthDate === null || day > 71) return { kind: 'wrong', reason: 'date' }
  return {
    kind: 'person',
    facts: { code, birthDate, sex: day > 40 ? 'F' : 'M', place: plain.slice(11, 15) },
  }
}

/** Do family and given name give the first six letters of the code? */
export function fitsNames(code: string, familyName: string, givenName: string): boolean {
  return code.slice(0, 6).toUpperCase() === lettersOf(familyName, false) + lettersOf(givenName, true)
}

/** The character that checks the fifteen before it. */
export function checkCharacter(code: string): string {
  let sum = 0
  for (let index = 0; index < 15; index += 1) {
    const character = code[index] ?? ''
    const value = /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65
    sum += index % 2 === 0 ? (ODD[value] ?? 0) : value
  }
  return String.fromCharCode(65 + (sum % 26))
}

function withoutOmocodia(code: string): string {
  return [...code]
    .map((character, index) => {
      const digit = DIGITS_AT.includes(index) ? OMOCODIA.indexOf(character) : -1
      return digit === -1 ? character : String(digit)
    })
    .join('')
}

function dayOf(shortYear: string, month: number, day: number, today: string): string | null {
  const tail = `-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
  const century = Number(today.slice(0, 2))
  const inThis = `${century}${shortYear}${tail}`
  const date = inThis <= today ? inThis : `${century - 1}${shortYear}${tail}`
  const parsed = new Date(`${date}T00:00:00Z`)
  // 30 February becomes another day, or none.
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date) ? date : null
}

/** Three letters: consonants first, then vowels, then X; of four and more consonants of a given name the second is skipped. */
function lettersOf(name: string, given: boolean): string {
  const letters = name
    .normalize('NFD')
    .toUpperCase()
    .replaceAll(/ß/gi, 'SS')
    .replaceAll(/[^A-Z]/g, '')
  const consonants = letters.replaceAll(/[AEIOU]/g, '')
  const chosen = given && consonants.length > 3 ? `${consonants[0]}${consonants.slice(2)}` : consonants
  return `${chosen}${letters.replaceAll(/[^AEIOU]/g, '')}XXX`.slice(0, 3)
}

// The eleventh digit of a provisional code checks the ten before it, as in a VAT number.
function luhn(digits: string): boolean {
  const sum = [...digits].reduce((total, character, index) => {
    const value = Number(character) * (index % 2 === 0 ? 1 : 2)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}
