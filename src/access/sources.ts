import { isIPv6 } from 'node:net'
import { and, eq, sql } from 'drizzle-orm'
import { digest, type KeyRing } from '../crypto/keys.ts'
import type { Database } from '../database/database.ts'
import { sourceAttempts } from '../database/schema.ts'

/** What one network address may do, in one window of time (S42). */
const BUDGETS = {
  login: { limit: 30, windowMs: 15 * 60_000 },
  share: { limit: 30, windowMs: 15 * 60_000 },
  /** Of the console: passwords and set-up links. */
  staff: { limit: 30, windowMs: 15 * 60_000 },
  identity: { limit: 30, windowMs: 15 * 60_000 },
  pin2: { limit: 10, windowMs: 60 * 60_000 },
  /** New PIN2s asked for one PIN1, whether that PIN1 exists or not. */
  'pin2-of': { limit: 5, windowMs: 24 * 60 * 60_000 },
  /** Wrong PINs of all together: past it, the alarm is raised once. */
  'failure-of-anybody': { limit: 200, windowMs: 15 * 60_000 },
} as const

type Spending = { act: keyof typeof BUDGETS; source: string; peppers: KeyRing; now: Date }

/** Takes one act from the budget of a source; null where it may go on, else when it may try again. The address is kept as an HMAC. */
export async function spend(db: Database, spending: Spending): Promise<Date | null> {
  const { limit, windowMs } = BUDGETS[spending.act]
  const { count, windowStart } = await countUp(db, spending)
  return count > limit ? new Date(windowStart.getTime() + windowMs) : null
}

/**
 * Counts a wrong PIN of anybody, anywhere. True once in a quarter of an hour in which there are more than people
 * mistype: many sources that each stay within their budget are an attack all the same (S42).
 */
export async function isAlarming(db: Database, peppers: KeyRing, now: Date): Promise<boolean> {
  const { count } = await countUp(db, { act: 'failure-of-anybody', source: 'anybody', peppers, now })
  return count === BUDGETS['failure-of-anybody'].limit + 1
}

async function countUp(
  db: Database,
  { act, source, peppers, now }: Spending,
): Promise<{ count: number; windowStart: Date }> {
  const { windowMs } = BUDGETS[act]
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
  return { count: row?.count ?? 1, windowStart }
}

/** Gives an act back that was no attempt at guessing: the right PINs. A waiting room's people share one address. */
export async function giveBack(db: Database, { act, source, peppers, now }: Spending): Promise<void> {
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
