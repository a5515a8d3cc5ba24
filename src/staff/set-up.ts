import { eq } from 'drizzle-orm'
import { giveBack, spend } from '../access/sources.ts'
import { record, transact } from '../audit/audit.ts'
import { seal, unsealOrNull } from '../crypto/seal.ts'
import { staff } from '../database/schema.ts'
import { type PasswordFault, passwordFault } from './password.ts'
import { renewRecoveryCodes } from './recovery.ts'
import { hashPassword, type StaffDoor, staffActor, totpContext } from './sign-in.ts'
import { type Account, findBySetup } from './staff.ts'
import { makeTotpSecret, totpStep } from './totp.ts'

export type SetUpBegun = { account: Account; secret: string }

/**
 * Opens the one-time link of an account: whose it is, and the secret that its authenticator learns, the same one until
 * the account is set up. Null where the link is wrong, used or too old, or this address has tried too often.
 */
export async function beginSetUp(door: StaffDoor, token: string): Promise<SetUpBegun | null> {
  const { db, peppers, keys, now, source } = door
  if (await spend(db, { act: 'staff', source, peppers, now })) return null
  const account = await findBySetup(db, token, now)
  if (!account) return null
  await giveBack(db, { act: 'staff', source, peppers, now })
  return transact(db, async (tx) => {
    const [locked] = await tx.select().from(staff).where(eq(staff.id, account.id)).for('update')
    const begun = locked?.totpSealed && unsealOrNull(keys, totpContext(account.id), locked.totpSealed)
    if (begun) return { account, secret: begun }
    const secret = makeTotpSecret()
    const totpSealed = seal(keys, totpContext(account.id), secret)
    await tx.update(staff).set({ totpSealed }).where(eq(staff.id, account.id))
    return { account, secret }
  })
}

export type SetUp =
  | { ok: true; recoveryCodes: string[] }
  | { ok: false; reason: PasswordFault | 'code' | 'link' }

/** Sets the account up: its password, once a code proves that the authenticator knows the secret. The link dies with it. */
export async function finishSetUp(
  door: StaffDoor,
  typed: { token: string; password: string; again: string; code: string },
): Promise<SetUp> {
  const begun = await beginSetUp(door, typed.token)
  if (!begun) return { ok: false, reason: 'link' }
  const { db, peppers, now, source } = door
  const { account, secret } = begun
  const fault = passwordFault(typed.password, typed.again, account.username)
  if (fault) return { ok: false, reason: fault }
  const step = totpStep(secret, typed.code.replace(/\s/g, ''), 0, now)
  if (step === null) return { ok: false, reason: 'code' }
  const passwordHash = await hashPassword(typed.password)
  return transact(db, async (tx) => {
    const used = await tx
      .update(staff)
      .set({ passwordHash, totpLastStep: step, setupHash: null, setupExpiresAt: null })
      .where(eq(staff.setupHash, account.setupHash ?? ''))
      .returning({ id: staff.id })
    if (used.length === 0) return { ok: false, reason: 'link' }
    record(tx, now, {
      event: 'staff.set_up',
      actor: staffActor(account, source),
      details: { staff: account.id },
    })
    return { ok: true, recoveryCodes: await renewRecoveryCodes(tx, account.id, peppers) }
  })
}
