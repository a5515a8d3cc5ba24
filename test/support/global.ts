import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startCluster } from '../../src/database/cluster.ts'
import { connect, migrateDatabase } from '../../src/database/database.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    cluster: { host: string; port: number; username: string }
    /** Migrated once; each test's own database is a copy of it. */
    template: string
  }
}

const TEMPLATE = 'ritiro_template'

/** One PostgreSQL for the whole run, with its tables made once, and the assets built. */
export default async function setup({ provide }: TestProject) {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-test-pg-'))
  const cluster = await startCluster({ directory, log: () => undefined, unsafeFast: true })
  const { host, port, username } = cluster.connection
  const admin = connect({ host, port, username, database: 'postgres', max: 1 })
  await admin.sql`create database ${admin.sql(TEMPLATE)}`
  await admin.sql.end()
  const template = connect({ host, port, username, database: TEMPLATE })
  await migrateDatabase(template.db, template.sql)
  await template.sql.end()
  provide('cluster', { host, port, username })
  provide('template', TEMPLATE)
  return async () => {
    await cluster.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
