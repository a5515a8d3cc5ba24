import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SmtpStage } from '../../scripts/mailbox.ts'
import { mails } from '../../src/database/schema.ts'
import { sendMails } from '../../src/mail/mail.ts'
import { it } from '../../src/messages/it.ts'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { spawnGateway } from '../support/process.ts'
import { registered } from '../support/visits.ts'

const WAIT = { timeout: 15_000 }
const STAGES: SmtpStage[] = ['rcpt', 'data', 'stored']

let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

const later = (ms: number) => gateway.travelTo(new Date(gateway.now().getTime() + ms).toISOString())

/** Mails wait, the gateway is stopped, the mail server is ready: what happens next is the test's. */
async function waitingMails(...accessionNumbers: string[]): Promise<void> {
  // A child process knows no clock but the machine's.
  gateway.travelTo(new Date().toISOString())
  gateway.mailbox.behave(() => 421)
  for (const accessionNumber of accessionNumbers) {
    await registered(gateway, { accessionNumber, email: `${accessionNumber.toLowerCase()}@example.org` })
    await gateway.deliver(accessionNumber, await pdfOf(accessionNumber))
  }
  for (const accessionNumber of accessionNumbers)
    await gateway.waitForState(accessionNumber, ({ mail }) => mail.lastError === '421')
  await gateway.stop()
  await gateway.db.update(mails).set({ nextAttemptAt: sql`now() - interval '1 second'` })
  gateway.mailbox.behave(undefined)
}

const mailsTo = (accessionNumber: string) =>
  gateway.mailbox
    .messages()
    .filter(({ envelope }) => envelope.to.includes(`${accessionNumber.toLowerCase()}@example.org`))

test.for(STAGES)(
  'S9: a stop in the middle of a conversation (%s) lets it come to its end; a start sends no second mail',
  async (at) => {
    const name = `STOP-${at}`
    await waitingMails(name)
    let reached: () => void = () => undefined
    const there = new Promise<void>((done) => {
      reached = done
    })
    let go: () => void = () => undefined
    const released = new Promise<void>((done) => {
      go = done
    })
    gateway.mailbox.behave(async (stage) => {
      if (stage !== at) return undefined
      reached()
      await released
      return undefined
    })
    await gateway.start()
    await there
    const stopped = gateway.stop()
    setTimeout(go, 100)
    await stopped
    gateway.mailbox.behave(undefined)
    await gateway.start()
    await gateway.waitForState(name, ({ mail }) => mail.state === 'sent')
    later(3 * 60_000)
    await new Promise((done) => setTimeout(done, 700))
    expect(mailsTo(name)).toHaveLength(1)
  },
)

test.for(STAGES)(
  'S9: after kill -9 in the middle of a conversation (%s) the mail is sent once, or, where only the 250 was lost, again under the same Message-ID',
  async (at) => {
    const name = `KILL-${at}`
    await waitingMails(name)
    const child = await spawnGateway(gateway.environment)
    gateway.mailbox.behave(async (stage) => {
      if (stage !== at) return undefined
      await child.kill('SIGKILL')
      return 'drop'
    })
    expect(await child.ended).toEqual({ code: null, signal: 'SIGKILL' })
    gateway.mailbox.behave(undefined)
    const [left] = await gateway.db.select().from(mails).orderBy(sql`queued_at desc`).limit(1)
    expect(left).toMatchObject({ state: 'sending', attempts: 2 })

    await gateway.start()
    // The dead one's hold on the mail is respected for two minutes, in case it is only slow.
    await new Promise((done) => setTimeout(done, 700))
    expect(mailsTo(name)).toHaveLength(at === 'stored' ? 1 : 0)
    later(2 * 60_000 + 1_000)
    await gateway.waitForState(name, ({ mail }) => mail.state === 'sent')
    const received = mailsTo(name)
    expect(received).toHaveLength(at === 'stored' ? 2 : 1)
    expect(new Set(received.map(({ messageId }) => messageId)).size).toBe(1)
    expect(received[0]?.messageId).toMatch(/^<[0-9a-f-]{36}@ospedale\.example>$/)
  },
)

test('S9: several gateways on one database send each mail once, a slow server notwithstanding', async () => {
  const names = Array.from({ length: 6 }, (_, i) => `SHARED-${i}`)
  await waitingMails(...names)
  gateway.mailbox.behave(async () => {
    await new Promise((done) => setTimeout(done, 30))
    return undefined
  })
  const stopping = new AbortController()
  const loops = Array.from({ length: 3 }, () =>
    sendMails({
      db: gateway.db,
      keys: gateway.config.encryptionKeys,
      settings: {
        smtpUrl: gateway.config.smtpUrl,
        from: gateway.config.mailFrom,
        organisation: gateway.config.organisation,
        portalUrl: gateway.url,
        contactEmail: undefined,
        shareMail: 'full',
      },
      messages: it,
      log: () => undefined,
      clock: gateway.now,
      signal: stopping.signal,
    }),
  )
  await expect.poll(() => names.flatMap(mailsTo), WAIT).toHaveLength(names.length)
  await expect
    .poll(async () => (await gateway.db.select().from(mails)).every(({ state }) => state === 'sent'), WAIT)
    .toBe(true)
  stopping.abort()
  await Promise.all(loops)
  for (const name of names) expect(mailsTo(name)).toHaveLength(1)
  await gateway.start()
})
