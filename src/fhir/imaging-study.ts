import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { type Found, personOf, VISIBLE_STUDY } from './find.ts'
import type { Read } from './patient.ts'
import { accessionIdentifier, type Place, resource, SYSTEMS } from './resource.ts'
import { e, s, v } from './tables.ts'

/** The archive's studies of registered exams: what the portal knows of them, not their series. */
export async function readImagingStudies(db: Database, place: Place, found: Found[]): Promise<Read[]> {
  const ids = found.map(({ id }) => id)
  if (ids.length === 0) return []
  const rows = await db
    .select({ study: s, person: personOf(sql`v`), visitId: v.id })
    .from(s)
    .innerJoin(e, eq(e.accessionNumber, s.accessionNumber))
    .innerJoin(v, eq(v.id, e.visitId))
    .where(and(inArray(s.orthancId, ids), VISIBLE_STUDY))
  return found.flatMap(({ id, lastUpdated }) => {
    const row = rows.find(({ study }) => study.orthancId === id)
    if (!row) return []
    const { study, person, visitId } = row
    const content = {
      identifier: [
        { system: SYSTEMS.dicomUid, value: `urn:oid:${study.studyInstanceUid}` },
        accessionIdentifier(place, study.accessionNumber),
      ],
      status: study.state === 'stable' ? 'available' : 'registered',
      subject: { reference: `Patient/${person}` },
      numberOfSeries: study.seriesCount,
      numberOfInstances: study.instanceCount,
      // A string of FHIR is never empty.
      description: study.description?.trim() || null,
    }
    return {
      resource: resource('ImagingStudy', id, lastUpdated, content),
      visitIds: [visitId],
      examId: null,
      content: false,
    }
  })
}
