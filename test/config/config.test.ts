import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../src/config.ts'

const directory = mkdtempSync(join(tmpdir(), 'ritiro-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

const KEY = Buffer.alloc(32, 7).toString('base64')
const COMPLETE = {
  PORTAL_URL: 'https://referti.ospedale.example',
  PIN_PEPPER: KEY,
  ENCRYPTION_KEY: KEY,
  ORTHANC_PASSWORD: 'p',
  SMTP_URL: 'smtp://relay.example:587',
  MAIL_FROM: 'no-reply@ospedale.example',
  ORGANISATION_NAME: 'Ospedale',
}

function problemsOf(changes: Record<string, string | undefined>, base: Record<string, string> = COMPLETE) {
  try {
    readConfig({ ...base, ...changes })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('what must be set is told all at once, each with its meaning, and what the law allows is not exceeded by default', () => {
  const problems = problemsOf({}, {})
  const named = problems.map((problem) => problem.split(' ')[0])
  expect(named.toSorted()).toEqual([...Object.keys(COMPLETE)].toSorted())
  for (const problem of problems) expect(problem).toMatch(/^[A-Z0-9_]+ is not set\. ./)
  expect(readConfig(COMPLETE)).toMatchObject({ mode: 'production', availableDays: 45, pin2Delivery: 'email' })
})

test.for<[string, string]>([
  ['RITIRO_MODE', 'prod'],
  ['PORT', 'eighty'],
  ['PORT', '70000'],
  ['PORTAL_URL', 'referti.ospedale.example'],
  ['PORTAL_URL', 'https://ospedale.example/referti'],
  ['PORTAL_URL', 'https://user@ospedale.example'],
  ['DATABASE_URL', 'mysql://localhost/ritiro'],
  ['DATABASE_URL', 'postgres://ritiro:a#b@host/ritiro'],
  ['DATABASE_URL', 'postgres://ritiro:100%@host/ritiro'],
  ['ORTHANC_URL', 'ftp://orthanc'],
  ['SMTP_URL', 'relay.example:587'],
  ['SMTP_URL', 'smtp://'],
  ['MAIL_FROM', 'Ospedale <no-reply@ospedale.example>'],
  ['MAIL_FROM', 'a@b.example\r\nBcc: x@y.example'],
  ['ORGANISATION_EMAIL', 'nobody'],
  ['AVAILABLE_DAYS', '46'],
  ['AVAILABLE_DAYS', '0'],
  ['AVAILABLE_DAYS', '1.5'],
  ['PIN2_DELIVERY', 'sms'],
  ['TRUSTED_PROXIES', 'proxy'],
  ['TRUSTED_PROXIES', '10.0.0.0/8'],
  ['MAX_REPORT_MB', '-1'],
  ['PIN_PEPPER', Buffer.alloc(16, 7).toString('base64')],
  ['PIN_PEPPER', Buffer.alloc(32, 7).toString('hex')],
  ['ENCRYPTION_KEY', `${KEY},`],
  ['ENCRYPTION_KEY', `${KEY.slice(0, 20)} ${KEY.slice(20)}`],
])('%s=%s is refused by its name, and the value is not repeated', ([name, value], { expect }) => {
  const problems = problemsOf({ [name]: value })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(new RegExp(`^${name}: `))
  if (value.length > 8) expect(problems[0]).not.toContain(value)
})

test('S24: 45 days are the law’s limit and can only be shortened', () => {
  expect(problemsOf({ AVAILABLE_DAYS: '46' })[0]).toContain('45')
  expect(readConfig({ ...COMPLETE, AVAILABLE_DAYS: '10' }).availableDays).toBe(10)
})

test('S44: production refuses a portal without https, as its cookies would never be sent; development does not', () => {
  expect(problemsOf({ PORTAL_URL: 'http://referti.ospedale.example' })).toEqual([
    expect.stringContaining('must be https://'),
  ])
  const local = readConfig({ ...COMPLETE, RITIRO_MODE: 'development', PORTAL_URL: '', PORT: '9000' })
  expect(local.portalUrl).toBe('http://localhost:9000')
})

test('the portal’s address loses its slash, so that links made from it have one', () => {
  expect(readConfig({ ...COMPLETE, PORTAL_URL: 'https://Referti.Ospedale.example/' }).portalUrl).toBe(
    'https://referti.ospedale.example',
  )
})

test('a secret comes by file, without its last line break; the variable itself wins; an unreadable file is told once', () => {
  const file = join(directory, 'password')
  writeFileSync(file, 'from-file\n')
  const byFile = { ...COMPLETE, ORTHANC_PASSWORD: '', ORTHANC_PASSWORD_FILE: file }
  expect(readConfig(byFile).orthancPassword).toBe('from-file')
  expect(readConfig({ ...byFile, ORTHANC_PASSWORD: 'direct' }).orthancPassword).toBe('direct')
  expect(problemsOf({ ORTHANC_PASSWORD: '', ORTHANC_PASSWORD_FILE: join(directory, 'absent') })).toEqual([
    'ORTHANC_PASSWORD_FILE names a file that cannot be read',
  ])
  writeFileSync(file, '\n')
  expect(problemsOf({ ORTHANC_PASSWORD: '', ORTHANC_PASSWORD_FILE: file })).toEqual([
    expect.stringMatching(/^ORTHANC_PASSWORD is not set/),
  ])
})

test('S42: keys are 32 bytes in base64, newest first, so that they can be rotated', () => {
  const [newest, older] = [randomBytes(32), randomBytes(32)]
  const config = readConfig({
    ...COMPLETE,
    PIN_PEPPER: ` ${newest.toString('base64')} , ${older.toString('base64url')} `,
  })
  expect(config.peppers.map(({ bytes }) => bytes.toString('hex'))).toEqual([
    newest.toString('hex'),
    older.toString('hex'),
  ])
})
