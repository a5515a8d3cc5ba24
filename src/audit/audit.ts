import { createHash } from 'node:crypto'
import { desc, sql } from 'drizzle-orm'
import type { Database, Transaction } from '../database/database.ts'
import { auditEvents } from '../database/schema.ts'

/**
 * Who did it: the patient of the visit, the doctor of a share, a RIS by its key's name, a person of the staff, the portal
 * itself, or nobody known.
 */
export type Actor =
  | { kind: 'patient' | 'system' | 'anonymous' }
  | { kind: 'ris'; name: string; source?: string }
  | { kind: 'doctor'; share: string }
  | { kind: 'staff'; id: string; source?: string }

export type AuditEvent = {
  event:
    | 'gateway.started'
    | 'gateway.stopped'
    | 'visit.registered'
    | 'visit.changed'
    | 'consent.given'
    | 'consent.withdrawn'
    | 'pin1.reissued'
    | 'pin2.issued'
    | 'pin2.requested'
    | 'report.delivered'
    | 'report.refused'
    | 'report.withdrawn'
    | 'message.refused'
    | 'message.opened'
    | 'message.replayed'
    | 'message.dismissed'
    | 'message.expired'
    | 'publication.published'
    | 'publication.updated'
    | 'publication.ended'
    | 'mail.sent'
    | 'mail.refused'
    | 'access.login'
    | 'access.failed'
    | 'access.locked'
    | 'access.alarm'
    | 'access.logout'
    | 'report.viewed'
    | 'report.downloaded'
    | 'images.viewed'
    | 'disc.downloaded'
    | 'disc.completed'
    | 'share.created'
    | 'share.pin_shown'
    | 'share.pin_renewed'
    | 'share.revoked'
    | 'share.suspended'
    | 'share.ended'
    | 'accesses.viewed'
    | 'receipt.downloaded'
    | 'visit.read'
    | 'report.read'
    | 'identity.login'
    | 'identity.failed'
    | 'visit.unlocked'
    | 'visit.deleted'
    | 'exam.excluded'
    | 'exam.included'
    | 'pin1.printed'
    | 'pin2.shown'
    | 'desk.searched'
    | 'attention.dismissed'
    | 'staff.login'
    | 'staff.failed'
    | 'staff.locked'
    | 'staff.logout'
    | 'staff.created'
    | 'staff.changed'
    | 'staff.reset'
    | 'staff.disabled'
    | 'staff.enabled'
    | 'staff.set_up'
    | 'staff.password_changed'
    | 'staff.codes_renewed'
    | 'audit.read'
    | 'audit.exported'
    | 'audit.verified'
  actor: Actor
  /** Network address of the person or system, where there is one. */
  source?: string | null
  visitId?: string | null
  examId?: string | null
  details?: Record<string, string | number | boolean | null>
}

/** What the first row is chained to. */
export const FIRST_HASH = '0'.repeat(64)
const CHAIN_LOCK = 7_262_003

/**
 * Runs a transaction whose acts are written into the audit trail with it: either both stand, or neither (S39). The rows
 * are appended last, so that the lock on the chain is always the last one taken and nobody waits in a circle for it. A
 * transaction that PostgreSQL ends for a deadlock or a serialisation failure is run again. Within a transaction of its
 * own kind the work joins that one: it stands or falls with the whole.
 */
export async function transact<Result>(
  db: Database,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  const running = db as Transaction
  if (recorded.has(running)) return work(running)
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction(async (tx) => {
        const entries: Recorded[] = []
        recorded.set(tx, entries)
        const result = await work(tx)
        if (entries.length > 0) await append(tx, entries)
        return result
      })
    } catch (error) {
      if (attempt >= MOST_ATTEMPTS || !isTransient(error)) throw error
    }
  }
}

/** Notes an act, to be written when its transaction (of `transact`) ends. */
export function record(tx: Transaction, now: Date, entry: AuditEvent): void {
  const entries = recorded.get(tx)
  if (!entries) throw new Error('an act can be recorded only within transact()')
  entries.push({ now, entry })
}

/** Writes down one act that changes nothing else. */
export function recordAlone(db: Database, now: Date, entry: AuditEvent): Promise<void> {
  return transact(db, async (tx) => record(tx, now, entry))
}

type Recorded = { now: Date; entry: AuditEvent }
const recorded = new WeakMap<Transaction, Recorded[]>()
const MOST_ATTEMPTS = 4

async function append(tx: Transaction, entries: Recorded[]): Promise<void> {
  // Rows are chained, so writers take turns from here until they commit.
  await tx.execute(sql`select pg_advisory_xact_lock(${CHAIN_LOCK})`)
  const [last] = await tx
    .select({ hash: auditEvents.hash })
    .from(auditEvents)
    .orderBy(desc(auditEvents.seq))
    .limit(1)
  let previousHash = last?.hash ?? FIRST_HASH
  for (const { now, entry } of entries) {
    const row = {
      at: now,
      event: entry.event,
      actor: actorText(entry.actor),
      source: entry.source ?? sourceOfActor(entry.actor),
      visitId: entry.visitId ?? null,
      examId: entry.examId ?? null,
      details: entry.details ?? {},
      previousHash,
    }
    previousHash = hashOf(row)
    await tx.insert(auditEvents).values({ ...row, hash: previousHash })
  }
}

const sourceOfActor = (actor: Actor) =>
  (actor.kind === 'ris' || actor.kind === 'staff' ? actor.source : null) ?? null

/** An actor as it is stored: 'patient', 'ris:NAME', 'doctor:SHARE ID', 'staff:ACCOUNT ID'. */
function actorText(actor: Actor): string {
  if (actor.kind === 'staff') return `staff:${actor.id}`
  if (actor.kind === 'ris') return `ris:${actor.name}`
  return actor.kind === 'doctor' ? `doctor:${actor.share}` : actor.kind
}

// PostgreSQL, Appendix A: 40001 serialization_failure, 40P01 deadlock_detected.
function isTransient(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = (cause as { code?: unknown } | null)?.code
  return code === '40001' || code === '40P01'
}

type ChainedRow = Omit<typeof auditEvents.$inferInsert, 'hash' | 'seq'>

/** SHA-256 of a row and, through `previousHash`, of all rows before it. */
export function hashOf(row: ChainedRow): string {
  const details = Object.entries(row.details).sort(([a], [b]) => (a < b ? -1 : 1))
  const fields = [
    row.previousHash,
    row.at.toISOString(),
    row.event,
    row.actor,
    row.source,
    row.visitId,
    row.examId,
    details,
  ]
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex')
}
