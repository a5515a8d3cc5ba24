import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { attachments } from './binary.ts'
import { codeOf } from './diagnostic-report.ts'
import { type Found, personOf, RELEASED } from './find.ts'
import type { Read } from './patient.ts'
import { accessionIdentifier, digestIdentifier, type Place, resource } from './resource.ts'
import { e, r, v } from './tables.ts'

/** The delivered documents, one for each version of a report that the portal still keeps and may give away. */
export async function readDocumentReferences(db: Database, place: Place, found: Found[]): Promise<Read[]> {
  const ids = found.map(({ id }) => id)
  if (ids.length === 0) return []
  const rows = await db
    .select({
      exam: e,
      person: personOf(sql`v`),
      id: r.id,
      version: r.version,
      sha256: r.sha256,
      kind: r.kind,
      physician: r.physician,
      receivedAt: r.receivedAt,
      supersededAt: r.supersededAt,
      size: sql<number | null>`octet_length(r.document)`,
      pdfSize: sql<number | null>`octet_length(r.pdf)`,
      // Only one that can itself be read: a reference leads somewhere.
      previous: sql<
        string | null
      >`(select o.id from reports o where o.exam_id = e.id and o.document is not null
        and o.version < r.version order by o.version desc limit 1)`,
    })
    .from(r)
    .innerJoin(e, eq(e.id, r.examId))
    .innerJoin(v, eq(v.id, e.visitId))
    .where(and(inArray(r.id, ids), RELEASED))
  return found.flatMap(({ id, lastUpdated }) => {
    const row = rows.find((one) => one.id === id)
    if (!row) return []
    const { exam, person, physician, previous } = row
    const content = {
      masterIdentifier: digestIdentifier(row.sha256),
      identifier: [accessionIdentifier(place, exam.accessionNumber)],
      status: row.supersededAt ? 'superseded' : 'current',
      docStatus: row.version === 1 ? 'final' : 'amended',
      type: codeOf(exam.description),
      subject: { reference: `Patient/${person}` },
      date: row.receivedAt.toISOString(),
      author: physician ? [{ display: physician }] : [],
      relatesTo: previous
        ? [{ code: 'replaces', target: { reference: `DocumentReference/${previous}` } }]
        : [],
      content: attachments(place, row).map((attachment) => ({ attachment })),
      context: { related: [{ reference: `DiagnosticReport/${exam.id}` }] },
    }
    return {
      resource: resource('DocumentReference', id, lastUpdated, content),
      visitIds: [exam.visitId],
      examId: exam.id,
      content: false,
    }
  })
}
