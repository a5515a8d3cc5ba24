import { eq } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { visits } from '../database/schema.ts'
import { AppError } from '../errors.ts'

/** Takes the visit's row for this transaction: whoever changes a visit takes turns. */
export async function lockVisit(tx: Transaction, id: string): Promise<typeof visits.$inferSelect> {
  const [visit] = await tx.select().from(visits).where(eq(visits.id, id)).for('no key update')
  if (!visit) throw new AppError('visit.not_found')
  return visit
}
