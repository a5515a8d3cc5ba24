import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startCluster } from '../../src/database/cluster.ts'
import { connect, migrateDatabase } from '../../src/database/database.ts'
import { startBrowser } from './browser.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    cluster: { host: string; port: number; username: string }
    /** Migrated once; each test's own database is a copy of it. */
    template: string
    /** Tells the address of the run's Chromium, which it starts when first asked. */
    chromium: string
  }
}

const TEMPLATE = 'ritiro_template'

/** One PostgreSQL for the whole run, with its tables made once, one Chromium where it is wanted, and the assets built. */
export default async function setup({ provide }: TestProject) {
  // Every process that the tests start loads the same modules.
  process.env.NODE_COMPILE_CACHE ??= resolve('var/cache/compiled')
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
  const browser = await offerBrowser()
  provide('chromium', browser.url)
  return async () => {
    await browser.stop()
    await cluster.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

async function offerBrowser() {
  let running: ReturnType<typeof startBrowser> | null = null
  const server = createServer(async (_, response) => {
    try {
      running ??= startBrowser()
      response.end((await running).wsEndpoint())
    } catch (error) {
      running = null
      response.writeHead(500).end(String(error))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close()
      await (await running)?.close()
    },
  }
}
