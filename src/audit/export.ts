import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { and, asc, eq, gt, isNull, or, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { auditEvents, auditExportCursor } from '../database/schema.ts'
import { errorCode, type Log } from '../log.ts'
import { FIRST_HASH } from './audit.ts'
import { type AuditSource, auditMessage } from './dicom-message.ts'
import { contextsOf } from './row-context.ts'
import { deliver, type SyslogTarget, syslogFrame } from './syslog.ts'

export type AuditExport = {
  db: Database
  target: SyslogTarget
  source: AuditSource
  log: Log
  clock: () => Date
  signal: AbortSignal
}

const BATCH = 200
const IDLE_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
const WAITING_PAUSE_MS = 5_000
const DOUBT_MS = 60_000
const DELIVERY_TIMEOUT_MS = 30_000
// A stopping gateway lets a delivery end, or the next one would send the same again.
const STOPPING_GRACE_MS = 2_000
// Longer than any delivery: PostgreSQL's clock counts, whatever the gateways' clocks say.
const LEASE = sql`now() + interval '60 seconds'`

/**
 * Sends the trail to an audit repository, row by row in its order, until `signal` ends it (S39). How far it came is
 * kept in the database: what is not known to have arrived is sent again, after a restart too. One gateway sends at a time.
 */
export async function exportAudit(options: AuditExport): Promise<void> {
  const { log, signal } = options
  const exporter = createExporter(options)
  let failures = 0
  while (!signal.aborted) {
    let pause = 0
    try {
      pause = await exporter.sendNext()
      if (failures > 0) log('info', 'audit.export_back', { failures })
      failures = 0
    } catch (error) {
      if (signal.aborted) break
      failures += 1
      pause = Math.min(IDLE_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
      log('warn', 'audit.export_failed', { code: errorCode(error), failures })
      await exporter.doubt().catch(() => undefined)
    }
    if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined)
  }
  await exporter.release().catch(() => undefined)
}

type Position = { lastSeq: number; lastHash: string }

function createExporter({ db, target, source, log, clock, signal }: AuditExport) {
  const holder = randomUUID()
  const hostname = new URL(source.portalUrl).hostname
  const mine = and(eq(auditExportCursor.id, 1), eq(auditExportCursor.holder, holder))
  const grace = new AbortController()
  signal.addEventListener('abort', () => setTimeout(() => grace.abort(), STOPPING_GRACE_MS).unref(), {
    once: true,
  })
  // Where the batch began that was delivered last, and when it was.
  let before: (Position & { deliveredAt: number }) | null = null
  let toldOf: string | null = null

  /** Sends the next rows; returns how long to wait for more. */
  async function sendNext(): Promise<number> {
    const position = await take()
    if (!position) return WAITING_PAUSE_MS
    await compare(position)
    const rows = await db
      .select()
      .from(auditEvents)
      .where(gt(auditEvents.seq, position.lastSeq))
      .orderBy(asc(auditEvents.seq))
      .limit(BATCH)
    const last = rows.at(-1)
    if (!last) return IDLE_PAUSE_MS
    const contexts = await contextsOf(db, rows)
    const frames = rows.map((row) => syslogFrame(row.at, hostname, auditMessage(row, contexts(row), source)))
    const { answered } = await deliver(
      target,
      frames,
      AbortSignal.any([grace.signal, AbortSignal.timeout(DELIVERY_TIMEOUT_MS)]),
    )
    if (!answered) log('warn', 'audit.export_unanswered', { rows: rows.length })
    await moveTo({ lastSeq: last.seq, lastHash: last.hash })
    before = { ...position, deliveredAt: performance.now() }
    return rows.length === BATCH ? 0 : IDLE_PAUSE_MS
  }

  /** The position, if this gateway is the one that sends; taken over from one that has not been heard of for a while. */
  async function take(): Promise<Position | null> {
    await db
      .insert(auditExportCursor)
      .values({ lastSeq: 0, lastHash: FIRST_HASH, updatedAt: clock() })
      .onConflictDoNothing()
    const free = or(
      isNull(auditExportCursor.holder),
      eq(auditExportCursor.holder, holder),
      sql`${auditExportCursor.heldUntil} < now()`,
    )
    const [taken] = await db
      .update(auditExportCursor)
      .set({ holder, heldUntil: LEASE })
      .where(and(eq(auditExportCursor.id, 1), free))
      .returning({ lastSeq: auditExportCursor.lastSeq, lastHash: auditExportCursor.lastHash })
    return taken ?? null
  }

  async function moveTo(position: Position): Promise<void> {
    await db
      .update(auditExportCursor)
      .set({ ...position, updatedAt: clock() })
      .where(mine)
  }

  /** The repository holds what was sent: should the trail say otherwise now, someone changed it. Told once. */
  async function compare({ lastSeq, lastHash }: Position): Promise<void> {
    if (lastSeq === 0 || toldOf === lastHash) return
    const [row] = await db
      .select({ hash: auditEvents.hash })
      .from(auditEvents)
      .where(eq(auditEvents.seq, lastSeq))
    if (row?.hash === lastHash) return
    toldOf = lastHash
    log('error', 'audit.trail_changed', { seq: lastSeq })
  }

  /**
   * After a failure: the receiver may have died with the last batch in its memory, or have closed just when it came.
   * That batch is sent once more.
   */
  async function doubt(): Promise<void> {
    if (!before) return
    const { deliveredAt, ...position } = before
    if (performance.now() - deliveredAt < DOUBT_MS) await moveTo(position)
    before = null
  }

  async function release(): Promise<void> {
    await db.update(auditExportCursor).set({ holder: null, heldUntil: null }).where(mine)
  }

  return { sendNext, doubt, release }
}
