import { createHash } from 'node:crypto'
import { and, desc, eq, isNull, max } from 'drizzle-orm'
import { type Actor, record, recordAlone, transact } from '../audit/audit.ts'
import type { Database, Transaction } from '../database/database.ts'
import { exams, publications, reports, visits } from '../database/schema.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { type PublishingRules, publishReady, type Visit } from '../publications/publications.ts'
import type { Inspection } from '../signature/signature.ts'
import { lockVisit } from '../visits/lock.ts'
import { findVisit } from '../visits/visits.ts'

export type DeliveredReport = {
  document: Uint8Array
  /** Which exam of the visit, where it has several: by its own Accession Number or by its description. */
  examAccessionNumber?: string | undefined
  exam?: string | undefined
  text?: string | undefined
  physician?: string | undefined
  date?: string | undefined
}

type Exam = typeof exams.$inferSelect

const REFUSALS: Record<Extract<Inspection, { ok: false }>['reason'], [ErrorCode, string]> = {
  empty: ['report.empty', 'The document is empty.'],
  unrecognised: ['report.unrecognised', 'The document is neither a PDF nor a CMS SignedData (.p7m).'],
  malformed: [
    'report.unrecognised',
    'The document begins as a PDF or .p7m but cannot be read: it is damaged or cut off.',
  ],
  detached: [
    'report.unrecognised',
    'The .p7m is a detached signature: it holds no document. Deliver the enveloping form.',
  ],
  altered: [
    'report.altered',
    'The signature does not match the document’s bytes: it was altered after signing.',
  ],
}

/**
 * Takes a signed report of one exam. The same bytes again change nothing (`created: false`); other bytes are the next
 * version (S7). A document that is not what it claims to be is refused, and the refusal is in the audit trail (S19).
 */
export async function deliverReport(
  {
    db,
    rules,
    inspect,
    actor,
    now,
  }: {
    db: Database
    rules: PublishingRules
    inspect: (document: Uint8Array) => Promise<Inspection>
    actor: Actor
    now: Date
  },
  accessionNumber: string,
  report: DeliveredReport,
): Promise<{
  created: boolean
  current: boolean
  version: number
  sha256: string
  examId: string
  reportId: string
  examAccessionNumber: string
}> {
  const visit = await findVisit(db, accessionNumber)
  const exam = await examOf(db, visit, accessionNumber, report)
  const inspection = await inspect(report.document)
  const refusal = refusalOf(inspection, report.text)
  if (refusal) {
    await recordAlone(db, now, {
      event: 'report.refused',
      actor,
      visitId: visit.id,
      examId: exam.id,
      details: { reason: refusal.code },
    })

    throw refusal
  }
  if (!inspection.ok) throw new Error('unreachable: a refused inspection has a refusal')
  const sha256 = createHash('sha256').update(report.document).digest('hex')
  return transact(db, async (tx) => {
    await lockVisit(tx, visit.id)
    const stored = await store(tx, exam.id, report, inspection, sha256, now)
    if (stored.created) {
      record(tx, now, {
        event: 'report.delivered',
        actor,
        visitId: visit.id,
        examId: exam.id,
        details: { version: stored.version, sha256 },
      })
    }
    await publishReady(tx, visit.id, rules, now)
    return { ...stored, sha256, examId: exam.id, examAccessionNumber: exam.accessionNumber }
  })
}

/**
 * SHA-256 of an exam's report whose copy was deleted when the consent was withdrawn, where it was given again since (S2, S26);
 * null where nothing is missing.
 */
export async function deletedWithConsent(db: Database, examId: string): Promise<string | null> {
  const [last] = await db
    .select({ endedBy: publications.endedBy, consent: visits.consent })
    .from(publications)
    .innerJoin(visits, eq(visits.id, publications.visitId))
    .where(eq(publications.examId, examId))
    .orderBy(desc(publications.publishedAt))
    .limit(1)
  if (last?.endedBy !== 'consent' || !last.consent) return null
  const [report] = await db
    .select({ sha256: reports.sha256 })
    .from(reports)
    .where(and(eq(reports.examId, examId), isNull(reports.supersededAt), isNull(reports.document)))
  return report?.sha256 ?? null
}

/** Of the report that a publication shows what a list tells, without the document's megabytes. */
export async function reportFacts(db: Database, publicationId: string) {
  const [row] = await db
    .select({ version: reports.version, reportDate: reports.reportDate })
    .from(publications)
    .innerJoin(reports, eq(reports.id, publications.reportId))
    .where(and(eq(publications.id, publicationId), isNull(publications.endedAt)))
  return row ?? null
}

/** The version of a report that a publication shows. */
export async function readReport(db: Database, publicationId: string) {
  const [row] = await db
    .select({ report: reports })
    .from(publications)
    .innerJoin(reports, eq(reports.id, publications.reportId))
    .where(and(eq(publications.id, publicationId), isNull(publications.endedAt)))
  return row?.report ?? null
}

async function store(
  tx: Transaction,
  examId: string,
  report: DeliveredReport,
  inspection: Extract<Inspection, { ok: true }>,
  sha256: string,
  now: Date,
): Promise<{ created: boolean; current: boolean; version: number; reportId: string }> {
  const content = {
    kind: inspection.kind,
    document: report.document,
    pdf: inspection.kind === 'p7m' ? inspection.pdf : null,
    title: report.exam ?? null,
    body: report.text ?? null,
    physician: report.physician ?? null,
    reportDate: report.date ?? null,
    signature: inspection.signature,
  }
  const [known] = await tx
    .select()
    .from(reports)
    .where(and(eq(reports.examId, examId), eq(reports.sha256, sha256)))
  if (known) {
    // Our copy was deleted with an ended publication (S26): the same document delivered again fills it.
    const current = known.supersededAt === null
    if (current && known.document === null)
      await tx.update(reports).set(content).where(eq(reports.id, known.id))
    return { created: false, current, version: known.version, reportId: known.id }
  }
  const [latest] = await tx
    .select({ version: max(reports.version) })
    .from(reports)
    .where(eq(reports.examId, examId))
  const version = (latest?.version ?? 0) + 1
  await tx
    .update(reports)
    .set({ supersededAt: now })
    .where(and(eq(reports.examId, examId), isNull(reports.supersededAt)))
  const [inserted] = await tx
    .insert(reports)
    .values({ examId, version, sha256, receivedAt: now, ...content })
    .returning({ id: reports.id })
  if (!inserted) throw new Error('insert returned no report')
  return { created: true, current: true, version, reportId: inserted.id }
}

/** Why a document is not taken as a report; null where it is. `text` is what could be shown in a PDF's stead. */
export function refusalOf(inspection: Inspection, text: string | undefined): AppError | null {
  if (!inspection.ok) return new AppError(...REFUSALS[inspection.reason])
  if (inspection.pdf === null && !text) {
    return new AppError(
      'report.content_not_pdf',
      'The .p7m holds something that is not a PDF, and no `text` came with it: there would be nothing to show.',
    )
  }
  return null
}

/** Which exam of the visit a report is of; refused where that is not clear. */
export async function examOf(
  db: Database,
  visit: Visit,
  accessionNumber: string,
  report: Pick<DeliveredReport, 'examAccessionNumber' | 'exam'>,
): Promise<Exam> {
  const all = await db.select().from(exams).where(eq(exams.visitId, visit.id)).orderBy(exams.position)
  const number =
    report.examAccessionNumber ?? (accessionNumber === visit.accessionNumber ? undefined : accessionNumber)
  const candidates = number === undefined ? all : all.filter((exam) => exam.accessionNumber === number)
  if (candidates.length === 0) {
    throw new AppError('exam.not_found', 'The visit has no exam with this `examAccessionNumber`.', {
      exams: choices(all),
    })
  }
  const named = candidates.filter((exam) => sameText(exam.description, report.exam))
  const [exam, ...others] = named.length > 0 ? named : candidates
  // Guessing would show a report under another exam's name.
  if (!exam || others.length > 0) {
    throw new AppError(
      'exam.ambiguous',
      'The visit has several exams: say which by `examAccessionNumber`, or by `exam` as it was registered.',
      { exams: choices(all) },
    )
  }
  return exam
}

const sameText = (a: string, b: string | undefined) =>
  b !== undefined && a.trim().toLowerCase() === b.trim().toLowerCase()

const choices = (all: Exam[]) =>
  all.map(({ accessionNumber, description }) => ({ accessionNumber, description }))
