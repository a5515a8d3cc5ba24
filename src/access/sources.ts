import { sql } from 'drizzle-orm'
import { digest, type KeyRing } from '../crypto/keys.ts'
import type { Database } from '../database/database.ts'
import { sourceAttempts } from '../database/schema.ts'

/** What one network address may do, in one window of time (S42). */
const BUDGETS = {
  login: { limit: 30, windowMs: 15 * 60_000 },
  share: { limit: 30, windowMs: 15 * 60_000 },
  pin2: { limit: 10, windowMs: 60 * 60_000 },
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
    .values({ source: digest(peppers[0], 'source', source).toString('hex'), act, windowStart, count: 1 })
    .onConflictDoUpdate({
      target: [sourceAttempts.source, sourceAttempts.act, sourceAttempts.windowStart],
      set: { count: sql`${sourceAttempts.count} + 1` },
    })
    .returning({ count: sourceAttempts.count })
  return row && row.count > limit ? new Date(windowStart.getTime() + windowMs) : null
}
