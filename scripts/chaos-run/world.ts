import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../src/database/database.ts'
import { createApiKey } from '../../src/ris/keys.ts'
import { type Mailbox, type SmtpFault, type SmtpStage, startMailbox } from '../mailbox.ts'
import { freePort, type RunningOrthanc, startOrthanc } from '../orthanc.ts'
import { livingWith } from './processes.ts'

export type Act =
  | 'register'
  | 'deliver'
  | 'store'
  | 'share'
  | 'revoke'
  | 'withdraw'
  | 'consent'
  | 'email'
  | 'pin2'

/** What struck, and when: a mail that came twice must have one of these beside it. */
type Strike = { at: number; what: 'gateway' | 'postgres' | 'orthanc' | 'lost-answer' }

export type World = {
  directory: string
  url: string
  apiKey: string
  secrets: { pinPepper: string; encryptionKey: string }
  mailbox: Mailbox
  orthanc: () => RunningOrthanc
  strikes: Strike[]
  /** Told when an act is on its way to the gateway: the killer aims by it. */
  onAct: (listener: ((act: Act) => void) | null) => void
  tellAct: (act: Act) => void
  /** Mails from now on meet this fault, half of them. */
  smtpFault: (fault: { stage: SmtpStage; fault: SmtpFault } | null, random: () => number) => void
  killGateway: () => Promise<void>
  startGateway: () => Promise<void>
  /** Waits until the gateway that runs is well again by itself; false where it has ended instead. */
  recovers: () => Promise<boolean>
  /** Starts it, and does not wait: it is to be killed while it starts. */
  beginGateway: () => void
  killPostgres: () => Promise<void>
  killOrthanc: () => Promise<void>
  startOrthanc: () => Promise<void>
  /** 0 where none runs. */
  gatewayPid: () => number
  database: () => ReturnType<typeof connect>
  /** Ends all in order; then names what is still running. */
  end: () => Promise<string[]>
}

const HEALTHY_WITHIN_MS = 60_000

/**
 * Real processes in a private folder: the built gateway with its own cluster, Orthanc, a mail server. `archiveAt` tells
 * where the gateway finds the archive, if not at its own address.
 */
export async function startWorld(
  options: { dataDir?: string; archiveAt?: (url: string) => string } = {},
): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-chaos-'))
  const dataDir = options.dataDir ?? join(directory, 'data')
  const secret = () => randomBytes(32).toString('base64')
  const secrets = { pinPepper: secret(), encryptionKey: secret() }
  const strikes: Strike[] = []
  const mailbox = await startMailbox({ directory: join(directory, 'mails') })
  const archive = { directory: join(directory, 'orthanc'), password: secret(), stableAge: 1 }
  let orthanc = await startOrthanc(archive)
  const { httpPort, dicomPort } = orthanc
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    RITIRO_MODE: 'development',
    PORT: String(port),
    PORTAL_URL: url,
    DATA_DIR: dataDir,
    PIN_PEPPER: secrets.pinPepper,
    ENCRYPTION_KEY: secrets.encryptionKey,
    ORTHANC_URL: options.archiveAt?.(orthanc.url) ?? orthanc.url,
    ORTHANC_USER: orthanc.user,
    ORTHANC_PASSWORD: orthanc.password,
    SMTP_URL: mailbox.smtpUrl,
    MAIL_FROM: 'no-reply@ospedale.example',
    REPORTS_FROM_PACS: 'pdf,cda',
    ORGANISATION_NAME: 'Ospedale di prova',
    ORGANISATION_EMAIL: 'aiuto@ospedale.example',
    // Each person of the driver comes from an address of their own.
    TRUSTED_PROXIES: '127.0.0.1',
  }
  let gateway: ChildProcess | null = null
  let tell: ((act: Act) => void) | null = null
  let pool: ReturnType<typeof connect> | null = null

  const world: World = {
    directory,
    url,
    apiKey: '',
    secrets,
    mailbox,
    orthanc: () => orthanc,
    strikes,
    onAct: (listener) => {
      tell = listener
    },
    tellAct: (act) => tell?.(act),
    smtpFault(fault, random) {
      mailbox.behave(
        fault
          ? (stage) => {
              if (stage !== fault.stage || random() < 0.5) return undefined
              if (stage === 'stored') strikes.push({ at: Date.now(), what: 'lost-answer' })
              return fault.fault
            }
          : undefined,
      )
    },
    async killGateway() {
      strikes.push({ at: Date.now(), what: 'gateway' })
      await endOf(gateway, 'SIGKILL')
      gateway = null
    },
    async startGateway() {
      gateway = launch(environment, join(directory, 'gateway.log'))
      await healthy(gateway, url, join(directory, 'gateway.log'))
    },
    async recovers() {
      const running = gateway
      if (!running) return false
      return healthy(running, url, join(directory, 'gateway.log')).then(
        () => true,
        (error: unknown) => {
          if (running.exitCode === null) throw error
          return false
        },
      )
    },
    beginGateway() {
      gateway = launch(environment, join(directory, 'gateway.log'))
    },
    async killPostgres() {
      const pid = await postmasterOf(dataDir)
      if (pid === null) return
      strikes.push({ at: Date.now(), what: 'postgres' })
      process.kill(pid, 'SIGKILL')
      await pool?.sql.end({ timeout: 1 }).catch(() => undefined)
      pool = null
    },
    async killOrthanc() {
      strikes.push({ at: Date.now(), what: 'orthanc' })
      await orthanc.kill()
    },
    async startOrthanc() {
      orthanc = await startOrthanc({ ...archive, httpPort, dicomPort })
    },
    gatewayPid: () => gateway?.pid ?? 0,
    database() {
      pool ??= connect({
        host: join(dataDir, 'postgres', 'socket'),
        port: 5432,
        username: 'ritiro',
        database: 'ritiro',
      })
      return pool
    },
    async end() {
      mailbox.behave(undefined)
      await pool?.sql.end({ timeout: 2 }).catch(() => undefined)
      pool = null
      await endOf(gateway, 'SIGTERM')
      await orthanc.kill()
      await mailbox.stop()
      await sleep(200)
      const left = await livingWith(dataDir, orthanc.pid)
      await rm(directory, { recursive: true, force: true })
      return left
    },
  }
  await world.startGateway()
  const key = await createApiKey(world.database().db, 'chaos-ris', new Date())
  return Object.assign(world, { apiKey: key })
}

function launch(environment: Record<string, string>, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a', 0o600)
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], {
    cwd: join(import.meta.dirname, '..', '..'),
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'ritiro-chaos-cache'), ...environment },
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  return child
}

async function healthy(gateway: ChildProcess, url: string, logFile: string): Promise<void> {
  const deadline = Date.now() + HEALTHY_WITHIN_MS
  for (;;) {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) }).catch(() => null)
    if (response?.ok) return
    const over = gateway.exitCode !== null || gateway.signalCode !== null
    if (over || Date.now() > deadline) {
      const log = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-12).join('\n')
      throw new Error(`the gateway ${over ? 'ended at its start' : 'did not become healthy'}:\n${log}`)
    }
    await sleep(40)
  }
}

async function endOf(child: ChildProcess | null, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((done) => child.once('exit', done))
  child.kill(signal)
  await ended
}

/** The private cluster's server, by the file it keeps. */
async function postmasterOf(dataDir: string): Promise<number | null> {
  const text = await readFile(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(text.split('\n')[0])
  return Number.isInteger(pid) && pid > 1 ? pid : null
}
