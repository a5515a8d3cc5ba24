import { and, desc, eq } from 'drizzle-orm'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../scripts/orthanc.ts'
import { auditEvents, staff, staffSessions } from '../../src/database/schema.ts'
import { launchBrowser, screenshot } from '../support/browser.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { type IdentityProvider, identityProvider } from '../support/identity-provider.ts'

let provider: IdentityProvider
let gateway: TestGateway
let browser: Browser

beforeAll(async () => {
  const PORT = String(await freePort())
  const portal = `http://localhost:${PORT}`
  provider = await identityProvider({
    id: 'ritiro',
    secret: 'segreto-del-client',
    redirectUri: `${portal}/desk/oidc/ritorno`,
    afterLogout: `${portal}/desk/accesso`,
  })
  gateway = await testGateway({
    environment: {
      PORT,
      STAFF_OIDC_ISSUER: provider.issuer,
      STAFF_OIDC_CLIENT_ID: 'ritiro',
      STAFF_OIDC_CLIENT_SECRET: 'segreto-del-client',
      STAFF_OIDC_ROLES_CLAIM: 'realm_access.roles',
    },
  })
  browser = await launchBrowser()
  const person = (name: string, roles: unknown) => ({
    name,
    preferred_username: name.toLowerCase().replace(' ', '.'),
    realm_access: { roles },
  })
  provider.people.set('u1', person('Carla Bruni', ['offline_access', 'ritiro-administrator']))
  provider.people.set('u2', person('Senza Ruolo', ['altro', 'administrator']))
  provider.people.set('u3', person('Ruolo Strano', { administrator: true }))
})
afterAll(async () => {
  await browser.close()
  await gateway[Symbol.asyncDispose]()
  await provider.stop()
})

/** Goes from our login through the provider's own pages, as `login`, and back. */
async function signIn(login: string): Promise<Page> {
  const page = await (await browser.newContext({ locale: 'it-IT' })).newPage()
  await page.goto(`${gateway.url}/desk`)
  expect(page.url()).toContain('/desk/accesso')
  await page.getByRole('link', { name: 'le credenziali aziendali' }).click()
  await page.locator('input[name=login]').fill(login)
  await page.locator('input[name=password]').fill('x')
  await page.locator('button[type=submit]').click()
  await page.getByRole('button', { name: 'Continue' }).click()
  return page
}

const latest = async () => {
  const [row] = await gateway.db.select().from(auditEvents).orderBy(desc(auditEvents.seq)).limit(1)
  return row
}

test('who the hospital’s provider gives a role signs in by code flow with PKCE, works, and leaves both sessions', async () => {
  const page = await signIn('u1')
  await page.waitForURL(`${gateway.url}/desk/utenti`)
  expect(await page.locator('.desk-who').textContent()).toContain('Carla Bruni')
  const cookies = await page.context().cookies(gateway.url)
  const session = cookies.find(({ name }) => name === '__Host-ritiro-desk')
  expect(session).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict' })
  expect(cookies.map(({ name }) => name)).not.toContain('__Host-ritiro-desk-oidc')
  const [account] = await gateway.db.select().from(staff).where(eq(staff.subject, 'u1'))
  expect(account).toMatchObject({
    method: 'oidc',
    username: 'carla.bruni',
    roles: ['administrator'],
    passwordHash: null,
  })
  expect(await latest()).toMatchObject({ event: 'staff.login', actor: `staff:${account?.id}` })

  // Roles and password are the provider's: the console offers neither.
  await page.goto(`${gateway.url}/desk/utenti/${account?.id}`)
  expect(await page.getByRole('button', { name: 'Salva i ruoli' }).count()).toBe(0)
  expect(await page.getByRole('button', { name: 'Azzera' }).count()).toBe(0)

  await page.getByRole('button', { name: 'Esci' }).first().click()
  await page.waitForURL(/\/session\/end/)
  await page.getByRole('button', { name: /yes/i }).click()
  await page.waitForURL(/\/desk\/accesso/)
  expect(await latest()).toMatchObject({ event: 'staff.logout', actor: `staff:${account?.id}` })
  await page.goto(`${gateway.url}/desk/utenti`)
  expect(page.url()).toContain('/desk/accesso')
  await screenshot(page, 'desk-login-provider')
  await page.context().close()
})

test.for(['u2', 'u3'])('who has no role by the configured claim does not get in: %s', async (login) => {
  const page = await signIn(login)
  await page.getByText('Utenza senza ruolo').waitFor()
  expect(await latest()).toMatchObject({ event: 'staff.failed', details: { by: 'oidc', reason: 'no_role' } })
  expect((await page.context().cookies(gateway.url)).map(({ name }) => name)).not.toContain(
    '__Host-ritiro-desk',
  )
  expect(await gateway.db.$count(staff, eq(staff.subject, login))).toBe(0)
  await page.context().close()
})

test('an account that is disabled here does not get in, and roles taken at the provider are gone at the next login', async () => {
  provider.people.set('u4', { name: 'Due Ruoli', realm_access: { roles: ['ritiro-desk', 'ritiro-auditor'] } })
  const first = await signIn('u4')
  await first.waitForURL(/\/desk/)
  await first.locator('.desk-who').waitFor()
  await first.context().close()
  provider.people.set('u4', { name: 'Due Ruoli', realm_access: { roles: ['ritiro-auditor'] } })
  const second = await signIn('u4')
  await second.locator('.desk-who').waitFor()
  const [account] = await gateway.db.select().from(staff).where(eq(staff.subject, 'u4'))
  expect(account?.roles).toEqual(['auditor'])
  await second.context().close()
  await gateway.db.update(staff).set({ disabledAt: gateway.now() }).where(eq(staff.subject, 'u4'))
  const third = await signIn('u4')
  await third.getByText('Utenza disattivata').waitFor()
  await third.context().close()
})

test('in a session the provider is asked again after a while: unseen where nothing changed, and what it took ends at once', async () => {
  const roles = (...names: string[]) =>
    provider.people.set('u5', { name: 'Ada Turno', realm_access: { roles: names } })
  roles('ritiro-desk', 'ritiro-auditor')
  const page = await signIn('u5')
  await page.locator('.desk-who').waitFor()
  const [account] = await gateway.db.select().from(staff).where(eq(staff.subject, 'u5'))
  const own = eq(staffSessions.staffId, account?.id ?? '')
  const sessions = () => gateway.db.select().from(staffSessions).where(own)
  const [opened] = await sessions()
  expect(opened?.recheckAt).toEqual(new Date((opened?.createdAt.getTime() ?? 0) + 60 * 60_000))
  expect(opened?.expiresAt).toEqual(new Date((opened?.createdAt.getTime() ?? 0) + 75 * 60_000))
  const due = () => gateway.db.update(staffSessions).set({ recheckAt: gateway.now() }).where(own)

  await due()
  // What was being typed is still sent; the page after it comes by way of the provider, and is the one asked for.
  expect(
    await page.evaluate(() => fetch('/desk/sessione/attiva', { method: 'POST' }).then((r) => r.status)),
  ).toBe(204)
  await page.goto(`${gateway.url}/desk/visite/nuova?studio=s1`)
  await page.waitForURL(`${gateway.url}/desk/visite/nuova?studio=s1`)
  await page.locator('#registra').waitFor()
  const [renewed, ...others] = await sessions()
  expect([renewed?.tokenHash, renewed?.createdAt, others]).toEqual([opened?.tokenHash, opened?.createdAt, []])
  expect(renewed?.recheckAt?.getTime()).toBeGreaterThan(gateway.now().getTime() + 50 * 60_000)
  const logins = await gateway.db
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.event, 'staff.login'), eq(auditEvents.actor, `staff:${account?.id}`)))
    .orderBy(desc(auditEvents.seq))
  expect(logins[0]?.details).toMatchObject({ by: 'oidc-recheck', roles: 'desk auditor' })

  // The way back is never another place.
  for (const torna of ['//example.org/desk', '/desk/../referti', '/referti']) {
    await page.goto(`${gateway.url}/desk/oidc?${new URLSearchParams({ torna })}`)
    await page.waitForURL(`${gateway.url}/desk/cerca`)
  }

  roles('ritiro-auditor')
  await due()
  await page.goto(`${gateway.url}/desk/cerca`)
  await page.getByText('Non autorizzato').or(page.getByText('ruolo')).first().waitFor()
  expect(page.url()).toBe(`${gateway.url}/desk/cerca`)
  expect(await page.locator('.desk-nav').textContent()).not.toContain('Cerca')

  roles('altro')
  await due()
  await page.goto(`${gateway.url}/desk/registro`)
  await page.getByText('Utenza senza ruolo').waitFor()
  expect(await sessions()).toEqual([])
  await page.context().close()
})

test('an answer that belongs to no login of this browser, or to another one, opens nothing', async () => {
  const answer = (cookie = '') =>
    fetch(`${gateway.url}/desk/oidc/ritorno?code=abc&state=def&iss=${encodeURIComponent(provider.issuer)}`, {
      redirect: 'manual',
      headers: { cookie },
    })
  expect((await answer()).status).toBe(401)
  const begun = await fetch(`${gateway.url}/desk/oidc`, { redirect: 'manual' })
  const to = new URL(begun.headers.get('location') ?? '')
  expect(to.origin).toBe(provider.issuer)
  expect(Object.fromEntries(to.searchParams)).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    state: expect.stringMatching(/^.{43}$/),
    nonce: expect.stringMatching(/^.{43}$/),
  })
  const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  expect(begun.headers.getSetCookie()[0]).toMatch(/SameSite=Lax/)
  // The state is not the one that was sent out.
  expect((await answer(cookie)).status).toBe(401)
  expect((await answer(`${cookie.slice(0, -4)}AAAA`)).status).toBe(401)
  expect(await latest()).toMatchObject({ event: 'staff.failed' })
})

test('a provider that does not answer is told in words, and passwords still work', async () => {
  await gateway.stop()
  await gateway.start({ STAFF_OIDC_ISSUER: 'http://127.0.0.1:9' })
  const response = await fetch(`${gateway.url}/desk/oidc`, { redirect: 'manual' })
  const page = await response.text()
  expect([response.status, page]).toEqual([503, expect.stringContaining('Accesso non riuscito')])
  expect(page).toContain('name="password"')
})
