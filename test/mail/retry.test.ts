import { expect, test } from 'vitest'
import { nextAttempt } from '../../src/mail/retry.ts'

test('S9: a mail is tried again after 15 seconds, then after pauses that double up to an hour, without end', () => {
  const now = new Date('2026-11-23T10:00:00Z')
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1_000].map(
    (attempts) => (nextAttempt(attempts, now).getTime() - now.getTime()) / 1000,
  )
  expect(pauses).toEqual([15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600])
})
