import { eq, sql } from 'drizzle-orm'
import type { Viewer } from '../access/access.ts'
import { record, transact } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { publications } from '../database/schema.ts'

const ACTS = {
  viewed: { event: 'report.viewed', column: 'firstViewedAt' },
  downloaded: { event: 'report.downloaded', column: 'firstDownloadedAt' },
  // The report is on the disc.
  disc: { event: 'disc.downloaded', column: 'firstDownloadedAt' },
} as const

/** Notes that somebody saw the report, or took the signed file or the disc; the patient's first time is the proof of collection (S39b). */
export async function noteCollected(
  db: Database,
  act: keyof typeof ACTS,
  viewer: Viewer,
  { publication, exam }: Viewer['online'][number],
  source: string,
  now: Date,
): Promise<void> {
  const { event, column } = ACTS[act]
  await transact(db, async (tx) => {
    // Only the person's own reading is the collection of the report; later versions do not undo it.
    if (!viewer.share) {
      const collected = { openedAt: earliest('openedAt', now), [column]: earliest(column, now) }
      await tx.update(publications).set(collected).where(eq(publications.id, publication.id))
    }
    record(tx, now, {
      event,
      actor: viewer.actor,
      source,
      visitId: viewer.visit.id,
      examId: exam.id,
    })
  })
}

const earliest = (column: 'openedAt' | 'firstViewedAt' | 'firstDownloadedAt', now: Date) =>
  sql`coalesce(${publications[column]}, ${now.toISOString()}::timestamptz)`
