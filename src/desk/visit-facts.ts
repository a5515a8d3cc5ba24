import { desc, eq, inArray } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { exams, publications } from '../database/schema.ts'
import type { Publication, Visit } from '../publications/publications.ts'
import { visitState } from '../visits/state.ts'

type State = Awaited<ReturnType<typeof visitState>>

/** An exam as the desk sees it: its state, and by what it is acted upon. */
export type DeskExam = State['exams'][number] & { id: string; latest: Publication | null }

export type VisitFacts = { visit: Visit; state: State; exams: DeskExam[] }

/** All that the page of one visit tells. */
export async function visitFacts(db: Database, visit: Visit, now: Date): Promise<VisitFacts> {
  const state = await visitState(db, visit, now)
  const rows = await db.select().from(exams).where(eq(exams.visitId, visit.id)).orderBy(exams.position)
  const ids = rows.map(({ id }) => id)
  const published = await db
    .select()
    .from(publications)
    .where(inArray(publications.examId, ids))
    .orderBy(desc(publications.publishedAt))
  const combined = state.exams.flatMap((exam, index) => {
    const id = rows[index]?.id
    return id ? { ...exam, id, latest: published.find(({ examId }) => examId === id) ?? null } : []
  })
  return { visit, state, exams: combined }
}
