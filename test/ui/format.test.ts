import { expect, test } from 'vitest'
import { durations } from '../../src/messages/it/durations.ts'
import {
  formatDay,
  formatDuration,
  formatInstantDay,
  formatInstantTime,
  formatSize,
  groupPin,
} from '../../src/ui/format.ts'

test('a calendar day is written gg/mm/aaaa whatever the time zone (S49)', () => {
  expect(formatDay('2020-07-02')).toBe('02/07/2020')
})

test('an instant is told as a clock in Italy shows it, summer and winter (S49)', () => {
  const summer = new Date('2026-06-30T22:30:00Z')
  const winter = new Date('2026-12-31T23:30:00Z')
  expect([formatInstantDay(summer), formatInstantTime(summer)]).toEqual(['01/07/2026', '00:30'])
  expect([formatInstantDay(winter), formatInstantTime(winter)]).toEqual(['01/01/2027', '00:30'])
})

test('sizes are told in decimal units, with a comma (S22)', () => {
  const told = [999, 1000, 524_700, 999_700, 1_000_000, 271_483_904, 1_249_000_000, 4_700_000_000, 12e9]
  expect(told.map(formatSize)).toEqual([
    '999 byte',
    '1 kB',
    '525 kB',
    '1 MB',
    '1 MB',
    '271 MB',
    '1,2 GB',
    '4,7 GB',
    '12 GB',
  ])
})

test('an estimate of time is rough, and never jumps from minutes to nothing (S22)', () => {
  const told = [0.2, 9, 11, 54, 56, 89, 91, 600, 3400, 3600, 5400, 86_400]
  expect(told.map((seconds) => formatDuration(seconds, durations))).toEqual([
    'pochi secondi',
    'pochi secondi',
    'circa 20 secondi',
    'circa 1 minuto',
    'circa 1 minuto',
    'circa 1 minuto',
    'circa 2 minuti',
    'circa 10 minuti',
    'circa 1 ora',
    'circa 1 ora',
    'circa 1 ora e 30 minuti',
    'circa 24 ore',
  ])
})

test('PINs are grouped by four (S4)', () => {
  expect(groupPin('012345678901')).toBe('0123-4567-8901')
  expect(groupPin('01234567')).toBe('0123-4567')
})
