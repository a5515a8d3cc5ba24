import { createHash, randomBytes } from 'node:crypto'
import { and, eq, isNull } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { apiKeys } from '../database/schema.ts'

/** Makes an API key for a system of the hospital; it is told this once, only its hash is kept. */
export async function createApiKey(db: Database, name: string, now: Date): Promise<string> {
  const key = `ritiro_${randomBytes(32).toString('base64url')}`
  await db.insert(apiKeys).values({ name, keyHash: hashKey(key), createdAt: now })
  return key
}

/** The name of the system that a key belongs to; null where the key is unknown or revoked. */
export async function findApiKey(db: Database, key: string): Promise<string | null> {
  const [found] = await db
    .select({ name: apiKeys.name })
    .from(apiKeys)
    .where(and(eq(apiKeys.keyHash, hashKey(key)), isNull(apiKeys.revokedAt)))
  return found?.name ?? null
}

/** Revokes every key of that name; returns how many there were. */
export async function revokeApiKeys(db: Database, name: string, now: Date): Promise<number> {
  const revoked = await db
    .update(apiKeys)
    .set({ revokedAt: now })
    .where(and(eq(apiKeys.name, name), isNull(apiKeys.revokedAt)))
    .returning({ id: apiKeys.id })
  return revoked.length
}

// 256 random bits: nothing to guess, so no slow hash.
const hashKey = (key: string) => createHash('sha256').update(key).digest('hex')
