import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Cluster, startCluster } from '../../src/database/cluster.ts'
import { connect, migrateDatabase } from '../../src/database/database.ts'
import { pdfOf } from '../support/fixtures.ts'
import { testGateway } from '../support/gateway.ts'
import { enterPins, signedIn } from '../support/patient.ts'
import { firstPublication, publishedAtDesk, registered } from '../support/visits.ts'

const WAIT = { timeout: 30_000, interval: 100 }

test('a database that goes away is told as such to people and machines, and comes back without a restart of the gateway', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-outage-'))
  const run = () => startCluster({ directory, log: () => undefined, unsafeFast: true })
  let cluster: Cluster = await run()
  const { host, port, username } = cluster.connection
  const admin = connect({ host, port, username, database: 'postgres', max: 1 })
  await admin.sql`create database ritiro`
  await admin.sql.end()
  const { db, sql } = connect({ host, port, username, database: 'ritiro' })
  await migrateDatabase(db, sql)
  const url = `postgres:///ritiro?${new URLSearchParams({ host, port: String(port), user: username })}`
  const database = { db, url, [Symbol.asyncDispose]: () => sql.end({ timeout: 1 }) }
  await using gateway = await testGateway({ database, environment: { PIN2_DELIVERY: 'desk' } })
  const { pin1, pin2 } = await publishedAtDesk(gateway, 'OUTAGE')
  const patient = await signedIn(gateway, pin1, pin2)
  const id = await firstPublication(patient)

  for (const signal of ['orderly', 'SIGKILL'] as const) {
    if (signal === 'orderly') await cluster.stop()
    else await killed(cluster)
    for (const path of ['/referti', `/referti/${id}`, `/referti/${id}/firmato`]) {
      const page = await patient.get(path)
      expect(page.status).toBe(503)
      expect(page.headers.get('content-type')).toContain('text/html')
      expect(page.headers.get('cache-control')).toBe('no-store')
      expect(await page.text()).not.toMatch(/ECONN|postgres|\.s\.PGSQL/)
    }
    expect((await enterPins(gateway, pin1, pin2)).status).toBe(503)
    const answers = [
      await gateway.api('GET', '/visits/OUTAGE'),
      await gateway.deliver('OUTAGE', await pdfOf('Referto')),
      await patient.get('/dicomweb/studies'),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(503)
      expect(await answer.json()).toMatchObject({ type: 'urn:ritiro:problem:database.unavailable' })
    }
    const health = await fetch(`${gateway.url}/health`)
    expect(health.status).toBe(503)
    expect(await health.json()).toMatchObject({ database: 'unavailable' })
    // Help needs no database.
    expect((await fetch(`${gateway.url}/aiuto`)).status).toBe(200)
    cluster = await run()
    await expect.poll(async () => (await patient.get('/referti')).status, WAIT).toBe(200)
    await expect.poll(async () => (await fetch(`${gateway.url}/health`)).status, WAIT).toBe(200)
  }
  expect(gateway.logged.filter(({ event }) => event === 'http.bug')).toEqual([])
  // What works in the background has found its way back too: a mail goes out.
  await registered(gateway, { accessionNumber: 'AFTER', email: 'after@example.org' })
  await gateway.deliver('AFTER', await pdfOf('Referto'))
  await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes('after@example.org'), 20_000)
  await gateway.stop()
  await cluster.stop()
  await rm(directory, { recursive: true, force: true })
})

async function killed({ connection }: Cluster): Promise<void> {
  const file = join(connection.host, '..', 'data', 'postmaster.pid')
  const pid = Number((await readFile(file, 'utf8')).split('\n')[0])
  process.kill(pid, 'SIGKILL')
  const gone = () => {
    try {
      process.kill(pid, 0)
      return false
    } catch {
      return true
    }
  }
  await expect.poll(gone, WAIT).toBe(true)
}
