import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { connect, type Database } from '../../src/database/database.ts'

export type TestDatabase = {
  db: Database
  /** The same as a DATABASE_URL, for a gateway. */
  url: string
  [Symbol.asyncDispose]: () => Promise<void>
}

/** A migrated, empty database of the test's own on the run's real PostgreSQL. */
export async function testDatabase(): Promise<TestDatabase> {
  const { host, port, username } = inject('cluster')
  const name = `test_${randomBytes(6).toString('hex')}`
  const admin = connect({ host, port, username, database: 'postgres' })
  await admin.sql`create database ${admin.sql(name)} template ${admin.sql(inject('template'))}`
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
