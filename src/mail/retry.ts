const FIRST_PAUSE_MS = 15_000
const LONGEST_PAUSE_MS = 60 * 60_000

/** When to try again after the n-th failure: 15 s, doubling up to an hour, for as long as it takes (S9). */
export function nextAttempt(attempts: number, now: Date): Date {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, attempts - 1), LONGEST_PAUSE_MS)
  return new Date(now.getTime() + pause)
}
