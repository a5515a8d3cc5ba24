import { setTimeout as sleep } from 'node:timers/promises'
import { and, eq, inArray, isNotNull, lt, or, sql } from 'drizzle-orm'
import { type Actor, record, transact } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { manifests, pacsDocuments, studies } from '../database/schema.ts'
import { decodeManifest, type Manifest } from '../disc/manifest.ts'
import { AppError } from '../errors.ts'
import { errorCode, type Log } from '../log.ts'
import type { Orthanc } from '../orthanc/orthanc.ts'
import { forgetUnwanted } from '../preparation/preparation.ts'
import type { PublishingRules } from '../publications/publications.ts'
import { deliverReport } from '../reports/reports.ts'
import type { TextReport } from '../reports/text-page.ts'
import type { Inspection } from '../signature/signature.ts'
import { examsOf } from '../visits/exams.ts'
import { findVisitIfAny } from '../visits/visits.ts'
import { type Encapsulated, readEncapsulated } from './encapsulated.ts'
import { TEXT_REPORTS } from './structured-report.ts'

export type DocumentTaker = {
  db: Database
  orthanc: Orthanc
  rules: PublishingRules
  /** Which objects of a study are its report; with titles, only those so called. */
  taken: { kinds: readonly ('pdf' | 'cda')[]; titles: readonly string[] }
  inspect: (document: Uint8Array) => Promise<Inspection>
  page: (report: TextReport) => Promise<Uint8Array>
  maxReportBytes: number
  clock: () => Date
}

type Study = typeof studies.$inferSelect
/** An object's document, or why it has none; null: a structured report, which is not read here. */
type Content = Encapsulated | AppError | null
type Kind = (typeof pacsDocuments.$inferSelect)['kind']

const IDLE_PAUSE_MS = 1_000
// What an object says beside its document: one that is larger than both is not read into memory.
const HEADER_BYTES = 1_000_000
const TOO_LARGE = new AppError('request.too_large')
const ENCAPSULATED: Readonly<Record<string, Kind>> = {
  '1.2.840.10008.5.1.4.1.1.104.1': 'pdf',
  '1.2.840.10008.5.1.4.1.1.104.2': 'cda',
}
const ACTOR: Actor = { kind: 'ris', name: 'pacs' }

/** Takes reports that come through the archive, until `signal` ends it. */
export async function takeDocuments(taker: DocumentTaker & { log: Log; signal: AbortSignal }): Promise<void> {
  const { log, signal } = taker
  while (!signal.aborted) {
    const worked = await takeNext(taker, signal).catch((error: unknown) => {
      if (!signal.aborted) log('warn', 'pacs.documents_failed', { code: errorCode(error) })
      return false
    })
    if (!worked) await sleep(IDLE_PAUSE_MS, undefined, { signal }).catch(() => undefined)
  }
}

/**
 * Looks through the next study whose manifest tells what it is made of: each object is handled once, unless what it was
 * judged by changes, in the order of their content dates, so that a later one corrects (S7). Structured reports are only noted, to be shown as text.
 */
async function takeNext(taker: DocumentTaker, signal: AbortSignal): Promise<boolean> {
  const { db, orthanc, taken, maxReportBytes } = taker
  const settings = JSON.stringify([taken.kinds, taken.titles])
  const [next] = await db
    .select({ study: studies, body: manifests.body })
    .from(studies)
    .innerJoin(
      manifests,
      and(eq(manifests.orthancId, studies.orthancId), eq(manifests.revision, studies.revision)),
    )
    .where(
      and(
        isNotNull(manifests.body),
        or(
          lt(studies.documentsRevision, studies.revision),
          sql`${studies.documentsSettings} is distinct from ${settings}`,
        ),
      ),
    )
    .orderBy(studies.changedAt)
    .limit(1)
  const manifest = next?.body && decodeManifest(next.body)
  if (!next || !manifest) return false
  const { study } = next
  if (study.documentsSettings !== settings) await forgetPassed(db, study)
  const wanted = documentsIn(manifest, taken.kinds)
  const known = await knownOf(db, wanted)
  const read: { kind: Kind; sopInstanceUid: string; orthancId: string; content: Content }[] = []
  for (const { length, ...each } of wanted.filter(({ sopInstanceUid }) => !known.has(sopInstanceUid))) {
    if (each.kind === 'sr') read.push({ ...each, content: null })
    else if (length > maxReportBytes + HEADER_BYTES) read.push({ ...each, content: TOO_LARGE })
    else {
      const file = await orthanc.instanceFile(each.orthancId, signal)
      // Gone meanwhile: the archive tells of a new revision soon.
      if (file) read.push({ ...each, content: contentOf(file, maxReportBytes) })
    }
  }
  read.sort((a, b) => byTime(a.content, b.content))
  for (const each of read) await handle(taker, study, each)
  await db
    .update(studies)
    .set({ documentsRevision: study.revision, documentsSettings: settings })
    .where(
      and(
        eq(studies.orthancId, study.orthancId),
        eq(studies.revision, study.revision),
        // Asked for again meanwhile, it is looked through again.
        eq(studies.documentsRevision, study.documentsRevision),
      ),
    )
  await forgetUnwanted(db, study.orthancId)
  return true
}

function documentsIn({ instances }: Manifest, kinds: readonly Kind[]) {
  return instances.flatMap(({ sopClassUid, sopInstanceUid, orthancId, length }) => {
    const kind = TEXT_REPORTS.has(sopClassUid) ? 'sr' : ENCAPSULATED[sopClassUid]
    return kind && (kind === 'sr' || kinds.includes(kind))
      ? [{ kind, sopInstanceUid, orthancId, length }]
      : []
  })
}

/** What the settings of before did not mean may be meant now. */
async function forgetPassed(db: Database, { orthancId }: Study): Promise<void> {
  const passed = and(eq(pacsDocuments.studyId, orthancId), eq(pacsDocuments.state, 'passed'))
  await db.delete(pacsDocuments).where(passed)
}

async function knownOf(db: Database, wanted: { sopInstanceUid: string }[]): Promise<Set<string>> {
  const uids = wanted.map(({ sopInstanceUid }) => sopInstanceUid)
  if (uids.length === 0) return new Set()
  const rows = await db
    .select({ uid: pacsDocuments.sopInstanceUid })
    .from(pacsDocuments)
    .where(inArray(pacsDocuments.sopInstanceUid, uids))
  return new Set(rows.map(({ uid }) => uid))
}

function contentOf(file: Uint8Array, maxBytes: number): Content {
  try {
    return readEncapsulated(file, maxBytes)
  } catch (error) {
    // Whatever its bytes do to a reader: it is no document.
    return error instanceof AppError ? error : new AppError('report.unrecognised')
  }
}

function byTime(a: Content, b: Content): number {
  // What cannot be read tells no time, and its order does not matter.
  const told = (content: Content) => (content && 'at' in content ? content.at : '')
  return told(a) < told(b) ? -1 : told(a) > told(b) ? 1 : 0
}

async function handle(
  taker: DocumentTaker,
  study: Study,
  {
    kind,
    sopInstanceUid,
    orthancId,
    content,
  }: {
    kind: Kind
    sopInstanceUid: string
    orthancId: string
    content: Content
  },
): Promise<void> {
  const { db, clock } = taker
  const row = { kind, sopInstanceUid, orthancId, studyId: study.orthancId }
  const document = kind === 'sr' ? null : await prepared(taker, study, content).catch(refusalCode)
  try {
    await transact(db, async (tx) => {
      const now = clock()
      const state =
        kind === 'sr' ? 'shown' : typeof document === 'string' ? 'refused' : document ? 'taken' : 'passed'
      const reason = typeof document === 'string' ? document : null
      const [first] = await tx
        .insert(pacsDocuments)
        .values({ ...row, state, reason, seenAt: now })
        .onConflictDoNothing()
        .returning({ uid: pacsDocuments.sopInstanceUid })
      // Another gateway was faster.
      if (!first) return
      if (reason) return noteRefusal(tx, study, reason, now)
      if (!document || typeof document === 'string') return
      const { inspection, ...report } = document
      const call = { db: tx, rules: taker.rules, inspect: async () => inspection, actor: ACTOR, now }
      const examAccessionNumber = study.accessionNumber
      await deliverReport(call, study.accessionNumber, { ...report, examAccessionNumber })
    })
  } catch (error) {
    // The delivery was refused, and its transaction with the note undone: the refusal is noted alone.
    const reason = refusalCode(error)
    await transact(db, async (tx) => {
      const now = clock()
      await tx
        .insert(pacsDocuments)
        .values({ ...row, state: 'refused', reason, seenAt: now })
        .onConflictDoNothing()
      await noteRefusal(tx, study, reason, now)
    })
  }
}

/** The object as a report to be delivered; null where the configuration does not mean it. */
async function prepared(
  { db, taken, inspect, page, maxReportBytes }: DocumentTaker,
  study: Study,
  content: Content,
) {
  if (!content || content instanceof AppError) throw content ?? new AppError('report.unrecognised')
  if (!isMeant(content, taken.titles)) return null
  const visit = await findVisitIfAny(db, study.accessionNumber)
  const [exam] = await examsOf(db, study.accessionNumber)
  if (!visit || !exam) throw new AppError('visit.not_found')
  // The number fits and the person does not: somebody was mixed up.
  if (content.patientBirthDate && content.patientBirthDate !== visit.birthDate.replaceAll('-', ''))
    throw new AppError('report.other_patient')
  const text = content.text ?? undefined
  const { familyName, givenName, birthPlace, birthDate, taxCode, patientId, accessionNumber } = visit
  const document =
    content.document ??
    (await page({
      ...{ familyName, givenName, birthPlace, birthDate, taxCode, patientId, accessionNumber },
      ...{ exam: exam.description, examDate: exam.examDate, text: text ?? '', physician: null, date: null },
    }))
  if (document.byteLength > maxReportBytes) throw new AppError('request.too_large')
  return { document: new Uint8Array(document), text, inspection: await inspect(document) }
}

function isMeant({ title, titleCode }: Encapsulated, titles: readonly string[]): boolean {
  if (titles.length === 0) return true
  const told = [title, titleCode].map((text) => text.toLowerCase())
  return titles.some((wanted) => told.includes(wanted.toLowerCase()))
}

async function noteRefusal(
  tx: Parameters<typeof record>[0],
  study: Study,
  reason: string,
  now: Date,
): Promise<void> {
  const [exam] = await examsOf(tx, study.accessionNumber)
  record(tx, now, {
    event: 'report.refused',
    actor: ACTOR,
    visitId: exam?.visitId ?? null,
    examId: exam?.id ?? null,
    details: { reason },
  })
}

/** The code of a planned refusal; anything else is a fault of ours, or of the archive's, and is tried again. */
function refusalCode(error: unknown): string {
  if (error instanceof AppError && !/unavailable/.test(error.code)) return error.code
  throw error
}
