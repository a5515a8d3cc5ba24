import { and, eq, inArray, ne, not, type SQL } from 'drizzle-orm'
import { type Actor, record, transact } from '../audit/audit.ts'
import type { KeyRing } from '../crypto/keys.ts'
import type { Database, Transaction } from '../database/database.ts'
import { loginLocks, studies, visits } from '../database/schema.ts'
import { hasValidCheckDigit, withoutSeparators } from '../pin/damm.ts'
import { digestPin1, digestsOfPin1, verifyPin } from '../pin/pin.ts'
import { hasNamesake, type OnlinePublication, onlinePublications } from '../publications/publications.ts'
import { closeSession, findSession, openSession, visitOfToken } from '../sessions/sessions.ts'
import { type Share, sharedOnline, standingShare, tryShare } from '../shares/shares.ts'
import { lockFailures, noteFailures } from './failures.ts'
import { afterFailure, afterSuccess, lockedUntil } from './lockout.ts'
import { giveBack, isAlarming, spend } from './sources.ts'

type Door = { db: Database; peppers: KeyRing; now: Date }
export type Credentials = { pin1: string; pin2: string; source: string }

export type SignIn =
  | { ok: true; token: string }
  /** 'mistyped': the check digit of PIN1 is wrong, which costs no attempt (S4). 'expired' is told only after the right pair (S43). */
  | { ok: false; reason: 'mistyped' | 'wrong' | 'expired' }
  | { ok: false; reason: 'locked'; until: Date }

/** Opens a session for the right PIN1 and PIN2. Wrong ones are answered alike, in the same time, whatever was wrong (S11, S43). */
export async function signIn(
  { db, peppers, now }: Door,
  { pin1: typed1, pin2: typed2, source }: Credentials,
): Promise<SignIn> {
  const pin1 = withoutSeparators(typed1)
  const pin2 = withoutSeparators(typed2)
  if (!hasValidCheckDigit(pin1)) return { ok: false, reason: 'mistyped' }
  const again = await spend(db, { act: 'login', source, peppers, now })
  if (again) return { ok: false, reason: 'locked', until: again }
  // The failed attempt must be committed: refusals are returned from the transaction, not thrown.
  return transact(db, async (tx) => {
    // Held until the end: a PIN2 that is being replaced opens nothing any more.
    const [visit] = await tx
      .select()
      .from(visits)
      .where(inArray(visits.pin1Digest, digestsOfPin1(peppers, pin1)))
      .for('no key update')
    const visitId = visit?.id ?? null
    // By the digest under which the visit knows its PIN1; an unknown PIN1 by any pepper's: a rotation forgets neither.
    const known = visit ? [visit.pin1Digest] : digestsOfPin1(peppers, pin1)
    const keys = known.map((digest) => Buffer.from(digest).toString('hex'))
    const failures = await lockFailures(tx, keys, now)
    const until = lockedUntil(failures, now)
    if (until) {
      record(tx, now, { event: 'access.locked', actor: { kind: 'anonymous' }, source, visitId })
      return { ok: false, reason: 'locked', until }
    }
    const matches = await verifyPin(visit?.pin2Hash ?? null, pin2)
    const next = matches ? afterSuccess(failures) : afterFailure(failures, now)
    await noteFailures(tx, failures, next, now)
    if (!matches || !visit) {
      record(tx, now, { event: 'access.failed', actor: { kind: 'anonymous' }, source, visitId })
      await raiseAlarm(tx, peppers, now)
      return next.lockedUntil
        ? { ok: false, reason: 'locked', until: next.lockedUntil }
        : { ok: false, reason: 'wrong' }
    }
    await refreshPin1Digest(tx, visit, digestPin1(peppers, pin1))
    const online = await onlinePublications(tx, visit.id, now)
    if (online.length === 0) return { ok: false, reason: 'expired' }
    record(tx, now, { event: 'access.login', actor: { kind: 'patient' }, source, visitId })
    await giveBack(tx, { act: 'login', source, peppers, now })
    return { ok: true, token: await openSession(tx, { visitId: visit.id }, now) }
  })
}

export type DoctorSignIn =
  | { ok: true; token: string }
  | { ok: false; reason: 'wrong' | 'suspended' }
  | { ok: false; reason: 'locked'; until: Date }

/** Opens a doctor's session for the link's token and the PIN that the patient told (S34, S35). */
export async function signInDoctor(
  { db, peppers, now }: Door,
  { token, pin, source }: { token: string; pin: string; source: string },
): Promise<DoctorSignIn> {
  const again = await spend(db, { act: 'share', source, peppers, now })
  if (again) return { ok: false, reason: 'locked', until: again }
  return transact(db, async (tx) => {
    const opened = await tryShare(tx, { token, pin: withoutSeparators(pin), source, now })
    if (!opened.ok) {
      await raiseAlarm(tx, peppers, now)
      return opened
    }
    const { id, visitId } = opened.share
    record(tx, now, { event: 'access.login', actor: { kind: 'doctor', share: id }, source, visitId })
    await giveBack(tx, { act: 'share', source, peppers, now })
    return { ok: true, token: await openSession(tx, { visitId, shareId: id }, now) }
  })
}

/** Ends the session of "Esci" and notes it. */
export async function signOut(db: Database, viewer: Viewer, source: string, now: Date): Promise<void> {
  await transact(db, async (tx) => {
    await closeSession(tx, viewer.tokenHash)
    record(tx, now, { event: 'access.logout', actor: viewer.actor, source, visitId: viewer.visit.id })
  })
}

/** Who is asking, and all they may see at this moment: the patient their visit, a doctor what a share opens. */
export type Viewer = {
  tokenHash: string
  actor: Actor
  share: Share | null
  /** The tax code by which SPID or CIE let them in, and when; null where the PINs did. */
  identity: { taxCode: string; since: Date } | null
  visit: typeof visits.$inferSelect
  online: OnlinePublication[]
}

/** The viewer of a session's token; null where the session or the share ended, or nothing is online any more (S12, S32). */
export async function findViewer(db: Database, token: string, now: Date): Promise<Viewer | null> {
  // Asked at every frame of a study: together, so that they cost a patient one round trip.
  const [session, own] = await Promise.all([
    findSession(db, token, now),
    onlinePublications(db, visitOfToken(token), now),
  ])
  if (!session) return null
  const { tokenHash, shareId, taxCode, createdAt, visit } = session
  const share = shareId === null ? null : await standingShare(db, shareId, now)
  if (shareId !== null && !share) return null
  const online = share ? await sharedOnline(db, share, now) : own
  if (online.length === 0) return null
  // A tax code that was corrected meanwhile is another person's.
  if (taxCode !== null && visit.taxCode?.toUpperCase() !== taxCode) return null
  const identity = taxCode === null ? null : { taxCode, since: createdAt }
  const actor: Actor = share ? { kind: 'doctor', share: share.id } : { kind: 'patient' }
  return { tokenHash, actor, share, identity, visit, online }
}

export type ViewableStudy = typeof studies.$inferSelect

/** The studies of those exams: matched by Accession Number (S6). */
export async function viewableStudies(db: Database, online: OnlinePublication[]): Promise<ViewableStudy[]> {
  const own = accessionNumbersOf(online)
  return own.length === 0 ? [] : studiesBy(db, inArray(studies.accessionNumber, own))
}

/** The study of one Study Instance UID, whoever's: nobody sees it but by viewableOf(). */
export function studiesOfUid(db: Database, studyInstanceUid: string): Promise<ViewableStudy[]> {
  return studiesBy(db, eq(studies.studyInstanceUid, studyInstanceUid))
}

/** Of what studiesOfUid() found, what belongs to those exams. */
export function viewableOf(candidates: ViewableStudy[], online: OnlinePublication[]): ViewableStudy[] {
  const own = new Set(accessionNumbersOf(online))
  return candidates.filter(({ accessionNumber }) => own.has(accessionNumber))
}

const accessionNumbersOf = (online: OnlinePublication[]): string[] =>
  online.flatMap(({ exam }) => exam.accessionNumber || [])

/** Without those whose Study Instance UID the archive has twice: DICOMweb could not tell the two apart (S45). */
const studiesBy = (db: Database, which: SQL): Promise<ViewableStudy[]> =>
  db
    .select()
    .from(studies)
    .where(and(which, ne(studies.state, 'gone'), not(hasNamesake())))
    .orderBy(studies.studyInstanceUid)

/** The security alert of an attack that no single source's budget shows; it is exported with the audit trail (S42). */
async function raiseAlarm(tx: Transaction, peppers: KeyRing, now: Date): Promise<void> {
  if (await isAlarming(tx, peppers, now))
    record(tx, now, { event: 'access.alarm', actor: { kind: 'system' } })
}

// After a rotation of the pepper the digest is renewed at the next login, so that the old pepper can be dropped.
async function refreshPin1Digest(
  tx: Transaction,
  visit: typeof visits.$inferSelect,
  pin1Digest: Buffer,
): Promise<void> {
  if (pin1Digest.equals(visit.pin1Digest)) return
  await tx.update(visits).set({ pin1Digest }).where(eq(visits.id, visit.id))
  await tx
    .update(loginLocks)
    .set({ pin1Digest: pin1Digest.toString('hex') })
    .where(eq(loginLocks.pin1Digest, Buffer.from(visit.pin1Digest).toString('hex')))
}
