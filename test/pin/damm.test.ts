import { expect, test } from 'vitest'
import { dammDigit, hasValidCheckDigit, withoutSeparators } from '../../src/pin/damm.ts'

test('the check digit is that of the published example: 572 → 4', () => {
  expect(dammDigit('572')).toBe('4')
  expect(dammDigit('5724')).toBe('0')
})

test('every single wrong digit and every swap of neighbours in PIN1 is found (S4)', () => {
  for (const body of ['00000000000', '01234567890', '98765432109', '33333777771']) {
    const pin1 = body + dammDigit(body)
    expect(hasValidCheckDigit(pin1)).toBe(true)
    for (let at = 0; at < pin1.length; at += 1) {
      const [before, digit, next, after] = [pin1.slice(0, at), pin1[at], pin1[at + 1], pin1.slice(at + 2)]
      for (const wrong of '0123456789')
        if (wrong !== digit) expect(hasValidCheckDigit(before + wrong + (next ?? '') + after)).toBe(false)
      if (next !== undefined && next !== digit)
        expect(hasValidCheckDigit(before + next + digit + after)).toBe(false)
    }
  }
})

test('only 12 plain digits can be a PIN1 (S4)', () => {
  const pin1 = `01234567890${dammDigit('01234567890')}`
  for (const other of [
    '',
    pin1.slice(1),
    `${pin1}0`,
    pin1.replace('1', '١'),
    pin1.replace('0', 'O'),
    `${pin1}\n`,
  ])
    expect(hasValidCheckDigit(other)).toBe(false)
})

test('spaces and dashes of every kind are dropped from what is typed or pasted (S4)', () => {
  expect(withoutSeparators(' 0123-4567‑8901\u00a0')).toBe('012345678901')
  expect(withoutSeparators('0123 – 4567 — 8901\n')).toBe('012345678901')
  expect(withoutSeparators('01O3')).toBe('01O3')
})
