import { eq, sql } from 'drizzle-orm'
import { type Actor, recordAlone } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { AppError } from '../errors.ts'
import type { PublishingRules, Visit } from '../publications/publications.ts'
import { deliverReport } from '../reports/reports.ts'
import type { Inspection } from '../signature/signature.ts'
import { findVisit } from '../visits/visits.ts'
import type { Delivery, Subject } from './delivery.ts'
import { personOf } from './find.ts'
import { localReference, type Place } from './resource.ts'
import { v } from './tables.ts'

type Call = {
  db: Database
  rules: PublishingRules
  inspect: (document: Uint8Array) => Promise<Inspection>
  actor: Actor
  now: Date
  place: Place
}

/** Delivers a report that came by FHIR as the REST API does, once it is sure that it is this person's. */
export async function deliver(call: Call, { accessionNumber, report, subject }: Delivery) {
  const { db, actor, now } = call
  const visit = await visitOf(db, accessionNumber)
  if (!(await isSame(call, visit, subject))) {
    const details = { reason: 'report.other_patient' }
    await recordAlone(db, now, { event: 'report.refused', actor, visitId: visit.id, details })
    throw new AppError(
      'report.other_patient',
      'The subject of the report is not the person of the visit with this Accession Number.',
    )
  }
  return deliverReport(call, accessionNumber, report)
}

async function visitOf(db: Database, accessionNumber: string): Promise<Visit> {
  try {
    return await findVisit(db, accessionNumber)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'visit.not_found') throw error
    // 404 would say that there is nothing to post to (R4 §3.1.0.8).
    throw new AppError('report.no_visit', error.detail)
  }
}

/** Nothing that the report says of its person may be otherwise in the visit; what it does not say is not asked for. */
async function isSame({ db, place }: Call, visit: Visit, subject: Subject): Promise<boolean> {
  const { taxCodes, patientIds, birthDate, reference } = subject
  if (visit.taxCode && taxCodes.some((code) => code !== visit.taxCode)) return false
  if (visit.patientId && patientIds.some((id) => id !== visit.patientId)) return false
  // A date of R4 may be a year or a month alone.
  if (birthDate !== null && !visit.birthDate.startsWith(birthDate)) return false
  const own = reference === null ? null : localReference(place, 'Patient', reference)
  if (own === null) return true
  const [row] = await db
    .select({ person: personOf(sql`v`) })
    .from(v)
    .where(eq(v.id, visit.id))
  return row?.person === own
}
