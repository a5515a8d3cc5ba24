import { and, eq, inArray, isNull, or, sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { exams, pacsDocuments, reports, studies } from '../database/schema.ts'

/**
 * Lets the documents of a visit's studies be looked at again, after what they were judged by has changed: who the person
 * is, which exams there are, or a consent that is given again. Those refused, and those taken whose copy was deleted with
 * their publication (S26); what is at hand stays as it is. The caller holds the visit's row.
 */
export async function rereadDocuments(tx: Transaction, visitId: string): Promise<void> {
  const ofVisit = eq(exams.visitId, visitId)
  const numbers = tx.select({ number: exams.accessionNumber }).from(exams).where(ofVisit)
  const withoutCopy = tx
    .select({ number: exams.accessionNumber })
    .from(exams)
    .innerJoin(reports, eq(reports.examId, exams.id))
    .where(and(ofVisit, isNull(reports.supersededAt), isNull(reports.document)))
  const studiesOf = (accessions: typeof numbers) =>
    tx.select({ id: studies.orthancId }).from(studies).where(inArray(studies.accessionNumber, accessions))
  const again = await tx
    .delete(pacsDocuments)
    .where(
      or(
        and(eq(pacsDocuments.state, 'refused'), inArray(pacsDocuments.studyId, studiesOf(numbers))),
        and(eq(pacsDocuments.state, 'taken'), inArray(pacsDocuments.studyId, studiesOf(withoutCopy))),
      ),
    )
    .returning({ id: pacsDocuments.studyId })
  if (again.length === 0) return
  const ids = again.map(({ id }) => id)
  // Another number each time: whoever is looking through the study now does not take it for done.
  const documentsRevision = sql`least(${studies.documentsRevision}, 0) - 1`
  await tx.update(studies).set({ documentsRevision }).where(inArray(studies.orthancId, ids))
}
