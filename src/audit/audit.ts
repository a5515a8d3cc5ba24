import { createHash } from 'node:crypto'
import { desc, sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import { auditEvents } from '../database/schema.ts'

/** Who did it: a patient of a visit, a desk user or RIS by its key's name, or the portal itself. */
export type Actor = { kind: 'patient' | 'system' | 'anonymous' } | { kind: 'ris'; name: string }

export type AuditEvent = {
  event:
    | 'visit.registered'
    | 'visit.changed'
    | 'consent.given'
    | 'consent.withdrawn'
    | 'pin1.reissued'
    | 'pin2.issued'
    | 'pin2.requested'
    | 'report.delivered'
    | 'report.refused'
    | 'publication.published'
    | 'publication.updated'
    | 'publication.ended'
    | 'mail.sent'
    | 'mail.refused'
    | 'access.login'
    | 'access.failed'
    | 'access.locked'
    | 'access.logout'
    | 'report.viewed'
    | 'report.downloaded'
    | 'images.viewed'
    | 'disc.downloaded'
  actor: Actor
  /** Network address of the person or system, where there is one. */
  source?: string | null
  visitId?: string | null
  examId?: string | null
  details?: Record<string, string | number | boolean | null>
}

const FIRST_HASH = '0'.repeat(64)
const CHAIN_LOCK = 7_262_003

/** Adds a row to the audit trail in the caller's transaction: either both the act and its trace stand, or neither (S39). */
export async function record(tx: Transaction, now: Date, entry: AuditEvent): Promise<void> {
  // Rows are chained, so writers take turns until they commit.
  await tx.execute(sql`select pg_advisory_xact_lock(${CHAIN_LOCK})`)
  const [last] = await tx
    .select({ hash: auditEvents.hash })
    .from(auditEvents)
    .orderBy(desc(auditEvents.seq))
    .limit(1)
  const row = {
    at: now,
    event: entry.event,
    actor: entry.actor.kind === 'ris' ? `ris:${entry.actor.name}` : entry.actor.kind,
    source: entry.source ?? null,
    visitId: entry.visitId ?? null,
    examId: entry.examId ?? null,
    details: entry.details ?? {},
    previousHash: last?.hash ?? FIRST_HASH,
  }
  await tx.insert(auditEvents).values({ ...row, hash: hashOf(row) })
}

type ChainedRow = Omit<typeof auditEvents.$inferInsert, 'hash' | 'seq'>

function hashOf(row: ChainedRow): string {
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
