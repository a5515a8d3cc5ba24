import { and, eq, gt, lte } from 'drizzle-orm'
import type { KeyRing } from '../crypto/keys.ts'
import { seal, unsealOrNull } from '../crypto/seal.ts'
import type { Database } from '../database/database.ts'
import { deskSecrets } from '../database/schema.ts'

// Long enough for a jammed printer, short enough for a desk that somebody leaves.
const KEPT_MS = 10 * 60_000

export type DeskSecret = { kind: 'pin1' | 'pin2'; visitId: string; pin: string }

/** Keeps a PIN for the session that has just made it, sealed, for ten minutes; returns where it is found. */
export async function keepSecret(
  db: Database,
  keys: KeyRing,
  { kind, visitId, pin, tokenHash }: DeskSecret & { tokenHash: string },
  now: Date,
): Promise<string> {
  const sealed = seal(keys, contextOf(kind, visitId), pin)
  const expiresAt = new Date(now.getTime() + KEPT_MS)
  const [kept] = await db
    .insert(deskSecrets)
    .values({ kind, visitId, tokenHash, sealed, expiresAt })
    .returning({ id: deskSecrets.id })
  if (!kept) throw new Error('insert returned no secret')
  return kept.id
}

/** The PIN, for that same session while it is kept; null for everybody else. */
export async function openSecret(
  db: Database,
  keys: KeyRing,
  { id, tokenHash }: { id: string; tokenHash: string },
  now: Date,
): Promise<DeskSecret | null> {
  const [kept] = await db
    .select()
    .from(deskSecrets)
    .where(and(eq(deskSecrets.id, id), eq(deskSecrets.tokenHash, tokenHash), gt(deskSecrets.expiresAt, now)))
  if (!kept) return null
  const { kind, visitId, sealed } = kept
  const pin = unsealOrNull(keys, contextOf(kind, visitId), sealed)
  return pin === null ? null : { kind, visitId, pin }
}

/** Forgets what was kept long enough. */
export async function forgetSecrets(db: Database, now: Date): Promise<void> {
  await db.delete(deskSecrets).where(lte(deskSecrets.expiresAt, now))
}

const contextOf = (kind: string, visitId: string) => `desk-${kind}:${visitId}`
