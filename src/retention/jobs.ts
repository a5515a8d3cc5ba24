import { setTimeout as sleep } from 'node:timers/promises'
import { and, eq, gt, isNull, lt, lte, or } from 'drizzle-orm'
import { answerPin2Requests, forgetPin2Requests } from '../access/pin2-requests.ts'
import { record, transact } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { exams, loginLocks, publications, sessions, shares, sourceAttempts } from '../database/schema.ts'
import { forgetNotes } from '../desk/attention.ts'
import { forgetSecrets } from '../desk/secrets.ts'
import { forgetMessages } from '../hl7/letters.ts'
import { errorCode, type Log } from '../log.ts'
import { notify, type PublishingRules } from '../publications/publications.ts'
import { IDLE_MS } from '../sessions/sessions.ts'
import { endShares } from '../shares/shares.ts'
import { forgetStaffSessions } from '../staff/sessions.ts'
import { addDays, dayInRome } from '../time/rome.ts'
import { lockVisit } from '../visits/lock.ts'
import { resealKept } from './reseal.ts'
import { endPublications } from './retention.ts'
import { forgetStudies } from './studies.ts'
import { deleteOldVisits } from './visits.ts'

type Keeper = { db: Database; rules: PublishingRules; visitRetentionDays: number; clock: () => Date }

const PAUSE_MS = 15_000
const DAY_MS = 24 * 60 * 60_000
const REMINDER_DAYS = 7
const FORGET_FAILURES_MS = 90 * DAY_MS

/**
 * Does what time brings: ends what has expired, reminds, forgets (S24–S27). What is due is read from the database each
 * time, and each act is one transaction that finds nothing to do the second time: so it survives restarts, and several
 * gateways may run it at once (docs/adr).
 */
export async function keepTime(keeper: Keeper & { log: Log; signal: AbortSignal }): Promise<void> {
  const { db, rules, log, signal } = keeper
  let missing = 0
  const reseal = async () => {
    const now = await resealKept(db, rules.encryptionKeys)
    if (now !== missing) log(now > 0 ? 'error' : 'info', 'keys.missing', { sealed: now })
    missing = now
  }
  while (!signal.aborted) {
    await keepTimeOnce(keeper)
      .then(reseal)
      .catch((error: unknown) => log('error', 'retention.failed', { code: errorCode(error) }))
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** One round of it. */
export async function keepTimeOnce(keeper: Keeper): Promise<void> {
  await endExpired(keeper)
  await endExpiredShares(keeper)
  await remind(keeper)
  await deleteOldVisits(keeper.db, keeper.visitRetentionDays, keeper.clock())
  await forget(keeper)
  // Those whose gateway was ended before it did them.
  await answerPin2Requests(keeper)
}

async function endExpired({ db, clock }: Keeper): Promise<void> {
  const due = and(isNull(publications.endedAt), lte(publications.endsAt, clock()))
  const waiting = await db.selectDistinct({ visitId: publications.visitId }).from(publications).where(due)
  for (const { visitId } of waiting) {
    await transact(db, async (tx) => {
      await lockVisit(tx, visitId)
      const now = clock()
      const expired = await tx
        .select({ id: publications.id })
        .from(publications)
        .where(
          and(eq(publications.visitId, visitId), isNull(publications.endedAt), lte(publications.endsAt, now)),
        )
      if (expired.length === 0) return
      const publicationIds = expired.map(({ id }) => id)
      await endPublications(tx, {
        visitId,
        publicationIds,
        endedBy: 'expiry',
        actor: { kind: 'system' },
        source: null,
        now,
      })
    })
  }
}

async function endExpiredShares({ db, clock }: Keeper): Promise<void> {
  await transact(db, async (tx) => {
    const now = clock()
    const expired = await tx
      .select({ id: shares.id, visitId: shares.visitId })
      .from(shares)
      .where(and(isNull(shares.endedAt), lte(shares.endsAt, now)))
      .for('no key update', { skipLocked: true })
    await endShares(
      tx,
      expired.map(({ id }) => id),
      'expiry',
      now,
    )
    for (const { id, visitId } of expired) {
      const details = { share: id, endedBy: 'expiry' }
      record(tx, now, { event: 'share.ended', actor: { kind: 'system' }, visitId, details })
    }
  })
}

/** A week before the end, who never opened a report is told once (S27). */
async function remind({ db, rules, clock }: Keeper): Promise<void> {
  const lastDay = addDays(dayInRome(clock()), REMINDER_DAYS)
  const unread = and(isNull(publications.openedAt), isNull(publications.remindedAt))
  const online = and(
    isNull(publications.endedAt),
    gt(publications.endsAt, clock()),
    lte(publications.availableUntil, lastDay),
  )
  const due = await db
    .select({ id: publications.id, visitId: publications.visitId })
    .from(publications)
    .where(and(unread, online))
  for (const { id, visitId } of due) {
    await transact(db, async (tx) => {
      const visit = await lockVisit(tx, visitId)
      const now = clock()
      const [found] = await tx
        .select({ publication: publications, exam: exams })
        .from(publications)
        .innerJoin(exams, eq(exams.id, publications.examId))
        .where(and(eq(publications.id, id), unread, online))
      if (!found) return
      await tx.update(publications).set({ remindedAt: now }).where(eq(publications.id, id))
      const { publication, exam } = found
      // Published for a week or less: the notice itself is recent enough.
      const short = addDays(publication.availableUntil, -REMINDER_DAYS) <= dayInRome(publication.publishedAt)
      if (short || !visit.consent || !visit.email) return
      const { availableUntil } = publication
      const dedupeKey = `reminder:${id}:${availableUntil}`
      const { examDate } = exam
      await notify(tx, visit, { kind: 'reminder', dedupeKey, examDate, availableUntil }, rules, now)
    })
  }
}

/** What served its time is deleted: dead sessions, counters of attempts. */
async function forget({ db, clock }: Keeper): Promise<void> {
  const now = clock().getTime()
  await db
    .delete(sessions)
    .where(or(lt(sessions.expiresAt, new Date(now)), lt(sessions.lastSeenAt, new Date(now - IDLE_MS))))
  await forgetPin2Requests(db, clock())
  await forgetSecrets(db, clock())
  await forgetNotes(db, clock())
  await forgetStaffSessions(db, clock())
  await db.delete(sourceAttempts).where(lt(sourceAttempts.windowStart, new Date(now - DAY_MS)))
  await db.delete(loginLocks).where(lt(loginLocks.lastFailureAt, new Date(now - FORGET_FAILURES_MS)))
  await forgetMessages(db, clock())
  await forgetStudies(db, clock())
}
