import { createHash, randomBytes, randomInt, randomUUID } from 'node:crypto'
import { and, desc, eq, gt, inArray, isNull } from 'drizzle-orm'
import { record, transact } from '../audit/audit.ts'
import type { KeyRing } from '../crypto/keys.ts'
import { seal, unseal } from '../crypto/seal.ts'
import type { Database, Transaction } from '../database/database.ts'
import { mails, reports, sessions, sharedPublications, shares, visits } from '../database/schema.ts'
import { AppError } from '../errors.ts'
import { type Notice, queueMail } from '../mail/outbox.ts'
import { hashPin, verifyPin } from '../pin/pin.ts'
import { type OnlinePublication, onlinePublications } from '../publications/publications.ts'
import { addDays, type Day, dayInRome, endOfDay } from '../time/rome.ts'
import { lockVisit } from '../visits/lock.ts'

export type Share = typeof shares.$inferSelect
export type Doctor = { familyName: string; givenName: string; email: string; phone: string | null }

type Call = { db: Database; keys: KeyRing; source: string; now: Date }

const SHARE_DAYS = 5
const PIN_DIGITS = 7
const MOST_SHARES_A_DAY = 20

/** The last whole day of a share: 5 days on, never beyond what it opens (S31). */
export function shareAvailability(createdAt: Date, latestEnd: Day): { availableUntil: Day; endsAt: Date } {
  const day = addDays(dayInRome(createdAt), SHARE_DAYS)
  const availableUntil = day < latestEnd ? day : latestEnd
  return { availableUntil, endsAt: endOfDay(availableUntil) }
}

/** Shares exams of a visit with a doctor, and queues the mail with the link (S28–S33). The same form sent again is the same share. */
export async function createShare(
  { db, keys, source, now }: Call,
  visitId: string,
  input: { requestId: string; doctor: Doctor; publicationIds: string[] },
): Promise<{ shareId: string }> {
  return transact(db, async (tx) => {
    // The same form sent twice at once takes turns here.
    await lockVisit(tx, visitId)
    const [before] = await tx.select().from(shares).where(eq(shares.requestId, input.requestId))
    if (before) return sameVisit(before, visitId)
    const online = await onlinePublications(tx, visitId, now)
    const chosen = online.filter(({ publication }) => input.publicationIds.includes(publication.id))
    const latestEnd = chosen
      .map(({ publication }) => publication.availableUntil)
      .sort()
      .at(-1)
    if (latestEnd === undefined || chosen.length !== new Set(input.publicationIds).size)
      throw new AppError('not_found')
    await refuseTooMany(tx, visitId, now)
    const token = randomBytes(32).toString('base64url')
    const pin = makeSharePin()
    const [share] = await tx
      .insert(shares)
      .values({
        visitId,
        requestId: input.requestId,
        ...input.doctor,
        tokenHash: hashToken(token),
        tokenSealed: seal(keys, `share-token:${input.requestId}`, token),
        pinHash: await hashPin(pin),
        pinSealed: seal(keys, `share-pin:${input.requestId}`, pin),
        createdAt: now,
        ...shareAvailability(now, latestEnd),
      })
      .returning({ id: shares.id, availableUntil: shares.availableUntil })
    if (!share) throw new Error('insert returned no share')
    await tx
      .insert(sharedPublications)
      .values(chosen.map(({ publication }) => ({ shareId: share.id, publicationId: publication.id })))
    await queueMail(
      tx,
      await shareNotice(tx, visitId, share, chosen, input.doctor.email, token, now),
      keys,
      now,
    )
    for (const { exam } of chosen) {
      record(tx, now, {
        event: 'share.created',
        actor: { kind: 'patient' },
        source,
        visitId,
        examId: exam.id,
        details: { share: share.id },
      })
    }
    return { shareId: share.id }
  })
}

/** The visit's shares, newest first, with what they open. */
export async function listShares(db: Database, visitId: string, now: Date) {
  const found = await db
    .select()
    .from(shares)
    .where(eq(shares.visitId, visitId))
    .orderBy(desc(shares.createdAt))
  const online = await onlinePublications(db, visitId, now)
  const ids = found.map(({ id }) => id)
  const opened =
    ids.length === 0
      ? []
      : await db.select().from(sharedPublications).where(inArray(sharedPublications.shareId, ids))
  const letters =
    ids.length === 0
      ? []
      : await db
          .select({ shareId: mails.shareId, state: mails.state })
          .from(mails)
          .where(inArray(mails.shareId, ids))
  return found.map((share) => {
    const publicationIds = opened
      .filter(({ shareId }) => shareId === share.id)
      .map(({ publicationId }) => publicationId)
    return {
      share,
      exams: online
        .filter(({ publication }) => publicationIds.includes(publication.id))
        .map(({ exam }) => exam),
      active: !share.endedAt && share.endsAt > now,
      mail: letters.findLast(({ shareId }) => shareId === share.id)?.state ?? null,
    }
  })
}

/** What the patient tells the doctor, shown again on request; each time is in the audit trail (S30, S42). */
export async function revealShare(
  { db, keys, source, now }: Call,
  visitId: string,
  shareId: string,
): Promise<{ share: Share; pin: string; token: string }> {
  return transact(db, async (tx) => {
    const share = await activeShare(tx, visitId, shareId, now)
    if (!share.pinSealed || !share.tokenSealed) throw new AppError('not_found')
    record(tx, now, {
      event: 'share.pin_shown',
      actor: { kind: 'patient' },
      source,
      visitId,
      details: { share: shareId },
    })
    return {
      share,
      pin: unseal(keys, `share-pin:${share.requestId}`, share.pinSealed),
      token: unseal(keys, `share-token:${share.requestId}`, share.tokenSealed),
    }
  })
}

/** Makes a new PIN for a share; the old one and the doctor's sessions die, a suspension ends (S35). */
export async function renewSharePin(
  { db, keys, source, now }: Call,
  visitId: string,
  shareId: string,
): Promise<void> {
  await transact(db, async (tx) => {
    const share = await activeShare(tx, visitId, shareId, now)
    const pin = makeSharePin()
    const fresh = { pinHash: await hashPin(pin), pinSealed: seal(keys, `share-pin:${share.requestId}`, pin) }
    await tx
      .update(shares)
      .set({ ...fresh, failuresInRow: 0, failuresInAll: 0, suspendedAt: null })
      .where(eq(shares.id, shareId))
    await tx.delete(sessions).where(eq(sessions.shareId, shareId))
    record(tx, now, {
      event: 'share.pin_renewed',
      actor: { kind: 'patient' },
      source,
      visitId,
      details: { share: shareId },
    })
  })
}

/** "Annulla": ends a share at once, sessions and downloads in flight included (S32). Ending an ended one changes nothing. */
export async function revokeShare(
  { db, source, now }: Omit<Call, 'keys'>,
  visitId: string,
  shareId: string,
): Promise<void> {
  await transact(db, async (tx) => {
    const [share] = await tx
      .select()
      .from(shares)
      .where(and(eq(shares.id, shareId), eq(shares.visitId, visitId)))
      .for('no key update')
    if (!share) throw new AppError('not_found')
    if (share.endedAt) return
    await endShares(tx, [shareId], 'patient', now)
    record(tx, now, {
      event: 'share.revoked',
      actor: { kind: 'patient' },
      source,
      visitId,
      details: { share: shareId },
    })
  })
}

export type OpenShare =
  | { ok: true; share: Share; online: OnlinePublication[] }
  | { ok: false; reason: 'wrong' | 'suspended' }

/**
 * Is this token and PIN the doctor's? Five wrong PINs in a row, or twenty in all, suspend the share (S35). Who has no
 * right token learns nothing: unknown, ended and wrong are one answer in one time (S43).
 */
export async function tryShare(
  tx: Transaction,
  { token, pin, source, now }: { token: string; pin: string; source: string; now: Date },
): Promise<OpenShare> {
  const [share] = await tx
    .select()
    .from(shares)
    .where(eq(shares.tokenHash, hashToken(token)))
    .for('no key update')
  const usable = share && !share.endedAt && share.endsAt > now ? share : null
  if (usable?.suspendedAt) return { ok: false, reason: 'suspended' }
  const matches = await verifyPin(usable?.pinHash ?? null, pin)
  if (!usable || !matches) return refuseTry(tx, { share, usable, source, now })
  const online = await sharedOnline(tx, usable, now)
  if (online.length === 0) return { ok: false, reason: 'wrong' }
  await tx
    .update(shares)
    .set({ failuresInRow: 0, firstOpenedAt: usable.firstOpenedAt ?? now })
    .where(eq(shares.id, usable.id))
  return { ok: true, share: usable, online }
}

/** Counts and notes a wrong try. Where no share stands, the same is asked of the database, or the time would tell (S43). */
async function refuseTry(
  tx: Transaction,
  {
    share,
    usable,
    source,
    now,
  }: { share: Share | undefined; usable: Share | null; source: string; now: Date },
): Promise<Extract<OpenShare, { ok: false }>> {
  const failuresInRow = (usable?.failuresInRow ?? 0) + 1
  const failuresInAll = (usable?.failuresInAll ?? 0) + 1
  const suspended = usable !== null && (failuresInRow >= 5 || failuresInAll >= 20)
  await tx
    .update(shares)
    .set({ failuresInRow, failuresInAll, suspendedAt: suspended ? now : null })
    .where(eq(shares.id, usable?.id ?? randomUUID()))
  const event = suspended ? 'share.suspended' : 'access.failed'
  if (share) {
    const { id, visitId } = share
    record(tx, now, {
      ...{ event, source, visitId, details: { share: id } },
      actor: { kind: 'doctor', share: id },
    })
  } else record(tx, now, { event, source, actor: { kind: 'anonymous' } })
  return { ok: false, reason: suspended ? 'suspended' : 'wrong' }
}

/** What a share opens at this moment: of its publications, those that are still online. */
export async function sharedOnline(db: Database, share: Share, now: Date): Promise<OnlinePublication[]> {
  if (share.endedAt || share.endsAt <= now) return []
  const [opened, online] = await Promise.all([
    db.select().from(sharedPublications).where(eq(sharedPublications.shareId, share.id)),
    onlinePublications(db, share.visitId, now),
  ])
  return online.filter(({ publication }) =>
    opened.some(({ publicationId }) => publicationId === publication.id),
  )
}

/** The share of a doctor's session, if it stands. */
export async function standingShare(db: Database, shareId: string, now: Date): Promise<Share | null> {
  const [share] = await db
    .select()
    .from(shares)
    .where(
      and(eq(shares.id, shareId), isNull(shares.endedAt), gt(shares.endsAt, now), isNull(shares.suspendedAt)),
    )
  return share ?? null
}

/** Ends shares: sessions die, what the patient could see again of PIN and link is wiped, a mail that waits is dropped. */
export async function endShares(
  tx: Transaction,
  shareIds: string[],
  endedBy: NonNullable<Share['endedBy']>,
  now: Date,
): Promise<void> {
  if (shareIds.length === 0) return
  await tx
    .update(shares)
    .set({ endedAt: now, endedBy, tokenSealed: null, pinSealed: null, pinHash: null })
    .where(inArray(shares.id, shareIds))
  await tx.delete(sessions).where(inArray(sessions.shareId, shareIds))
  await tx
    .update(mails)
    .set({ state: 'cancelled', payload: null })
    .where(and(inArray(mails.shareId, shareIds), inArray(mails.state, ['queued', 'sending'])))
}

async function activeShare(tx: Transaction, visitId: string, shareId: string, now: Date): Promise<Share> {
  const [share] = await tx
    .select()
    .from(shares)
    .where(
      and(
        eq(shares.id, shareId),
        eq(shares.visitId, visitId),
        isNull(shares.endedAt),
        gt(shares.endsAt, now),
      ),
    )
    .for('no key update')
  if (!share) throw new AppError('not_found')
  return share
}

/** Our mail must not become a way to pester strangers. */
async function refuseTooMany(tx: Transaction, visitId: string, now: Date): Promise<void> {
  const dayAgo = new Date(now.getTime() - 24 * 60 * 60_000)
  const recent = await tx
    .select({ id: shares.id })
    .from(shares)
    .where(and(eq(shares.visitId, visitId), gt(shares.createdAt, dayAgo)))
  if (recent.length >= MOST_SHARES_A_DAY) throw new AppError('share.too_many')
}

async function shareNotice(
  tx: Transaction,
  visitId: string,
  share: Pick<Share, 'id' | 'availableUntil'>,
  chosen: OnlinePublication[],
  to: string,
  token: string,
  now: Date,
): Promise<Notice> {
  const [visit] = await tx.select().from(visits).where(eq(visits.id, visitId))
  if (!visit) throw new AppError('not_found')
  const { familyName, givenName } = visit
  const reportIds = chosen.map(({ publication }) => publication.reportId)
  const written = await tx
    .select({ id: reports.id, day: reports.reportDate })
    .from(reports)
    .where(inArray(reports.id, reportIds))
  // The day that stands on the report; where the RIS did not tell it, the day it was published.
  const days = chosen.map(({ publication }) => {
    const day = written.find(({ id }) => id === publication.reportId)?.day
    return day ?? dayInRome(publication.publishedAt)
  })
  return {
    visitId,
    kind: 'shared',
    dedupeKey: `shared:${share.id}`,
    pin2: null,
    examDate: chosen[0]?.exam.examDate ?? '',
    availableUntil: share.availableUntil,
    share: {
      id: share.id,
      to,
      token,
      patient: { familyName, givenName },
      exams: chosen.map(({ exam }) => exam.description),
      reportDay: days.sort().at(-1) ?? dayInRome(now),
    },
  }
}

function sameVisit(share: Share, visitId: string): { shareId: string } {
  if (share.visitId !== visitId) throw new AppError('not_found')
  return { shareId: share.id }
}

const makeSharePin = () => Array.from({ length: PIN_DIGITS }, () => randomInt(10)).join('')

// 256 random bits need no salt and no slow hash: there is nothing to guess.
const hashToken = (token: string) => createHash('sha256').update(`share\0${token}`).digest('hex')
