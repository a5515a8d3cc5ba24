import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type KeyRing, keyRing } from '../../src/crypto/keys.ts'
import { seal } from '../../src/crypto/seal.ts'
import { hl7Messages, mails } from '../../src/database/schema.ts'
import { type Gateway, startGateway } from '../../src/gateway.ts'
import { sealContext } from '../../src/hl7/inbox.ts'
import { openLetters, readLetter } from '../../src/hl7/letters.ts'
import { totpCode } from '../../src/staff/totp.ts'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { doctorOf, enterPins, signedIn } from '../support/patient.ts'
import { publishedVisit, sharedWith, shownPin } from '../support/site.ts'
import { type Credentials, enterDesk, PASSWORD, staffAccount } from '../support/staff.ts'
import { published, registered } from '../support/visits.ts'

// What docs/security.md tells an administrator to do is done here, with the very commands that stand in it.
const GUIDE = readFileSync('docs/security.md', 'utf8')
const [OLD, NEW] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]

let gateway: TestGateway
let running: Pick<Gateway, 'stop'>

beforeEach(async () => {
  gateway = await testGateway({ environment: { PIN_PEPPER: OLD, ENCRYPTION_KEY: OLD } })
  running = gateway
})
afterEach(async () => {
  await running.stop()
  await gateway[Symbol.asyncDispose]()
})

test('S42: after a rotation of the pepper the old PINs open, and without the old pepper who came since still gets in', async () => {
  const came = await published(gateway, 'ROT-1')
  const stayedAway = await published(gateway, 'ROT-2')
  const waiting = await registered(gateway, { accessionNumber: 'ROT-3' })
  const signedInBefore = await signedIn(gateway, stayedAway.pin1, stayedAway.pin2)
  const rotatedAt = gateway.now()

  await restart({ peppers: ringOf(`${NEW},${OLD}`) })
  expect(await visitsOfOldPepper(rotatedAt)).toBe(3)
  expect((await signedInBefore.get('/referti')).status).toBe(200)
  const patient = await signedIn(gateway, came.pin1, came.pin2)
  expect((await patient.get('/referti')).status).toBe(200)
  expect(await visitsOfOldPepper(rotatedAt)).toBe(2)
  const reissued = (await (await gateway.api('POST', '/visits/ROT-3/pin1')).json()) as { pin1: string }
  expect(reissued.pin1).not.toBe(waiting.pin1)
  const registeredSince = await published(gateway, 'ROT-4')
  expect(await visitsOfOldPepper(rotatedAt)).toBe(1)

  await restart({ peppers: ringOf(NEW) })
  await signedIn(gateway, came.pin1, came.pin2)
  await signedIn(gateway, registeredSince.pin1, registeredSince.pin2)
  // Why the old pepper is kept until the count is 0.
  expect((await enterPins(gateway, stayedAway.pin1, stayedAway.pin2)).status).toBe(401)
  const rescued = (await (await gateway.api('POST', '/visits/ROT-2/pin1')).json()) as { pin1: string }
  await signedIn(gateway, rescued.pin1, stayedAway.pin2)
})

test('S42: wrong PIN2s typed before the pepper’s rotation count after it, and a lock is not forgotten', async () => {
  const { pin1, pin2 } = await published(gateway, 'ROT-5')
  const wrong = pin2.startsWith('0') ? '1111-1111' : '0000-0000'
  for (let attempt = 1; attempt <= 4; attempt++)
    expect((await enterPins(gateway, pin1, wrong)).status).toBe(401)
  await restart({ peppers: ringOf(`${NEW},${OLD}`) })
  expect((await enterPins(gateway, pin1, wrong)).status).toBe(429)
  expect((await enterPins(gateway, pin1, pin2)).status).toBe(429)
})

test('S9, S42: after a rotation of the encryption key a queued mail is sent, and "Mostra PIN" shows the same PIN', async () => {
  const { patient, publicationIds, pin1, pin2 } = await publishedVisit(gateway)
  const share = await sharedWith(patient, publicationIds)
  await expect.poll(() => statesOf('shared')).toEqual(['sent'])
  // The relay is away while the key is changed.
  gateway.mailbox.behave(() => 421)
  const late = await sharedWith(patient, publicationIds)
  await expect.poll(() => statesOf('shared')).toEqual(['queued', 'sent'])
  const [oldId, newId] = [idOfKey(OLD), idOfKey(NEW)]
  expect(await sealedByKey()).toEqual({ [`mails ${oldId}`]: 1, [`shares ${oldId}`]: 2 })

  await restart({ encryptionKeys: ringOf(`${NEW},${OLD}`) })
  const again = await signedIn(gateway, pin1, pin2)
  expect(await shownPin(again, share.id)).toEqual({ pin: share.pin, token: share.token })
  await doctorOf(gateway, late.token, late.pin)
  gateway.mailbox.behave(undefined)
  gateway.travelTo(new Date(gateway.now().getTime() + 60_000).toISOString())
  const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes(late.email))
  expect(mail.text).toContain(late.token)

  // Nothing new is sealed under the old key, and what was ends with its share.
  const fresh = await sharedWith(again, publicationIds)
  await expect.poll(() => statesOf('shared')).toEqual(['sent', 'sent', 'sent'])
  expect(await sealedByKey()).toEqual({ [`shares ${oldId}`]: 2, [`shares ${newId}`]: 1 })
  for (const { id } of [share, late])
    expect((await again.post(`/condivisioni/${id}/annulla`)).status).toBe(303)
  expect(await sealedByKey()).toEqual({ [`shares ${newId}`]: 1 })

  await restart({ encryptionKeys: ringOf(NEW) })
  const last = await signedIn(gateway, pin1, pin2)
  expect(await shownPin(last, fresh.id)).toEqual({ pin: fresh.pin, token: fresh.token })
})

test('S42: after both rotations staff still sign in and an HL7 message that waits can be read, without the old keys', async () => {
  const member = await staffAccount(gateway, 'rita', ['desk', 'administrator'])
  const order = await refusedMessage()
  const [oldId, newId] = [idOfKey(OLD), idOfKey(NEW)]
  const rotatedAt = gateway.now()
  expect(await sealedByKey()).toEqual({ [`staff ${oldId}`]: 1, [`hl7_messages ${oldId}`]: 1 })

  const both = ringOf(`${NEW},${OLD}`)
  await restart({ encryptionKeys: both, peppers: both })
  await expect.poll(sealedByKey).toEqual({ [`staff ${newId}`]: 1, [`hl7_messages ${newId}`]: 1 })
  expect(await oldRecoveryCodes(rotatedAt)).toBe(1)

  const [letter] = (await openLetters(gateway.db)).letters
  const rules = { ...gateway.config, encryptionKeys: ringOf(NEW) }
  const read = await readLetter({ db: gateway.db, rules }, letter?.id ?? '')
  expect(Buffer.from(read.bytes).toString()).toBe(order)
  await restart({ encryptionKeys: ringOf(NEW), peppers: ringOf(NEW) })
  expect((await enter(member, totpCode(member.secret, later()))).status).toBe(303)
  // Told in the guide: recovery codes die with the pepper they were made under.
  expect((await enter(member, member.recoveryCodes[0] ?? '')).status).toBe(401)
})

test('S43: a key that was dropped too early locks nobody’s answer: right and wrong password are refused alike', async () => {
  const member = await staffAccount(gateway, 'rita', ['desk'])
  const lines: string[] = []
  await running.stop()
  const log = (_: string, event: string) => void lines.push(event)
  running = await startGateway(
    { ...gateway.config, encryptionKeys: ringOf(NEW) },
    { clock: gateway.now, log },
  )
  await expect.poll(() => lines).toContain('keys.missing')
  const code = totpCode(member.secret, later())
  const answers = [await enter(member, code), await enter({ ...member, password: 'un’altra password' }, code)]
  expect(answers.map(({ status }) => status)).toEqual([401, 401])
  // A recovery code needs no such key.
  expect((await enter(member, member.recoveryCodes[0] ?? '')).status).toBe(303)
})

test('a queued mail whose key is missing is neither lost nor sent wrong: it goes out when the key is back', async () => {
  gateway.mailbox.behave(() => 421)
  await registered(gateway, { accessionNumber: 'ROT-6' })
  await gateway.deliver('ROT-6', await pdfOf('Referto'))
  await expect.poll(() => statesOf('published')).toEqual(['queued'])
  await restart({ encryptionKeys: ringOf(NEW) })
  gateway.mailbox.behave(undefined)
  gateway.travelTo(new Date(gateway.now().getTime() + 60_000).toISOString())
  const lastError = async () => (await gateway.db.select().from(mails))[0]?.lastError
  await expect.poll(lastError).toBe('key-missing')
  expect(gateway.mailbox.messages()).toEqual([])
  await restart({ encryptionKeys: ringOf(`${NEW},${OLD}`) })
  gateway.travelTo(new Date(gateway.now().getTime() + 120_000).toISOString())
  await gateway.mailbox.waitFor(({ text }) => text.includes('PIN2 è il seguente'))
})

/** An HL7 message that could not be applied, kept as the gateway keeps it. */
async function refusedMessage(): Promise<string> {
  const content = 'MSH|^~\\&|RIS|OSPEDALE|RITIRO|PORTALE|20261123090000||ORM^O01|ROT|P|2.5\r'
  const sealed = seal(gateway.config.encryptionKeys, sealContext('hash'), content)
  const answer = { code: 'AE' as const, text: 'refused' }
  const named = { sender: 'RIS|OSPEDALE', controlId: 'ROT', sha256: 'hash', type: 'ORM^O01' }
  const kept = { ...named, answer, sealed, state: 'refused' as const, bytes: content.length }
  await gateway.db.insert(hl7Messages).values({ ...kept, receivedAt: gateway.now() })
  return content
}

const enter = (member: Credentials & { password?: string }, codice: string) =>
  enterDesk(gateway, { utente: member.username, password: member.password ?? PASSWORD, codice })

/** Past the half minute of the code that set the account up. */
function later(): Date {
  gateway.travelTo(new Date(gateway.now().getTime() + 60_000).toISOString())
  return gateway.now()
}

async function oldRecoveryCodes(rotatedAt: Date): Promise<number> {
  const question = fromGuide('-- accounts whose recovery codes')
  const rows = await gateway.db.execute(
    sql.raw(question.replaceAll(":'rotated_at'", `'${rotatedAt.toISOString()}'`)),
  )
  return rows.length
}

/** The same hospital, started anew with other keys. */
async function restart(keys: { peppers?: KeyRing; encryptionKeys?: KeyRing }): Promise<void> {
  await running.stop()
  const log = () => undefined
  running = await startGateway({ ...gateway.config, ...keys }, { clock: gateway.now, log })
}

function ringOf(value: string): KeyRing {
  const ring = keyRing(value)
  if (!ring) throw new Error('not a ring of keys')
  return ring
}

/** The block of the guide that begins with that comment. */
function fromGuide(comment: string): string {
  const block = [...GUIDE.matchAll(/^ *```\w+\n([\s\S]*?)^ *```/gm)].find(([, text]) =>
    text?.includes(comment),
  )
  if (!block?.[1]) throw new Error(`docs/security.md has no block "${comment}"`)
  return block[1]
}

async function visitsOfOldPepper(rotatedAt: Date): Promise<number> {
  const question = fromGuide('-- visits that may need the old pepper')
  const rows = await gateway.db.execute(
    sql.raw(question.replaceAll(":'rotated_at'", `'${rotatedAt.toISOString()}'`)),
  )
  return Number(rows[0]?.count)
}

async function sealedByKey(): Promise<Record<string, number>> {
  const rows = await gateway.db.execute(sql.raw(fromGuide('-- what is sealed, by key')))
  return Object.fromEntries(rows.map(({ what, key, count }) => [`${what} ${key}`, Number(count)]))
}

function idOfKey(key: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-key-'))
  const file = join(directory, 'encryption_key')
  writeFileSync(file, `${key},${OLD}\n`)
  const command = fromGuide('# the id of a key').replace('deploy/secrets/encryption_key', file)
  const id = execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim()
  rmSync(directory, { recursive: true })
  return id
}

async function statesOf(kind: string): Promise<string[]> {
  const found = await gateway.db.select().from(mails)
  return found.flatMap((mail) => (mail.kind === kind ? mail.state : [])).sort()
}
