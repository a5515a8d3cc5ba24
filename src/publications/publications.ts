import { and, desc, eq, gt, isNull, ne, not, type SQL, sql } from 'drizzle-orm'
import { record } from '../audit/audit.ts'
import type { KeyRing } from '../crypto/keys.ts'
import type { Database, Transaction } from '../database/database.ts'
import { exams, loginLocks, mails, publications, reports, studies, visits } from '../database/schema.ts'
import { cancelMails, type Notice, queueMail } from '../mail/outbox.ts'
import { hashPin, makePin2 } from '../pin/pin.ts'
import { closePatientSessions } from '../sessions/sessions.ts'
import { addDays, type Day, dayInRome, endOfDay } from '../time/rome.ts'

export type PublishingRules = {
  /** Days online after the day of publication (S24). */
  availableDays: number
  /** Where PIN2 is told: in the mail, or only at the desk. */
  pin2Delivery: 'email' | 'desk'
  encryptionKeys: KeyRing
}

export type Visit = typeof visits.$inferSelect
export type Publication = typeof publications.$inferSelect
type Exam = typeof exams.$inferSelect

/** The last whole day online and the instant at which it ends: published on 18/05/2020, until 02/07/2020 inclusive (S24). */
export function availability(
  publishedAt: Date,
  availableDays: number,
): { availableUntil: Day; endsAt: Date } {
  const availableUntil = addDays(dayInRome(publishedAt), availableDays)
  return { availableUntil, endsAt: endOfDay(availableUntil) }
}

/**
 * Publishes every exam of the visit that has all it needs (S6), and shows the newest version of a report that is
 * already online (S7). Called after anything that could complete it; changes nothing where nothing is ready.
 */
export async function publishReady(
  tx: Transaction,
  visitId: string,
  rules: PublishingRules,
  now: Date,
): Promise<void> {
  // One at a time for a visit: a report, a study and a consent can arrive in the same moment.
  const [visit] = await tx.select().from(visits).where(eq(visits.id, visitId)).for('no key update')
  if (!visit?.consent) return
  const ofVisit = await tx.select().from(exams).where(eq(exams.visitId, visitId)).orderBy(exams.position)
  let pin2 = visit.pin2Hash
  for (const exam of ofVisit) {
    if (exam.excluded || exam.cancelledAt) continue
    const report = await currentReport(tx, exam.id)
    if (!report?.atHand) continue
    const latest = await latestPublication(tx, exam.id)
    if (latest && !latest.endedAt) {
      if (latest.reportId !== report.id)
        pin2 = await showNewVersion(tx, { ...visit, pin2Hash: pin2 }, latest, report.id, rules, now)
      continue
    }
    if (!visit.email) continue
    if (latest && !mayReturn(latest, report.id)) continue
    if (!(await imagesReady(tx, exam))) continue
    pin2 = await publish(tx, { ...visit, pin2Hash: pin2 }, exam, report.id, rules, now)
  }
}

async function publish(
  tx: Transaction,
  visit: Visit,
  exam: Exam,
  reportId: string,
  rules: PublishingRules,
  now: Date,
): Promise<string> {
  const online = availability(now, rules.availableDays)
  const [created] = await tx
    .insert(publications)
    .values({ visitId: visit.id, examId: exam.id, reportId, publishedAt: now, ...online })
    .returning({ id: publications.id })
  if (!created) throw new Error('insert returned no publication')
  record(tx, now, {
    event: 'publication.published',
    actor: { kind: 'system' },
    visitId: visit.id,
    examId: exam.id,
  })
  const { examDate } = exam
  const notice = {
    kind: 'published',
    dedupeKey: `published:${created.id}`,
    examDate,
    availableUntil: online.availableUntil,
  } as const
  return notify(tx, visit, notice, rules, now)
}

async function showNewVersion(
  tx: Transaction,
  visit: Visit,
  publication: Publication,
  reportId: string,
  rules: PublishingRules,
  now: Date,
): Promise<string | null> {
  const online = availability(now, rules.availableDays)
  // Not yet reminded either: its days start again, and so does the wait for its reader (S27).
  const unread = { openedAt: null, remindedAt: null }
  // Nobody has collected this version; of the one before, its own row tells (S39b).
  const uncollected = { firstViewedAt: null, firstDownloadedAt: null, firstDiscAt: null }
  await tx
    .update(publications)
    .set({ reportId, publishedAt: now, updatedAt: now, ...online, ...unread, ...uncollected })
    .where(eq(publications.id, publication.id))
  record(tx, now, {
    event: 'publication.updated',
    actor: { kind: 'system' },
    visitId: visit.id,
    examId: publication.examId,
  })
  const [exam] = await tx
    .select({ examDate: exams.examDate })
    .from(exams)
    .where(eq(exams.id, publication.examId))
  // Whoever has no address any more reads the right version all the same: by SPID or CIE, or a doctor by a share (S7).
  if (!visit.email) return visit.pin2Hash
  const notice = {
    kind: 'updated' as const,
    dedupeKey: `updated:${reportId}`,
    examDate: exam?.examDate ?? dayInRome(now),
    availableUntil: online.availableUntil,
  }
  return notify(tx, visit, notice, rules, now)
}

/**
 * Queues a notice to the person, with a new PIN2 where they have none: the first time, or where every mail that carried
 * the present one was refused (S9). Returns the hash of the PIN2 that is valid then. The caller holds the visit's row.
 */
export async function notify(
  tx: Transaction,
  visit: Pick<Visit, 'id' | 'pin1Digest' | 'pin2Hash'>,
  notice: Omit<Notice, 'visitId' | 'pin2'>,
  rules: PublishingRules,
  now: Date,
): Promise<string> {
  if (visit.pin2Hash && (await pin2IsOnItsWay(tx, visit.id, rules))) {
    await queueMail(tx, { visitId: visit.id, pin2: null, ...notice }, rules.encryptionKeys, now)
    return visit.pin2Hash
  }
  const issued = await issuePin2(tx, visit, notice, rules, now)
  return issued.pin2Hash
}

/**
 * Makes a new PIN2 (the old one and its sessions die) and queues the mail that brings it; returns it for the one
 * caller that may show it, the desk. The person's wrong attempts are forgotten (S42).
 */
export async function issuePin2(
  tx: Transaction,
  visit: Pick<Visit, 'id' | 'pin1Digest'>,
  notice: Omit<Notice, 'visitId' | 'pin2'>,
  rules: PublishingRules,
  now: Date,
): Promise<{ pin2: string; pin2Hash: string }> {
  const pin2 = makePin2()
  const pin2Hash = await hashPin(pin2)
  await tx.update(visits).set({ pin2Hash, pin2IssuedAt: now }).where(eq(visits.id, visit.id))
  await tx.delete(loginLocks).where(eq(loginLocks.pin1Digest, Buffer.from(visit.pin1Digest).toString('hex')))
  await closePatientSessions(tx, visit.id)
  await cancelMails(tx, visit.id, 'with-pin2')
  record(tx, now, { event: 'pin2.issued', actor: { kind: 'system' }, visitId: visit.id })
  const byMail = rules.pin2Delivery === 'email'
  // Where PIN2 is told at the desk only, a mail that brings nothing but PIN2 has nothing to say.
  if (byMail || notice.kind !== 'pin2') {
    await queueMail(
      tx,
      { visitId: visit.id, ...notice, pin2: byMail ? pin2 : null },
      rules.encryptionKeys,
      now,
    )
  }
  return { pin2, pin2Hash }
}

export type OnlinePublication = { publication: Publication; exam: Exam }

/** What is online of a visit, by its id or a question for it, at an instant: what every reading of patient data asks first. */
export async function onlinePublications(
  db: Database,
  visitId: string | SQL,
  now: Date,
): Promise<OnlinePublication[]> {
  return db
    .select({ publication: publications, exam: exams })
    .from(publications)
    .innerJoin(exams, eq(exams.id, publications.examId))
    .where(and(eq(publications.visitId, visitId), isNull(publications.endedAt), gt(publications.endsAt, now)))
    .orderBy(desc(exams.examDate), exams.position)
}

async function currentReport(tx: Transaction, examId: string) {
  const [report] = await tx
    .select({ id: reports.id, atHand: sql<boolean>`${reports.document} is not null` })
    .from(reports)
    .where(and(eq(reports.examId, examId), isNull(reports.supersededAt)))
    .orderBy(desc(reports.version))
    .limit(1)
  return report
}

async function latestPublication(tx: Transaction, examId: string): Promise<Publication | undefined> {
  const [publication] = await tx
    .select()
    .from(publications)
    .where(eq(publications.examId, examId))
    .orderBy(desc(publications.publishedAt))
    .limit(1)
  return publication
}

/** May an exam whose publication ended come online again? What the person or the desk took off stays off. */
function mayReturn(ended: Publication, reportId: string): boolean {
  if (ended.endedBy === 'consent') return true
  // Of a withdrawn report only another version may come.
  return (ended.endedBy === 'expiry' || ended.endedBy === 'ris') && ended.reportId !== reportId
}

/**
 * At least one study of that Accession Number is stable and none is still arriving, where images are expected at all (S6).
 * One whose Study Instance UID the archive has twice counts for nothing: nobody could see it (S45).
 */
async function imagesReady(tx: Transaction, exam: Exam): Promise<boolean> {
  if (!exam.imagesExpected) return true
  const found = await tx
    .select({ state: studies.state })
    .from(studies)
    .where(
      and(eq(studies.accessionNumber, exam.accessionNumber), ne(studies.state, 'gone'), not(hasNamesake())),
    )
  return found.length > 0 && found.every(({ state }) => state === 'stable')
}

/**
 * Does the archive have the Study Instance UID of a row of `studies` once more, with another Accession Number or another
 * Patient ID (its own key of a study is made of Patient ID and UID)? The two may be two people's: neither shows.
 */
export const hasNamesake = (): SQL<boolean> => sql<boolean>`exists (
  select 1 from studies namesake where namesake.study_instance_uid = studies.study_instance_uid
    and namesake.orthanc_id <> studies.orthanc_id and namesake.state <> 'gone')`

/**
 * Has the person got the present PIN2, or will they? Not where the mail that carried it was refused. What the desk tells
 * has no mail to be judged by.
 */
async function pin2IsOnItsWay(tx: Transaction, visitId: string, rules: PublishingRules): Promise<boolean> {
  if (rules.pin2Delivery === 'desk') return true
  const carriers = await tx
    .select({ state: mails.state })
    .from(mails)
    .where(and(eq(mails.visitId, visitId), eq(mails.carriesPin2, true)))
    .orderBy(desc(mails.queuedAt), sql`${mails.state} = 'cancelled'`)
    .limit(1)
  const [latest] = carriers
  return (
    latest === undefined || latest.state === 'queued' || latest.state === 'sending' || latest.state === 'sent'
  )
}
