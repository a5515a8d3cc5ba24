import { eq, sql } from 'drizzle-orm'
import { record, transact } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { exams, manifests, publications, studies, visits } from '../database/schema.ts'
import { discardDerived } from '../derived/discard.ts'
import { addDays, dayInRome } from '../time/rome.ts'
import { lockVisit } from '../visits/lock.ts'

const BATCH = 200

/**
 * Deletes visits whose term is over: nothing of them is online, and they were registered, examined, reported and taken
 * off longer ago than `days` (GDPR, art. 5.1.e). With a visit go its exams, reports, mails, shares and sessions; the audit
 * trail stays, and keeps the Accession Number of what was deleted. The PACS is not touched. Returns how many went.
 */
export async function deleteOldVisits(db: Database, days: number, now: Date): Promise<number> {
  const lastDay = addDays(dayInRome(now), -days)
  const before = new Date(now.getTime() - days * 24 * 60 * 60_000).toISOString()
  const isOver = sql`
    v.registered_at < ${before}
    and not exists (select 1 from exams e where e.visit_id = v.id and e.exam_date >= ${lastDay})
    and not exists (select 1 from publications p where p.visit_id = v.id and (p.ended_at is null or p.ended_at >= ${before}))
    and not exists (select 1 from exams e join reports r on r.exam_id = e.id where e.visit_id = v.id and r.received_at >= ${before})`
  const over = await db.execute<{ id: string }>(
    sql`select v.id from visits v where ${isOver} order by v.registered_at limit ${BATCH}`,
  )
  let deleted = 0
  for (const { id } of over) {
    await transact(db, async (tx) => {
      // Between the question and the lock it may have been published again, or deleted by another gateway.
      const [still] = await tx.execute(
        sql`select 1 from visits v where v.id = ${id} and ${isOver} for update`,
      )
      if (!still) return
      const { accessionNumber } = await lockVisit(tx, id)
      const made = sql`(select orthanc_id from ${studies} where accession_number in
        (select accession_number from ${exams} where visit_id = ${id}))`
      await tx.delete(manifests).where(sql`${manifests.orthancId} in ${made}`)
      await discardDerived(tx, made, now)
      // Publications name their report's row: they go first.
      await tx.delete(publications).where(eq(publications.visitId, id))
      await tx.delete(visits).where(eq(visits.id, id))
      record(tx, now, {
        event: 'visit.deleted',
        actor: { kind: 'system' },
        visitId: id,
        details: { accessionNumber },
      })
      deleted += 1
    })
  }
  return deleted
}
