const SHORTEST_PASSWORD = 12
export const LONGEST_PASSWORD = 128

export type PasswordFault = 'short' | 'long' | 'simple' | 'differ'

/** Why a password is not taken; null where it is. Length counts, not kinds of characters (NIST SP 800-63B §5.1.1.2). */
export function passwordFault(password: string, again: string, username: string): PasswordFault | null {
  const typed = password.normalize('NFC')
  if (typed !== again.normalize('NFC')) return 'differ'
  if ([...typed].length < SHORTEST_PASSWORD) return 'short'
  if (typed.length > LONGEST_PASSWORD) return 'long'
  const plain = typed.toLowerCase()
  return plain.includes(username) || new Set(plain).size < 5 || isRun(plain) ? 'simple' : null
}

/** 'abcdefghijkl', '123456789012': each character follows the one before. */
function isRun(text: string): boolean {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0)
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0))
  return steps.filter((step) => step === 1).length >= steps.length * 0.8
}
