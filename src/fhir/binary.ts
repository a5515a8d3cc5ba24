import { createHash } from 'node:crypto'
import { and, eq } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { RELEASED } from './find.ts'
import type { Place } from './resource.ts'
import { e, r, v } from './tables.ts'

const PDF = '-pdf'
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-pdf)?$/

type Stored = {
  id: string
  kind: 'p7m' | 'pdf'
  receivedAt: Date
  size: number | null
  pdfSize: number | null
}

/** The signed document first, byte for byte as delivered (S18); then, of a .p7m, the PDF inside it. */
export function attachments(place: Place, { id, kind, receivedAt, size, pdfSize }: Stored) {
  const url = `${place.base}/Binary/${id}`
  const creation = receivedAt.toISOString()
  const signed = { contentType: mediaType(kind), url, ...sized(size), title: `referto.${kind}`, creation }
  if (pdfSize === null) return [signed]
  const inside = {
    contentType: 'application/pdf',
    url: `${url}${PDF}`,
    ...sized(pdfSize),
    title: 'referto.pdf',
    creation,
  }
  return [signed, inside]
}

export type Binary = {
  bytes: Uint8Array
  contentType: string
  receivedAt: Date
  visitId: string
  examId: string
  /** Whose document it is, for its security context. */
  reportId: string
  /** A digest of the bytes. */
  versionId: string
}

/** A document's bytes, if they may be given away. */
export async function readBinary(db: Database, id: string): Promise<Binary | null> {
  if (!ID.test(id)) return null
  const inside = id.endsWith(PDF)
  const reportId = inside ? id.slice(0, -PDF.length) : id
  const [row] = await db
    .select({
      bytes: inside ? r.pdf : r.document,
      kind: r.kind,
      receivedAt: r.receivedAt,
      visitId: e.visitId,
      examId: e.id,
    })
    .from(r)
    .innerJoin(e, eq(e.id, r.examId))
    .innerJoin(v, eq(v.id, e.visitId))
    .where(and(eq(r.id, reportId), RELEASED))
  if (!row?.bytes) return null
  const { bytes, kind, receivedAt, visitId, examId } = row
  const contentType = mediaType(inside ? 'pdf' : kind)
  const versionId = createHash('sha256').update(bytes).digest('hex').slice(0, 32)
  return { bytes, contentType, receivedAt, visitId, examId, reportId, versionId }
}

const mediaType = (kind: 'p7m' | 'pdf') => (kind === 'p7m' ? 'application/pkcs7-mime' : 'application/pdf')
const sized = (size: number | null) => (size === null ? {} : { size })
