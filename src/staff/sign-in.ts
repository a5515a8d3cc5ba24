import { and, eq } from 'drizzle-orm'
import { lockFailures, noteFailures } from '../access/failures.ts'
import { afterFailure, lockedUntil, NO_FAILURES } from '../access/lockout.ts'
import { giveBack, spend } from '../access/sources.ts'
import { type Actor, type AuditEvent, record, transact } from '../audit/audit.ts'
import type { KeyRing } from '../crypto/keys.ts'
import { unsealOrNull } from '../crypto/seal.ts'
import type { Database, Transaction } from '../database/database.ts'
import { staff } from '../database/schema.ts'
import { hashPin, verifyPin } from '../pin/pin.ts'
import { useRecoveryCode } from './recovery.ts'
import { closeStaffSession, openStaffSession, type StaffMember } from './sessions.ts'
import { type Account, lockKeys, usernameOf } from './staff.ts'
import { totpStep } from './totp.ts'

export type StaffDoor = { db: Database; peppers: KeyRing; keys: KeyRing; now: Date; source: string }

export type StaffSignIn =
  | { ok: true; token: string }
  | { ok: false; reason: 'wrong' }
  | { ok: false; reason: 'locked'; until: Date }

/**
 * Opens a session for the right user name, password and code, all three at once: whichever was wrong, and whether the
 * account exists or is disabled, the answer is the same. Counted and locked as PINs are (S42), but the right ones forgive
 * all failures, or years of slips would add up.
 */
export async function signInStaff(
  door: StaffDoor,
  typed: Proof & { username: string; oldToken: string | null },
): Promise<StaffSignIn> {
  const { db, peppers, now, source } = door
  const again = await spend(db, { act: 'staff', source, peppers, now })
  if (again) return { ok: false, reason: 'locked', until: again }
  const username = usernameOf(typed.username) ?? ''
  return transact(db, async (tx) => {
    const proven = await prove(tx, door, username, typed, { actor: { kind: 'anonymous' }, source })
    if (!proven.ok) return proven
    const { account } = proven
    await tx.update(staff).set({ lastLoginAt: now }).where(eq(staff.id, account.id))
    if (typed.oldToken) await closeStaffSession(tx, typed.oldToken)
    record(tx, now, { event: 'staff.login', actor: { kind: 'staff', id: account.id }, source })
    await giveBack(tx, { act: 'staff', source, peppers, now })
    return { ok: true, token: await openStaffSession(tx, account.id, now) }
  })
}

/** What proves that the owner of an account asks. */
export type Proof = { password: string; code: string }

type Proven = { ok: true; account: Account } | Exclude<StaffSignIn, { ok: true }>

/**
 * Password and code of a local account, counted and locked as PINs are (S42); the right ones forgive all failures. Whether
 * the account exists or is disabled, the same is done and said. What fails stands in the trail as an act of `by`.
 */
export async function prove(
  tx: Transaction,
  door: StaffDoor,
  username: string,
  { password, code }: Proof,
  by: Pick<AuditEvent, 'actor' | 'source'>,
): Promise<Proven> {
  const { peppers, now } = door
  const failures = await lockFailures(tx, lockKeys(peppers, username), now)
  const [account] = await tx
    .select()
    .from(staff)
    .where(and(eq(staff.username, username), eq(staff.method, 'local')))
    .for('update')
  const id = account?.id ?? (by.actor.kind === 'staff' ? by.actor.id : undefined)
  const details = id ? { staff: id } : {}
  const until = lockedUntil(failures, now)
  if (until) {
    record(tx, now, { event: 'staff.locked', ...by, details })
    return { ok: false, reason: 'locked', until }
  }
  const knows = await verifyPin(account?.passwordHash ?? null, password.normalize('NFC'))
  const step = account && knows && !account.disabledAt ? await takeCode(tx, door, account, code) : null
  if (!account || step === null) {
    const next = afterFailure(failures, now)
    await noteFailures(tx, failures, next, now)
    record(tx, now, { event: 'staff.failed', ...by, details })
    return next.lockedUntil
      ? { ok: false, reason: 'locked', until: next.lockedUntil }
      : { ok: false, reason: 'wrong' }
  }
  await noteFailures(tx, failures, NO_FAILURES, now)
  await tx.update(staff).set({ totpLastStep: step }).where(eq(staff.id, account.id))
  return { ok: true, account }
}

/** The authenticator's code, or a recovery code; returns the time step that is used up by it, null where it is neither. */
async function takeCode(
  tx: Transaction,
  { keys, peppers, now }: StaffDoor,
  account: Account,
  code: string,
): Promise<number | null> {
  if (!account.totpSealed) return null
  const digits = code.replace(/\s/g, '')
  if (/^\d{6}$/.test(digits)) {
    // Sealed under a key that was dropped: refused as a wrong code is, or the answer would tell the right password.
    const secret = unsealOrNull(keys, totpContext(account.id), account.totpSealed)
    return secret === null ? null : totpStep(secret, digits, account.totpLastStep, now)
  }
  return (await useRecoveryCode(tx, account.id, code, peppers)) ? account.totpLastStep : null
}

/** What the TOTP secret of an account is sealed with. */
export const totpContext = (id: string) => `staff-totp:${id}`

/** argon2id of a password. */
export const hashPassword = (password: string) => hashPin(password.normalize('NFC'))

/** Ends the session of "Esci" and notes it. */
export async function signOutStaff(
  db: Database,
  member: StaffMember,
  token: string,
  source: string,
  now: Date,
): Promise<void> {
  await transact(db, async (tx) => {
    await closeStaffSession(tx, token)
    record(tx, now, { event: 'staff.logout', actor: staffActor(member, source) })
  })
}

/** The member as the audit trail names them. */
export const staffActor = (
  { id }: Pick<StaffMember, 'id'>,
  source: string,
): Extract<Actor, { kind: 'staff' }> => ({
  kind: 'staff',
  id,
  source,
})
