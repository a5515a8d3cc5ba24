import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { attachments } from './binary.ts'
import { type Found, LATEST, personOf, RELEASED, VISIBLE_STUDY } from './find.ts'
import type { Read } from './patient.ts'
import { accessionIdentifier, digestIdentifier, type Place, resource } from './resource.ts'
import { e, r, s, v } from './tables.ts'

/** LOINC 18748-4, "Diagnostic imaging study": which exam it was stands as text, as the RIS wrote it. */
export const codeOf = (text: string | null) => ({
  coding: [{ system: 'http://loinc.org', code: '18748-4', display: 'Diagnostic imaging study' }],
  ...(text ? { text } : {}),
})

/** The current report of each exam that has one. Its content is in it only where it may be given away. */
export async function readDiagnosticReports(db: Database, place: Place, found: Found[]): Promise<Read[]> {
  const ids = found.map(({ id }) => id)
  if (ids.length === 0) return []
  const rows = await db
    .select({
      exam: e,
      person: personOf(sql`v`),
      released: RELEASED,
      id: r.id,
      version: r.version,
      sha256: r.sha256,
      kind: r.kind,
      body: r.body,
      physician: r.physician,
      receivedAt: r.receivedAt,
      supersededAt: r.supersededAt,
      size: sql<number | null>`octet_length(r.document)`,
      pdfSize: sql<number | null>`octet_length(r.pdf)`,
    })
    .from(e)
    .innerJoin(v, eq(v.id, e.visitId))
    .innerJoin(r, and(eq(r.examId, e.id), LATEST))
    .where(inArray(e.id, ids))
  const images = await db
    .selectDistinct({ examId: e.id, orthancId: s.orthancId })
    .from(s)
    .innerJoin(e, eq(e.accessionNumber, s.accessionNumber))
    .where(and(inArray(e.id, ids), VISIBLE_STUDY))
    .orderBy(s.orthancId)
  return found.flatMap(({ id, lastUpdated }) => {
    const row = rows.find(({ exam }) => exam.id === id)
    if (!row) return []
    const { exam, person, released, physician } = row
    const content = {
      identifier: [accessionIdentifier(place, exam.accessionNumber), digestIdentifier(row.sha256)],
      status: statusOf(row),
      category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'RAD' }] }],
      code: codeOf(exam.description),
      subject: { reference: `Patient/${person}` },
      effectiveDateTime: exam.examDate,
      issued: row.receivedAt.toISOString(),
      resultsInterpreter: physician && released ? [{ display: physician }] : [],
      imagingStudy: images
        .filter(({ examId }) => examId === id)
        .map(({ orthancId }) => ({ reference: `ImagingStudy/${orthancId}` })),
      conclusion: released ? row.body?.trim() || null : null,
      presentedForm: released ? attachments(place, row) : [],
    }
    return {
      resource: resource('DiagnosticReport', id, lastUpdated, content),
      visitIds: [exam.visitId],
      examId: id,
      content: content.conclusion !== null,
    }
  })
}

/** The newest version is superseded by nothing unless it was taken back. */
function statusOf({ version, supersededAt, exam }: Told): string {
  if (supersededAt) return 'entered-in-error'
  if (exam.cancelledAt) return 'cancelled'
  return version === 1 ? 'final' : 'amended'
}
type Told = { version: number; supersededAt: Date | null; exam: { cancelledAt: Date | null } }
