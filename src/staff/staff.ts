import { createHash, randomBytes } from 'node:crypto'
import { and, asc, eq, isNull, ne, sql } from 'drizzle-orm'
import { type Actor, record, transact } from '../audit/audit.ts'
import { digests, type KeyRing } from '../crypto/keys.ts'
import type { Database, Transaction } from '../database/database.ts'
import { loginLocks, staff, staffRecoveryCodes } from '../database/schema.ts'
import { AppError } from '../errors.ts'
import { ROLES, type Role } from './permissions.ts'
import { closeSessionsOfStaff } from './sessions.ts'

export type Account = typeof staff.$inferSelect
export type StaffCall = { db: Database; peppers: KeyRing; actor: Actor; now: Date }

const SETUP_MS = 3 * 24 * 60 * 60_000
const USERNAME = /^[a-z0-9][a-z0-9._@-]{1,63}$/

/** A user name as it is stored and compared; null where it can be none. */
export function usernameOf(typed: string): string | null {
  const username = typed.trim().toLowerCase()
  return USERNAME.test(username) ? username : null
}

/** Makes a local account that waits to be set up; returns the secret of its one-time link. A user name is taken once. */
export async function createAccount(
  { db, actor, now }: StaffCall,
  { username, name, roles }: { username: string; name: string; roles: Role[] },
): Promise<{ id: string; setupToken: string }> {
  return transact(db, async (tx) => {
    const [taken] = await tx.select({ id: staff.id }).from(staff).where(localAccount(username))
    if (taken) throw new AppError('staff.exists', 'This user name is taken.')
    const { token: setupToken, ...setup } = newSetup(now)
    const [account] = await tx
      .insert(staff)
      .values({ username, name, roles: inOrder(roles), method: 'local', createdAt: now, ...setup })
      .returning({ id: staff.id })
    if (!account) throw new Error('insert returned no account')
    record(tx, now, { event: 'staff.created', actor, details: aboutRoles(account.id, roles) })
    return { id: account.id, setupToken }
  })
}

/** Lets an account be set up anew: password, authenticator and recovery codes die, its sessions end, its lock too. */
export async function resetAccount(
  call: StaffCall,
  id: string,
): Promise<{ account: Account; setupToken: string }> {
  const { db, peppers, actor, now } = call
  return transact(db, async (tx) => {
    const account = await lockAccount(tx, id)
    if (account.method !== 'local')
      throw new AppError('staff.elsewhere', 'The identity provider keeps this account’s password.')
    const { token: setupToken, ...setup } = newSetup(now)
    await tx
      .update(staff)
      .set({ ...setup, passwordHash: null, totpSealed: null, totpLastStep: 0 })
      .where(eq(staff.id, id))
    await tx.delete(staffRecoveryCodes).where(eq(staffRecoveryCodes.staffId, id))
    await forgetFailures(tx, peppers, account.username)
    await closeSessionsOfStaff(tx, id)
    record(tx, now, { event: 'staff.reset', actor, details: { staff: id } })
    return { account, setupToken }
  })
}

/** Gives an account other roles; what it was doing with the old ones ends. */
export async function changeRoles({ db, actor, now }: StaffCall, id: string, roles: Role[]): Promise<void> {
  await transact(db, async (tx) => {
    const account = await lockAccount(tx, id)
    if (account.method === 'oidc')
      throw new AppError('staff.elsewhere', 'The identity provider tells this account’s roles.')
    if (!roles.includes('administrator')) await keepAnAdministrator(tx, account)
    await tx
      .update(staff)
      .set({ roles: inOrder(roles) })
      .where(eq(staff.id, id))
    await closeSessionsOfStaff(tx, id)
    record(tx, now, { event: 'staff.changed', actor, details: aboutRoles(id, roles) })
  })
}

/** Closes an account, or opens it again as it was. Its name stays: the trail needs it. */
export async function setDisabled(
  { db, actor, now }: StaffCall,
  id: string,
  disabled: boolean,
): Promise<void> {
  await transact(db, async (tx) => {
    const account = await lockAccount(tx, id)
    if ((account.disabledAt !== null) === disabled) return
    if (disabled) await keepAnAdministrator(tx, account)
    await tx
      .update(staff)
      .set({ disabledAt: disabled ? now : null })
      .where(eq(staff.id, id))
    await closeSessionsOfStaff(tx, id)
    record(tx, now, {
      event: disabled ? 'staff.disabled' : 'staff.enabled',
      actor,
      details: { staff: id },
    })
  })
}

/** Ends the lock that wrong passwords brought. */
export async function unlockAccount({ db, peppers, actor, now }: StaffCall, id: string): Promise<void> {
  await transact(db, async (tx) => {
    const { username } = await lockAccount(tx, id)
    await forgetFailures(tx, peppers, username)
    record(tx, now, { event: 'staff.changed', actor, details: { staff: id, changed: 'unlocked' } })
  })
}

export type ListedAccount = Account & { lockedUntil: Date | null }

/** All accounts by name, with their locks. */
export async function listAccounts(db: Database, peppers: KeyRing, now: Date): Promise<ListedAccount[]> {
  const accounts = await db.select().from(staff).orderBy(asc(staff.disabledAt), asc(staff.name))
  const locks = await db
    .select()
    .from(loginLocks)
    .where(sql`${loginLocks.lockedUntil} > ${now.toISOString()}`)
  return accounts.map((account) => {
    const keys = lockKeys(peppers, account.username)
    return {
      ...account,
      lockedUntil: locks.find(({ pin1Digest }) => keys.includes(pin1Digest))?.lockedUntil ?? null,
    }
  })
}

/** The local account of a user name. */
export async function findLocal(db: Database, username: string): Promise<Account | null> {
  const [account] = await db.select().from(staff).where(localAccount(username))
  return account ?? null
}

/** By what the failures of a user name are counted, newest pepper first: it stands beside the PIN1s', which it can never equal. */
export function lockKeys(peppers: KeyRing, username: string): string[] {
  return digests(peppers, 'staff-lock', username).map((digest) => digest.toString('hex'))
}

/** Whose set-up link this is, while it works. */
export async function findBySetup(db: Database, token: string, now: Date): Promise<Account | null> {
  const [account] = await db
    .select()
    .from(staff)
    .where(eq(staff.setupHash, hashOf(token)))
  const stands = account?.setupExpiresAt && account.setupExpiresAt > now && !account.disabledAt
  return stands ? account : null
}

const localAccount = (username: string) => and(eq(staff.username, username), eq(staff.method, 'local'))

async function lockAccount(tx: Transaction, id: string): Promise<Account> {
  const [account] = await tx.select().from(staff).where(eq(staff.id, id)).for('update')
  if (!account) throw new AppError('not_found')
  return account
}

async function forgetFailures(tx: Transaction, peppers: KeyRing, username: string): Promise<void> {
  for (const key of lockKeys(peppers, username))
    await tx.delete(loginLocks).where(eq(loginLocks.pin1Digest, key))
}

/** Nobody closes the console’s last door behind them. */
async function keepAnAdministrator(tx: Transaction, leaving: Account): Promise<void> {
  if (!leaving.roles.includes('administrator') || leaving.disabledAt) return
  // Two administrators who take the role from each other take turns.
  const others = await tx
    .select({ id: staff.id })
    .from(staff)
    .where(
      and(ne(staff.id, leaving.id), isNull(staff.disabledAt), sql`'administrator' = any(${staff.roles})`),
    )
    .for('update')
  if (others.length === 0)
    throw new AppError('staff.last_administrator', 'This is the last administrator: make another one first.')
}

function newSetup(now: Date) {
  const token = randomBytes(24).toString('base64url')
  return { token, setupHash: hashOf(token), setupExpiresAt: new Date(now.getTime() + SETUP_MS) }
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')
const inOrder = (roles: Role[]) => ROLES.filter((role) => roles.includes(role))
const aboutRoles = (id: string, roles: Role[]) => ({ staff: id, roles: inOrder(roles).join(' ') })
