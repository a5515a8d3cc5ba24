import { asc, eq, inArray, lt } from 'drizzle-orm'
import { record, transact } from '../audit/audit.ts'
import type { KeyRing } from '../crypto/keys.ts'
import type { Database, Transaction } from '../database/database.ts'
import { loginLocks, pin2Requests, visits } from '../database/schema.ts'
import { hasValidCheckDigit, withoutSeparators } from '../pin/damm.ts'
import { digestPin1, digestsOfPin1 } from '../pin/pin.ts'
import type { PublishingRules } from '../publications/publications.ts'
import { lockVisit } from '../visits/lock.ts'
import { sendNewPin2 } from '../visits/visits.ts'
import { spend } from './sources.ts'

const FORGET_MS = 24 * 60 * 60_000

/**
 * Notes that somebody who has PIN1 alone wants a new PIN2 (S11b): committed before it is answered, so that what is told as
 * sent is not lost. The same for every PIN1, in words and time, whether it exists or not. Rate-limited by source and by PIN1.
 */
export async function requestPin2(
  { db, peppers, rules, now }: { db: Database; peppers: KeyRing; rules: PublishingRules; now: Date },
  pin1Typed: string,
  source: string,
): Promise<void> {
  // Where the desk tells PIN2 it is not made anew here, so that no lock ends: of no PIN1, known or not (S42, S43).
  if (rules.pin2Delivery === 'desk') return
  const pin1 = withoutSeparators(pin1Typed)
  if (!hasValidCheckDigit(pin1)) return
  if (await spend(db, { act: 'pin2', source, peppers, now })) return
  const pin1Digest = digestPin1(peppers, pin1).toString('hex')
  if (await spend(db, { act: 'pin2-of', source: pin1Digest, peppers, now })) return
  const pin1Digests = digestsOfPin1(peppers, pin1).map((digest) => digest.toString('hex'))
  await db.insert(pin2Requests).values({ pin1Digests, source, requestedAt: now })
}

/** Does what was asked for, each in a transaction of its own; what fails is left for the next time. */
export async function answerPin2Requests({
  db,
  rules,
  clock,
}: {
  db: Database
  rules: PublishingRules
  clock: () => Date
}): Promise<void> {
  const due = await db
    .select({ id: pin2Requests.id })
    .from(pin2Requests)
    .orderBy(asc(pin2Requests.requestedAt))
    .limit(100)
  const failures: unknown[] = []
  for (const { id } of due) {
    await transact(db, (tx) => answer(tx, id, rules, clock())).catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}

/** Requests that could not be answered in a day. */
export async function forgetPin2Requests(db: Database, now: Date): Promise<void> {
  await db.delete(pin2Requests).where(lt(pin2Requests.requestedAt, new Date(now.getTime() - FORGET_MS)))
}

async function answer(tx: Transaction, id: string, rules: PublishingRules, now: Date): Promise<void> {
  // Gone with what is done, or with it still there: another gateway waits here, and then finds nothing.
  const [request] = await tx.delete(pin2Requests).where(eq(pin2Requests.id, id)).returning()
  if (!request || rules.pin2Delivery === 'desk') return
  const { pin1Digests, source } = request
  const digests = pin1Digests.map((digest) => Buffer.from(digest, 'hex'))
  const [found] = await tx.select({ id: visits.id }).from(visits).where(inArray(visits.pin1Digest, digests))
  const visit = found && (await lockVisit(tx, found.id))
  // A new PIN2 ends a lock, and nothing else does (S42). Where there is no PIN2 there is nothing to guess, and a PIN1
  // that does not exist is let go like those that do: were it not, the lock would tell (S43).
  if (!visit?.pin2Hash) await tx.delete(loginLocks).where(inArray(loginLocks.pin1Digest, pin1Digests))
  if (!visit?.consent || !visit.email) return
  if ((await sendNewPin2(tx, visit, rules, now)) === null) return
  record(tx, now, { event: 'pin2.requested', actor: { kind: 'anonymous' }, source, visitId: visit.id })
}
