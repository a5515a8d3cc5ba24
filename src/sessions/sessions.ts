import { createHash, randomBytes } from 'node:crypto'
import { and, eq, gt, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { Database, Transaction } from '../database/database.ts'
import { sessions, visits } from '../database/schema.ts'

export const IDLE_MS = 15 * 60_000
const LONGEST_MS = 8 * 60 * 60_000
// Writing each request's time would make every frame of a study an UPDATE.
const TOUCH_MS = 30_000

/** Of the patient, or of the doctor of `shareId`. */
export type Session = {
  tokenHash: string
  visitId: string
  shareId: string | null
  /** The tax code that SPID or CIE vouched for, where they opened it and not the PINs. */
  taxCode: string | null
  createdAt: Date
}

/** Opens a session and returns its token, which only the cookie holds (S44). */
export async function openSession(
  tx: Transaction,
  {
    visitId,
    shareId = null,
    taxCode = null,
    startedAt,
  }: {
    visitId: string
    shareId?: string | null
    taxCode?: string | null
    /** When the person showed who they are, where that was in a session before: eight hours count from there. */
    startedAt?: Date
  },
  now: Date,
): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const createdAt = startedAt ?? now
  const expiresAt = new Date(createdAt.getTime() + LONGEST_MS)
  await tx.insert(sessions).values({
    tokenHash: hashToken(token),
    visitId,
    shareId,
    taxCode,
    createdAt,
    lastSeenAt: now,
    expiresAt,
  })
  return token
}

/** The session of a token with its visit, if it is neither idle for 15 minutes nor older than 8 hours (S12); notes that it is in use. */
export async function findSession(
  db: Database,
  token: string,
  now: Date,
): Promise<(Session & { visit: typeof visits.$inferSelect }) | null> {
  const tokenHash = hashToken(token)
  const idleSince = new Date(now.getTime() - IDLE_MS)
  const [row] = await db
    .select({ found: sessions, visit: visits })
    .from(sessions)
    .innerJoin(visits, eq(visits.id, sessions.visitId))
    .where(
      and(eq(sessions.tokenHash, tokenHash), gt(sessions.lastSeenAt, idleSince), gt(sessions.expiresAt, now)),
    )
  if (!row) return null
  const { found, visit } = row
  if (now.getTime() - found.lastSeenAt.getTime() > TOUCH_MS) {
    await db
      .update(sessions)
      .set({ lastSeenAt: now })
      .where(and(eq(sessions.tokenHash, tokenHash), lt(sessions.lastSeenAt, now)))
  }
  const { visitId, shareId, taxCode, createdAt } = found
  return { tokenHash, visitId, shareId, taxCode, createdAt, visit }
}

/** The visit of whatever session has the token, as a part of another question: asked beside findSession(), not after it. */
export function visitOfToken(token: string): SQL {
  return sql`(select visit_id from sessions where token_hash = ${hashToken(token)})`
}

/** Ends one session ("Esci"). */
export async function closeSession(tx: Transaction, tokenHash: string): Promise<void> {
  await tx.delete(sessions).where(eq(sessions.tokenHash, tokenHash))
}

/** Ends every session of a visit, the doctors' too: nothing of it stays online (S12). */
export async function closeSessionsOf(tx: Transaction, visitId: string): Promise<void> {
  await tx.delete(sessions).where(eq(sessions.visitId, visitId))
}

// 256 random bits need no salt and no slow hash: there is nothing to guess.
function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Ends the patient's own sessions: the PIN that opened them is dead. */
export async function closePatientSessions(tx: Transaction, visitId: string): Promise<void> {
  await tx.delete(sessions).where(and(eq(sessions.visitId, visitId), isNull(sessions.shareId)))
}
