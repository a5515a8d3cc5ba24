import { isIPv6 } from 'node:net'
import { and, eq, sql } from 'drizzle-orm'
import { digest, type KeyRing } from '../crypto/keys.ts'
import type { Database } from '../database/database.ts'
import { sourceAttempts } from '../database/schema.ts'

/** What one network address may do, in one window of time (S42). */
const BUDGETS = {
  login: { limit: 30, windowMs: 15 * 60_000 },
  share: { limit: 30, windowMs: 15 * 60_000 },
  pin2: { limit: 10, windowMs: 60 * 60_000 },
  /** New PIN2s asked for one PIN1, whether that PIN1 exists or not. */
  'pin2-of': { limit: 5, windowMs: 24 * 60 * 60_000 },
} as const

/** Takes one act from the budget of a source; null where it may go on, else when it may try again. The address is kept as an HMAC. */
export async function spend(
  db: Database,
  options: { act: keyof typeof BUDGETS; source: string; peppers: KeyRing; now: Date },
): Promise<Date | null> {
  const { act, source, peppers, now } = options
  const { limit, windowMs } = BUDGETS[act]
  const windowStart = new Date(Math.floor(now.getTime() / windowMs) * windowMs)
  const [row] = await db
    .insert(sourceAttempts)
    .values({
      source: digest(peppers[0], 'source', household(source)).toString('hex'),
      act,
      windowStart,
      count: 1,
    })
    .onConflictDoUpdate({
      target: [sourceAttempts.source, sourceAttempts.act, sourceAttempts.windowStart],
      set: { count: sql`${sourceAttempts.count} + 1` },
    })
    .returning({ count: sourceAttempts.count })
  return row && row.count > limit ? new Date(windowStart.getTime() + windowMs) : null
}

/** Gives an act back that was no attempt at guessing: the right PINs. A waiting room's people share one address. */
export async function giveBack(
  db: Database,
  options: { act: keyof typeof BUDGETS; source: string; peppers: KeyRing; now: Date },
): Promise<void> {
  const { act, source, peppers, now } = options
  const { windowMs } = BUDGETS[act]
  const windowStart = new Date(Math.floor(now.getTime() / windowMs) * windowMs)
  const key = digest(peppers[0], 'source', household(source)).toString('hex')
  const row = and(
    eq(sourceAttempts.source, key),
    eq(sourceAttempts.act, act),
    eq(sourceAttempts.windowStart, windowStart),
  )
  await db
    .update(sourceAttempts)
    .set({ count: sql`${sourceAttempts.count} - 1` })
    .where(row)
}

/** IPv6 gives every line a /64 (RFC 6177): its addresses are one source, or the budget would be without end. */
function household(source: string): string {
  if (!isIPv6(source)) return source
  const [head = '', tail] = source.toLowerCase().split('%')[0]?.split('::') ?? []
  const groups = head.split(':').filter(Boolean)
  const rest = tail === undefined ? [] : tail.split(':').filter(Boolean)
  // A dotted quad at the end stands for two groups.
  const dotted = [...groups, ...rest].at(-1)?.includes('.') ? 1 : 0
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length - dotted)
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest]
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
