import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { recordAlone } from '../../src/audit/audit.ts'
import { verifyTrail } from '../../src/audit/verify.ts'
import { openDatabase } from '../../src/database/database.ts'
import { pdfOf, visitWithoutImages } from '../support/fixtures.ts'
import { pin2In, testGateway } from '../support/gateway.ts'
import { enterPins, signedIn } from '../support/patient.ts'
import { syslogReceiver, testPki } from './syslog-receiver.ts'
import { all, complaintsOf, parseXml, trailDetails } from './xml.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('a patient’s way through the portal reaches the repository, with the gateway’s start and stop, and no secret does (S39)', async () => {
  await using pki = await testPki()
  await using receiver = await syslogReceiver(pki, { peers: ['gateway.example'] })
  const { cert, key } = await pki.issue('gateway', 'DNS:gateway.example')
  await using gateway = await testGateway({
    environment: {
      AUDIT_SYSLOG_URL: `syslog+tls://localhost:${receiver.port}`,
      AUDIT_SYSLOG_CA: pki.ca,
      AUDIT_SYSLOG_CERT: cert,
      AUDIT_SYSLOG_KEY: key,
    },
  })
  const registered = await gateway.api('POST', '/visits', visitWithoutImages())
  const { pin1 } = (await registered.json()) as { pin1: string }
  expect((await gateway.deliver('ACC001', await pdfOf('Referto'))).status).toBe(201)
  const pin2 = pin2In(await gateway.mailbox.waitFor(() => true))
  await enterPins(gateway, pin1, '0000-0000')
  const patient = await signedIn(gateway, pin1, pin2)
  const [id] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(await (await patient.get('/referti')).text()) ?? []
  expect((await patient.get(`/referti/${id}/firmato`)).status).toBe(200)
  await gateway.stop()
  await gateway.start()

  const wanted = [
    'gateway.started',
    'visit.registered',
    'consent.given',
    'report.delivered',
    'publication.published',
    'pin2.issued',
    'mail.sent',
    'access.failed',
    'access.login',
    'report.downloaded',
    'gateway.stopped',
  ]
  const messages = await receivedUntil(receiver.messages, 'gateway.stopped')
  const events = messages.map(eventOf)
  expect(events).toEqual(expect.arrayContaining(wanted))
  expect(events.indexOf('access.failed')).toBeLessThan(events.indexOf('access.login'))
  expect(events.indexOf('access.login')).toBeLessThan(events.indexOf('report.downloaded'))
  expect(await complaintsOf(messages)).toEqual([])

  const everything = messages
    .flatMap((xml) => [xml, ...Object.values(trailDetails(parseXml(xml)))])
    .join('\n')
  const token = patient.cookie.split('=')[1] ?? ''
  for (const secret of [
    pin1,
    pin2,
    pin1.replaceAll(/\D/g, ''),
    pin2.replaceAll(/\D/g, ''),
    token,
    gateway.apiKey,
  ]) {
    expect(secret.length).toBeGreaterThanOrEqual(8)
    expect(everything).not.toContain(secret)
  }
  expect(everything).not.toContain('mario.rossi@example.org')

  const [row] = messages.slice(-1).map((xml) => trailDetails(parseXml(xml)))
  expect(await verifyTrail(gateway.db, [row?.hash ?? ''])).toMatchObject({ whole: true })
}, 90_000)

test('audit:verify shares the private cluster with a running gateway, and starts it where none runs', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ritiro-verify-'))
  try {
    const gateway = await openDatabase({ url: undefined, dataDir, log: () => undefined, exclusive: true })
    try {
      await recordAlone(gateway.db, new Date(), { event: 'gateway.started', actor: { kind: 'system' } })
      expect(await verify(dataDir)).toContain('WHOLE: 1 rows')
      await recordAlone(gateway.db, new Date(), { event: 'gateway.stopped', actor: { kind: 'system' } })
    } finally {
      await gateway.close()
    }
    expect(await verify(dataDir)).toContain('WHOLE: 2 rows')
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}, 90_000)

async function verify(dataDir: string): Promise<string> {
  const environment = { ...process.env, DATA_DIR: dataDir, DATABASE_URL: '' }
  const run = promisify(execFile)(process.execPath, ['dist/audit-verify.js'], { cwd: ROOT, env: environment })
  return (await run).stdout
}

async function receivedUntil(read: () => Promise<string[]>, event: string): Promise<string[]> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const messages = (await read()).map((message) => message.slice(message.indexOf('<?xml')))
    if (messages.some((xml) => eventOf(xml) === event)) return messages
    await sleep(100)
  }
  throw new Error(`${event} did not come`)
}

function eventOf(xml: string): string {
  const types = all(all(parseXml(xml), 'EventIdentification')[0], 'EventTypeCode')
  return (
    types.find(({ attributes }) => attributes.codeSystemName === '99RITIRO')?.attributes['csd-code'] ?? ''
  )
}
