import { and, eq } from 'drizzle-orm'
import { type Actor, record, transact } from '../audit/audit.ts'
import type { Database, Transaction } from '../database/database.ts'
import { exams } from '../database/schema.ts'
import { AppError } from '../errors.ts'
import { rereadDocuments } from '../pacs/reread.ts'
import { publishReady } from '../publications/publications.ts'
import { besides, byDesk, differing } from './corrected.ts'
import { excludeExam } from './desk-acts.ts'
import { addExam, type OrderedExam } from './exams.ts'
import { lockVisit } from './lock.ts'
import { type Correction, correctPatient } from './patients.ts'
import { refuseKnown, type VisitRules } from './visits.ts'

type Call = { db: Database; rules: VisitRules; actor: Actor; now: Date }

/** An exam as it should be; without an id it is a new one. */
export type CorrectedExam = OrderedExam & { id: string | null }

/**
 * Corrects what was mistyped of a visit, the person and the exams, and adds exams: all of it or, where an Accession Number
 * is another visit's, nothing. What is online stays so, with the new data; what was refused for the old ones is looked at
 * again. Exams that are not named stay as they are. What the desk corrects, a system does not bring back (`besides()`).
 */
export async function correctVisit(
  call: Call,
  visitId: string,
  { patient, exams: wanted = [] }: { patient: Correction; exams?: CorrectedExam[] },
): Promise<void> {
  const { rules, actor, now } = call
  await transact(call.db, async (tx) => {
    const numbers = wanted.map(({ accessionNumber }) => accessionNumber)
    if (numbers.length > 0) await refuseKnown(tx, numbers, visitId)
    const visit = await lockVisit(tx, visitId)
    const isDesk = actor.kind === 'staff'
    const said = isDesk ? patient : besides(visit.corrected, patient)
    await correctPatient(tx, visit, said, { actor, now, isDesk })
    for (const exam of wanted) {
      if (exam.id === null) await addExam({ ...call, db: tx }, visitId, exam)
      else await correctExam(tx, call, visitId, { ...exam, id: exam.id })
    }
    await publishReady(tx, visitId, rules, now)
  })
}

async function correctExam(
  tx: Transaction,
  call: Call,
  visitId: string,
  wanted: CorrectedExam & { id: string },
): Promise<void> {
  const { id, accessionNumber, description, date: examDate, imagesExpected, excluded } = wanted
  const own = and(eq(exams.id, id), eq(exams.visitId, visitId))
  const [before] = await tx.select().from(exams).where(own)
  if (!before) throw new AppError('exam.not_found')
  if (excluded !== before.excluded) await excludeExam({ ...call, db: tx }, visitId, id, excluded)
  const after = { accessionNumber, description, examDate, imagesExpected }
  const changes = differing(after, before)
  if (Object.keys(changes).length === 0) return
  const corrected = byDesk(before.corrected, before, changes, call.now)
  await tx
    .update(exams)
    .set({ ...after, corrected })
    .where(own)
  const details = { changed: 'exam' }
  record(tx, call.now, { event: 'visit.changed', actor: call.actor, visitId, examId: id, details })
  await rereadDocuments(tx, visitId)
}
