import { randomUUID } from 'node:crypto'
import { and, asc, eq, inArray, lte } from 'drizzle-orm'
import { record, transact } from '../audit/audit.ts'
import type { KeyRing } from '../crypto/keys.ts'
import { seal, unseal } from '../crypto/seal.ts'
import type { Database, Transaction } from '../database/database.ts'
import { mails, visits } from '../database/schema.ts'
import { nextAttempt } from './retry.ts'

export type Notice = {
  visitId: string
  kind: (typeof mails.$inferSelect)['kind']
  /** Names the event told: queuing it twice queues it once. */
  dedupeKey: string
  pin2: string | null
  /** Day of the exam that is told of, and last day online; 'YYYY-MM-DD'. */
  examDate: string
  availableUntil: string
  /** A doctor's mail (S33): whose share it is, to whom, and what it tells. */
  share?: { id: string } & ShareLetter
}

export type ShareLetter = {
  to: string
  /** Of the link: it opens nothing without the PIN, which is never mailed (S29). */
  token: string
  patient: { familyName: string; givenName: string }
  exams: string[]
  /** Day of the report, 'YYYY-MM-DD'. */
  reportDay: string
}

export type DueMail = { id: string; attempts: number; to: string; visitId: string } & Pick<Notice, 'kind'> &
  Letter

/** What a mail says, kept sealed until it is sent. */
type Letter = Pick<Notice, 'pin2' | 'examDate' | 'availableUntil'> & { share: ShareLetter | null }

export type Delivery = { outcome: 'sent' } | { outcome: 'refused' | 'failed'; error: string }

/** A sender that has not renewed its hold on a mail for so long is taken for dead. */
export const LEASE_MS = 2 * 60_000

/** Queues a mail in the transaction of what it tells, so that neither is without the other (S9). */
export async function queueMail(tx: Transaction, notice: Notice, keys: KeyRing, now: Date): Promise<void> {
  const id = randomUUID()
  const { pin2, examDate, availableUntil, share } = notice
  const letter: Letter = { pin2, examDate, availableUntil, share: share ?? null }
  const payload = seal(keys, `mail:${id}`, JSON.stringify(letter))
  await tx
    .insert(mails)
    .values({
      id,
      visitId: notice.visitId,
      shareId: share?.id ?? null,
      kind: notice.kind,
      dedupeKey: notice.dedupeKey,
      payload,
      carriesPin2: notice.pin2 !== null,
      state: 'queued',
      nextAttemptAt: now,
      queuedAt: now,
    })
    .onConflictDoNothing({ target: mails.dedupeKey })
}

/** Drops mails that wait: all of a visit, those whose PIN2 has just died, or the notices that another one replaces. */
export async function cancelMails(
  tx: Transaction,
  visitId: string,
  which: 'all' | 'with-pin2' | 'published',
): Promise<void> {
  const waiting = inArray(mails.state, ['queued', 'sending'])
  const chosen = {
    all: undefined,
    'with-pin2': eq(mails.carriesPin2, true),
    published: eq(mails.kind, 'published'),
  }[which]
  await tx
    .update(mails)
    .set({ state: 'cancelled', payload: null })
    .where(and(eq(mails.visitId, visitId), waiting, chosen))
}

/** Takes the next mail that is due, for this gateway alone; null where none is. A mail whose sender died is due again. */
export async function takeDueMail(db: Database, keys: KeyRing, now: Date): Promise<DueMail | null> {
  return transact(db, async (tx) => {
    const [due] = await tx
      .select({ mail: mails, to: visits.email })
      .from(mails)
      .innerJoin(visits, eq(visits.id, mails.visitId))
      .where(and(inArray(mails.state, ['queued', 'sending']), lte(mails.nextAttemptAt, now)))
      .orderBy(asc(mails.nextAttemptAt))
      .limit(1)
      .for('update', { of: mails, skipLocked: true })
    if (!due) return null
    const { mail } = due
    const attempts = mail.attempts + 1
    const letter = mail.payload && openLetter(keys, mail.id, mail.payload)
    if (letter === 'key-missing') {
      // It waits for its key to come back, without standing in the way of the others; the desk sees why.
      const nextAttemptAt = nextAttempt(attempts, now)
      await tx.update(mails).set({ attempts, nextAttemptAt, lastError: letter }).where(eq(mails.id, mail.id))
      return null
    }
    // The patient's address is the registered one of this moment: a correction reaches what still waits (S9).
    const to = letter?.share?.to ?? due.to
    if (!letter || !to) {
      await tx.update(mails).set({ state: 'cancelled', payload: null }).where(eq(mails.id, mail.id))
      return null
    }
    await tx
      .update(mails)
      .set({ state: 'sending', attempts, nextAttemptAt: leaseFrom(now) })
      .where(eq(mails.id, mail.id))
    return { id: mail.id, attempts, to, visitId: mail.visitId, kind: mail.kind, ...letter }
  })
}

/** Keeps a mail that is being sent from being taken for abandoned. */
export async function holdMail(db: Database, mail: DueMail, now: Date): Promise<void> {
  const taken = and(eq(mails.id, mail.id), eq(mails.state, 'sending'), eq(mails.attempts, mail.attempts))
  await db
    .update(mails)
    .set({ nextAttemptAt: leaseFrom(now) })
    .where(taken)
}

const leaseFrom = (now: Date) => new Date(now.getTime() + LEASE_MS)

function openLetter(keys: KeyRing, id: string, payload: Uint8Array): Letter | 'key-missing' {
  try {
    return JSON.parse(unseal(keys, `mail:${id}`, payload)) as Letter
  } catch {
    return 'key-missing'
  }
}

/** Notes how a delivery ended: the PIN2 in it is wiped once it was sent or refused for good. */
export async function noteDelivery(
  db: Database,
  mail: DueMail,
  delivery: Delivery,
  now: Date,
): Promise<void> {
  await transact(db, async (tx) => {
    const taken = and(eq(mails.id, mail.id), eq(mails.state, 'sending'))
    if (delivery.outcome === 'failed') {
      const nextAttemptAt = nextAttempt(mail.attempts, now)
      await tx
        .update(mails)
        .set({ state: 'queued', nextAttemptAt, lastError: delivery.error })
        .where(and(taken, eq(mails.attempts, mail.attempts)))
      return
    }
    const sent = delivery.outcome === 'sent'
    const final = sent
      ? { state: 'sent' as const, sentAt: now, lastError: null }
      : { state: 'refused' as const, lastError: delivery.error }
    await tx
      .update(mails)
      .set({ ...final, payload: null })
      .where(taken)
    const details = { kind: mail.kind, attempts: mail.attempts }
    record(tx, now, {
      event: sent ? 'mail.sent' : 'mail.refused',
      actor: { kind: 'system' },
      visitId: mail.visitId,
      details,
    })
  })
}
