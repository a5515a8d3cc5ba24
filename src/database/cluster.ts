import { spawn, spawnSync } from 'node:child_process'
import { chmod, chown, mkdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { errorCode, type Log } from '../log.ts'
import { type Account, asAccount, serverAccount } from './account.ts'
import { findBinaries } from './binaries.ts'
import { socketDirectory } from './socket.ts'

export type Cluster = {
  /** How postgres.js reaches it: a Unix socket that only this account and root can open. */
  connection: { host: string; port: number; username: string; database: string }
  /** Was it running already, left behind by an earlier run or in use by another gateway? */
  adopted: boolean
  isRunning: () => Promise<boolean>
  /** Ends the server and waits for it (fast shutdown). */
  stop: () => Promise<void>
}

const PORT = 5432
const USER = 'ritiro'
const START_ATTEMPTS = 6
const START_TIMEOUT_MS = 60_000
// Minutes, where a slow disk has much to write again.
const LONGEST_RECOVERY_MS = 10 * 60_000

/**
 * Runs a private PostgreSQL cluster in `directory`: no TCP port, no superuser account, made at the first start.
 * A server that a killed gateway left behind is taken over; a stale pid file is cleaned up.
 */
export async function startCluster(options: {
  directory: string
  log: Log
  /** Only for tests that throw the data away. */
  unsafeFast?: boolean
  /** Where Debian keeps its versions of PostgreSQL; a test names a place where there are none. */
  debianDirectory?: string
}): Promise<Cluster> {
  const { log } = options
  const account = await serverAccount()
  const directory = await prepareDirectory(resolve(options.directory), account)
  const data = join(directory, 'data')
  const sockets = await socketDirectory(directory, account)
  const version = await readVersion(data)
  const binaries = await findBinaries(version, options.debianDirectory)
  refuseUnreachable(binaries, account)
  if (version === null) await initialise(binaries, data, account)

  const socketFile = join(sockets, `.s.PGSQL.${PORT}`)
  const connection = { host: sockets, port: PORT, username: USER, database: USER }
  const adopted = await answers(socketFile)
  if (adopted) {
    log('warn', 'database.adopted', { reason: 'a server of an earlier run was still there' })
  } else {
    await start({
      binaries,
      data,
      sockets,
      socketFile,
      account,
      log,
      unsafeFast: options.unsafeFast === true,
    })
  }
  await acceptsQueries(connection).catch(async (error: unknown) => {
    if (!adopted) await stop(data).catch(() => undefined)
    throw error
  })
  const isRunning = async () => (await serverPid(data)) !== null
  return { connection, adopted, isRunning, stop: () => stop(data) }
}

/** A server listens before it has recovered from a crash: waits until it answers. */
async function acceptsQueries(connection: Cluster['connection']): Promise<void> {
  const sql = postgres({ ...connection, database: 'postgres', max: 1, onnotice: () => undefined })
  const deadline = Date.now() + LONGEST_RECOVERY_MS
  try {
    for (;;) {
      try {
        await sql`select 1`
        return
      } catch (error) {
        // 57P03 cannot_connect_now
        if (errorCode(error) !== '57P03' || Date.now() > deadline) throw error
        await sleep(100)
      }
    }
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function prepareDirectory(directory: string, account: Account | null): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if (account) {
    await chown(directory, account.uid, account.gid)
    await chmod(directory, 0o700)
  }
  // One name for one place, however it was reached: the socket and the server's command line are known by it.
  return realpath(directory)
}

/** initdb asks by access(2), which minds no capability: from below a directory closed to the account it cannot run. */
function refuseUnreachable(binaries: string, account: Account | null): void {
  if (!account) return
  const [command, args] = asAccount(account, 'test', ['-x', join(binaries, 'postgres')])
  if (spawnSync(command, args, { stdio: 'ignore' }).status === 0) return
  throw new Error(
    `The account "${account.name}" may not reach ${binaries}: apt-get install postgresql, or run the gateway as an ordinary user`,
  )
}

async function initialise(binaries: string, data: string, account: Account | null): Promise<void> {
  // Made beside and moved when it is whole: a start that was killed leaves no half-made cluster under that name.
  const making = `${data}.making`
  await rm(making, { recursive: true, force: true })
  const args = [
    '-D',
    making,
    '-U',
    USER,
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--data-checksums',
    '--auth-local=trust',
    '--auth-host=reject',
  ]
  const child = runAs(account, join(binaries, 'initdb'), args, dirname(data))
  const { code, output } = await finished(child)
  if (code !== 0) throw new Error(`initdb failed (${code}): ${output.slice(-800)}`)
  await rename(making, data)
}

async function start(options: {
  binaries: string
  data: string
  sockets: string
  socketFile: string
  account: Account | null
  log: Log
  unsafeFast: boolean
}): Promise<void> {
  const { binaries, data, sockets, socketFile, account, log } = options
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${sockets}`,
    'unix_socket_permissions=0700',
    // Two gateways and the commands beside them; the tests' one cluster serves a dozen gateways at a time.
    `max_connections=${options.unsafeFast ? 300 : 60}`,
  ]
  if (options.unsafeFast)
    settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum=off')
  const args = ['-D', data, '-p', String(PORT), ...settings.flatMap((value) => ['-c', value])]
  let output = ''
  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt++) {
    await removeStalePid(data)
    const child = runAs(account, join(binaries, 'postgres'), args, dirname(data))
    const ended = finished(child)
    const deadline = Date.now() + START_TIMEOUT_MS
    let exited = false
    void ended.then((result) => {
      exited = true
      output = result.output
    })
    while (!exited && Date.now() < deadline) {
      if (await answers(socketFile)) {
        if ((await serverPid(data)) !== child.pid) {
          // Somebody else's start was faster: ours must not come up after that one was stopped.
          child.kill('SIGKILL')
          await ended
          return
        }
        child.stdout.destroy()
        child.stderr.destroy()
        child.unref()
        return
      }
      await sleep(40)
    }
    // The first start after a kill can find the dead server's shared memory still in use for a moment.
    log('warn', 'database.start_retried', { attempt })
    await sleep(200 * attempt)
  }
  throw new Error(`PostgreSQL did not start in ${data}: ${output.slice(-800)}`)
}

/** Ends a server by SIGINT, PostgreSQL's "fast shutdown", and waits until its pid file is gone. */
async function stop(data: string): Promise<void> {
  const pid = await serverPid(data)
  if (pid === null) return
  process.kill(pid, 'SIGINT')
  for (let waited = 0; waited < 30_000; waited += 50) {
    if (!isAlive(pid)) return
    await sleep(50)
  }
  throw new Error(`PostgreSQL (pid ${pid}) did not stop in 30 s`)
}

async function removeStalePid(data: string): Promise<void> {
  if ((await serverPid(data)) === null) await rm(join(data, 'postmaster.pid'), { force: true })
}

/** The pid in postmaster.pid, if that process is there and really is this cluster's server: pids are reused after a crash. */
async function serverPid(data: string): Promise<number | null> {
  const pid = Number((await readText(join(data, 'postmaster.pid')))?.split('\n')[0])
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return null
  const commandLine = await readText(`/proc/${pid}/cmdline`)
  if (commandLine === null) return pid
  return commandLine.includes('postgres') && commandLine.split('\0').includes(data) ? pid : null
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

function answers(socketFile: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(socketFile)
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}

/** The version that made the cluster; null where there is none yet. A directory that cannot be read is never taken for that. */
async function readVersion(data: string): Promise<string | null> {
  try {
    await stat(data)
    return (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim()
  } catch (error) {
    const absent = errorCode(error) === 'ENOENT'
    if (absent && !(await exists(data))) return null
    throw new Error(
      absent
        ? `${data} is no PostgreSQL cluster (it has no PG_VERSION): move it away, or restore it from a backup`
        : `${data} cannot be read (${errorCode(error)}): start the gateway as the user that owns it`,
    )
  }
}

function runAs(account: Account | null, command: string, args: string[], cwd: string) {
  const [file, fileArgs] = asAccount(account, command, args)
  // Its own session: Ctrl-C reaches the gateway alone, which then stops the server in order.
  return spawn(file, fileArgs, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
  })
}

function finished(child: ReturnType<typeof runAs>): Promise<{ code: number | null; output: string }> {
  let output = ''
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-4000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  return new Promise((done) => {
    child.once('error', (error) => done({ code: null, output: `${output}\n${error.message}` }))
    child.once('exit', (code) => done({ code, output }))
  })
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function readText(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch(() => null)
}
