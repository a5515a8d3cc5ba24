import { and, eq, isNotNull, sql } from 'drizzle-orm'
import type { Key, KeyRing } from '../crypto/keys.ts'
import { seal, unsealOrNull } from '../crypto/seal.ts'
import type { Database } from '../database/database.ts'
import { hl7Messages, staff } from '../database/schema.ts'
import { sealContext } from '../hl7/inbox.ts'
import { totpContext } from '../staff/sign-in.ts'

/**
 * Seals under the first key of the ring what outlives a rotation: the secrets of the staff's authenticators and HL7
 * messages that wait (S42). Everything else that is sealed ends by itself within days. What no key of the ring opens
 * stays as it is; returns how many of those there are.
 */
export async function resealKept(db: Database, keys: KeyRing): Promise<number> {
  let missing = 0
  const accounts = await db
    .select({ id: staff.id, sealed: staff.totpSealed })
    .from(staff)
    .where(and(isNotNull(staff.totpSealed), isOlder(staff.totpSealed, keys[0])))
  for (const { id, sealed } of accounts) {
    const fresh = sealed && sealedAnew(keys, totpContext(id), sealed)
    if (!fresh) missing += 1
    // Only what was read: an account may have been set up anew meanwhile.
    else
      await db
        .update(staff)
        .set({ totpSealed: fresh })
        .where(isStill(staff.id, id, staff.totpSealed, sealed))
  }
  // A message may be a document of many megabytes: one at a time.
  const messages = await db
    .select({ id: hl7Messages.id })
    .from(hl7Messages)
    .where(and(isNotNull(hl7Messages.sealed), isOlder(hl7Messages.sealed, keys[0])))
  for (const { id } of messages) {
    const [message] = await db.select().from(hl7Messages).where(eq(hl7Messages.id, id))
    if (!message?.sealed) continue
    const fresh = sealedAnew(keys, sealContext(message.sha256), message.sealed)
    if (!fresh) missing += 1
    else
      await db
        .update(hl7Messages)
        .set({ sealed: fresh })
        .where(isStill(hl7Messages.id, id, hl7Messages.sealed, message.sealed))
  }
  return missing
}

function sealedAnew(keys: KeyRing, context: string, sealed: Uint8Array): Uint8Array | null {
  const content = unsealOrNull(keys, context, sealed)
  return content === null ? null : seal(keys, context, content)
}

type Sealed = typeof staff.totpSealed | typeof hl7Messages.sealed

// The key's id is the first four bytes (seal.ts).
const isOlder = (sealed: Sealed, { id }: Key) =>
  sql`substring(${sealed} from 1 for 4) <> decode(${id}, 'hex')`

const isStill = (key: typeof staff.id | typeof hl7Messages.id, id: string, sealed: Sealed, was: Uint8Array) =>
  and(eq(key, id), eq(sealed, was))
