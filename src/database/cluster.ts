import { spawn } from 'node:child_process'
import { chmod, chown, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCode, type Log } from '../log.ts'
import { type Account, asAccount, serverAccount } from './account.ts'
import { findBinaries } from './binaries.ts'
import { socketDirectory } from './socket.ts'

export type Cluster = {
  /** How postgres.js reaches it: a Unix socket that only this account and root can open. */
  connection: { host: string; port: number; username: string; database: string }
  /** Ends the server and waits for it (fast shutdown). */
  stop: () => Promise<void>
}

const PORT = 5432
const USER = 'ritiro'
const START_ATTEMPTS = 6
const START_TIMEOUT_MS = 60_000

/**
 * Runs a private PostgreSQL cluster in `directory`: no TCP port, no superuser account, made at the first start.
 * A server that a killed gateway left behind is taken over; a stale pid file is cleaned up.
 */
export async function startCluster(options: {
  directory: string
  log: Log
  /** Only for tests that throw the data away. */
  unsafeFast?: boolean
}): Promise<Cluster> {
  const { log } = options
  const directory = resolve(options.directory)
  const account = await serverAccount()
  await prepareDirectory(directory, account)
  const data = join(directory, 'data')
  const sockets = await socketDirectory(directory, account)
  const binaries = await findBinaries(await readVersion(data))
  if ((await readVersion(data)) === null) await initialise(binaries, data, account)

  const socketFile = join(sockets, `.s.PGSQL.${PORT}`)
  const connection = { host: sockets, port: PORT, username: USER, database: USER }
  if (await answers(socketFile)) {
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
  return { connection, stop: () => stop(data) }
}

async function prepareDirectory(directory: string, account: Account | null): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if (!account) return
  await chown(directory, account.uid, account.gid)
  await chmod(directory, 0o700)
}

async function initialise(binaries: string, data: string, account: Account | null): Promise<void> {
  // A half-made cluster of a start that was killed has no PG_VERSION yet, but initdb refuses a directory with files.
  await rm(data, { recursive: true, force: true })
  const args = [
    '-D',
    data,
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
    'max_connections=60',
  ]
  if (options.unsafeFast) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off')
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

async function readVersion(data: string): Promise<string | null> {
  const version = await readText(join(data, 'PG_VERSION'))
  // initdb writes PG_VERSION early; the control file comes late and marks a directory that can be started.
  const complete = await stat(join(data, 'global', 'pg_control')).then(
    () => true,
    () => false,
  )
  const populated = await readdir(join(data, 'base')).then(
    (names) => names.length >= 3,
    () => false,
  )
  return version !== null && complete && populated ? version.trim() : null
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

async function readText(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch(() => null)
}
