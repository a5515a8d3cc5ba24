import { execFile, spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

type Environment = Record<string, string>

export type RunningGateway = {
  url: string
  pid: number
  /** Resolves when the process has ended, with the last words of its log. */
  ended: Promise<string>
  stop: () => Promise<void>
}

const run = promisify(execFile)
const START_TIMEOUT_MS = 60_000

/** Runs the built gateway as a process of its own, its log in `logFile`, and waits until it answers. */
export async function startGateway(environment: Environment, logFile: string): Promise<RunningGateway> {
  const log = await open(logFile, 'a', 0o600)
  // Its own session: Ctrl-C reaches the demo alone, which ends it in order.
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  })
  let over = false
  const ended = new Promise<string>((done) => {
    child.once('exit', () => {
      over = true
      void log.close().then(async () => done(`Its last words, from ${logFile}:\n${await tail(logFile)}`))
    })
  })
  const url = `http://localhost:${environment.PORT}`
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!over && !(await healthy(url))) {
    if (Date.now() > deadline) throw new Error(`The portal did not answer in a minute; see ${logFile}`)
    await sleep(150)
  }
  if (over) throw new Error(`The portal did not start. ${await ended}`)
  return {
    url,
    pid: child.pid ?? 0,
    ended,
    async stop() {
      if (!over) child.kill('SIGTERM')
      await ended
    },
  }
}

/** A key for the demo's RIS. */
export async function createApiKey(environment: Environment): Promise<string> {
  const { stdout } = await run(process.execPath, ['dist/api-key.js', 'create', 'demo-ris'], {
    env: { ...process.env, ...environment },
  })
  return stdout.trim()
}

export type DemoStaff = { user: string; password: string; secret: string }

/** An account of the console with every role: its password, and the secret that an authenticator would hold. */
export async function createDemoStaff(environment: Environment): Promise<DemoStaff> {
  const roles = ['desk', 'radiology', 'administrator', 'auditor'].flatMap((role) => ['--role', role])
  const { stdout } = await run(
    process.execPath,
    ['dist/staff-command.js', 'add', 'demo', '--name', 'Sportello Demo', ...roles, '--ready'],
    { env: { ...process.env, ...environment } },
  )
  const [, password = ''] = /^Password +(\S+)/m.exec(stdout) ?? []
  const [, secret = ''] = /^TOTP +(\S+)/m.exec(stdout) ?? []
  return { user: 'demo', password, secret }
}

async function healthy(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`).catch(() => null)
  return response?.ok ?? false
}

async function tail(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-8).join('\n')
}
