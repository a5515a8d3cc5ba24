import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../src/config.ts'
import { testPki } from './syslog-receiver.ts'

const ENVIRONMENT = {
  RITIRO_MODE: 'development',
  SMTP_URL: 'smtp://localhost',
  PIN_PEPPER: randomBytes(32).toString('base64'),
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  ORTHANC_PASSWORD: 'x',
  MAIL_FROM: 'no-reply@ospedale.example',
  ORGANISATION_NAME: 'Ospedale di prova',
}

const targetOf = (settings: Record<string, string>) => readConfig({ ...ENVIRONMENT, ...settings }).auditTarget

function problemsOf(settings: Record<string, string>): string[] {
  try {
    targetOf(settings)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

test('without an address there is no repository', () => {
  expect(targetOf({})).toBeNull()
})

test('an address names host and port, 6514 where none is told (RFC 5425 §4.1), IPv6 too', () => {
  const plain = { ca: undefined, cert: undefined, key: undefined }
  expect(targetOf({ AUDIT_SYSLOG_URL: 'syslog+tls://arr.example:7000' })).toEqual({
    ...plain,
    host: 'arr.example',
    port: 7000,
  })
  expect(targetOf({ AUDIT_SYSLOG_URL: 'syslog+tls://arr.example/' })).toMatchObject({ port: 6514 })
  expect(targetOf({ AUDIT_SYSLOG_URL: 'syslog+tls://[::1]:7000' })).toMatchObject({ host: '::1', port: 7000 })
})

test.each([
  'syslog://arr.example',
  'https://arr.example',
  'syslog+tls://',
  'syslog+tls://a/b',
  'syslog+tls://u:p@a',
  'syslog+tls://a:port',
])('%s is refused at the start: the trail never leaves in the clear, nor to nowhere', (address) => {
  expect(problemsOf({ AUDIT_SYSLOG_URL: address })).toEqual([
    'AUDIT_SYSLOG_URL: must look like syslog+tls://host:6514',
  ])
})

test('certificates are given by file, and what cannot be used is told at the start', async () => {
  await using pki = await testPki()
  const [one, other] = [await pki.issue('one'), await pki.issue('other')]
  const url = { AUDIT_SYSLOG_URL: 'syslog+tls://arr.example' }
  expect(
    targetOf({
      ...url,
      AUDIT_SYSLOG_CA_FILE: `${pki.directory}/ca.pem`,
      AUDIT_SYSLOG_CERT_FILE: one.certFile,
      AUDIT_SYSLOG_KEY_FILE: one.keyFile,
    }),
  ).toMatchObject({ ca: pki.ca.trim(), cert: one.cert.trim(), key: one.key.trim() })
  expect(problemsOf({ ...url, AUDIT_SYSLOG_CA: 'no certificate' })).toEqual([
    expect.stringMatching(/AUDIT_SYSLOG_CA: /),
  ])
  expect(problemsOf({ ...url, AUDIT_SYSLOG_CERT: one.cert })).toEqual([expect.stringMatching(/go together/)])
  const mixed = { ...url, AUDIT_SYSLOG_CERT: one.cert, AUDIT_SYSLOG_KEY: other.key }
  expect(problemsOf(mixed)).toEqual([expect.stringMatching(/a certificate and its key/)])
  expect(problemsOf({ AUDIT_SYSLOG_CA: pki.ca })).toEqual([
    expect.stringMatching(/AUDIT_SYSLOG_URL is not set/),
  ])
})
