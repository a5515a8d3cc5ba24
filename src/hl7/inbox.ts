import { createHash, randomBytes } from 'node:crypto'
import { and, eq, ne, sql } from 'drizzle-orm'
import { type Actor, record, transact } from '../audit/audit.ts'
import { seal } from '../crypto/seal.ts'
import type { Database, Transaction } from '../database/database.ts'
import { hl7Messages } from '../database/schema.ts'
import { errorCode, framesOf, type Log } from '../log.ts'
import { type Answer, acknowledgement, type Header, headerOf } from './ack.ts'
import type { Intake } from './call.ts'
import { CharacterSetError, decodeMessage } from './character-set.ts'
import { readIntake } from './intake.ts'
import { type Delimiters, Hl7ParseError, parseMessage } from './message.ts'
import { Hl7Refusal } from './refusal.ts'

export type Inbox = Intake & { db: Database; clock: () => Date; log: Log }
export type Kept = typeof hl7Messages.$inferSelect

/** Binds a kept message's ciphertext to its row. */
export const sealContext = (sha256: string) => `hl7 ${sha256}`

/**
 * Takes a message from the line and answers it. What AA answers is committed. A control ID of a sender that was applied
 * gets the same answer again and nothing is done twice; what cannot be applied is kept, sealed, for the desk.
 */
export async function receiveMessage(
  inbox: Inbox,
  bytes: Uint8Array,
  source: string | null,
): Promise<Uint8Array> {
  const { clock, log } = inbox
  const id = randomBytes(10).toString('hex')
  const head = headOf(bytes)
  const answer = await settle(inbox, head, bytes, source).catch((error: unknown) => {
    const failed = failure(error)
    if (failed.condition === 207) logFailure(inbox, error)
    return failed
  })
  const text = acknowledgement(answer, { ...head, now: clock(), id })
  const { code, condition } = answer
  log('info', 'hl7.answered', { type: typeOf(head?.header), code, condition, bytes: bytes.byteLength })
  // MSH was read a character a byte, so what is the sender's goes back as it came.
  return Buffer.from(text, 'latin1')
}

/** What is answered to bytes that are no message at all, or one too large to be heard, by as much of it as was. */
export function refuseBytes(reason: string, head: Uint8Array, now: Date): Uint8Array {
  const id = randomBytes(10).toString('hex')
  return Buffer.from(
    acknowledgement({ code: 'AR', condition: 100, text: reason }, { ...headOf(head), now, id }),
    'latin1',
  )
}

/** Applies a message, or keeps it; what this gives is committed with it. */
async function settle(
  inbox: Inbox,
  head: Head | null,
  bytes: Uint8Array,
  source: string | null,
): Promise<Answer> {
  if (!head) throw new Hl7ParseError('The message does not begin with a readable MSH segment.')
  const { header } = head
  if (header.controlId === '')
    throw new Hl7Refusal(
      'AR',
      101,
      'MSH-10 is missing: without it a message cannot be told from its repetition.',
      {
        location: 'MSH-10',
      },
    )
  const envelope: Envelope = {
    sender: cut(`${header.sendingApplication}|${header.sendingFacility}`, 120),
    controlId: cut(header.controlId, 199),
    sha256: createHash('sha256').update(bytes).digest('hex'),
    type: typeOf(header),
    bytes: bytes.byteLength,
    source,
  }
  const actor: Actor = { kind: 'ris', name: `hl7 ${envelope.sender}`, ...(source ? { source } : {}) }
  try {
    const before = await known(inbox.db, envelope)
    if (!before) return await applyMessage(inbox, bytes, envelope, actor)
    return (await fillAgain(inbox, bytes, envelope, actor)) ?? before
  } catch (error) {
    const refused = failureOf(inbox, error)
    // What is none for us is the sender's to keep: applied later it would be refused again.
    if (refused.condition === 200 || refused.condition === 201) return refused
    await keep(inbox, envelope, refused, error, bytes, actor)
    return refused
  }
}

const KEPT_FAILURE = 'The portal failed at this message. It is kept and tried again by itself.'
const FIRST_PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 6 * 60 * 60_000

export type Envelope = Pick<Kept, 'sender' | 'controlId' | 'sha256' | 'type' | 'bytes' | 'source'>

/** Applies a message in one transaction with the note that it was. Throws where it cannot be. `since`: it is one that was kept then, whose ID may have been used. */
export async function applyMessage(
  inbox: Inbox,
  bytes: Uint8Array,
  envelope: Envelope,
  actor: Actor,
  { since, within }: { since?: Date; within?: (tx: Transaction) => void } = {},
): Promise<Answer> {
  const { db, rules, clock } = inbox
  const message = parseMessage(decodeMessage(bytes))
  const act = await readIntake({ message, header: headerOf(message) }, inbox)
  return transact(db, async (tx) => {
    await takeTurns(tx, envelope)
    const before = since ? null : await known(tx, envelope)
    if (before) return before
    const now = clock()
    const text = await act({ db: tx, rules, actor, sender: envelope.sender, now, since })
    const answer: Answer = { code: 'AA', text }
    const settled = {
      state: 'applied' as const,
      answer,
      sealed: null,
      waitingFor: [],
      retryAt: null,
      settledAt: now,
    }
    await tx
      .insert(hl7Messages)
      .values({ ...envelope, ...settled, receivedAt: now })
      .onConflictDoUpdate({
        target: [hl7Messages.sender, hl7Messages.controlId, hl7Messages.sha256],
        set: settled,
      })
    // An earlier form of the same message, refused, was corrected by its sender.
    await tx
      .update(hl7Messages)
      .set({ state: 'dismissed', sealed: null, settledAt: now })
      .where(and(sameId(envelope), ne(hl7Messages.sha256, envelope.sha256), ne(hl7Messages.state, 'applied')))
    within?.(tx)
    return answer
  })
}

/**
 * A report that is sent once more after the person withdrew the consent and gave it again: the portal's copy was deleted
 * (S26), so it is filled. Null where nothing of it is missing.
 */
async function fillAgain(
  inbox: Inbox,
  bytes: Uint8Array,
  envelope: Envelope,
  actor: Actor,
): Promise<Answer | null> {
  if (!/^(ORU|MDM)\b/.test(envelope.type)) return null
  const { db, rules, clock } = inbox
  const message = parseMessage(decodeMessage(bytes))
  try {
    const act = await readIntake({ message, header: headerOf(message) }, inbox)
    const text = await transact(db, async (tx) => {
      await takeTurns(tx, envelope)
      return act({ db: tx, rules, actor, sender: envelope.sender, now: clock(), again: true })
    })
    return text === '' ? null : { code: 'AA', text }
  } catch (error) {
    // What it named is no longer there: the answer that it got stands.
    if (error instanceof Hl7Refusal) return null
    throw error
  }
}

/** The answer that a control ID got; another message under the ID of one that was applied is a fault of the sender's. */
async function known(db: Database, envelope: Envelope): Promise<Answer | null> {
  const rows = await db
    .select({ sha256: hl7Messages.sha256, answer: hl7Messages.answer })
    .from(hl7Messages)
    .where(and(sameId(envelope), eq(hl7Messages.state, 'applied')))
  const same = rows.find(({ sha256 }) => sha256 === envelope.sha256)
  if (same) return same.answer as Answer
  if (rows.length === 0) return null
  throw new Hl7Refusal(
    'AE',
    205,
    'Another message came under this control ID before (MSH-10): this one is kept apart, nothing was changed.',
    { location: 'MSH-10' },
  )
}

const sameId = ({ sender, controlId }: Envelope) =>
  and(eq(hl7Messages.sender, sender), eq(hl7Messages.controlId, controlId))

const takeTurns = (tx: Transaction, { sender, controlId }: Envelope) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`hl7 ${sender} ${controlId}`}, 7262))`)

/**
 * Keeps a message that was not applied, sealed, with the reason; the same one again is counted. A report that was refused
 * is told with its visit too, where the desk looks (S19). After a fault of ours it waits to be tried again.
 */
export async function keep(
  { db, rules, clock }: Inbox,
  envelope: Envelope,
  refused: Answer,
  error: unknown,
  bytes: Uint8Array,
  actor: Actor,
): Promise<void> {
  const { waitingFor, report, reason: inAWord } = error instanceof Hl7Refusal ? error : NO_REFUSAL
  const isOurs = refused.condition === 207
  const state = waitingFor.length > 0 || isOurs ? ('waiting' as const) : ('refused' as const)
  // One character a byte: what is sealed is a text.
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const sealed = seal(rules.encryptionKeys, sealContext(envelope.sha256), content)
  await transact(db, async (tx) => {
    await takeTurns(tx, envelope)
    const now = clock()
    const [before] = await tx
      .select({ state: hl7Messages.state, answer: hl7Messages.answer, attempts: hl7Messages.attempts })
      .from(hl7Messages)
      .where(and(sameId(envelope), eq(hl7Messages.sha256, envelope.sha256)))
    if (before?.state === 'applied') return
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (before?.attempts ?? 0), LONGEST_PAUSE_MS)
    const retryAt = isOurs ? new Date(now.getTime() + pause) : null
    const values = { state, answer: refused, waitingFor, sealed, retryAt, settledAt: null }
    await tx
      .insert(hl7Messages)
      .values({ ...envelope, ...values, receivedAt: now })
      .onConflictDoUpdate({
        target: [hl7Messages.sender, hl7Messages.controlId, hl7Messages.sha256],
        set: { ...values, attempts: sql`${hl7Messages.attempts} + 1` },
      })
    // Refused again for the same reason is nothing new.
    if (before && before.state !== 'dismissed' && before.answer.text === refused.text) return
    const { type, text: reason } = { type: envelope.type, text: refused.text }
    record(tx, now, { event: 'message.refused', actor, details: { kind: type, reason } })
    if (report) record(tx, now, { event: 'report.refused', actor, ...report, details: { reason: inAWord } })
  })
}

const NO_REFUSAL = { waitingFor: [], report: undefined, reason: '' }

function failure(error: unknown): Answer {
  if (error instanceof Hl7Refusal) {
    const { code, condition, message, location } = error
    return { code, condition, text: message, location }
  }
  if (error instanceof Hl7ParseError)
    return { code: 'AR', condition: 100, text: error.message, location: 'MSH' }
  if (error instanceof CharacterSetError)
    return { code: 'AR', condition: 103, text: error.message, location: 'MSH-18' }
  return {
    code: 'AR',
    condition: 207,
    text: 'The portal could not take the message just now: send it again.',
  }
}

type Head = { header: Header; delimiters: Delimiters }

/** MSH alone, a character a byte, so that a message which cannot be read whole is still answered by name. */
function headOf(bytes: Uint8Array): Head | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4096)).toString(
    'latin1',
  )
  const line = head.replace(/^(\s|\xef\xbb\xbf)+/, '').split(/[\r\n]/, 1)[0] ?? ''
  try {
    const message = parseMessage(line)
    return { header: headerOf(message), delimiters: message.delimiters }
  } catch {
    return null
  }
}

/** How a failure is answered and told; one of ours is logged. */
export function failureOf(inbox: Inbox, error: unknown): Answer {
  const answer = failure(error)
  if (answer.condition !== 207) return answer
  logFailure(inbox, error)
  return { ...answer, code: 'AE', text: KEPT_FAILURE }
}

const logFailure = ({ log }: Inbox, error: unknown) =>
  log('error', 'hl7.failed', { code: errorCode(error), at: framesOf(error) })

const typeOf = (header: Header | undefined) => {
  if (!header) return 'unknown'
  const { type, event } = header
  const text = event ? `${type}^${event}` : type
  return /^[A-Z0-9^]{1,20}$/.test(text) ? text : 'unknown'
}

// Of a sender's own texts: one line, of a length that fits, without what a database cannot hold.
const cut = (text: string, longest: number) =>
  text
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, longest)
    .toWellFormed()
