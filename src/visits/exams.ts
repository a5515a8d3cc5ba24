import { and, eq, gt, isNull, max } from 'drizzle-orm'
import { type Actor, record, transact } from '../audit/audit.ts'
import type { Database, Transaction } from '../database/database.ts'
import { exams, publications, reports } from '../database/schema.ts'
import { rereadDocuments } from '../pacs/reread.ts'
import { publishReady } from '../publications/publications.ts'
import { endPublications } from '../retention/retention.ts'
import { besides, bySystem, differing } from './corrected.ts'
import { lockVisit } from './lock.ts'
import { refuseKnown, type VisitRules } from './visits.ts'

type Exam = typeof exams.$inferSelect
type Call = { db: Database; rules: VisitRules; actor: Actor; now: Date }

export type OrderedExam = {
  accessionNumber: string
  description: string
  date: string
  imagesExpected: boolean
  excluded: boolean
}

/** The exams of an Accession Number; none where it is not registered. */
export async function examsOf(db: Database, accessionNumber: string): Promise<Exam[]> {
  return db.select().from(exams).where(eq(exams.accessionNumber, accessionNumber)).orderBy(exams.position)
}

/** Has a report of the exams of an Accession Number come after an instant? */
export async function reportedSince(
  db: Database,
  visitId: string,
  accessionNumber: string,
  instant: Date,
): Promise<boolean> {
  const [newer] = await db
    .select({ id: reports.id })
    .from(reports)
    .innerJoin(exams, eq(exams.id, reports.examId))
    .where(
      and(
        eq(exams.visitId, visitId),
        eq(exams.accessionNumber, accessionNumber),
        gt(reports.receivedAt, instant),
      ),
    )
    .limit(1)
  return newer !== undefined
}

/** Adds an exam to a registered visit: the list grows, one pair of PINs opens all of it (S6). */
export async function addExam(
  { db, rules, actor, now }: Call,
  visitId: string,
  exam: OrderedExam,
): Promise<void> {
  const { accessionNumber, description, date: examDate, imagesExpected, excluded } = exam
  await transact(db, async (tx) => {
    await refuseKnown(tx, [accessionNumber], visitId)
    await lockVisit(tx, visitId)
    const [last] = await tx
      .select({ position: max(exams.position) })
      .from(exams)
      .where(eq(exams.visitId, visitId))
    const position = (last?.position ?? -1) + 1
    await tx
      .insert(exams)
      .values({ visitId, position, accessionNumber, description, examDate, imagesExpected, excluded })
    record(tx, now, { event: 'visit.changed', actor, visitId, details: { changed: 'exam-added' } })
    await rereadDocuments(tx, visitId)
    await publishReady(tx, visitId, rules, now)
  })
}

/**
 * Brings an exam to what is ordered now; one that was cancelled is awaited again. An exam that the law excludes goes
 * offline at once (S41), and its exclusion is never taken back by an order that says nothing of it.
 */
export async function changeExam(
  { db, rules, actor, now }: Call,
  exam: Exam,
  ordered: Omit<OrderedExam, 'accessionNumber'>,
): Promise<void> {
  const { id, visitId } = exam
  const { description, date: examDate, imagesExpected } = ordered
  const wanted = besides(exam.corrected, { description, examDate, imagesExpected })
  const excluded = exam.excluded || ordered.excluded
  await transact(db, async (tx) => {
    await lockVisit(tx, visitId)
    const before = { ...exam, cancelledAt: exam.cancelledAt !== null }
    const after = { ...before, ...wanted, excluded, cancelledAt: false }
    if (JSON.stringify(before) === JSON.stringify(after)) return
    const corrected = bySystem(exam.corrected, differing(wanted, exam))
    await tx
      .update(exams)
      .set({ ...wanted, excluded, cancelledAt: null, corrected })
      .where(eq(exams.id, id))
    record(tx, now, { event: 'visit.changed', actor, visitId, examId: id, details: { changed: 'exam' } })
    await rereadDocuments(tx, visitId)
    if (excluded) await endExam(tx, exam, { endedBy: 'desk', actor, now })
    await publishReady(tx, visitId, rules, now)
  })
}

/** Notes that an exam is not done: nothing of it is published, and what is online of it ends. */
export async function cancelExam({ db, actor, now }: Call, { id, visitId }: Exam): Promise<void> {
  await transact(db, async (tx) => {
    await lockVisit(tx, visitId)
    const cancelled = await tx
      .update(exams)
      .set({ cancelledAt: now })
      .where(and(eq(exams.id, id), isNull(exams.cancelledAt)))
      .returning({ id: exams.id })
    if (cancelled.length === 0) return
    record(tx, now, {
      event: 'visit.changed',
      actor,
      visitId,
      examId: id,
      details: { changed: 'exam-cancelled' },
    })
    await endExam(tx, { id, visitId }, { endedBy: 'ris', actor, now })
  })
}

/**
 * Takes a report back, as its sender asks: what is online of it ends, and its text and document are deleted. The same
 * document does not come back; a corrected one does. False where there is no report.
 */
export async function withdrawReport({ db, actor, now }: Call, { id, visitId }: Exam): Promise<boolean> {
  return transact(db, async (tx) => {
    await lockVisit(tx, visitId)
    const nothing = { document: null, pdf: null, title: null, body: null, physician: null }
    const withdrawn = await tx
      .update(reports)
      .set({ supersededAt: now, ...nothing })
      .where(and(eq(reports.examId, id), isNull(reports.supersededAt)))
      .returning({ version: reports.version })
    const [report] = withdrawn
    if (!report) return false
    const { version } = report
    record(tx, now, { event: 'report.withdrawn', actor, visitId, examId: id, details: { version } })
    await endExam(tx, { id, visitId }, { endedBy: 'ris', actor, now })
    return true
  })
}

async function endExam(
  tx: Transaction,
  { id, visitId }: Pick<Exam, 'id' | 'visitId'>,
  { endedBy, actor, now }: { endedBy: 'ris' | 'desk'; actor: Actor; now: Date },
): Promise<void> {
  const online = await tx
    .select({ id: publications.id })
    .from(publications)
    .where(and(eq(publications.examId, id), isNull(publications.endedAt)))
  if (online.length === 0) return
  const publicationIds = online.map((publication) => publication.id)
  await endPublications(tx, { visitId, publicationIds, endedBy, actor, source: null, now })
}
