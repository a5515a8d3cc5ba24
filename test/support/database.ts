import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { connect } from '../../src/database/database.ts'

export type TestDatabase = {
  db: ReturnType<typeof connect>['db']
  /** The same as a DATABASE_URL, for a gateway. */
  url: string
  [Symbol.asyncDispose]: () => Promise<void>
}

/** A database of the test's own on the run's real PostgreSQL: migrated and empty, or as another template has it. */
export async function testDatabase(template = inject('template')): Promise<TestDatabase> {
  const { host, port, username } = inject('cluster')
  const name = `test_${randomBytes(6).toString('hex')}`
  const admin = connect({ host, port, username, database: 'postgres' })
  await admin.sql`create database ${admin.sql(name)} template ${admin.sql(template)}`
  const { db, sql } = connect({ host, port, username, database: name })
  return {
    db,
    url: `postgres:///${name}?${new URLSearchParams({ host, port: String(port), user: username })}`,
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 2 })
      await admin.sql`drop database if exists ${admin.sql(name)} with (force)`
      await admin.sql.end({ timeout: 2 })
    },
  }
}
