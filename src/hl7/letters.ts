import { and, count, desc, eq, getTableColumns, inArray, isNotNull, lt, lte, or, sql } from 'drizzle-orm'
import { union } from 'drizzle-orm/pg-core'
import { type Actor, record, transact } from '../audit/audit.ts'
import { unsealOrNull } from '../crypto/seal.ts'
import type { Database } from '../database/database.ts'
import { exams, hl7Messages, mergedPatients, patients, visits } from '../database/schema.ts'
import { AppError } from '../errors.ts'
import type { Answer } from './ack.ts'
import { applyMessage, failureOf, type Inbox, type Kept, keep, sealContext } from './inbox.ts'

/** A message that was not applied, as the desk lists it: everything but its content. */
export type Letter = Omit<Kept, 'sealed' | 'sha256'>

const { sealed: _sealed, sha256: _sha256, ...LISTED } = getTableColumns(hl7Messages)
const PAGE_SIZE = 50
const DAY_MS = 24 * 60 * 60_000
const KEEP_IDS_MS = 90 * DAY_MS
const KEEP_MESSAGES_MS = 30 * DAY_MS
const KEEP_PATIENTS_MS = 30 * DAY_MS
const WARN_MS = 7 * DAY_MS
const MOST_FIELDS = 5_000
const OPEN = inArray(hl7Messages.state, ['refused', 'waiting'])

/** The messages that wait to be looked at, newest first, a page of them. */
export async function openLetters(
  db: Database,
  { page = 0, size = PAGE_SIZE }: { page?: number; size?: number } = {},
): Promise<{ letters: Letter[]; more: boolean }> {
  const found = await db
    .select(LISTED)
    .from(hl7Messages)
    .where(OPEN)
    .orderBy(desc(hl7Messages.receivedAt), desc(hl7Messages.id))
    .limit(size + 1)
    .offset(page * size)
  return { letters: found.slice(0, size), more: found.length > size }
}

/** How many they are, and how many of them are deleted within a week. */
export async function countLetters(db: Database, now: Date): Promise<{ open: number; expiring: number }> {
  const soon = new Date(now.getTime() - KEEP_MESSAGES_MS + WARN_MS).toISOString()
  const [row] = await db
    .select({
      open: count(),
      expiring: sql<number>`count(*) filter (where ${hl7Messages.receivedAt} < ${soon})`.mapWith(Number),
    })
    .from(hl7Messages)
    .where(OPEN)
  return row ?? { open: 0, expiring: 0 }
}

/** When a message that nobody looked at is deleted. */
export const expiryOf = ({ receivedAt }: Pick<Letter, 'receivedAt'>): Date =>
  new Date(receivedAt.getTime() + KEEP_MESSAGES_MS)

/** One of them. */
export async function findLetter(db: Database, id: string): Promise<Letter> {
  const [letter] = await db
    .select(LISTED)
    .from(hl7Messages)
    .where(and(eq(hl7Messages.id, id), OPEN))
  if (!letter) throw new AppError('not_found')
  return letter
}

/** A kept message as it came, for those who may read it; its reading is the caller's to note. */
export async function readLetter(
  { db, rules }: Pick<Inbox, 'db' | 'rules'>,
  id: string,
): Promise<{ letter: Kept; bytes: Uint8Array }> {
  const [letter] = await db
    .select()
    .from(hl7Messages)
    .where(and(eq(hl7Messages.id, id), OPEN))
  if (!letter?.sealed) throw new AppError('not_found')
  // Sealed under a key that was dropped: it must not hold up the others (`keys.missing` in the log).
  const content = unsealOrNull(rules.encryptionKeys, sealContext(letter.sha256), letter.sealed)
  if (content === null) throw new AppError('not_found')
  return { letter, bytes: Buffer.from(content, 'latin1') }
}

/**
 * The visits whose Accession Number, or that of an exam, is a field of a message: wherever the mapping would look for it,
 * and in messages that cannot be mapped.
 */
export async function visitsNamedIn(db: Database, message: string): Promise<string[]> {
  const fields = message.split(/[|^~&\r\n]/).filter((field) => field !== '' && field.length <= 64)
  const named = [...new Set(fields)].slice(0, MOST_FIELDS)
  const ofVisits = db.select({ id: visits.id }).from(visits).where(inArray(visits.accessionNumber, named))
  const ofExams = db.select({ id: exams.visitId }).from(exams).where(inArray(exams.accessionNumber, named))
  return (await union(ofVisits, ofExams)).map(({ id }) => id)
}

/** Applies a kept message now: after the mapping was mended, or the visit registered. The answer says how it went. */
export async function replayLetter(inbox: Inbox, id: string, actor: Actor): Promise<Answer> {
  const { letter, bytes } = await readLetter(inbox, id)
  const { sender, controlId, sha256, type, bytes: size, source } = letter
  const envelope = { sender, controlId, sha256, type, bytes: size, source }
  try {
    return await applyMessage(inbox, bytes, envelope, actor, {
      // Whoever replays a message that came under a used ID has looked at it.
      since: letter.receivedAt,
      within: (tx) =>
        record(tx, inbox.clock(), { event: 'message.replayed', actor, details: { kind: type } }),
    })
  } catch (error) {
    const answer = failureOf(inbox, error)
    await keep(inbox, envelope, answer, error, bytes, actor)
    return answer
  }
}

/** Puts a message aside for good: its content is deleted. */
export async function dismissLetter(
  { db, clock }: Pick<Inbox, 'db' | 'clock'>,
  id: string,
  actor: Actor,
): Promise<void> {
  await transact(db, async (tx) => {
    const now = clock()
    const [letter] = await tx
      .update(hl7Messages)
      .set({ state: 'dismissed', sealed: null, settledAt: now })
      .where(and(eq(hl7Messages.id, id), OPEN))
      .returning({ type: hl7Messages.type })
    if (!letter) throw new AppError('not_found')
    record(tx, now, { event: 'message.dismissed', actor, details: { kind: letter.type } })
  })
}

/**
 * Applies the messages whose visit has been registered meanwhile, by whatever way, and those whose time has come to be tried
 * again, in the order they came.
 */
export async function replayWaiting(inbox: Inbox): Promise<number> {
  const registered = sql`(
    exists (select 1 from ${visits} where ${visits.accessionNumber} = any(${hl7Messages.waitingFor}))
    or exists (select 1 from ${exams} where ${exams.accessionNumber} = any(${hl7Messages.waitingFor})))`
  const isDue = lte(hl7Messages.retryAt, inbox.clock())
  const ready = await inbox.db
    .select({ id: hl7Messages.id, sender: hl7Messages.sender })
    .from(hl7Messages)
    .where(and(eq(hl7Messages.state, 'waiting'), isNotNull(hl7Messages.sealed), or(registered, isDue)))
    .orderBy(hl7Messages.receivedAt)
    .limit(50)
  for (const { id, sender } of ready)
    await replayLetter(inbox, id, { kind: 'ris', name: `hl7 ${sender}` }).catch((error: unknown) => {
      // Another gateway was faster.
      if (!(error instanceof AppError && error.code === 'not_found')) throw error
    })
  return ready.length
}

/** Forgets what served its time: patients of whom nothing was heard, kept messages, and at last their control IDs. */
export async function forgetMessages(db: Database, now: Date): Promise<void> {
  const before = (age: number) => new Date(now.getTime() - age)
  await db.delete(patients).where(lt(patients.updatedAt, before(KEEP_PATIENTS_MS)))
  await db.delete(mergedPatients).where(lt(mergedPatients.mergedAt, before(KEEP_PATIENTS_MS)))
  await transact(db, async (tx) => {
    const expired = await tx
      .update(hl7Messages)
      .set({ state: 'dismissed', sealed: null, settledAt: now })
      .where(and(OPEN, lt(hl7Messages.receivedAt, before(KEEP_MESSAGES_MS))))
      .returning({ type: hl7Messages.type })
    for (const { type } of expired)
      record(tx, now, { event: 'message.expired', actor: { kind: 'system' }, details: { kind: type } })
  })
  await db.delete(hl7Messages).where(lt(hl7Messages.receivedAt, before(KEEP_IDS_MS)))
}
