import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { type AuditEvent, hashOf, recordAlone } from '../../src/audit/audit.ts'
import { verifyTrail } from '../../src/audit/verify.ts'
import type { Database } from '../../src/database/database.ts'
import { auditEvents, auditExportCursor } from '../../src/database/schema.ts'
import { testDatabase } from '../support/database.ts'
import { fillTrail } from './trail.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const START = Date.parse('2026-11-23T10:00:00.123Z')

/** Who owns the tables can switch the triggers off: what the chain is for. */
async function tamper(db: Database, ...statements: string[]): Promise<void> {
  await db.execute(sql`alter table audit_events disable trigger user`)
  for (const statement of statements) await db.execute(sql.raw(statement))
  await db.execute(sql`alter table audit_events enable trigger user`)
}

async function writeTrail(db: Database, rows: number): Promise<void> {
  for (let i = 0; i < rows; i++) await recordAlone(db, new Date(START + i * 1_000), entry(i))
}

function entry(i: number): AuditEvent {
  return {
    event: i % 2 === 0 ? 'report.viewed' : 'report.delivered',
    actor: i % 2 === 0 ? { kind: 'patient' } : { kind: 'ris', name: 'rìs' },
    source: i % 3 === 0 ? null : '192.0.2.7',
    visitId: '6f1c1c1e-0000-4000-8000-000000000001',
    details: { version: i, sha256: 'ab', 'à "quoted" key': null, yes: true },
  }
}

test('a trail that nobody touched is whole: its rows are counted and its head is told (S39)', async () => {
  await using database = await testDatabase()
  expect(await verifyTrail(database.db)).toEqual({ whole: true, rows: 0, head: null })
  await writeTrail(database.db, 7)
  const [last] = await database.db.select().from(auditEvents).orderBy(sql`seq desc`).limit(1)
  const result = await verifyTrail(database.db)
  expect(result).toEqual({ whole: true, rows: 7, head: { seq: last?.seq, hash: last?.hash } })
  expect(await verifyTrail(database.db, [last?.hash ?? ''])).toEqual(result)
})

test('numbers that a rolled back act left unused are no break', async () => {
  await using database = await testDatabase()
  await writeTrail(database.db, 2)
  await database.db.execute(sql`select nextval('audit_events_seq_seq')`)
  await writeTrail(database.db, 2)
  expect(await verifyTrail(database.db)).toMatchObject({ whole: true, rows: 4, head: { seq: 5 } })
})

test.each([
  ["set event = 'report.downloaded'"],
  ["set actor = 'doctor:6f1c1c1e-0000-4000-8000-000000000002'"],
  ["set source = '192.0.2.8'"],
  ['set source = null'],
  ['set visit_id = null'],
  ["set visit_id = '6f1c1c1e-0000-4000-8000-000000000003'"],
  ["set exam_id = '6f1c1c1e-0000-4000-8000-000000000003'"],
  ["set at = at + interval '1 day'"],
  ["set at = at + interval '1 microsecond'"],
  ['set details = details || \'{"version": 9}\''],
  ["set details = details - 'yes'"],
  ["set details = '{}'"],
  ["set hash = repeat('0', 64)"],
  ['set previous_hash = hash'],
])('an altered row is named: %s (S39)', async (change) => {
  await using database = await testDatabase()
  await writeTrail(database.db, 6)
  await tamper(database.db, `update audit_events ${change} where seq = 5`)
  const result = await verifyTrail(database.db)
  expect(result).toMatchObject({ whole: false, rows: 4, seq: 5, reason: expect.stringMatching(/altered/) })
})

test('rows removed from the middle or the start show at the row after them (S39)', async () => {
  await using database = await testDatabase()
  await writeTrail(database.db, 8)
  await tamper(database.db, 'delete from audit_events where seq in (4, 5)')
  expect(await verifyTrail(database.db)).toMatchObject({
    whole: false,
    rows: 3,
    seq: 6,
    reason: expect.stringMatching(/does not follow row 3/),
  })
  await tamper(database.db, 'delete from audit_events where seq <= 3')
  expect(await verifyTrail(database.db)).toMatchObject({
    whole: false,
    rows: 0,
    seq: 6,
    reason: expect.stringMatching(/not the first of a chain/),
  })
})

test('rows that changed places, with all they hold, show where the order breaks (S39)', async () => {
  await using database = await testDatabase()
  await writeTrail(database.db, 6)
  await tamper(
    database.db,
    'update audit_events set seq = 1000 where seq = 3',
    'update audit_events set seq = 3 where seq = 4',
    'update audit_events set seq = 4 where seq = 1000',
  )
  expect(await verifyTrail(database.db)).toMatchObject({ whole: false, rows: 2, seq: 3 })
})

test('a row put in between shows, whatever hash it was given (S39)', async () => {
  await using database = await testDatabase()
  await writeTrail(database.db, 4)
  await tamper(
    database.db,
    'update audit_events set seq = seq + 10 where seq >= 3',
    'insert into audit_events select 3, at, event, actor, source, visit_id, exam_id, details, previous_hash, hash from audit_events where seq = 2',
  )
  expect(await verifyTrail(database.db)).toMatchObject({ whole: false, rows: 2, seq: 3 })
})

test('a row altered together with its own hash breaks the row after it (S39)', async () => {
  await using database = await testDatabase()
  await writeTrail(database.db, 4)
  await rewriteFrom(database.db, 2, 1)
  expect(await verifyTrail(database.db)).toMatchObject({ whole: false, rows: 2, seq: 3 })
})

test('a cut-off end, and a chain written anew, show by a hash that was kept elsewhere (S39)', async () => {
  await using database = await testDatabase()
  await writeTrail(database.db, 6)
  const kept = await headOf(database.db)

  await tamper(database.db, 'delete from audit_events where seq >= 5')
  expect(await verifyTrail(database.db)).toMatchObject({ whole: true, rows: 4 })
  expect(await verifyTrail(database.db, [kept])).toMatchObject({
    whole: false,
    rows: 4,
    seq: null,
    reason: expect.stringContaining(kept),
  })
  // New rows hide the gap from who only looks at the last one.
  await writeTrail(database.db, 3)
  expect(await verifyTrail(database.db)).toMatchObject({ whole: true, rows: 7 })
  expect(await verifyTrail(database.db, [kept])).toMatchObject({ whole: false, seq: null })

  await using other = await testDatabase()
  await writeTrail(other.db, 6)
  const before = await headOf(other.db)
  await rewriteFrom(other.db, 2, 5)
  expect(await verifyTrail(other.db)).toMatchObject({ whole: true, rows: 6 })
  expect(await verifyTrail(other.db, [before])).toMatchObject({ whole: false, seq: null })
})

test('what was sent to the audit repository is expected without being asked for (S39)', async () => {
  await using database = await testDatabase()
  await writeTrail(database.db, 4)
  const now = new Date(START)
  await database.db
    .insert(auditExportCursor)
    .values({ lastSeq: 3, lastHash: await hashAt(database.db, 3), updatedAt: now })
  expect(await verifyTrail(database.db)).toMatchObject({ whole: true, rows: 4 })
  await rewriteFrom(database.db, 2, 3)
  expect(await verifyTrail(database.db)).toMatchObject({
    whole: false,
    seq: 3,
    reason: expect.stringMatching(/sent to the audit repository/),
  })

  await tamper(database.db, 'delete from audit_events where seq >= 2')
  expect(await verifyTrail(database.db)).toMatchObject({
    whole: false,
    seq: null,
    reason: expect.stringMatching(/row 3 was sent/),
  })
})

test('a trail whose triggers are off is not called whole (S39)', async () => {
  await using database = await testDatabase()
  await writeTrail(database.db, 2)
  await database.db.execute(sql`alter table audit_events disable trigger audit_events_no_truncate`)
  expect(await verifyTrail(database.db)).toMatchObject({
    whole: false,
    seq: null,
    reason: expect.stringMatching(/triggers/),
  })
})

test.for([
  [
    'a trigger that refuses nothing',
    'create or replace function refuse_audit_change() returns trigger language plpgsql as $$ begin return coalesce(new, old); end $$',
  ],
  [
    'a trigger of another name',
    'drop trigger audit_events_append_only on audit_events; create trigger harmless before update on audit_events for each row execute function refuse_audit_change()',
  ],
  [
    'a trigger with a condition',
    "drop trigger audit_events_append_only on audit_events; create trigger audit_events_append_only before update or delete on audit_events for each row when (old.event = 'nothing') execute function refuse_audit_change()",
  ],
  [
    'a trigger for one column',
    'drop trigger audit_events_append_only on audit_events; create trigger audit_events_append_only before update of source or delete on audit_events for each row execute function refuse_audit_change()',
  ],
  [
    'a rule that swallows what is added',
    'create rule swallow as on insert to audit_events do instead nothing',
  ],
])('%s is not taken for the guard of the trail (S39)', async ([_, change]) => {
  await using database = await testDatabase()
  await writeTrail(database.db, 2)
  expect(await verifyTrail(database.db)).toMatchObject({ whole: true })
  await database.db.execute(sql.raw(change ?? ''))
  expect(await verifyTrail(database.db)).toMatchObject({
    whole: false,
    seq: null,
    reason: expect.stringMatching(/triggers/),
  })
})

test('while they are on, the triggers refuse every change but an addition (S39)', async () => {
  await using database = await testDatabase()
  await writeTrail(database.db, 2)
  for (const change of [
    sql`update audit_events set actor = 'system'`,
    sql`delete from audit_events`,
    sql`truncate audit_events`,
  ]) {
    await expect(database.db.execute(change)).rejects.toMatchObject({
      cause: expect.objectContaining({ message: 'audit_events is append-only' }),
    })
  }
  expect(await verifyTrail(database.db)).toMatchObject({ whole: true, rows: 2 })
})

test('50,000 rows are verified in seconds, while others write, in memory that does not grow with them', async () => {
  await using database = await testDatabase()
  const { db } = database
  await fillTrail(db, 50_000)
  let writing = true
  const writer = (async () => {
    while (writing) await recordAlone(db, new Date(START), entry(0))
  })()
  const started = performance.now()
  const result = await verifyTrail(db)
  const seconds = (performance.now() - started) / 1_000
  writing = false
  await writer
  expect(result).toMatchObject({ whole: true })
  if (result.whole) expect(result.rows).toBeGreaterThanOrEqual(50_000)
  // 1 s where nothing else runs; the rest is for a machine that has other things to do.
  expect(seconds).toBeLessThan(30)

  // All rows at once are beyond this heap; only who has read that far finds this one.
  await tamper(db, "update audit_events set source = 'x' where seq = 49999")
  const small = await command(database.url, [], ['--max-old-space-size=40'])
  expect(small).toMatchObject({ code: 1, stderr: expect.stringContaining('BROKEN at row 49999') })
}, 120_000)

test('the command tells the head and ends with 0, or the first broken row and ends with 1', async () => {
  await using database = await testDatabase()
  await writeTrail(database.db, 5)
  const head = await headOf(database.db)
  const whole = await command(database.url, [])
  expect(whole).toMatchObject({ code: 0, stdout: expect.stringContaining(`Head: row 5, hash ${head}`) })
  expect(whole.stdout).toContain('WHOLE: 5 rows')
  expect(await command(database.url, ['--expect', head.toUpperCase()])).toMatchObject({ code: 0 })
  expect(await command(database.url, ['--expect', 'f'.repeat(64)])).toMatchObject({ code: 1 })
  expect(await command(database.url, ['--expect', 'short'])).toMatchObject({ code: 2 })
  expect(await command(database.url, ['--nonsense'])).toMatchObject({ code: 2 })
  await tamper(database.db, "update audit_events set source = 'elsewhere' where seq = 3")
  expect(await command(database.url, [])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/BROKEN at row 3: the row was altered/),
  })
}, 60_000)

async function command(databaseUrl: string, args: string[], nodeArgs: string[] = []) {
  const run = promisify(execFile)(process.execPath, [...nodeArgs, 'dist/audit-verify.js', ...args], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: databaseUrl },
  })
  try {
    return { code: 0, ...(await run) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

async function headOf(db: Database): Promise<string> {
  const [last] = await db.select().from(auditEvents).orderBy(sql`seq desc`).limit(1)
  return last?.hash ?? ''
}

async function hashAt(db: Database, seq: number): Promise<string> {
  const [row] = await db.select().from(auditEvents).where(sql`seq = ${seq}`)
  return row?.hash ?? ''
}

/** As a forger who knows the code: changes row `seq` and recomputes the hashes of `count` rows from it on. */
async function rewriteFrom(db: Database, seq: number, count: number): Promise<void> {
  const rows = await db
    .select()
    .from(auditEvents)
    .where(sql`seq between ${seq} and ${seq + count - 1}`)
    .orderBy(sql`seq`)
  let previousHash = rows[0]?.previousHash ?? ''
  await db.execute(sql`alter table audit_events disable trigger user`)
  for (const { hash: _hash, seq: number, ...row } of rows) {
    const forged = { ...row, source: number === seq ? 'forged' : row.source, previousHash }
    previousHash = hashOf(forged)
    await db
      .update(auditEvents)
      .set({ ...forged, hash: previousHash })
      .where(sql`seq = ${number}`)
  }
  await db.execute(sql`alter table audit_events enable trigger user`)
}
