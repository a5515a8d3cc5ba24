import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { freePort } from '../../scripts/orthanc.ts'
import { connect } from '../../src/database/database.ts'
import { isSafe } from '../../src/orthanc/safety.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { listening, spawnGateway } from '../support/process.ts'

const KEY = Buffer.alloc(32, 5).toString('base64')

let directory: string
let database: TestDatabase

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ritiro-start-'))
  database = await testDatabase()
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const settings = (changes: Record<string, string> = {}) => ({
  RITIRO_MODE: 'development',
  DATABASE_URL: database.url,
  SMTP_URL: 'smtp://127.0.0.1:9',
  PIN_PEPPER: KEY,
  ENCRYPTION_KEY: KEY,
  ORTHANC_URL: 'http://127.0.0.1:9',
  ORTHANC_PASSWORD: 'orthanc-secret',
  MAIL_FROM: 'no-reply@ospedale.example',
  ORGANISATION_NAME: 'Ospedale di prova',
  ...changes,
})

/** What a start that fails says, beside its log; it must be words, not a stack. */
async function failure(environment: Record<string, string>): Promise<string> {
  await using gateway = await spawnGateway(environment)
  expect(await gateway.ended).toEqual({ code: 1, signal: null })
  const words = gateway
    .output()
    .split('\n')
    .filter((line) => !line.startsWith('{'))
    .join('\n')
  expect(words).not.toMatch(/^ +at /m)
  for (const secret of [KEY, 'orthanc-secret']) expect(gateway.output()).not.toContain(secret)
  return words
}

test('a gateway without settings ends at once and says all that is to be set', async () => {
  const words = await failure({ PORTAL_URL: 'nonsense' })
  for (const name of [
    'PORTAL_URL',
    'PIN_PEPPER',
    'ENCRYPTION_KEY',
    'ORTHANC_PASSWORD',
    'SMTP_URL',
    'MAIL_FROM',
    'ORGANISATION_NAME',
  ])
    expect(words).toContain(name)
  expect(words).toContain('docs/settings.md')
})

test('a database that is not there, does not exist or does not let in is told without its password', async () => {
  const secret = 'database-secret'
  const { host, port } = inject('cluster')
  const nobody = await freePort()
  const admin = connect({ ...inject('cluster'), database: 'postgres', max: 1 })
  const role = `guest_${process.pid}`
  await admin.sql.unsafe(`create role ${role} login password 'another'`)
  const rules = join(host, '..', 'data', 'pg_hba.conf')
  await writeFile(rules, `local all ${role} scram-sha-256\n${await readFile(rules, 'utf8')}`)
  await admin.sql`select pg_reload_conf()`
  await admin.sql.end()
  await sleep(200)
  const at = (name: string, user: string) =>
    `postgres:///${name}?${new URLSearchParams({ host, port: String(port), user, password: secret })}`
  const cases = [
    [`postgres://ritiro:${secret}@127.0.0.1:${nobody}/ritiro`, 'ECONNREFUSED'],
    [at('absent', inject('cluster').username), '3D000'],
    [at('postgres', role), '28P01'],
  ] as const
  const told = await Promise.all(cases.map(([url]) => failure(settings({ DATABASE_URL: url }))))
  for (const [i, words] of told.entries()) {
    expect(words).toContain('The database at DATABASE_URL cannot be used')
    expect(words).toContain(String(cases[i]?.[1]))
    expect(words).not.toContain(secret)
  }
})

test('a port that is taken is told, and nothing is left running', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => taken.once('listening', done))
  const address = taken.address()
  const port = typeof address === 'object' && address ? String(address.port) : ''
  expect(await failure(settings({ PORT: port }))).toContain(`Cannot listen on 127.0.0.1:${port}`)
  taken.close()
})

test('S19: authorities that cannot be read are told at the start, not at the first report', async () => {
  const file = join(directory, 'authorities.pem')
  const told = async (content: string) => {
    await writeFile(file, content)
    return failure(settings({ TRUSTED_CERTIFICATES_FILE: file }))
  }
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  expect(await told(broken)).toContain('certificate 1 cannot be read')
  expect(await told('0\x82 what looks like DER')).toContain('cannot be read as a certificate or CRL')
  expect(await told('')).toContain(`TRUSTED_CERTIFICATES_FILE: ${file}: holds no certificate`)
})

test('SIGTERM ends it in order, and one that comes during the start leaves nothing running either', async () => {
  const gateway = await spawnGateway(settings())
  await listening(gateway)
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  await gateway.kill('SIGTERM')
  expect(await gateway.ended).toEqual({ code: 0, signal: null })
  expect(gateway.output()).toContain('gateway.stopped')

  const dataDir = join(directory, 'var')
  const { DATABASE_URL: _, ...own } = settings()
  const starting = await spawnGateway({ ...own, DATA_DIR: dataDir })
  while (!(await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').catch(() => '')))
    await sleep(20)
  const server = Number(
    (await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0],
  )
  await starting.kill('SIGTERM')
  expect(await starting.ended).toEqual({ code: 0, signal: null })
  expect(() => process.kill(server, 0)).toThrow('ESRCH')
})

test('S46: an archive that lets strangers in is refused in production and warned of in development', async () => {
  await using open = await openOrthanc(await freePort())
  const production = {
    ...settings({ ORTHANC_URL: open.url, RITIRO_MODE: 'production' }),
    PORTAL_URL: 'https://referti.ospedale.example',
  }
  const words = await failure(production)
  expect(words).toContain('Orthanc answers without credentials')
  expect(words).toContain('Refusing to start in production')
  const development = await spawnGateway(settings({ ORTHANC_URL: open.url }))
  await listening(development)
  expect(development.output()).toContain('archive.unsafe')
  await development.kill('SIGTERM')
})

test('S46: an archive that comes up after the gateway is looked at as well', async () => {
  const port = await freePort()
  const production = await spawnGateway({
    ...settings({ ORTHANC_URL: `http://127.0.0.1:${port}`, RITIRO_MODE: 'production' }),
    PORTAL_URL: 'https://referti.ospedale.example',
  })
  await listening(production)
  expect(production.output()).toContain('archive.unavailable')
  await using _open = await openOrthanc(port)
  expect(await production.ended).toEqual({ code: 1, signal: null })
  expect(production.output()).toContain('Orthanc answers without credentials')
  expect(production.output()).toContain('gateway.stopped')
})

test.for<[string, boolean]>([
  ['1.12.11', true],
  ['1.12.12', true],
  ['1.13.0', true],
  ['2.0.0', true],
  ['mainline', true],
  ['1.12.10', false],
  ['1.12.9', false],
  ['1.10.1', false],
  ['1.9.99', false],
  ['0.12.11', false],
  ['1.12', false],
  ['1.12.x', false],
  ['unknown', false],
  ['', false],
])('S46: Orthanc %s counts as safe: %s', ([version, safe]) => {
  expect(isSafe(version)).toBe(safe)
})

/** An Orthanc as nobody should run it: no credentials asked. */
async function openOrthanc(port: number) {
  const storage = join(directory, `open-${port}`)
  await mkdir(storage)
  const file = join(storage, 'orthanc.json')
  await writeFile(
    file,
    JSON.stringify({
      StorageDirectory: storage,
      IndexDirectory: storage,
      HttpPort: port,
      DicomServerEnabled: false,
      AuthenticationEnabled: false,
    }),
  )
  const child = spawn('/usr/sbin/Orthanc', [file], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  while (!(await fetch(`${url}/system`).catch(() => null))?.ok) await sleep(100)
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((done) => child.once('exit', done))
      child.kill('SIGKILL')
      await ended
    },
  }
}
