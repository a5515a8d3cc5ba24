import { createHash, randomBytes } from 'node:crypto'
import { and, eq, gt, isNull, lt, or } from 'drizzle-orm'
import type { Database, Transaction } from '../database/database.ts'
import { staff, staffSessions } from '../database/schema.ts'
import type { Role } from './permissions.ts'

export const STAFF_IDLE_MS = 15 * 60_000
const LONGEST_MS = 8 * 60 * 60_000
const TOUCH_MS = 30_000
// A form that was being filled in when the provider is to be asked again can still be sent.
const RECHECK_GRACE_MS = 15 * 60_000

/** Who of the staff is asking, in which session. */
export type StaffMember = {
  id: string
  username: string
  name: string
  roles: Role[]
  method: 'local' | 'oidc'
  tokenHash: string
  /** The provider is to be asked again, before the next page. */
  isRecheckDue: boolean
}

/** Of a login at an OpenID provider. */
export type ProviderSession = { idTokenSealed: Uint8Array; recheckMs: number }

/** Opens a session of the console and returns its token, which only the cookie holds (S44). */
export async function openStaffSession(
  tx: Transaction,
  staffId: string,
  now: Date,
  provider?: ProviderSession,
): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  await tx.insert(staffSessions).values({
    tokenHash: hashToken(token),
    staffId,
    createdAt: now,
    lastSeenAt: now,
    ...lifeOf(now, now, provider),
  })
  return token
}

/** Lets a session go on after its provider was asked again, as the person's own; false where it is somebody else's, or over. */
export async function renewStaffSession(
  tx: Transaction,
  tokenHash: string,
  staffId: string,
  now: Date,
  provider: ProviderSession,
): Promise<boolean> {
  const own = and(
    eq(staffSessions.tokenHash, tokenHash),
    eq(staffSessions.staffId, staffId),
    gt(staffSessions.expiresAt, now),
  )
  const [session] = await tx.select().from(staffSessions).where(own).for('update')
  if (!session) return false
  const life = lifeOf(session.createdAt, now, provider)
  await tx
    .update(staffSessions)
    .set({ ...life, lastSeenAt: now })
    .where(own)
  return true
}

function lifeOf(createdAt: Date, now: Date, provider: ProviderSession | undefined) {
  const longest = createdAt.getTime() + LONGEST_MS
  if (!provider) return { expiresAt: new Date(longest), recheckAt: null, idTokenSealed: null }
  const recheckAt = now.getTime() + provider.recheckMs
  return {
    expiresAt: new Date(Math.min(longest, recheckAt + RECHECK_GRACE_MS)),
    recheckAt: new Date(recheckAt),
    idTokenSealed: provider.idTokenSealed,
  }
}

/**
 * The member of the staff whose session a token is: neither idle for 15 minutes, nor older than 8 hours, nor disabled, nor
 * long unconfirmed by the provider.
 */
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
      recheckAt: staffSessions.recheckAt,
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
  const { lastSeenAt, recheckAt, ...member } = found
  if (now.getTime() - lastSeenAt.getTime() > TOUCH_MS) {
    const older = and(eq(staffSessions.tokenHash, tokenHash), lt(staffSessions.lastSeenAt, now))
    await db.update(staffSessions).set({ lastSeenAt: now }).where(older)
  }
  return { ...member, tokenHash, isRecheckDue: recheckAt !== null && recheckAt <= now }
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
