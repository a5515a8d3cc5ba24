import { eq, inArray, sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { loginLocks } from '../database/schema.ts'
import { type Failures, NO_FAILURES } from './lockout.ts'

export type FailureRow = Failures & { pin1Digest: string }

/**
 * Takes the row that counts the failures of one login: parallel guesses at it wait for each other. `keys` are the digests
 * it may be known by, after a rotation of the pepper more than one. There is a row for logins that do not exist too.
 */
export async function lockFailures(tx: Transaction, keys: string[], now: Date): Promise<FailureRow> {
  const ofIt = inArray(loginLocks.pin1Digest, keys)
  const { failuresInRow, failuresInAll } = NO_FAILURES
  // The same questions whether there is a row or not: the time would tell which PIN1 was used before (S43).
  await tx.execute(sql`
    insert into ${loginLocks} (pin1_digest, failures_in_row, failures_in_all, last_failure_at)
    select ${keys[0] ?? ''}, ${failuresInRow}::integer, ${failuresInAll}::integer, ${now.toISOString()}::timestamptz
    where not exists (select 1 from ${loginLocks} where ${ofIt}) on conflict do nothing`)
  const [row] = await tx.select().from(loginLocks).where(ofIt).for('update')
  if (!row) throw new Error('the row of failures is not there')
  return row
}

/** Writes down what a try has made of it. */
export async function noteFailures(
  tx: Transaction,
  row: FailureRow,
  next: Failures,
  now: Date,
): Promise<void> {
  const { failuresInRow, failuresInAll, lockedUntil } = next
  await tx
    .update(loginLocks)
    .set({ failuresInRow, failuresInAll, lockedUntil, lastFailureAt: now })
    .where(eq(loginLocks.pin1Digest, row.pin1Digest))
}
