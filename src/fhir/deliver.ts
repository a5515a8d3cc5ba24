import { eq, sql } from 'drizzle-orm'
import { type Actor, recordAlone } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { AppError } from '../errors.ts'
import type { Visit } from '../publications/publications.ts'
import { deliverReport, examOf } from '../reports/reports.ts'
import type { Inspection } from '../signature/signature.ts'
import { withdrawReport } from '../visits/exams.ts'
import { findVisit, type VisitRules } from '../visits/visits.ts'
import type { Delivery, Subject } from './delivery.ts'
import { personOf } from './find.ts'
import { localReference, type Place } from './resource.ts'
import { v } from './tables.ts'

type Call = {
  db: Database
  rules: VisitRules
  inspect: (document: Uint8Array) => Promise<Inspection>
  actor: Actor
  now: Date
  place: Place
}

/** What became of a report: taken, there before, or taken back. */
export type Outcome = { created: boolean; told: string; examId: string; reportId: string | null }

/** Delivers a report that came by FHIR as the REST API does, or takes it back, once it is sure that it is this person's. */
export async function deliver(
  call: Call,
  { accessionNumber, exam: name, report, subject }: Delivery,
): Promise<Outcome> {
  const { db, actor, now } = call
  const visit = await visitOf(db, accessionNumber)
  if (!(await isSame(call, visit, subject))) {
    const details = { reason: 'report.other_patient' }
    // The desk's list names the exam, where it is clear which, and forgets it once that one's report has come.
    const exam = await examOf(db, visit, accessionNumber, { exam: name }).catch(() => null)
    const examId = exam?.id ?? null
    await recordAlone(db, now, { event: 'report.refused', actor, visitId: visit.id, examId, details })
    throw new AppError(
      'report.other_patient',
      'The subject of the report is not the person of the visit with this Accession Number.',
    )
  }
  if (report === null) {
    const exam = await examOf(db, visit, accessionNumber, { exam: name })
    const withdrawn = await withdrawReport(call, exam)
    const told = withdrawn ? 'The report is taken back.' : 'There was no report to take back.'
    return { created: false, told, examId: exam.id, reportId: null }
  }
  const { created, current, version, examId, reportId } = await deliverReport(call, accessionNumber, report)
  return { created, told: toldOf({ created, current, version }), examId, reportId }
}

function toldOf({ created, current, version }: { created: boolean; current: boolean; version: number }) {
  if (created) return `Taken as version ${version}.`
  if (current) return `The same document is there already, as version ${version}: nothing was changed.`
  return `This document is version ${version}, which is no longer shown: a newer one replaced it, or it was taken back.`
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
