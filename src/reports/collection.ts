import { and, desc, eq, sql } from 'drizzle-orm'
import type { Viewer } from '../access/access.ts'
import { record, transact } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { publications, reports } from '../database/schema.ts'

const ACTS = {
  viewed: { event: 'report.viewed', column: 'firstViewedAt' },
  downloaded: { event: 'report.downloaded', column: 'firstDownloadedAt' },
  // The report is on the disc: who has all of it has the report.
  disc: { event: 'disc.completed', column: 'firstDiscAt' },
} as const

type Online = Viewer['online'][number]

/**
 * Notes that somebody saw the report, or took the signed file or the whole disc; the patient's first time is the proof of
 * collection, of the version they were shown (S39b).
 */
export async function noteCollected(
  db: Database,
  act: keyof typeof ACTS,
  viewer: Viewer,
  { publication, exam }: Online,
  source: string,
  now: Date,
): Promise<void> {
  const { event, column } = ACTS[act]
  await transact(db, async (tx) => {
    // Only the person's own reading is the collection of the report.
    if (!viewer.share) {
      const { id, reportId } = publication
      await tx
        .update(publications)
        .set({
          openedAt: earliest(publications.openedAt, now),
          [column]: earliest(publications[column], now),
        })
        .where(and(eq(publications.id, id), eq(publications.reportId, reportId)))
      await tx
        .update(reports)
        .set({ [column]: earliest(reports[column], now) })
        .where(eq(reports.id, reportId))
    }
    record(tx, now, { event, ...byWhom(viewer, exam), source })
  })
}

/** Notes that a disc is being downloaded: an access, and no collection before its end. */
export async function noteDiscAsked(
  db: Database,
  viewer: Viewer,
  { exam }: Online,
  source: string,
  now: Date,
): Promise<void> {
  await transact(db, async (tx) => {
    record(tx, now, { event: 'disc.downloaded', ...byWhom(viewer, exam), source })
  })
}

const byWhom = (viewer: Viewer, exam: Online['exam']) => ({
  actor: viewer.actor,
  visitId: viewer.visit.id,
  examId: exam.id,
})

export type Collection = {
  version: number
  supersededAt: Date | null
  firstViewedAt: Date | null
  firstDownloadedAt: Date | null
  firstDiscAt: Date | null
}

/** When each version of an exam's report was collected, the present one first. */
export function collectionsOf(db: Database, examId: string): Promise<Collection[]> {
  const { version, supersededAt, firstViewedAt, firstDownloadedAt, firstDiscAt } = reports
  return db
    .select({ version, supersededAt, firstViewedAt, firstDownloadedAt, firstDiscAt })
    .from(reports)
    .where(eq(reports.examId, examId))
    .orderBy(desc(version))
}

type Dates = Pick<Collection, 'firstViewedAt' | 'firstDownloadedAt' | 'firstDiscAt'>

/** The day on which a report was collected, whichever way; null where it was not. */
export function collectedAt({ firstViewedAt, firstDownloadedAt, firstDiscAt }: Dates): Date | null {
  const happened = [firstViewedAt, firstDownloadedAt, firstDiscAt].flatMap(
    (instant) => instant?.getTime() ?? [],
  )
  return happened.length > 0 ? new Date(Math.min(...happened)) : null
}

type Column = (typeof publications | typeof reports)[keyof Dates] | typeof publications.openedAt

const earliest = (column: Column, now: Date) => sql`coalesce(${column}, ${now.toISOString()}::timestamptz)`
