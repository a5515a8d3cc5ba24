// The quasigroup of order 10 of H. M. Damm's thesis (2004): it catches every single wrong digit and every
// swap of two neighbours, the slips people make when they copy a number by hand.
const QUASIGROUP = [
  '0317598642',
  '7092154863',
  '4206871359',
  '1750983426',
  '6123045978',
  '3674209581',
  '5869720134',
  '8945362017',
  '9438617205',
  '2581436790',
]

/** The check digit to append to `digits`, so that the whole checks to 0. */
export function dammDigit(digits: string): string {
  let row = '0'
  for (const digit of digits) row = QUASIGROUP[Number(row)]?.[Number(digit)] ?? ''
  return row
}

/** Can this be a PIN1 at all: 12 digits of which the last checks the others (S4)? */
export function hasValidCheckDigit(pin1: string): boolean {
  return /^[0-9]{12}$/.test(pin1) && dammDigit(pin1) === '0'
}

/** What a person typed or pasted, without the spaces and dashes they are free to use (S4). */
export function withoutSeparators(typed: string): string {
  return typed.replace(/[\s\p{Dash_Punctuation}._\u200B\u2060]/gu, '')
}
