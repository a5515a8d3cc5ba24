import { expect, test } from 'vitest'
import { placeName } from '../../src/tax-code/places.ts'
import { checkCharacter, fitsNames, readTaxCode } from '../../src/tax-code/tax-code.ts'

const TODAY = '2026-11-23'
const read = (code: string, today = TODAY) => readTaxCode(code, today)
/** A code with its right check character. */
const checked = (fifteen: string) => fifteen + checkCharacter(fifteen)

test('a code tells birth date, sex and place; it may be typed with spaces and in small letters', () => {
  // The example of the Agenzia delle Entrate's own form.
  expect(read('MRTMTT25D09F205Z')).toEqual({
    kind: 'person',
    facts: { code: 'MRTMTT25D09F205Z', birthDate: '2025-04-09', sex: 'M', place: 'F205' },
  })
  expect(read(' rss mra 85t10 a562s ')).toMatchObject({
    facts: { code: 'RSSMRA85T10A562S', birthDate: '1985-12-10', sex: 'M', place: 'A562' },
  })
  expect(read(checked('BNCNNA52P60H501'))).toMatchObject({
    facts: { birthDate: '1952-09-20', sex: 'F', place: 'H501' },
  })
})

test('the year’s two digits mean the latest century that is not to come', () => {
  expect(read(checked('RSSMRA26S23H501'))).toMatchObject({ facts: { birthDate: '2026-11-23' } })
  expect(read(checked('RSSMRA26S24H501'))).toMatchObject({ facts: { birthDate: '1926-11-24' } })
})

test('omocodia: letters that stand for digits are read as digits, each of the seven and all of them', () => {
  const plain = 'RSSMRA85T10A562'
  const letters = 'LMNPQRSTUV'
  for (let mask = 0; mask < 128; mask += 1) {
    const code = [...plain]
    for (const [bit, place] of [6, 7, 9, 10, 12, 13, 14].entries())
      if (mask & (1 << bit)) code[place] = letters[Number(plain[place])] ?? ''
    expect(read(checked(code.join('')))).toMatchObject({ facts: { birthDate: '1985-12-10', place: 'A562' } })
  }
})

test('a single wrong character, two swapped, a day that never was: each is told', () => {
  const right = 'RSSMRA85T10A562S'
  let accepted = 0
  for (let place = 0; place < 16; place += 1)
    for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
      if (
        character !== right[place] &&
        read(right.slice(0, place) + character + right.slice(place + 1)).kind === 'person'
      )
        accepted += 1
  // Letters that stand for the digit itself in an odd and an even place may check alike: the standard's own blindness.
  expect(accepted).toBe(0)
  expect(read('SRSMRA85T10A562S')).toEqual({ kind: 'wrong', reason: 'check' })
  for (const short of ['', 'RSSMRA85T10A562', 'RSSMRA85T10A562SS', 'RSSMRA85F10A562S', '1234567890123456'])
    expect(read(short)).toEqual({ kind: 'wrong', reason: 'form' })
  for (const day of [
    'RSSMRA85B30A562',
    'RSSMRA85T00A562',
    'RSSMRA85T40A562',
    'RSSMRA85T72A562',
    'RSSMRA85B70A562',
  ])
    expect(read(checked(day))).toEqual({ kind: 'wrong', reason: 'date' })
  expect(read(checked('RSSMRA84B29A562'))).toMatchObject({ facts: { birthDate: '1984-02-29' } })
})

test('provisional codes and those of foreigners without a tax code are taken, and tell nothing', () => {
  expect(read('12345670785')).toEqual({ kind: 'other', code: '12345670785' })
  expect(read('12345670786')).toEqual({ kind: 'wrong', reason: 'check' })
  expect(read('STP0010011234567')).toEqual({ kind: 'other', code: 'STP0010011234567' })
})

test('names fit their letters: consonants, vowels, accents, apostrophes, short names, the skipped second consonant', () => {
  for (const [letters, family, given] of [
    ['RSSMRA', 'Rossi', 'Mario'],
    ['FOXMRA', 'Fo', 'Mara'],
    ['DNGGFR', 'D’Angelo', 'Gianfranco'],
    ['DCRNCL', 'De Carolis', 'Niccolò'],
    ['MLLRSO', 'Müller', 'Rosa'],
    ['BNCNNA', 'BIANCHI', 'ANNA'],
  ] as const)
    expect([family, given, fitsNames(`${letters}00A00A000A`, family, given)]).toEqual([family, given, true])
  expect(fitsNames('RSSMRA85T10A562S', 'Mario', 'Rossi')).toBe(false)
})

test('places are called by name, with the province; a code that is none stays a code', async () => {
  expect(await placeName('H501')).toBe('Roma (RM)')
  expect(await placeName('D205')).toBe('Cuneo (CN)')
  expect(await placeName('Z404')).toBe('Stati Uniti d’America'.replace('’', "'"))
  for (const none of ['Z000', 'X', '', 'h501', 'H50I']) expect(await placeName(none)).toBeNull()
})
