import { inArray, type SQLWrapper } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { derivations } from '../database/schema.ts'

/**
 * Ends what was made of some studies (Orthanc's ids, by a query), with the publication in one transaction (S26): from
 * the commit on nobody finds it, and the next gateway that looks deletes the files (`cleanDerived()`).
 */
export async function discardDerived(tx: Transaction, ofStudies: SQLWrapper, now: Date): Promise<void> {
  const discarded = { discardedAt: now, preparedAt: null, index: null, sizeBytes: null }
  await tx.update(derivations).set(discarded).where(inArray(derivations.orthancId, ofStudies))
}
