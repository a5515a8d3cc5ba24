import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type postgres from 'postgres'
import { expect, inject, test } from 'vitest'
import { connect } from '../../src/database/database.ts'

const DB = fileURLToPath(new URL('../../db/', import.meta.url))

test('S39b: an upgrade keeps what was there, and of several publications of an exam the first collection counts', async () => {
  await using old = await emptyDatabase()
  const { sql } = old
  await migrate(sql, 0, 8)
  const [visit] = await sql`
    insert into visits (accession_number, family_name, given_name, birth_date, registered_at, consent, consent_at,
      consent_text_version, pin1_digest, pin1_issued_at)
    values ('OLD', 'ROSSI', 'ANNA', '1960-01-01', '2020-05-01', true, '2020-05-01', '1', '\\x00', '2020-05-01') returning id`
  const [exam] = await sql`
    insert into exams (visit_id, position, accession_number, description, exam_date)
    values (${visit?.id}, 0, 'OLD', 'TC torace', '2020-05-01') returning id`
  const [first] = await report(sql, exam?.id, 1, '2020-05-02', '2020-06-10')
  const [second] = await report(sql, exam?.id, 2, '2020-06-10', null)
  // Withdrawn and published again, the later one first among the rows: version 1 was seen twice, version 2 once.
  for (const [from, seen] of [
    ['2020-05-20', '2020-05-25'],
    ['2020-05-03', '2020-05-04'],
    ['2020-06-11', '2020-06-12'],
  ] as const)
    await sql`
      insert into publications (visit_id, exam_id, report_id, published_at, available_until, ends_at, ended_at,
        ended_by, first_viewed_at, first_downloaded_at)
      values (${visit?.id}, ${exam?.id}, ${first?.id}, ${from}, '2020-07-02', '2020-07-03', ${seen}, 'desk', ${seen}, ${seen})`

  await migrate(sql, 9, Number.POSITIVE_INFINITY)
  const collected = await sql`
    select id, first_viewed_at::date::text as viewed, first_downloaded_at::date::text as downloaded
    from reports order by version`
  expect(collected.map((row) => ({ ...row }))).toEqual([
    { id: first?.id, viewed: '2020-05-04', downloaded: '2020-05-04' },
    { id: second?.id, viewed: '2020-06-12', downloaded: '2020-06-12' },
  ])
  const [kept] = await sql`select accession_number, heard, corrected, consent_withdrawn_at from visits`
  expect({ ...kept }).toEqual({
    accession_number: 'OLD',
    heard: {},
    corrected: {},
    consent_withdrawn_at: null,
  })
})

const report = (sql: postgres.Sql, exam: string, version: number, from: string, until: string | null) => sql`
  insert into reports (exam_id, version, sha256, kind, document, signature, received_at, superseded_at)
  values (${exam}, ${version}, ${`sha${version}`}, 'pdf', '\\x25', '{}', ${from}, ${until}) returning id`

/** Runs the migrations of those numbers, as they stand in db/. */
async function migrate(sql: postgres.Sql, from: number, to: number): Promise<void> {
  const files = (await readdir(DB)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).toSorted()
  for (const name of files) {
    const number = Number(name.slice(0, 4))
    if (number < from || number > to) continue
    for (const statement of (await readFile(DB + name, 'utf8')).split('--> statement-breakpoint'))
      await sql.unsafe(statement)
  }
}

async function emptyDatabase() {
  const { host, port, username } = inject('cluster')
  const name = `old_${randomBytes(6).toString('hex')}`
  const admin = connect({ host, port, username, database: 'postgres' })
  await admin.sql`create database ${admin.sql(name)}`
  const { sql } = connect({ host, port, username, database: name })
  return {
    sql,
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 2 })
      await admin.sql`drop database if exists ${admin.sql(name)} with (force)`
      await admin.sql.end({ timeout: 2 })
    },
  }
}
