import { expect, test } from 'vitest'
import { areComparable, areTwoPeople } from '../../src/visits/persons.ts'

const ROSSI = { taxCode: 'RSSMRA80D23D205X', birthDate: '1980-04-23', familyName: 'Rossi' }

test.each([
  ['a name corrected', { ...ROSSI, familyName: 'De Rossi' }, false],
  ['a name corrected, and the tax code with it', { ...ROSSI, familyName: 'Rosso', taxCode: 'X' }, false],
  ['a birth date corrected', { ...ROSSI, birthDate: '1980-04-24' }, false],
  ['name and date corrected under the same tax code', { ...ROSSI, familyName: 'A', birthDate: '1' }, false],
  ['the same in another spelling', { familyName: 'ROSSI ', birthDate: '1980-04-23' }, false],
  ['nothing said', {}, false],
  ['another tax code and birth date', { ...ROSSI, taxCode: 'X', birthDate: '1990-01-01' }, true],
  ['another name and birth date', { familyName: 'Bianchi', birthDate: '1990-01-01' }, true],
  ['another name and tax code', { familyName: 'Bianchi', taxCode: 'X' }, true],
] as const)('one number, %s: is it somebody else?', (_, said, expected) => {
  expect(areTwoPeople(ROSSI, said)).toBe(expected)
  expect(areTwoPeople(said, ROSSI)).toBe(expected)
})

test('numbers of two authorities say nothing of each other (HL7 v2.5 §2.A.14)', () => {
  const number = (authority: string) => ({ id: '123', authority })
  expect(areComparable(number('NORD'), number('SUD'))).toBe(false)
  expect(areComparable(number('NORD'), number('NORD'))).toBe(true)
  expect(areComparable(number('NORD'), number(''))).toBe(true)
})
