import { and, eq, isNull } from 'drizzle-orm'
import { type Actor, record, transact } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { exams, publications, visits } from '../database/schema.ts'
import { AppError } from '../errors.ts'
import { type PublishingRules, publishReady, type Visit } from '../publications/publications.ts'
import { endPublications } from '../retention/retention.ts'
import { lockVisit } from './lock.ts'

type Call = { db: Database; rules: PublishingRules; actor: Actor; now: Date }

/** A visit by its id; refuses with the same 404 whether it never was or is deleted. */
export async function readVisit(db: Database, id: string): Promise<Visit> {
  const [visit] = await db.select().from(visits).where(eq(visits.id, id))
  if (!visit) throw new AppError('visit.not_found')
  return visit
}

/** Takes an exam off the portal; it does not come back by itself. */
export async function withdrawExam({ db, actor, now }: Call, visitId: string, examId: string): Promise<void> {
  await transact(db, async (tx) => {
    await lockVisit(tx, visitId)
    const online = await tx
      .select({ id: publications.id })
      .from(publications)
      .where(
        and(eq(publications.visitId, visitId), eq(publications.examId, examId), isNull(publications.endedAt)),
      )
    if (online.length === 0) return
    const publicationIds = online.map(({ id }) => id)
    await endPublications(tx, { visitId, publicationIds, endedBy: 'desk', actor, source: null, now })
  })
}

/**
 * Marks an exam as excluded by law from online delivery, which takes it off at once (S41), or takes the mark away again:
 * what never was online is then published when it is ready.
 */
export async function excludeExam(
  { db, rules, actor, now }: Call,
  visitId: string,
  examId: string,
  excluded: boolean,
): Promise<void> {
  await transact(db, async (tx) => {
    await lockVisit(tx, visitId)
    const changed = await tx
      .update(exams)
      .set({ excluded })
      .where(and(eq(exams.id, examId), eq(exams.visitId, visitId), eq(exams.excluded, !excluded)))
      .returning({ id: exams.id })
    if (changed.length === 0) return
    record(tx, now, { event: excluded ? 'exam.excluded' : 'exam.included', actor, visitId, examId })
    if (!excluded) return publishReady(tx, visitId, rules, now)
    const online = await tx
      .select({ id: publications.id })
      .from(publications)
      .where(and(eq(publications.examId, examId), isNull(publications.endedAt)))
    if (online.length === 0) return
    const publicationIds = online.map(({ id }) => id)
    await endPublications(tx, { visitId, publicationIds, endedBy: 'desk', actor, source: null, now })
  })
}
