import { createHash, randomBytes } from 'node:crypto'
import { and, eq, gt, isNull, lt, or } from 'drizzle-orm'
import type { Database, Transaction } from '../database/database.ts'
import { staff, staffSessions } from '../database/schema.ts'
import type { Role } from './permissions.ts'

export const STAFF_IDLE_MS = 15 * 60_000
const LONGEST_MS = 8 * 60 * 60_000
const TOUCH_MS = 30_000

/** Who of the staff is asking, in which session. */
export type StaffMember = {
  id: string
  username: string
  name: string
  roles: Role[]
  method: 'local' | 'oidc'
  tokenHash: string
}

/** Opens a session of the console and returns its token, which only the cookie holds (S44). */
export async function openStaffSession(
  tx: Transaction,
  staffId: string,
  now: Date,
  idTokenSealed: Uint8Array | null = null,
): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const expiresAt = new Date(now.getTime() + LONGEST_MS)
  await tx.insert(staffSessions).values({
    tokenHash: hashToken(token),
    staffId,
    createdAt: now,
    lastSeenAt: now,
    expiresAt,
    idTokenSealed,
  })
  return token
}

/** The member of the staff whose session a token is: neither idle for 15 minutes, nor older than 8 hours, nor disabled. */
export async function findStaff(db: Database, token: string, now: Date): Promise<StaffMember | null> {
  const tokenHash = hashToken(token)
  const idleSince = new Date(now.getTime() - STAFF_IDLE_MS)
  const [found] = await db
    .select({
      id: staff.id,
      username: staff.username,
      name: staff.name,
      roles: staff.roles,
      method: staff.method,
      lastSeenAt: staffSessions.lastSeenAt,
    })
    .from(staffSessions)
    .innerJoin(staff, eq(staff.id, staffSessions.staffId))
    .where(
      and(
        eq(staffSessions.tokenHash, tokenHash),
        gt(staffSessions.lastSeenAt, idleSince),
        gt(staffSessions.expiresAt, now),
        isNull(staff.disabledAt),
      ),
    )
  if (!found) return null
  const { lastSeenAt, ...member } = found
  if (now.getTime() - lastSeenAt.getTime() > TOUCH_MS) {
    const older = and(eq(staffSessions.tokenHash, tokenHash), lt(staffSessions.lastSeenAt, now))
    await db.update(staffSessions).set({ lastSeenAt: now }).where(older)
  }
  return { ...member, tokenHash }
}

/** Ends the session of a token; nothing where there is none. */
export async function closeStaffSession(tx: Transaction, token: string): Promise<void> {
  await tx.delete(staffSessions).where(eq(staffSessions.tokenHash, hashToken(token)))
}

/** Ends every session of an account: it was disabled, reset, or its roles changed. */
export async function closeSessionsOfStaff(tx: Transaction, staffId: string): Promise<void> {
  await tx.delete(staffSessions).where(eq(staffSessions.staffId, staffId))
}

/** Forgets sessions that have ended. */
export async function forgetStaffSessions(db: Database, now: Date): Promise<void> {
  const idleSince = new Date(now.getTime() - STAFF_IDLE_MS)
  await db
    .delete(staffSessions)
    .where(or(lt(staffSessions.expiresAt, now), lt(staffSessions.lastSeenAt, idleSince)))
}

// 256 random bits: nothing to guess, so no slow hash.
const hashToken = (token: string) => createHash('sha256').update(token).digest('hex')
