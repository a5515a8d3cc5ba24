import { generateKeyPairSync } from 'node:crypto'
import { desc, eq } from 'drizzle-orm'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEvents, identityLogins, sessions, visits } from '../../src/database/schema.ts'
import { thumbprint } from '../../src/identity/provider.ts'
import { launchBrowser, screenshot, watchPage } from '../support/browser.ts'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { registered } from '../support/visits.ts'
import { type TestProvider, testProvider } from './provider.ts'
import { arrive, walk } from './walk.ts'

const ROSSI = 'RSSMRA80D23D205X'
const BIANCHI = 'BNCNNA70A42D205F'
const VERDI = 'VRDGUO60E06D205W'
const SECRET = 'un-segreto-di-prova-abbastanza-lungo'
const NOTHING = '/?fine=identita-nothing'
const FAILED = '/?fine=identita-failed'

let provider: TestProvider
let gateway: TestGateway
let browser: Browser

beforeAll(async () => {
  browser = await launchBrowser()
  provider = await testProvider()
  gateway = await testGateway({
    environment: {
      IDENTITY_ISSUER: provider.issuer,
      IDENTITY_CLIENT_ID: 'ritiro',
      IDENTITY_CLIENT_SECRET: SECRET,
    },
  })
  provider.serve(client({ client_secret: SECRET }))
  // Rossi has two visits online and one that waits; Bianchi one; Verdi's is registered, without consent.
  await online('RX', ROSSI, '2020-05-18')
  await online('ECO', ROSSI, '2020-06-01')
  await registered(gateway, { accessionNumber: 'ATTESA', patient: person(ROSSI) })
  await online('TAC', BIANCHI, '2020-05-18')
  await registered(gateway, { accessionNumber: 'NOCONS', patient: person(VERDI), consent: false })
  provider.accounts.set('rossi', { taxCode: `TINIT-${ROSSI}` })
  provider.accounts.set('bianchi', { taxCode: BIANCHI.toLowerCase(), level: 3 })
  provider.accounts.set('verdi', { taxCode: VERDI })
  provider.accounts.set('nessuno', { taxCode: 'NREGNN55C43D205A' })
  provider.accounts.set('debole', { taxCode: ROSSI, level: 1 })
  provider.accounts.set('senza', {})
})
afterAll(async () => {
  await browser?.close()
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const client = (proof: object) => ({
  redirect_uris: [`${gateway.url}/identita/ritorno`],
  post_logout_redirect_uris: [`${gateway.url}/`],
  ...proof,
})

const person = (taxCode: string) => ({
  familyName: 'Rossi',
  givenName: 'Mario',
  birthDate: '1980-04-23',
  taxCode,
})

async function online(accessionNumber: string, taxCode: string, date: string): Promise<void> {
  const exams = [{ description: `ESAME ${accessionNumber}`, date, imagesExpected: false }]
  await registered(gateway, { accessionNumber, patient: person(taxCode), exams })
  expect((await gateway.deliver(accessionNumber, await pdfOf(accessionNumber))).status).toBe(201)
}

const events = async (event: string) =>
  gateway.db.select().from(auditEvents).where(eq(auditEvents.event, event)).orderBy(desc(auditEvents.seq))
const sessionCookie = (response: Response) =>
  response.headers
    .getSetCookie()
    .find((value) => value.startsWith('__Host-ritiro='))
    ?.split(';')[0]
const listed = async (cookie: string) => (await page('/referti', cookie)).text()
const page = (path: string, cookie: string, init: RequestInit = {}) =>
  fetch(gateway.url + path, {
    redirect: 'manual',
    ...init,
    headers: { cookie, 'sec-fetch-site': 'same-origin' },
  })

/** What a login leads to: the place it is sent to, and the session it opened. */
async function signIn(login: string, options: Parameters<typeof walk>[2] = {}) {
  const { callback, cookie } = await walk(gateway, login, options)
  const response = await arrive(callback, cookie)
  return {
    response,
    callback,
    cookie,
    location: response.headers.get('location'),
    session: sessionCookie(response),
  }
}

async function refused(login: string, options: Parameters<typeof walk>[2] = {}): Promise<string | null> {
  const before = await gateway.db.$count(sessions)
  const { response, location, session } = await signIn(login, options)
  expect([response.status, session]).toEqual([303, undefined])
  expect(await gateway.db.$count(sessions)).toBe(before)
  return location
}

test('a person signs in with SPID or CIE in the browser, goes between their visits, and signs out here and there', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'it-IT' })
  const tab = await context.newPage()
  const { complaints } = watchPage(tab, gateway.url)
  await tab.goto(gateway.url)
  const button = tab.getByRole('link', { name: 'Entra con SPID/CIE' })
  await screenshot(tab, 'identity-login-1280')
  await tab.setViewportSize({ width: 390, height: 844 })
  await screenshot(tab, 'identity-login-390')
  await button.click()
  await tab.getByLabel('Nome').fill('rossi')
  await tab.getByRole('button', { name: 'Entra' }).click()
  // Rossi has two: the newest is open, and which to see is asked.
  await tab.waitForURL(`${gateway.url}/identita/visite`)
  await screenshot(tab, 'identity-visits-390')
  await tab.setViewportSize({ width: 1280, height: 900 })
  await screenshot(tab, 'identity-visits-1280')
  const cards = tab.locator('.portal-own-visits > li')
  expect(await cards.count()).toBe(2)
  await cards.filter({ hasText: 'ESAME RX' }).getByRole('button').click()
  await tab.waitForURL(`${gateway.url}/referti`)
  expect(await tab.locator('main').textContent()).toContain('ESAME RX')
  expect(await tab.locator('main').textContent()).not.toContain('ESAME ECO')
  await screenshot(tab, 'identity-list-1280')
  await tab.getByRole('link', { name: 'Vedi i referti degli altri accessi' }).click()
  await tab.locator('.portal-own-visits > li').filter({ hasText: 'ESAME ECO' }).getByRole('button').click()
  await tab.waitForURL(`${gateway.url}/referti`)
  expect(await tab.locator('main').textContent()).toContain('ESAME ECO')
  // Nothing of the provider is asked for but its own pages, which the person went to.
  expect(complaints.filter((text) => !text.startsWith(`request: ${provider.issuer}/`))).toEqual([])
  await tab.getByRole('button', { name: 'Esci' }).first().click()
  await tab.waitForURL(`${gateway.url}/?fine=uscita-identita`)
  await screenshot(tab, 'identity-signed-out-1280')
  await tab.goto(`${gateway.url}/referti`)
  expect(tab.url()).toBe(`${gateway.url}/?fine=sessione`)
  await tab.goto(`${gateway.url}/?fine=uscita-identita`)
  await tab.getByRole('link', { name: 'Esci anche da SPID/CIE' }).click()
  await tab.waitForURL(`${provider.issuer}/session/end?*`)
  expect(tab.url()).not.toContain(ROSSI)
  await context.close()
})

test('S43: nothing online, never registered, no consent, expired: one same answer', async () => {
  expect(await refused('nessuno')).toBe(NOTHING)
  expect(await refused('verdi')).toBe(NOTHING)
  const [event] = await events('identity.failed')
  expect(event).toMatchObject({ actor: 'anonymous', visitId: null, details: { reason: 'nothing' } })
  expect(event?.source).toBeTruthy()
})

test('the tax code opens its own visits and nobody else’s, with a prefix or without, upper case or lower', async () => {
  const { response, session = '' } = await signIn('bianchi')
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('content="0;url=/referti"')
  expect(await listed(session)).toContain('ESAME TAC')
  const [own] = await gateway.db.select().from(visits).where(eq(visits.accessionNumber, 'TAC'))
  const [foreign] = await gateway.db.select().from(visits).where(eq(visits.accessionNumber, 'RX'))
  expect((await events('identity.login'))[0]).toMatchObject({ actor: 'patient', visitId: own?.id })
  const body = new URLSearchParams({ visita: foreign?.id ?? '' })
  expect((await page('/identita/visite', session, { method: 'POST', body })).status).toBe(404)
  for (const visita of ['', 'x', "' or 1=1"])
    expect(
      (await page('/identita/visite', session, { method: 'POST', body: new URLSearchParams({ visita }) }))
        .status,
    ).toBe(404)
  expect(await listed(session)).toContain('ESAME TAC')
})

test('a visit that waits for its report is not offered; one that is changed to ends the session before, not the eight hours', async () => {
  const { session = '' } = await signIn('rossi')
  const offered = await (await page('/identita/visite', session)).text()
  const ids = [...offered.matchAll(/name="visita" value="([0-9a-f-]{36})"/g)].map(([, id]) => id ?? '')
  expect(ids).toHaveLength(2)
  const [before] = await gateway.db.select().from(sessions).orderBy(desc(sessions.createdAt)).limit(1)
  const changed = await page('/identita/visite', session, {
    method: 'POST',
    body: new URLSearchParams({ visita: ids[1] ?? '' }),
  })
  const next = sessionCookie(changed) ?? ''
  expect([changed.status, changed.headers.get('location'), next === session]).toEqual([
    303,
    '/referti',
    false,
  ])
  expect((await page('/referti', session)).status).toBe(303)
  expect(await listed(next)).toContain('ESAME RX')
  const [after] = await gateway.db.select().from(sessions).orderBy(desc(sessions.createdAt)).limit(1)
  expect(after?.expiresAt).toEqual(before?.expiresAt)
  expect(after?.tokenHash).not.toBe(before?.tokenHash)
})

test('a tax code that the desk corrects closes the session that the wrong one opened', async () => {
  const { session = '' } = await signIn('bianchi')
  await gateway.db
    .update(visits)
    .set({ taxCode: 'BNCNNA70A42D205G' })
    .where(eq(visits.accessionNumber, 'TAC'))
  expect((await page('/referti', session)).headers.get('location')).toBe('/?fine=sessione')
  await gateway.db.update(visits).set({ taxCode: BIANCHI }).where(eq(visits.accessionNumber, 'TAC'))
})

test('S12: withdrawal of consent ends a session that SPID or CIE opened, and lets nobody in again', async () => {
  const { session = '' } = await signIn('bianchi')
  expect((await gateway.api('PATCH', '/visits/TAC', { consent: false })).status).toBe(200)
  expect((await page('/referti', session)).status).toBe(303)
  expect(await refused('bianchi')).toBe(NOTHING)
  expect((await gateway.api('PATCH', '/visits/TAC', { consent: true })).status).toBe(200)
  // The portal's copy went with the publication (S26).
  expect((await gateway.deliver('TAC', await pdfOf('TAC'))).status).toBe(200)
})

test('a level below the one asked for, a cancelled login, a person without tax code are told apart from nothing', async () => {
  expect(await refused('debole')).toBe('/?fine=identita-level')
  expect(await refused('rossi', { act: 'no' })).toBe('/?fine=identita-cancelled')
  expect(await refused('senza')).toBe(FAILED)
  for (const taxCode of ['', 'TINIT-', 'TINIT-123', 7, [ROSSI], { a: ROSSI }, `${ROSSI}%`, 'PASSPORT-X']) {
    provider.accounts.set('strano', { taxCode })
    expect(await refused('strano')).toBe(FAILED)
  }
  for (const reason of ['nothing', 'level', 'cancelled', 'failed', 'unavailable', 'locked']) {
    const text = await (await fetch(`${gateway.url}/?fine=identita-${reason}`)).text()
    expect(text).toContain('role="alert"')
  }
})

test('S44: a login is sent with PKCE, state, nonce, level and a cookie of this host; nothing of it is used twice', async () => {
  const begun = await fetch(`${gateway.url}/identita`, { redirect: 'manual' })
  const asked = new URL(begun.headers.get('location') ?? '').searchParams
  expect(Object.fromEntries(asked)).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    scope: 'openid',
    prompt: 'login',
    acr_values: 'https://www.spid.gov.it/SpidL2 https://www.spid.gov.it/SpidL3',
    redirect_uri: `${gateway.url}/identita/ritorno`,
  })
  for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)?.length).toBeGreaterThan(40)
  const [cookie = ''] = begun.headers.getSetCookie()
  expect(cookie).toMatch(
    /^__Host-ritiro-identita=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  const planted = `__Host-ritiro=${'P'.repeat(43)}`
  const { callback, cookie: mine } = await walk(gateway, 'rossi')
  const first = await fetch(callback, { redirect: 'manual', headers: { cookie: `${mine}; ${planted}` } })
  expect(first.status).toBe(200)
  expect(sessionCookie(first)).toMatch(/^__Host-ritiro=[\w-]{43}$/)
  expect(sessionCookie(first)).not.toBe(planted)
  // The whole answer again, with the cookie that fitted it.
  const again = await arrive(callback, mine)
  expect([again.headers.get('location'), sessionCookie(again)]).toEqual([FAILED, undefined])
  // Its code in the frame of another login of the same browser.
  const { callback: other, cookie: another } = await walk(gateway, 'rossi')
  other.searchParams.set('code', callback.searchParams.get('code') ?? '')
  expect((await arrive(other, another)).headers.get('location')).toBe(FAILED)
})

test('wrong state, no state, another browser’s answer, another nonce: nobody is let in', async () => {
  const exchanged = provider.exchanged
  for (const change of [
    (url: URL) => url.searchParams.set('state', 'x'.repeat(43)),
    (url: URL) => url.searchParams.delete('state'),
    (url: URL) => url.searchParams.append('state', 'x'),
  ]) {
    const { callback, cookie } = await walk(gateway, 'rossi')
    change(callback)
    expect((await arrive(callback, cookie)).headers.get('location')).toBe(FAILED)
  }
  const [mine, theirs] = [await walk(gateway, 'rossi'), await walk(gateway, 'bianchi')]
  expect((await arrive(mine.callback, theirs.cookie)).headers.get('location')).toBe(FAILED)
  expect((await arrive(mine.callback, '')).headers.get('location')).toBe(FAILED)
  // No code was ever exchanged for these.
  expect(provider.exchanged).toBe(exchanged)
  const change = (url: URL) => {
    url.searchParams.set('nonce', 'another')
    return url
  }
  expect(await refused('rossi', { change })).toBe(FAILED)
  const challenge = (url: URL) => {
    url.searchParams.set('code_challenge', 'A'.repeat(43))
    return url
  }
  expect(await refused('rossi', { change: challenge })).toBe(FAILED)
})

test('an ID token that was altered on the way, in its content or its signature, lets nobody in', async () => {
  const within = (part: 1 | 2) => (body: string) => {
    const answer = JSON.parse(body) as { id_token: string }
    const parts = answer.id_token.split('.')
    const text = Buffer.from(parts[part] ?? '', 'base64url')
    // The content stays JSON: another person's name, of the same length.
    if (part === 1) text.write(text.toString('latin1').replace('"rossi"', '"rosso"'), 'latin1')
    else text.writeUInt8(text.readUInt8(20) ^ 1, 20)
    parts[part] = text.toString('base64url')
    return JSON.stringify({ ...answer, id_token: parts.join('.') })
  }
  for (const tamper of [within(1), within(2)]) {
    provider.tamper = tamper
    expect(await refused('rossi')).toBe(FAILED)
  }
  provider.tamper = null
  expect((await signIn('rossi')).response.status).toBe(200)
})

test('mix-up: an answer that names another issuer, or carries another provider’s code, lets nobody in', async () => {
  const { callback, cookie } = await walk(gateway, 'rossi')
  expect(callback.searchParams.get('iss')).toBe(provider.issuer)
  callback.searchParams.set('iss', 'https://altrove.example')
  expect((await arrive(callback, cookie)).headers.get('location')).toBe(FAILED)
  await using attacker = await testProvider()
  attacker.serve(client({ client_secret: SECRET }))
  attacker.accounts.set('rossi', { taxCode: ROSSI })
  const change = (url: URL) => new URL(`${attacker.issuer}${url.pathname}${url.search}`)
  expect(await refused('rossi', { change })).toBe(FAILED)
  const mixed = await walk(gateway, 'rossi', { change })
  mixed.callback.searchParams.set('iss', provider.issuer)
  expect((await arrive(mixed.callback, mixed.cookie)).headers.get('location')).toBe(FAILED)
  expect(attacker.exchanged).toBe(0)
})

test('a login that took more than ten minutes is over, and nothing of it is kept', async () => {
  const { callback, cookie } = await walk(gateway, 'rossi')
  const now = gateway.now().getTime()
  gateway.travelTo(new Date(now + 11 * 60_000).toISOString())
  expect((await arrive(callback, cookie)).headers.get('location')).toBe(FAILED)
  await fetch(`${gateway.url}/identita`, { redirect: 'manual' })
  expect(await gateway.db.$count(identityLogins)).toBe(1)
})

test('S42: one address may begin thirty logins in a quarter of an hour; logging keeps tax codes and codes out', async () => {
  const answers = []
  for (let attempt = 0; attempt < 31; attempt++)
    answers.push(
      (await fetch(`${gateway.url}/identita`, { redirect: 'manual' })).headers.get('location') ?? '',
    )
  expect(answers.at(-1)).toBe('/?fine=identita-locked')
  const log = JSON.stringify(gateway.logged)
  expect(log).toContain('identity.failed')
  for (const secret of [ROSSI, BIANCHI, 'code=', 'state=', SECRET]) expect(log).not.toContain(secret)
  const trail = JSON.stringify(await gateway.db.select().from(auditEvents))
  for (const secret of [ROSSI, BIANCHI]) expect(trail).not.toContain(secret)
})

test('private_key_jwt, and a tax code in the ID token itself; off without a provider, and said when it is away', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  await using strict = await testProvider({ claimsInIdToken: true })
  await gateway.stop()
  gateway.travelTo(new Date(gateway.now().getTime() + 20 * 60_000).toISOString())
  await gateway.start({
    IDENTITY_ISSUER: strict.issuer,
    IDENTITY_CLIENT_SECRET: '',
    IDENTITY_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    IDENTITY_NAME: 'CIE',
  })
  expect(await (await fetch(gateway.url)).text()).toContain('Entra con CIE')
  // Not reachable yet: it is asked anew at the next try.
  const away = await fetch(`${gateway.url}/identita`, { redirect: 'manual' })
  expect(away.headers.get('location')).toBe('/?fine=identita-unavailable')
  const jwk = {
    ...publicKey.export({ format: 'jwk' }),
    kid: thumbprint(privateKey),
    alg: 'ES256',
    use: 'sig',
  }
  strict.serve(
    client({
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [jwk] },
    }),
  )
  strict.accounts.set('bianchi', { taxCode: BIANCHI })
  const { session = '', callback } = await signIn('bianchi')
  expect(await listed(session)).toContain('ESAME TAC')
  expect(callback.origin).toBe(gateway.url)
  await gateway.stop()
  await gateway.start({ IDENTITY_ISSUER: '', IDENTITY_CLIENT_ID: '', IDENTITY_CLIENT_SECRET: '' })
  const home = await (await fetch(gateway.url)).text()
  expect(home).not.toMatch(/SPID|CIE|identita/)
  for (const path of ['/identita', '/identita/ritorno?code=x&state=y', '/identita/uscita'])
    expect((await fetch(gateway.url + path, { redirect: 'manual' })).headers.get('location')).toBe('/')
})
