import { expect, test } from 'vitest'
import {
  afterFailure,
  afterSuccess,
  type Failures,
  FOREVER,
  lockedUntil,
  NO_FAILURES,
} from '../../src/access/lockout.ts'

const NOW = new Date('2026-11-23T10:00:00Z')
const MINUTE = 60_000

/** What a row of wrong PIN2s locks for, in minutes, one after the other. */
function locksOf(count: number): (number | 'no' | 'for good')[] {
  let failures: Failures = NO_FAILURES
  return Array.from({ length: count }, () => {
    failures = afterFailure(failures, NOW)
    const until = lockedUntil(failures, NOW)
    if (!until) return 'no'
    return until >= FOREVER ? 'for good' : (until.getTime() - NOW.getTime()) / MINUTE
  })
}

test('S42: five wrong PIN2s lock for 15 minutes, each further one doubles it, the twentieth locks for good', () => {
  expect(locksOf(20)).toEqual([
    ...['no', 'no', 'no', 'no'],
    ...[15, 30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 30_720, 61_440, 122_880, 245_760],
    'for good',
  ])
})

test('S42: a lock ends at its very instant', () => {
  const failures = { failuresInRow: 5, failuresInAll: 5, lockedUntil: NOW }
  expect(lockedUntil(failures, new Date(NOW.getTime() - 1))).toEqual(NOW)
  expect(lockedUntil(failures, NOW)).toBeNull()
})

test('S42: the right PIN2 ends the row but not the count in all, so that guessing between visits is capped too', () => {
  let failures: Failures = NO_FAILURES
  let tries = 0
  while ((lockedUntil(failures, NOW) ?? NOW) < FOREVER) {
    failures = afterFailure(failures, NOW)
    tries += 1
    // Four wrong ones each time, then the person comes by.
    if (tries % 4 === 0 && !lockedUntil(failures, NOW)) failures = afterSuccess(failures)
    if (tries > 100) break
  }
  expect(tries).toBe(20)
})
