import { and, asc, eq, or, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { auditEvents, exams, shares, visits } from '../database/schema.ts'
import type { AuditEvent } from './audit.ts'

export type Access = {
  at: Date
  who: { kind: 'patient' | 'doctor' | 'ris' | 'desk' | 'system' | 'anonymous'; name: string | null }
  event: AuditEvent['event']
  /** Description of the exam, where the act was about one. */
  exam: string | null
}

/** Who did what with a visit's exams, newest first: what the person may read of the audit trail (S39). */
export async function listAccesses(db: Database, visitId: string): Promise<Access[]> {
  const rows = await db
    .select({
      at: auditEvents.at,
      actor: auditEvents.actor,
      event: auditEvents.event,
      examId: auditEvents.examId,
    })
    .from(auditEvents)
    .where(or(eq(auditEvents.visitId, visitId), listing(visitId)))
    .orderBy(asc(auditEvents.seq))
  const ofVisit = await db
    .select({ id: exams.id, description: exams.description })
    .from(exams)
    .where(eq(exams.visitId, visitId))
  const doctors = await db
    .select({ id: shares.id, familyName: shares.familyName, givenName: shares.givenName })
    .from(shares)
    .where(eq(shares.visitId, visitId))
  return rows.reverse().map(({ at, actor, event, examId }) => ({
    at,
    who: whoOf(actor, doctors),
    event: event as AuditEvent['event'],
    exam: ofVisit.find(({ id }) => id === examId)?.description ?? null,
  }))
}

/** The searches and lists of the desk in which the person's name was on a screen. */
function listing(visitId: string) {
  const since = sql`(select ${visits.registeredAt} from ${visits} where ${visits.id} = ${visitId})`
  return and(
    eq(auditEvents.event, 'desk.searched'),
    // None can be older: the trail of years is not read through.
    sql`${auditEvents.at} >= ${since}`,
    sql`${auditEvents.details}->>'visits' like ${`%${visitId}%`}`,
  )
}

function whoOf(
  actor: string,
  doctors: { id: string; familyName: string; givenName: string }[],
): Access['who'] {
  const [kind = '', name = ''] = actor.split(/:(.*)/s)
  if (kind === 'ris') return { kind, name }
  if (kind === 'doctor') {
    const doctor = doctors.find(({ id }) => id === name)
    return { kind, name: doctor ? `${doctor.familyName} ${doctor.givenName}` : null }
  }
  // The person is told that it was the desk; which of its staff, the trail knows.
  if (kind === 'staff') return { kind: 'desk', name: null }
  return { kind: kind === 'patient' || kind === 'anonymous' ? kind : 'system', name: null }
}
