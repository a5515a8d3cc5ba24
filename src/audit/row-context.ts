import { inArray } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { exams, shares, staff, studies, visits } from '../database/schema.ts'
import type { RowContext, TrailRow } from './dicom-message.ts'

/** Looks up the people and studies of some rows, as they are known now. */
export async function contextsOf(db: Database, rows: TrailRow[]): Promise<(row: TrailRow) => RowContext> {
  const visitIds = distinct(rows.map(({ visitId }) => visitId))
  const examIds = distinct(rows.map(({ examId }) => examId))
  const shareIds = distinct(rows.map(({ actor }) => idOf('doctor', actor)))
  const staffIds = distinct(rows.map(({ actor }) => idOf('staff', actor)))
  const people = new Map(
    (
      await select(visitIds, (ids) =>
        db
          .select({
            id: visits.id,
            familyName: visits.familyName,
            givenName: visits.givenName,
            patientId: visits.patientId,
          })
          .from(visits)
          .where(inArray(visits.id, ids)),
      )
    ).map((visit) => [visit.id, visit]),
  )
  const doctors = new Map(
    (
      await select(shareIds, (ids) =>
        db
          .select({ id: shares.id, familyName: shares.familyName, givenName: shares.givenName })
          .from(shares)
          .where(inArray(shares.id, ids)),
      )
    ).map((share) => [share.id, share]),
  )
  const colleagues = new Map(
    (
      await select(staffIds, (ids) =>
        db.select({ id: staff.id, name: staff.name }).from(staff).where(inArray(staff.id, ids)),
      )
    ).map((colleague) => [colleague.id, colleague]),
  )
  const accessionNumbers = new Map(
    (
      await select(examIds, (ids) =>
        db
          .select({ id: exams.id, accessionNumber: exams.accessionNumber })
          .from(exams)
          .where(inArray(exams.id, ids)),
      )
    ).map((exam) => [exam.id, exam.accessionNumber]),
  )
  const found = await select(distinct([...accessionNumbers.values()]), (numbers) =>
    db
      .select({ uid: studies.studyInstanceUid, accessionNumber: studies.accessionNumber })
      .from(studies)
      .where(inArray(studies.accessionNumber, numbers))
      .orderBy(studies.studyInstanceUid),
  )
  return (row) => {
    const accessionNumber = accessionNumbers.get(row.examId ?? '') ?? null
    return {
      patient: people.get(row.visitId ?? '') ?? null,
      doctor: doctors.get(idOf('doctor', row.actor) ?? '') ?? null,
      staff: colleagues.get(idOf('staff', row.actor) ?? '') ?? null,
      accessionNumber,
      studyInstanceUids: distinct(
        found.flatMap((study) => (study.accessionNumber === accessionNumber ? study.uid : [])),
      ),
    }
  }
}

async function select<Row>(ids: string[], query: (ids: string[]) => PromiseLike<Row[]>): Promise<Row[]> {
  return ids.length === 0 ? [] : await query(ids)
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function idOf(kind: 'doctor' | 'staff', actor: string): string | null {
  const id = actor.startsWith(`${kind}:`) ? actor.slice(kind.length + 1) : ''
  return UUID.test(id) ? id : null
}

function distinct(values: (string | null)[]): string[] {
  return [...new Set(values.flatMap((value) => value || []))]
}
