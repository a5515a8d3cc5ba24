import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { ClusterInUseError, openDatabase } from '../../src/database/database.ts'

test('the private cluster is killed: the gateway starts it anew, goes on with what it had, and still keeps others out', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ritiro-revive-'))
  const said: string[] = []
  const log = (_level: string, event: string) => void said.push(event)
  const options = { url: undefined, dataDir, log, exclusive: true }
  const { db, close } = await openDatabase(options)
  try {
    await db.execute(sql`create table kept as select 42 as answer`)
    const pid = Number((await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0])
    process.kill(pid, 'SIGKILL')
    for (let waited = 0; waited < 20_000 && !said.includes('database.revived'); waited += 100)
      await sleep(100)
    expect(said).toContain('database.revived')
    expect((await db.execute(sql`select answer from kept`))[0]).toEqual({ answer: 42 })
    await expect(openDatabase(options)).rejects.toThrow(ClusterInUseError)
  } finally {
    await close()
    await rm(dataDir, { recursive: true, force: true })
  }
}, 60_000)
