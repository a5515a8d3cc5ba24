import { randomUUID } from 'node:crypto'
import { and, eq, inArray, ne, sql } from 'drizzle-orm'
import { type Actor, record, transact } from '../audit/audit.ts'
import type { KeyRing } from '../crypto/keys.ts'
import type { Database, Transaction } from '../database/database.ts'
import { exams, loginLocks, visits } from '../database/schema.ts'
import { AppError } from '../errors.ts'
import { cancelMails, queueMail } from '../mail/outbox.ts'
import { rereadDocuments } from '../pacs/reread.ts'
import { digestPin1, digestsOfPin1, makePin1 } from '../pin/pin.ts'
import {
  issuePin2,
  type OnlinePublication,
  onlinePublications,
  type PublishingRules,
  publishReady,
  type Visit,
} from '../publications/publications.ts'
import { endPublications } from '../retention/retention.ts'
import { closePatientSessions } from '../sessions/sessions.ts'
import { lockVisit } from './lock.ts'

export type NewVisit = {
  accessionNumber: string
  patient: {
    familyName: string
    givenName: string
    birthDate: string
    birthPlace?: string | undefined
    taxCode?: string | undefined
    patientId?: string | undefined
    sex?: string | undefined
  }
  email?: string | undefined
  consent: boolean
  exams: {
    accessionNumber?: string | undefined
    description: string
    date: string
    imagesExpected?: boolean | undefined
    excluded?: boolean | undefined
  }[]
}

export type VisitRules = PublishingRules & { peppers: KeyRing; consentTextVersion: string }

type Call = { db: Database; rules: VisitRules; actor: Actor; now: Date }

const REGISTRATION_LOCK = 7_262_004

/** Registers a visit and returns its PIN1, which is told this once (S3, S4). The same Accession Number again is refused and changes nothing. */
export async function registerVisit(
  { db, rules, actor, now }: Call,
  input: NewVisit,
  said: Pick<Visit, 'heard' | 'patientAuthority'> = { heard: {}, patientAuthority: null },
): Promise<{ visitId: string; pin1: string }> {
  return transact(db, async (tx) => {
    await refuseKnown(tx, [
      input.accessionNumber,
      ...input.exams.flatMap((exam) => exam.accessionNumber ?? []),
    ])
    const { pin1, pin1Digest } = await freshPin1(tx, rules.peppers)
    const [visit] = await tx
      .insert(visits)
      .values({
        accessionNumber: input.accessionNumber,
        familyName: input.patient.familyName,
        givenName: input.patient.givenName,
        birthDate: input.patient.birthDate,
        birthPlace: input.patient.birthPlace ?? null,
        taxCode: input.patient.taxCode ?? null,
        patientId: input.patient.patientId ?? null,
        sex: input.patient.sex ?? null,
        email: input.email ?? null,
        // A message that staff replay is not their word.
        emailByDeskAt:
          input.email && actor.kind === 'staff' && Object.keys(said.heard).length === 0 ? now : null,
        ...said,
        registeredAt: now,
        consent: input.consent,
        consentAt: now,
        consentTextVersion: rules.consentTextVersion,
        pin1Digest,
        pin1IssuedAt: now,
      })
      .returning({ id: visits.id })
    if (!visit) throw new Error('insert returned no visit')
    await tx.insert(exams).values(
      input.exams.map((exam, position) => ({
        visitId: visit.id,
        position,
        accessionNumber: exam.accessionNumber ?? input.accessionNumber,
        description: exam.description,
        examDate: exam.date,
        imagesExpected: exam.imagesExpected ?? true,
        excluded: exam.excluded ?? false,
      })),
    )
    record(tx, now, { event: 'visit.registered', actor, visitId: visit.id })
    if (input.consent) {
      record(tx, now, {
        event: 'consent.given',
        actor,
        visitId: visit.id,
        details: { textVersion: rules.consentTextVersion },
      })
    }
    return { visitId: visit.id, pin1 }
  })
}

/** The visit of an Accession Number, its own or that of one of its exams; refuses with `visit.not_found`. */
export async function findVisit(db: Database, accessionNumber: string): Promise<Visit> {
  // PostgreSQL knows no NUL, so none is registered under it.
  if (accessionNumber.includes('\0')) throw unknownVisit()
  const [own] = await db.select().from(visits).where(eq(visits.accessionNumber, accessionNumber))
  if (own) return own
  const [byExam] = await db
    .selectDistinct({ visitId: exams.visitId })
    .from(exams)
    .where(eq(exams.accessionNumber, accessionNumber))
    .limit(1)
  const [visit] = byExam ? await db.select().from(visits).where(eq(visits.id, byExam.visitId)) : []
  if (!visit) throw unknownVisit()
  return visit
}

/** The same, or null where no visit is registered under the number. */
export async function findVisitIfAny(db: Database, accessionNumber: string): Promise<Visit | null> {
  try {
    return await findVisit(db, accessionNumber)
  } catch (error) {
    if (error instanceof AppError && error.code === 'visit.not_found') return null
    throw error
  }
}

const unknownVisit = () =>
  new AppError('visit.not_found', 'No visit is registered under this Accession Number.')

/** Corrects the e-mail, or records that consent was given or withdrawn (S2); publishes or ends what follows from it. */
export async function changeVisit(
  { db, rules, actor, now }: Call,
  accessionNumber: string,
  change: { email?: string | null | undefined; consent?: boolean | undefined },
): Promise<void> {
  const { id } = await findVisit(db, accessionNumber)
  await transact(db, async (tx) => {
    const visit = await lockVisit(tx, id)
    if (change.email !== undefined && change.email !== visit.email)
      await changeEmail(tx, visit, change.email, {
        ...{ rules, actor, now },
        byDeskAt: actor.kind === 'staff' ? now : null,
      })
    if (change.consent !== undefined && change.consent !== visit.consent)
      await changeConsent(tx, visit, change.consent, rules, actor, now)
    await publishReady(tx, id, rules, now)
  })
}

/** Makes a new PIN1; the old one dies, with the sessions it opened (S4). */
export async function reissuePin1(
  { db, rules, actor, now }: Call,
  accessionNumber: string,
): Promise<{ visit: Visit; pin1: string }> {
  const { id } = await findVisit(db, accessionNumber)
  return transact(db, async (tx) => {
    const visit = await lockVisit(tx, id)
    const { pin1, pin1Digest } = await freshPin1(tx, rules.peppers)
    await tx.update(visits).set({ pin1Digest, pin1IssuedAt: now }).where(eq(visits.id, id))
    await tx
      .delete(loginLocks)
      .where(eq(loginLocks.pin1Digest, Buffer.from(visit.pin1Digest).toString('hex')))
    await closePatientSessions(tx, id)
    record(tx, now, { event: 'pin1.reissued', actor, visitId: id })
    return { visit, pin1 }
  })
}

/** Sends a new PIN2 to the registered address, or tells it to the desk where it never travels by mail (S5, S9). */
export async function renewPin2(
  { db, rules, actor, now }: Call,
  accessionNumber: string,
): Promise<{ pin2: string | null }> {
  const { id } = await findVisit(db, accessionNumber)
  return transact(db, async (tx) => {
    const visit = await lockVisit(tx, id)
    if (!visit.consent || !visit.email)
      throw new AppError('visit.no_email', 'The visit has no consent or no e-mail: set them by PATCH first.')
    const pin2 = await sendNewPin2(tx, visit, rules, now)
    if (pin2 === null)
      throw new AppError(
        'visit.no_publication',
        'Nothing of this visit is online, so there is no PIN2: it is made at publication.',
      )
    record(tx, now, { event: 'pin2.requested', actor, visitId: id })
    return { pin2: rules.pin2Delivery === 'desk' ? pin2 : null }
  })
}

/** Ends the lock that wrong PINs brought (S11); both PINs stay as they are. */
export async function unlockVisit({ db, actor, now }: Call, accessionNumber: string): Promise<void> {
  const { id, pin1Digest } = await findVisit(db, accessionNumber)
  await transact(db, async (tx) => {
    await tx.delete(loginLocks).where(eq(loginLocks.pin1Digest, Buffer.from(pin1Digest).toString('hex')))
    record(tx, now, { event: 'visit.unlocked', actor, visitId: id })
  })
}

/** Issues and mails a new PIN2 for what is online; null where nothing is. The caller holds the visit's row. */
export async function sendNewPin2(
  tx: Transaction,
  visit: Visit,
  rules: PublishingRules,
  now: Date,
): Promise<string | null> {
  const [newest] = await onlinePublications(tx, visit.id, now)
  if (!newest) return null
  const { pin2 } = await issuePin2(tx, visit, { kind: 'pin2', ...noticeOf(newest) }, rules, now)
  return pin2
}

const noticeOf = ({ exam, publication }: OnlinePublication) => ({
  // Each is an event of its own: two in the same millisecond too.
  dedupeKey: `pin2:${randomUUID()}`,
  examDate: exam.examDate,
  availableUntil: publication.availableUntil,
})

/**
 * Changes the address. A PIN2 that went to the old one, or never came, dies with its sessions; a new one goes to the right
 * one, if there is one (S9). A PIN2 that the desk told stays, and the notice goes out again. The caller holds the visit's row.
 */
export async function changeEmail(
  tx: Transaction,
  visit: Visit,
  email: string | null,
  { rules, actor, now, byDeskAt }: Omit<Call, 'db'> & { byDeskAt: Date | null },
): Promise<void> {
  await tx.update(visits).set({ email, emailByDeskAt: byDeskAt }).where(eq(visits.id, visit.id))
  record(tx, now, { event: 'visit.changed', actor, visitId: visit.id, details: { changed: 'email' } })
  if (rules.pin2Delivery === 'desk') return email ? noticeAgain(tx, visit, rules, now) : undefined
  if (!email) return endPin2(tx, visit.id)
  if (visit.consent) await sendNewPin2(tx, { ...visit, email }, rules, now)
}

async function noticeAgain(tx: Transaction, visit: Visit, rules: VisitRules, now: Date): Promise<void> {
  const [newest] = await onlinePublications(tx, visit.id, now)
  if (!newest) return
  await cancelMails(tx, visit.id, 'published')
  const notice = { visitId: visit.id, kind: 'published', pin2: null, ...noticeOf(newest) } as const
  await queueMail(tx, notice, rules.encryptionKeys, now)
}

// What is online stays: other ways lead to it (SPID or CIE, a doctor's share), and the next address gets a new PIN2.
async function endPin2(tx: Transaction, visitId: string): Promise<void> {
  await tx.update(visits).set({ pin2Hash: null, pin2IssuedAt: null }).where(eq(visits.id, visitId))
  await cancelMails(tx, visitId, 'with-pin2')
  await closePatientSessions(tx, visitId)
}

/** Notes consent given or withdrawn (S2). The caller holds the visit's row. */
export async function changeConsent(
  tx: Transaction,
  visit: Visit,
  consent: boolean,
  rules: VisitRules,
  actor: Actor,
  now: Date,
): Promise<void> {
  const { consentTextVersion } = rules
  const consentWithdrawnAt = consent ? null : now
  await tx
    .update(visits)
    .set({ consent, consentAt: now, consentTextVersion, consentWithdrawnAt })
    .where(eq(visits.id, visit.id))
  const event = consent ? 'consent.given' : 'consent.withdrawn'
  record(tx, now, { event, actor, visitId: visit.id, details: { textVersion: consentTextVersion } })
  if (consent) await rereadDocuments(tx, visit.id)
  else await endPublications(tx, { visitId: visit.id, endedBy: 'consent', actor, source: null, now })
}

/**
 * An Accession Number belongs to one visit: were it in two, the images of one person would show to another. `exceptVisit`
 * may have it already.
 */
export async function refuseKnown(tx: Transaction, wanted: string[], exceptVisit?: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${REGISTRATION_LOCK})`)
  const ofVisits = await tx
    .select({ id: visits.id })
    .from(visits)
    .where(and(inArray(visits.accessionNumber, wanted), exceptVisit ? ne(visits.id, exceptVisit) : undefined))
    .limit(1)
  const ofExams = await tx
    .select({ id: exams.id })
    .from(exams)
    .where(
      and(inArray(exams.accessionNumber, wanted), exceptVisit ? ne(exams.visitId, exceptVisit) : undefined),
    )
    .limit(1)
  if (ofVisits.length + ofExams.length > 0) {
    throw new AppError(
      'visit.exists',
      'A visit with this Accession Number (its own or an exam’s) is registered already; nothing was changed.',
    )
  }
}

async function freshPin1(tx: Transaction, peppers: KeyRing): Promise<{ pin1: string; pin1Digest: Buffer }> {
  for (;;) {
    const pin1 = makePin1()
    const pin1Digest = digestPin1(peppers, pin1)
    const taken = await tx
      .select({ id: visits.id })
      .from(visits)
      .where(inArray(visits.pin1Digest, digestsOfPin1(peppers, pin1)))
    if (taken.length === 0) return { pin1, pin1Digest }
  }
}
