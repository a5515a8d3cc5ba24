import { and, eq, ne } from 'drizzle-orm'
import { record, transact } from '../audit/audit.ts'
import type { Transaction } from '../database/database.ts'
import { staff, staffSessions } from '../database/schema.ts'
import { type PasswordFault, passwordFault } from './password.ts'
import { renewRecoveryCodes } from './recovery.ts'
import type { StaffMember } from './sessions.ts'
import { hashPassword, type Proof, prove, type StaffDoor, staffActor } from './sign-in.ts'

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

/** Null where password and code are the owner's. */
async function refusalOf(
  tx: Transaction,
  door: StaffDoor,
  member: StaffMember,
  typed: Proof,
): Promise<Refused | null> {
  const proven = await prove(tx, door, member.username, typed, { actor: staffActor(member, door.source) })
  return proven.ok ? null : { ok: false, reason: proven.reason }
}

function note(
  tx: Transaction,
  { now, source }: StaffDoor,
  member: StaffMember,
  event: 'staff.password_changed' | 'staff.codes_renewed',
): void {
  record(tx, now, { event, actor: staffActor(member, source), details: { staff: member.id } })
}
