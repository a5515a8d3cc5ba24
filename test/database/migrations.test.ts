import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import { expect, test } from 'vitest'
import { migrateDatabase } from '../../src/database/database.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const DB = fileURLToPath(new URL('../../db', import.meta.url))

test('S39b: an upgrade keeps what was there, and of several publications of an exam the first collection counts', async () => {
  await using old = await testDatabase('template1')
  await migrateUpTo(old, 8)
  const sql = old.db.$client
  const exam = await anExam(old)
  const first = await aReport(old, exam, 1, '2020-05-02', '2020-06-10')
  const second = await aReport(old, exam, 2, '2020-06-10', null)
  // Withdrawn and published again, the later one first among the rows: version 1 was seen twice, version 2 once.
  for (const [from, seen] of [
    ['2020-05-20', '2020-05-25'],
    ['2020-05-03', '2020-05-04'],
    ['2020-06-11', '2020-06-12'],
  ] as const)
    await sql`
      insert into publications (visit_id, exam_id, report_id, published_at, available_until, ends_at, ended_at,
        ended_by, first_viewed_at, first_downloaded_at)
      select visit_id, id, ${first}, ${from}, '2020-07-02', '2020-07-03', ${seen}, 'desk', ${seen}, ${seen}
      from exams where id = ${exam}`

  await migrateDatabase(old.db, sql)
  const collected = await sql`
    select id, first_viewed_at::date::text as viewed, first_downloaded_at::date::text as downloaded
    from reports order by version`
  expect(collected.map((row) => ({ ...row }))).toEqual([
    { id: first, viewed: '2020-05-04', downloaded: '2020-05-04' },
    { id: second, viewed: '2020-06-12', downloaded: '2020-06-12' },
  ])
  const [kept] = await sql`select accession_number, heard, corrected, consent_withdrawn_at from visits`
  expect({ ...kept }).toEqual({
    accession_number: 'OLD',
    heard: {},
    corrected: {},
    consent_withdrawn_at: null,
  })
})

test('S2: an upgrade learns from the trail which address the desk set, and that a consent was withdrawn', async () => {
  await using old = await testDatabase('template1')
  await migrateUpTo(old, 8)
  const sql = old.db.$client
  const visit = await aVisit(old)
  const refused = await aVisit(old, { accessionNumber: 'NO', consent: false, consentAt: '2020-05-09' })
  const never = await aVisit(old, { accessionNumber: 'NEVER', consent: false })
  for (const [number, who, event, changed] of [
    [visit, 'ris:1', 'visit.registered', null],
    [visit, 'staff:1', 'visit.changed', 'email'],
    [refused, 'staff:1', 'visit.changed', 'email'],
    [refused, 'ris:1', 'visit.changed', 'email'],
    [never, 'ris:1', 'visit.registered', null],
  ] as const)
    await sql`
      insert into audit_events (at, event, actor, visit_id, details, previous_hash, hash)
      values ('2020-05-08', ${event}, ${who}, ${number}, ${JSON.stringify({ changed })}, '', '')`

  await migrateDatabase(old.db, sql)
  const visits = await sql`
    select id, email_by_desk_at::date::text as by_desk, consent_withdrawn_at::date::text as withdrawn
    from visits order by accession_number desc`
  expect(visits.map((row) => ({ ...row }))).toEqual([
    { id: visit, by_desk: '2020-05-08', withdrawn: null },
    { id: refused, by_desk: null, withdrawn: '2020-05-09' },
    { id: never, by_desk: null, withdrawn: null },
  ])
})

test('an upgrade ends sessions of an OpenID provider that nothing would ask about again, and no others', async () => {
  await using old = await testDatabase('template1')
  await migrateUpTo(old, 13)
  const sql = old.db.$client
  const [member] = await sql`
    insert into staff (username, name, roles, method, created_at)
    values ('anna', 'Anna', '{desk}', 'local', '2020-05-01') returning id`
  for (const [token, idToken] of [
    ['provider', '\\x01'],
    ['local', null],
  ] as const)
    await sql`
      insert into staff_sessions (token_hash, staff_id, created_at, last_seen_at, expires_at, id_token_sealed)
      values (${token}, ${member?.id}, '2020-05-01', '2020-05-01', '2020-05-02', ${idToken})`

  await migrateDatabase(old.db, sql)
  const left = await sql`select token_hash from staff_sessions`
  expect(left.map(({ token_hash }) => token_hash)).toEqual(['local'])
})

/** The tables as they were when the migration of that number was the latest. */
async function migrateUpTo({ db }: TestDatabase, latest: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ritiro-migrations-'))
  await cp(DB, folder, { recursive: true })
  const journal = join(folder, 'meta', '_journal.json')
  const { entries, ...rest } = JSON.parse(await readFile(journal, 'utf8')) as { entries: { idx: number }[] }
  await writeFile(journal, JSON.stringify({ ...rest, entries: entries.filter(({ idx }) => idx <= latest) }))
  await migrate(db, { migrationsFolder: folder })
  await rm(folder, { recursive: true })
}

async function aVisit(
  { db }: TestDatabase,
  { accessionNumber = 'OLD', consent = true, consentAt = '2020-05-01' } = {},
): Promise<string> {
  const [row] = await db.$client`
    insert into visits (accession_number, family_name, given_name, birth_date, email, registered_at, consent, consent_at,
      consent_text_version, pin1_digest, pin1_issued_at)
    values (${accessionNumber}, 'ROSSI', 'ANNA', '1960-01-01', 'anna@example.org', '2020-05-01', ${consent}, ${consentAt}, '1',
      ${Buffer.from(accessionNumber)}, '2020-05-01') returning id`
  return row?.id
}

async function anExam(old: TestDatabase): Promise<string> {
  const [row] = await old.db.$client`
    insert into exams (visit_id, position, accession_number, description, exam_date)
    values (${await aVisit(old)}, 0, 'OLD', 'TC torace', '2020-05-01') returning id`
  return row?.id
}

async function aReport(
  { db }: TestDatabase,
  exam: string,
  version: number,
  from: string,
  until: string | null,
): Promise<string> {
  const [row] = await db.$client`
    insert into reports (exam_id, version, sha256, kind, document, signature, received_at, superseded_at)
    values (${exam}, ${version}, ${`sha${version}`}, 'pdf', '\\x25', '{}', ${from}, ${until}) returning id`
  return row?.id
}
