import { and, desc, eq, getTableColumns, inArray, isNull, sql } from 'drizzle-orm'
import type { Database, Transaction } from '../database/database.ts'
import { exams, loginLocks, mails, publications, reports, studies, type visits } from '../database/schema.ts'
import { standingMail } from '../mail/standing.ts'
import { hasNamesake } from '../publications/publications.ts'
import { collectedAt, collectionsOf } from '../reports/collection.ts'

type Exam = typeof exams.$inferSelect
type Study = typeof studies.$inferSelect & { hasNamesake: boolean }

type Visit = typeof visits.$inferSelect

/** A visit's state as the RIS and the desk see it: what came, what is online, how the mail went. Instants are ISO 8601. */
export function visitState(db: Database, visit: Visit, now: Date) {
  // One snapshot: what is published and the images it was published with are told together.
  return db.transaction((tx) => readState(tx, visit, now), {
    isolationLevel: 'repeatable read',
    accessMode: 'read only',
  })
}

async function readState(db: Transaction, visit: Visit, now: Date) {
  const ofVisit = await db.select().from(exams).where(eq(exams.visitId, visit.id)).orderBy(exams.position)
  const found = await studiesOf(db, ofVisit)
  const mail = await mailOf(db, visit.id)
  const pin1Digest = Buffer.from(visit.pin1Digest).toString('hex')
  const [lock] = await db.select().from(loginLocks).where(eq(loginLocks.pin1Digest, pin1Digest))
  const states = []
  for (const exam of ofVisit) states.push(await examState(db, exam, found, visit.birthDate, now))
  const online = states.flatMap(({ publication }) => (publication?.online ? [publication] : []))
  return {
    accessionNumber: visit.accessionNumber,
    registeredAt: visit.registeredAt.toISOString(),
    email: visit.email,
    correctedAtDesk: Object.keys(visit.corrected),
    consent: {
      given: visit.consent,
      at: visit.consentAt.toISOString(),
      textVersion: visit.consentTextVersion,
    },
    images: imagesOf(
      found,
      ofVisit.some((exam) => exam.imagesExpected),
    ),
    report: reportSummary(
      states.filter(({ cancelledAt }) => !cancelledAt).map(({ report }) => report?.atHand === true),
    ),
    published: online.length > 0,
    publishedAt: online.map(({ publishedAt }) => publishedAt).sort()[0] ?? null,
    availableUntil:
      online
        .map(({ availableUntil }) => availableUntil)
        .sort()
        .at(-1) ?? null,
    pin1: {
      issuedAt: visit.pin1IssuedAt.toISOString(),
      lockedUntil: lock?.lockedUntil && lock.lockedUntil > now ? lock.lockedUntil.toISOString() : null,
    },
    pin2: { issuedAt: visit.pin2IssuedAt?.toISOString() ?? null },
    mail,
    exams: states,
  }
}

async function examState(db: Transaction, exam: Exam, found: Study[], birthDate: string, now: Date) {
  const own = found.filter(({ accessionNumber }) => accessionNumber === exam.accessionNumber)
  const [report] = await db
    .select({
      version: reports.version,
      kind: reports.kind,
      sha256: reports.sha256,
      receivedAt: reports.receivedAt,
      signature: reports.signature,
      /** false: our copy was deleted (S26); deliver it again to publish. */
      atHand: sql<boolean>`${reports.document} is not null`,
    })
    .from(reports)
    .where(and(eq(reports.examId, exam.id), isNull(reports.supersededAt)))
  const [publication] = await db
    .select()
    .from(publications)
    .where(eq(publications.examId, exam.id))
    .orderBy(desc(publications.publishedAt))
    .limit(1)
  return {
    accessionNumber: exam.accessionNumber,
    description: exam.description,
    date: exam.examDate,
    imagesExpected: exam.imagesExpected,
    excluded: exam.excluded,
    cancelledAt: exam.cancelledAt?.toISOString() ?? null,
    images: { ...imagesOf(own, exam.imagesExpected), warnings: warningsOf(own, birthDate) },
    report: report ? { ...report, receivedAt: report.receivedAt.toISOString() } : null,
    publication: publication
      ? {
          online: !publication.endedAt && publication.endsAt > now,
          publishedAt: publication.publishedAt.toISOString(),
          availableUntil: publication.availableUntil,
          endedAt: publication.endedAt?.toISOString() ?? null,
          endedBy: publication.endedBy,
          firstViewedAt: publication.firstViewedAt?.toISOString() ?? null,
          firstDownloadedAt: publication.firstDownloadedAt?.toISOString() ?? null,
          firstDiscAt: publication.firstDiscAt?.toISOString() ?? null,
        }
      : null,
    /** The versions that the person collected, and when first (S39b). */
    collected: (await collectionsOf(db, exam.id)).flatMap((each) => {
      const at = collectedAt(each)?.toISOString()
      return at ? { version: each.version, supersededAt: each.supersededAt?.toISOString() ?? null, at } : []
    }),
  }
}

async function studiesOf(db: Transaction, ofVisit: Exam[]): Promise<Study[]> {
  const accessionNumbers = ofVisit.map(({ accessionNumber }) => accessionNumber)
  if (accessionNumbers.length === 0) return []
  return db
    .select({ ...getTableColumns(studies), hasNamesake: hasNamesake() })
    .from(studies)
    .where(inArray(studies.accessionNumber, accessionNumbers))
    .orderBy(studies.orthancId)
}

function imagesOf(found: Study[], expected: boolean) {
  const present = found.filter(({ state }) => state !== 'gone')
  const sum = (pick: (study: Study) => number) => present.reduce((total, study) => total + pick(study), 0)
  const arriving = present.some(({ state }) => state === 'arriving')
  return {
    state: present.length === 0 ? 'none' : arriving ? 'arriving' : 'stable',
    expected,
    studies: present.length,
    series: sum(({ seriesCount }) => seriesCount),
    instances: sum(({ instanceCount }) => instanceCount),
    bytes: sum(({ sizeBytes }) => sizeBytes),
    studyInstanceUids: present.map(({ studyInstanceUid }) => studyInstanceUid),
  }
}

export type ImagesWarning = 'patient-birth-date-differs' | 'study-uid-elsewhere'

/**
 * What somebody should look at: the Accession Number fits but the birth date does not (a person may have been mixed up), or
 * the archive has the Study Instance UID under another number or Patient ID too, so that the images show to nobody (S45).
 */
function warningsOf(found: Study[], birthDate: string): ImagesWarning[] {
  const expected = birthDate.replaceAll('-', '')
  const differs = found.some(({ patientBirthDate }) => patientBirthDate && patientBirthDate !== expected)
  const elsewhere = found.some(({ state, hasNamesake }) => state !== 'gone' && hasNamesake)
  return [
    ...(differs ? (['patient-birth-date-differs'] as const) : []),
    ...(elsewhere ? (['study-uid-elsewhere'] as const) : []),
  ]
}

function reportSummary(delivered: boolean[]): 'missing' | 'partial' | 'delivered' {
  if (delivered.length > 0 && delivered.every(Boolean)) return 'delivered'
  return delivered.some(Boolean) ? 'partial' : 'missing'
}

async function mailOf(db: Transaction, visitId: string) {
  const [mail] = await db
    .select()
    .from(mails)
    .where(eq(mails.id, standingMail(sql`${visitId}::uuid`)))
  if (!mail)
    return { state: 'none' as const, kind: null, attempts: 0, lastError: null, queuedAt: null, sentAt: null }
  return {
    // 'sending' is the moment of the SMTP conversation: for the desk the mail still waits.
    state: mail.state === 'sending' ? ('queued' as const) : mail.state,
    kind: mail.kind,
    attempts: mail.attempts,
    lastError: mail.lastError,
    queuedAt: mail.queuedAt.toISOString(),
    sentAt: mail.sentAt?.toISOString() ?? null,
  }
}
