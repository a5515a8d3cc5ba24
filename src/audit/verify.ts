import { asc, desc, getTableColumns, gt, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { auditEvents, auditExportCursor } from '../database/schema.ts'
import { FIRST_HASH, hashOf } from './audit.ts'

/** The end of the chain: kept elsewhere, it tells later that nothing was cut off before it. */
type Head = { seq: number; hash: string }

export type Verification =
  | { whole: true; rows: number; head: Head | null }
  /** `seq` is the first row that does not stand; null where the fault is not in a row that is there. */
  | { whole: false; rows: number; seq: number | null; reason: string }

type Row = typeof auditEvents.$inferSelect & { wholeMilliseconds: boolean }

const BATCH = 2_000
// As the migration makes them: BEFORE UPDATE OR DELETE FOR EACH ROW, and BEFORE TRUNCATE (bits of pg_trigger.tgtype).
const GUARDS = [
  { name: 'audit_events_append_only', type: 2 + 1 + 16 + 8 },
  { name: 'audit_events_no_truncate', type: 2 + 32 },
]
const GUARD_SOURCE = "begin raise exception 'audit_events is append-only'; end"

/**
 * Recomputes the whole trail (S39), a batch of rows at a time: each row's own hash, and that it is chained to the row
 * before. `expected` are hashes that were once the head of the chain: each must still be in it, which is how a cut-off
 * or wholly rewritten trail shows. Rows that a running gateway appends meanwhile are left for the next time.
 */
export async function verifyTrail(db: Database, expected: string[] = []): Promise<Verification> {
  const missing = new Set(expected)
  const exported = await readExported(db)
  const head = await readHead(db)
  let previous: Head | null = null
  let rows = 0
  for await (const row of rowsUpTo(db, head?.seq ?? 0)) {
    const reason = faultOf(row, previous) ?? exportFault(row, exported)
    if (reason) return { whole: false, rows, seq: row.seq, reason }
    previous = { seq: row.seq, hash: row.hash }
    missing.delete(row.hash)
    rows += 1
  }
  const cut = endFault(previous, missing, exported) ?? (await guardFault(db))
  return cut ? { whole: false, rows, seq: null, reason: cut } : { whole: true, rows, head: previous }
}

async function* rowsUpTo(db: Database, last: number): AsyncGenerator<Row> {
  // The hash covers milliseconds: what PostgreSQL holds below them must be nothing.
  const wholeMilliseconds = sql<boolean>`date_trunc('milliseconds', ${auditEvents.at}) = ${auditEvents.at}`
  for (let after: number | null = null; ; ) {
    const batch: Row[] = await db
      .select({ ...getTableColumns(auditEvents), wholeMilliseconds })
      .from(auditEvents)
      .where(after === null ? undefined : gt(auditEvents.seq, after))
      .orderBy(asc(auditEvents.seq))
      .limit(BATCH)
    for (const row of batch) if (row.seq <= last) yield row
    after = batch.at(-1)?.seq ?? null
    if (after === null || after >= last) return
  }
}

function faultOf(row: Row, previous: Head | null): string | null {
  const { hash, seq: _seq, wholeMilliseconds, ...chained } = row
  if (!wholeMilliseconds || hashOf(chained) !== hash)
    return 'the row was altered: its hash is not that of its content'
  if (row.previousHash === (previous?.hash ?? FIRST_HASH)) return null
  return previous
    ? `the row does not follow row ${previous.seq}: rows between them were removed, or one of them was replaced or moved`
    : 'the row is not the first of a chain: rows before it were removed'
}

function exportFault(row: Row, exported: Head | null): string | null {
  if (row.seq !== exported?.seq || row.hash === exported.hash) return null
  return 'the row is not the one that was sent to the audit repository: the chain was written anew'
}

function endFault(last: Head | null, missing: Set<string>, exported: Head | null): string | null {
  const end = last ? `the chain ends with row ${last.seq}` : 'the trail is empty'
  if (exported && exported.seq > (last?.seq ?? 0))
    return `${end}, but row ${exported.seq} was sent to the audit repository: rows at the end were removed`
  const [hash] = missing
  return hash === undefined
    ? null
    : `${end}, and the expected hash ${hash} is not in it: rows at the end were removed, or the chain was written anew`
}

// A trail that could be changed without a trace of how is no proof, even while its chain still stands.
async function guardFault(db: Database): Promise<string | null> {
  // Enabled, on every row and column, without a condition, and calling a function that does refuse.
  const guards = await db.execute(sql`
    select t.tgname as name, t.tgtype as type,
      t.tgenabled in ('O', 'A') and t.tgqual is null and t.tgattr::text = ''
        and l.lanname = 'plpgsql' and lower(regexp_replace(btrim(p.prosrc, E' \\n;'), '\\s+', ' ', 'g')) = ${GUARD_SOURCE} as stands
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_language l on l.oid = p.prolang
    where t.tgrelid = 'audit_events'::regclass and not t.tgisinternal
    union all
    select rulename, 0, false from pg_rewrite where ev_class = 'audit_events'::regclass`)
  const stand = GUARDS.every(({ name, type }) =>
    guards.some((guard) => guard.name === name && Number(guard.type) === type && guard.stands === true),
  )
  // One more trigger or a rule could swallow new rows unseen.
  return stand && guards.length === GUARDS.length
    ? null
    : 'the chain stands, but the triggers that refuse changes to the trail are off, missing or not ours'
}

async function readHead(db: Database): Promise<Head | null> {
  const [head] = await db
    .select({ seq: auditEvents.seq, hash: auditEvents.hash })
    .from(auditEvents)
    .orderBy(desc(auditEvents.seq))
    .limit(1)
  return head ?? null
}

async function readExported(db: Database): Promise<Head | null> {
  const [cursor] = await db
    .select({ seq: auditExportCursor.lastSeq, hash: auditExportCursor.lastHash })
    .from(auditExportCursor)
  return cursor && cursor.seq > 0 ? cursor : null
}
