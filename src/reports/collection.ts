import { and, eq, isNull } from 'drizzle-orm'
import type { Viewer } from '../access/access.ts'
import { record, transact } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { publications } from '../database/schema.ts'

const ACTS = {
  viewed: { event: 'report.viewed', column: 'firstViewedAt' },
  downloaded: { event: 'report.downloaded', column: 'firstDownloadedAt' },
} as const

/** Notes that somebody saw the report or took the signed file; the patient's first time is the proof of collection (S39b). */
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
    const first = and(eq(publications.id, publication.id), isNull(publications[column]))
    // Only the person's own reading is the collection of the report (S39b).
    if (!viewer.share)
      await tx
        .update(publications)
        .set({ [column]: now })
        .where(first)
    record(tx, now, {
      event,
      actor: viewer.actor,
      source,
      visitId: viewer.visit.id,
      examId: exam.id,
    })
  })
}
