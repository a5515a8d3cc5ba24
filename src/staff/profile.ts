import { and, eq, ne } from 'drizzle-orm'
import { lockFailures, noteFailures } from '../access/failures.ts'
import { afterFailure, lockedUntil, NO_FAILURES } from '../access/lockout.ts'
import { record, transact } from '../audit/audit.ts'
import type { Transaction } from '../database/database.ts'
import { staff, staffSessions } from '../database/schema.ts'
import { verifyPin } from '../pin/pin.ts'
import { type PasswordFault, passwordFault } from './password.ts'
import { renewRecoveryCodes } from './recovery.ts'
import type { StaffMember } from './sessions.ts'
import { hashPassword, type StaffDoor, staffActor, takeCode } from './sign-in.ts'
import { lockKeys } from './staff.ts'

/** What proves that the owner of an account asks, and not somebody at a desk that was left open. */
export type Proof = { password: string; code: string }

export type Refused = { ok: false; reason: 'wrong' | 'locked' }

/**
 * Changes one's own password. Every other session of the account ends: whoever knew the old one is out. A new one that
 * would not be taken is told first, so that it costs no code.
 */
export async function changePassword(
  door: StaffDoor,
  member: StaffMember,
  typed: Proof & { next: string; again: string },
): Promise<{ ok: true } | Refused | { ok: false; reason: PasswordFault }> {
  const fault = passwordFault(typed.next, typed.again, member.username)
  if (fault) return { ok: false, reason: fault }
  const passwordHash = await hashPassword(typed.next)
  return transact(door.db, async (tx) => {
    const refused = await refusalOf(tx, door, member, typed)
    if (refused) return refused
    await tx.update(staff).set({ passwordHash }).where(eq(staff.id, member.id))
    await tx
      .delete(staffSessions)
      .where(and(eq(staffSessions.staffId, member.id), ne(staffSessions.tokenHash, member.tokenHash)))
    note(tx, door, member, 'staff.password_changed')
    return { ok: true }
  })
}

/** Makes new recovery codes for oneself; those from before die. They are told this once. */
export async function changeRecoveryCodes(
  door: StaffDoor,
  member: StaffMember,
  typed: Proof,
): Promise<{ ok: true; recoveryCodes: string[] } | Refused> {
  return transact(door.db, async (tx) => {
    const refused = await refusalOf(tx, door, member, typed)
    if (refused) return refused
    note(tx, door, member, 'staff.codes_renewed')
    return { ok: true, recoveryCodes: await renewRecoveryCodes(tx, member.id, door.peppers) }
  })
}

/** Null where password and code are the owner's. Failures count as those of the login do (S42). */
async function refusalOf(
  tx: Transaction,
  door: StaffDoor,
  member: StaffMember,
  { password, code }: Proof,
): Promise<Refused | null> {
  const { peppers, now, source } = door
  const failures = await lockFailures(tx, lockKeys(peppers, member.username), now)
  const [account] = await tx
    .select()
    .from(staff)
    .where(and(eq(staff.id, member.id), eq(staff.method, 'local')))
    .for('update')
  const details = { staff: member.id }
  const actor = staffActor(member, source)
  if (lockedUntil(failures, now)) {
    record(tx, now, { event: 'staff.locked', actor, details })
    return { ok: false, reason: 'locked' }
  }
  const knows = await verifyPin(account?.passwordHash ?? null, password.normalize('NFC'))
  const step = account && knows ? await takeCode(tx, door, account, code) : null
  if (step === null) {
    const next = afterFailure(failures, now)
    await noteFailures(tx, failures, next, now)
    record(tx, now, { event: 'staff.failed', actor, details })
    return { ok: false, reason: next.lockedUntil ? 'locked' : 'wrong' }
  }
  await noteFailures(tx, failures, NO_FAILURES, now)
  await tx.update(staff).set({ totpLastStep: step }).where(eq(staff.id, member.id))
  return null
}

function note(
  tx: Transaction,
  { now, source }: StaffDoor,
  member: StaffMember,
  event: 'staff.password_changed' | 'staff.codes_renewed',
): void {
  record(tx, now, { event, actor: staffActor(member, source), details: { staff: member.id } })
}
