import { and, eq, lt, notExists, or, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { exams, studies } from '../database/schema.ts'

const DAY_MS = 24 * 60 * 60_000
const KEEP_GONE_MS = 30 * DAY_MS
const KEEP_UNWANTED_MS = 90 * DAY_MS

/**
 * Forgets of the archive's studies what nothing wants (GDPR, art. 5.1.e): the rows of those that it has no more, and birth
 * date and description of those that belong to no exam of a visit. Their UIDs and numbers stay: a visit may be registered
 * after its images came, however late (S6), and Orthanc tells of a study once.
 */
export async function forgetStudies(db: Database, now: Date): Promise<void> {
  const before = (age: number) => new Date(now.getTime() - age)
  await db
    .delete(studies)
    .where(and(eq(studies.state, 'gone'), lt(studies.changedAt, before(KEEP_GONE_MS)), notExists(derived)))
  const wanting = db
    .select({ id: exams.id })
    .from(exams)
    .where(eq(exams.accessionNumber, studies.accessionNumber))
  const told = or(sql`${studies.patientBirthDate} is not null`, sql`${studies.description} is not null`)
  await db
    .update(studies)
    .set({ patientBirthDate: null, description: null })
    .where(and(told, lt(studies.changedAt, before(KEEP_UNWANTED_MS)), notExists(wanting)))
}

// Their files are deleted first, by cleanDerived().
const derived = sql`(select 1 from derivations d where d.orthanc_id = studies.orthanc_id)`
