import { randomInt } from 'node:crypto'
import { and, eq, inArray } from 'drizzle-orm'
import { digest, digests, type KeyRing } from '../crypto/keys.ts'
import type { Transaction } from '../database/database.ts'
import { staffRecoveryCodes } from '../database/schema.ts'

const CODES = 10
// Crockford's base 32: no I, L, O or U to be misread. 10 of them are 50 bits.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 10

/** Makes the codes that stand in for a lost authenticator; those from before die. They are told this once. */
export async function renewRecoveryCodes(
  tx: Transaction,
  staffId: string,
  peppers: KeyRing,
): Promise<string[]> {
  const codes = Array.from({ length: CODES }, () =>
    Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''),
  )
  await tx.delete(staffRecoveryCodes).where(eq(staffRecoveryCodes.staffId, staffId))
  await tx
    .insert(staffRecoveryCodes)
    .values(
      codes.map((code) => ({ staffId, digest: digest(peppers[0], 'staff-recovery', `${staffId} ${code}`) })),
    )
  return codes.map((code) => `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`)
}

/** Uses up a recovery code; false where it is none of this account's. */
export async function useRecoveryCode(
  tx: Transaction,
  staffId: string,
  typed: string,
  peppers: KeyRing,
): Promise<boolean> {
  const code = typed.toUpperCase().replace(/[^A-Z0-9]/g, '')
  const used = await tx
    .delete(staffRecoveryCodes)
    .where(
      and(
        eq(staffRecoveryCodes.staffId, staffId),
        inArray(staffRecoveryCodes.digest, digests(peppers, 'staff-recovery', `${staffId} ${code}`)),
      ),
    )
    .returning({ staffId: staffRecoveryCodes.staffId })
  return used.length > 0
}
