import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export type OrthancOptions = {
  /** Holds configuration, log and storage; the same directory again resumes what was there. */
  directory: string
  httpPort?: number
  dicomPort?: number
  user?: string
  password?: string
  aet?: string
  /** Seconds of silence until a study counts as stable. */
  stableAge?: number
  /** Seconds until it gives up a client that does not read: for tests. */
  requestTimeout?: number
  /** Other DICOMweb servers it may ask, by name: for tests. */
  dicomWebServers?: Record<string, { Url: string; HttpHeaders: Record<string, string> }>
}

export type RunningOrthanc = {
  /** http://127.0.0.1:PORT, without a slash at its end. */
  url: string
  host: string
  httpPort: number
  dicomPort: number
  aet: string
  /** The gateway's credentials: they read, and reach only the routes of orthanc/routes.lua. */
  user: string
  password: string
  /** Credentials that may do everything over HTTP, for what a hospital's administrator does. */
  administrator: { user: string; password: string }
  version: string
  pid: number
  /** Asks as the gateway's user, or as the administrator. */
  request: (path: string, init?: RequestInit & { as?: 'gateway' | 'administrator' }) => Promise<Response>
  /** Ends it and waits until it has written everything down. */
  stop: () => Promise<void>
  /** Ends it at once, as a power cut would. */
  kill: () => Promise<void>
}

const ORTHANC = '/usr/sbin/Orthanc'
const DICOMWEB_PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'
const CONFIGURATION = fileURLToPath(new URL('../orthanc/orthanc.json', import.meta.url))
const ROUTES = fileURLToPath(new URL('../orthanc/routes.lua', import.meta.url))
const HOST = '127.0.0.1'
const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 20_000

/** Runs Debian's Orthanc from orthanc/orthanc.json, and returns when it answers with its credentials. */
export async function startOrthanc(options: OrthancOptions): Promise<RunningOrthanc> {
  requirePackages()
  const chosen = options.httpPort !== undefined && options.dicomPort !== undefined
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(options)
    } catch (error) {
      // Someone may take a free port between our looking and Orthanc's listening.
      const taken = error instanceof Error && error.message.includes('already in use')
      if (chosen || !taken || attempt === 3) throw error
    }
  }
}

async function start(options: OrthancOptions): Promise<RunningOrthanc> {
  const { directory, user = 'ritiro', aet = 'RITIRO', stableAge = 2 } = options
  const password = options.password ?? randomBytes(18).toString('base64url')
  const administrator = { user: 'amministratore', password: randomBytes(18).toString('base64url') }
  const httpPort = options.httpPort ?? (await freePort())
  const dicomPort = options.dicomPort ?? (await freePort())

  const storage = join(directory, 'storage')
  await mkdir(storage, { recursive: true })
  const file = join(directory, 'orthanc.json')
  const delivered = parseCommentedJson(await readFile(CONFIGURATION, 'utf8'))
  const configuration = {
    ...delivered,
    ...(options.dicomWebServers && {
      DicomWeb: { ...(delivered.DicomWeb as object), Servers: options.dicomWebServers },
    }),
    ...(options.requestTimeout && { HttpRequestTimeout: options.requestTimeout }),
    StorageDirectory: storage,
    IndexDirectory: storage,
    LuaScripts: [ROUTES],
    // This one serves its own machine; the delivered file serves a network behind a firewall.
    RemoteAccessAllowed: false,
    HttpPort: httpPort,
    DicomPort: dicomPort,
    DicomAet: aet,
    StableAge: stableAge,
    RegisteredUsers: { [user]: password, [administrator.user]: administrator.password },
  }
  await writeFile(file, JSON.stringify(configuration, null, 2), { mode: 0o600 })

  const logFile = join(directory, 'orthanc.log')
  const child = launch(file, logFile)
  const url = `http://${HOST}:${httpPort}`
  const credentials = { gateway: { user, password }, administrator }
  const request: RunningOrthanc['request'] = (path, { as = 'gateway', ...init } = {}) => {
    const headers = new Headers(init.headers)
    headers.set('authorization', basic(credentials[as].user, credentials[as].password))
    return fetch(`${url}${path}`, { ...init, headers })
  }
  const version = await waitUntilReady(child, request, logFile)
  const pid = child.process.pid ?? 0
  return {
    url,
    host: HOST,
    httpPort,
    dicomPort,
    aet,
    user,
    password,
    administrator,
    version,
    pid,
    request,
    stop: () => stop(child),
    kill: () => stop(child, 'SIGKILL'),
  }
}

type Child = { process: ReturnType<typeof spawn>; ended: Promise<string> }

function launch(configuration: string, logFile: string): Child {
  const log = openSync(logFile, 'a')
  // The kernel ends Orthanc if we die without a chance to: no orphan holds the ports. A process group of its
  // own keeps a Ctrl-C at the terminal from ending the archive before the gateway.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ORTHANC, configuration], {
    detached: true,
    stdio: ['ignore', log, log],
    // Without it Nagle's algorithm costs some 40 ms an image received.
    env: { ...process.env, TCP_NODELAY: '1' },
  })
  closeSync(log)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  return { process: child, ended }
}

async function waitUntilReady(child: Child, request: RunningOrthanc['request'], logFile: string) {
  let reason: string | undefined
  child.ended.then((how) => {
    reason ??= how
  })
  const deadline = Date.now() + START_TIMEOUT_MS
  while (reason === undefined && Date.now() < deadline) {
    const response = await request('/system').catch(() => undefined)
    if (response?.ok) return String(((await response.json()) as { Version?: string }).Version)
    // Another server on this port would answer too, and never with our password.
    if (response?.status === 401) reason ??= 'its HTTP port is already in use by another server'
    await sleep(100)
  }
  await stop(child)
  throw new Error(`Orthanc did not start: ${reason ?? 'no answer'}. ${await lastErrors(logFile)}`)
}

async function stop(child: Child, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  if (child.process.exitCode !== null || child.process.signalCode !== null) return
  child.process.kill(signal)
  const timer = setTimeout(() => child.process.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await child.ended
  clearTimeout(timer)
}

async function lastErrors(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'latin1').catch(() => '')
  const errors = log.split('\n').filter((line) => line.startsWith('E'))
  const messages = errors.slice(-6).map((line) => line.replace(/^E.*?\] /, ''))
  return messages.length > 0 ? `It says: ${messages.join(' | ')}` : `See ${logFile}`
}

function requirePackages() {
  const missing = [
    { file: ORTHANC, name: 'orthanc' },
    { file: DICOMWEB_PLUGIN, name: 'orthanc-dicomweb' },
  ].filter(({ file }) => !existsSync(file))
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name).join(' ')
  throw new Error(`Orthanc is not installed completely: apt-get install ${names} (Debian packages)`)
}

/** A port of this machine that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, HOST, () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject()))
    })
  })
}

/** JSON with the comments that Orthanc allows. */
export function parseCommentedJson(text: string): Record<string, unknown> {
  const withoutComments = text.replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '$1')
  return JSON.parse(withoutComments) as Record<string, unknown>
}

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
