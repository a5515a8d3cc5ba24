const MINUTE_MS = 60_000
const FIRST_LOCK_MS = 15 * MINUTE_MS
const FAILURES_BEFORE_LOCK = 5
const FAILURES_IN_ALL = 20
/** "Until PIN2 is sent anew or the desk unlocks" (S42), as an instant that PostgreSQL and Date can both hold. */
export const FOREVER = new Date('9999-01-01T00:00:00Z')

export type Failures = { failuresInRow: number; failuresInAll: number; lockedUntil: Date | null }

export const NO_FAILURES: Failures = { failuresInRow: 0, failuresInAll: 0, lockedUntil: null }

/** Until when this PIN1 takes no PIN2; null where it does now. */
export function lockedUntil(failures: Failures, now: Date): Date | null {
  return failures.lockedUntil && failures.lockedUntil > now ? failures.lockedUntil : null
}

/** One more wrong PIN2: 5 lock for 15 minutes, each further one doubles it, 20 in all lock until a new PIN2 (S42). */
export function afterFailure(failures: Failures, now: Date): Failures {
  const failuresInRow = failures.failuresInRow + 1
  const failuresInAll = failures.failuresInAll + 1
  if (failuresInAll >= FAILURES_IN_ALL) return { failuresInRow, failuresInAll, lockedUntil: FOREVER }
  if (failuresInRow < FAILURES_BEFORE_LOCK) return { failuresInRow, failuresInAll, lockedUntil: null }
  const doublings = failuresInRow - FAILURES_BEFORE_LOCK
  return {
    failuresInRow,
    failuresInAll,
    lockedUntil: new Date(now.getTime() + FIRST_LOCK_MS * 2 ** doublings),
  }
}

/** The right pair ends the row of failures; the total stays until a new PIN2, so that guessing between visits is capped too. */
export function afterSuccess(failures: Failures): Failures {
  return { ...failures, failuresInRow: 0, lockedUntil: null }
}
