import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Mailbox, type MailMessage, startMailbox } from '../../scripts/mailbox.ts'
import { freePort } from '../../scripts/orthanc.ts'
import { type Config, readConfig } from '../../src/config.ts'
import type { Database } from '../../src/database/database.ts'
import { startGateway } from '../../src/gateway.ts'
import type { LogFields } from '../../src/log.ts'
import { createApiKey } from '../../src/ris/keys.ts'
import { type TestDatabase, testDatabase } from './database.ts'

export type LogLine = { level: string; event: string; fields: LogFields }

export type TestGateway = {
  url: string
  config: Config
  /** The settings it runs with, for a second gateway on the same database. */
  environment: Record<string, string>
  db: Database
  mailbox: Mailbox
  apiKey: string
  /** What was logged since the start. */
  logged: LogLine[]
  /** Moves the gateway's clock; from then on it goes on by itself. */
  travelTo: (instant: string) => void
  now: () => Date
  /** A call to /api/v1 with the API key. */
  api: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>
  /** Delivers a document as the RIS does. */
  deliver: (
    accessionNumber: string,
    document: Uint8Array,
    fields?: Record<string, string>,
    type?: string,
  ) => Promise<Response>
  /** The state of a visit, as soon as it is as wanted. */
  waitForState: (
    accessionNumber: string,
    wanted: (state: VisitState) => boolean,
    timeoutMs?: number,
  ) => Promise<VisitState>
  stop: () => Promise<void>
  /** Starts it again on the same database, with settings changed if need be. */
  start: (environment?: Record<string, string>) => Promise<void>
  [Symbol.asyncDispose]: () => Promise<void>
}

// The API's answer as a test reads it: deep and loosely, checked by the expectations.
// biome-ignore lint/suspicious/noExplicitAny: JSON of an answer under test
export type VisitState = any

export type TestGatewayOptions = {
  now?: string
  /** A test without images leaves it out: the gateway then knows an address where nobody answers. */
  orthanc?: { url: string; user: string; password: string }
  environment?: Record<string, string>
  /** Default: an empty one on the run's PostgreSQL. */
  database?: TestDatabase
}

/** A whole gateway in this process: real HTTP, real PostgreSQL, real SMTP, a clock that the test moves. */
export async function testGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const database = options.database ?? (await testDatabase())
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-test-'))
  const mailbox = await startMailbox({ directory: join(directory, 'mails') })
  const port = await freePort()
  const environment = {
    ...environmentFor(port, database.url, mailbox.smtpUrl, options),
    DERIVED_DIR: join(directory, 'derived'),
    ...options.environment,
  }
  const config = readConfig(environment)
  const logged: LogLine[] = []
  let offset = options.now ? Date.parse(options.now) - Date.now() : 0
  const clock = () => new Date(Date.now() + offset)
  const world = {
    clock,
    log: (level: string, event: string, fields: LogFields = {}) => void logged.push({ level, event, fields }),
  }
  let gateway = await startGateway(config, world)
  const url = config.portalUrl
  const apiKey = await createApiKey(database.db, 'test-ris', clock())

  const api: TestGateway['api'] = (method, path, body, headers = {}) =>
    fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const state = async (accessionNumber: string) =>
    (await (await api('GET', `/visits/${encodeURIComponent(accessionNumber)}`)).json()) as VisitState

  return {
    url,
    config,
    environment,
    db: database.db,
    mailbox,
    apiKey,
    logged,
    now: clock,
    travelTo(instant) {
      offset = Date.parse(instant) - Date.now()
    },
    api,
    deliver(accessionNumber, document, fields = {}, type = 'application/pdf') {
      const form = new FormData()
      form.set('document', new File([new Uint8Array(document)], 'referto', { type }))
      for (const [name, value] of Object.entries(fields)) form.set(name, value)
      return fetch(`${url}/api/v1/visits/${encodeURIComponent(accessionNumber)}/reports`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}` },
        body: form,
      })
    },
    async waitForState(accessionNumber, wanted, timeoutMs = 20_000) {
      const deadline = Date.now() + timeoutMs
      for (;;) {
        const found = await state(accessionNumber)
        if (wanted(found)) return found
        if (Date.now() > deadline)
          throw new Error(`the visit did not come to the wanted state: ${JSON.stringify(found)}`)
        await sleep(100)
      }
    },
    stop: () => gateway.stop(),
    async start(changes = {}) {
      gateway = await startGateway(readConfig({ ...environment, ...changes }), world)
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop()
      await mailbox.stop()
      await database[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** PIN2 as the mail tells it. */
export function pin2In(message: MailMessage): string {
  const pin2 = /PIN2 è il seguente: ?(\d{4}-\d{4})/.exec(message.text)?.[1]
  if (!pin2) throw new Error('the mail holds no PIN2')
  return pin2
}

function environmentFor(port: number, databaseUrl: string, smtpUrl: string, { orthanc }: TestGatewayOptions) {
  return {
    RITIRO_MODE: 'development',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    SMTP_URL: smtpUrl,
    PIN_PEPPER: randomBytes(32).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    // Port 9 (discard) answers on no machine of ours.
    ORTHANC_URL: orthanc?.url ?? 'http://127.0.0.1:9',
    ORTHANC_USER: orthanc?.user ?? 'nobody',
    ORTHANC_PASSWORD: orthanc?.password ?? 'none',
    MAIL_FROM: 'no-reply@ospedale.example',
    ORGANISATION_NAME: 'Ospedale di prova',
    ORGANISATION_EMAIL: 'aiuto@ospedale.example',
  }
}
