import type { Page } from 'playwright-core'
import type { Role } from '../../src/staff/permissions.ts'
import { beginSetUp, finishSetUp } from '../../src/staff/set-up.ts'
import { createAccount, type StaffCall } from '../../src/staff/staff.ts'
import { totpCode } from '../../src/staff/totp.ts'
import type { TestGateway } from './gateway.ts'

export const PASSWORD = 'cavallo batteria graffetta'

export type Credentials = { id: string; username: string; secret: string; recoveryCodes: string[] }

/** An account of the console that its owner has set up. */
export async function staffAccount(
  gateway: TestGateway,
  username: string,
  roles: Role[],
): Promise<Credentials> {
  const { db, config } = gateway
  const now = gateway.now()
  const call: StaffCall = { db, peppers: config.peppers, actor: { kind: 'system' }, now }
  const { id, setupToken: token } = await createAccount(call, {
    username,
    name: `Nome di ${username}`,
    roles,
  })
  const door = { db, peppers: config.peppers, keys: config.encryptionKeys, now, source: '192.0.2.1' }
  const begun = await beginSetUp(door, token)
  if (!begun) throw new Error('the account cannot be set up')
  const code = totpCode(begun.secret, now)
  const done = await finishSetUp(door, { token, password: PASSWORD, again: PASSWORD, code })
  if (!done.ok) throw new Error(`the account cannot be set up: ${done.reason}`)
  return { id, username, secret: begun.secret, recoveryCodes: done.recoveryCodes }
}

export type Staff = Credentials & {
  cookie: string
  get: (path: string, headers?: Record<string, string>) => Promise<Response>
  post: (
    path: string,
    form?: Record<string, string | string[]>,
    headers?: Record<string, string>,
  ) => Promise<Response>
  /** Sends a form with a file in it. */
  upload: (path: string, form: FormData) => Promise<Response>
}

/** Sends the login's form; the answer is not followed. */
export function enterDesk(
  gateway: Pick<TestGateway, 'url'>,
  form: { utente: string; password: string; codice: string },
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${gateway.url}/desk/accesso`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams(form),
  })
}

/** The console's session cookie of an answer. */
export function staffCookie(response: Response): string | undefined {
  return response.headers
    .getSetCookie()
    .find((value) => value.startsWith('__Host-ritiro-desk='))
    ?.split(';')[0]
}

/** A member of the staff who has signed in, by a recovery code: the authenticator's may have been used this half minute. */
export async function signedInStaff(gateway: TestGateway, username: string, roles: Role[]): Promise<Staff> {
  const account = await staffAccount(gateway, username, roles)
  const codice = account.recoveryCodes.pop() ?? ''
  const response = await enterDesk(gateway, { utente: username, password: PASSWORD, codice })
  const cookie = staffCookie(response)
  if (response.status !== 303 || !cookie) throw new Error(`the login answered ${response.status}`)
  return { ...account, ...clientOf(gateway, cookie) }
}

/** Requests with the console's cookie, as its pages make them. */
export function clientOf(gateway: Pick<TestGateway, 'url'>, cookie: string) {
  const send = (path: string, init: RequestInit, headers: Record<string, string>) =>
    fetch(gateway.url + path, {
      redirect: 'manual',
      ...init,
      headers: { cookie, 'sec-fetch-site': 'same-origin', ...headers },
    })
  return {
    cookie,
    get: (path: string, headers: Record<string, string> = {}) => send(path, {}, headers),
    post: (
      path: string,
      form: Record<string, string | string[]> = {},
      headers: Record<string, string> = {},
    ) => {
      const pairs = Object.entries(form).flatMap(([name, value]) =>
        [value].flat().map((each) => [name, each]),
      )
      return send(path, { method: 'POST', body: new URLSearchParams(pairs) }, headers)
    },
    upload: (path: string, form: FormData) => send(path, { method: 'POST', body: form }, {}),
  }
}

/** Signs in by the login's page, with a recovery code. */
export async function enterByPage(
  page: Page,
  gateway: Pick<TestGateway, 'url'>,
  account: Credentials,
): Promise<void> {
  await page.goto(`${gateway.url}/desk`)
  await page.locator('#utente').fill(account.username)
  await page.locator('#password').fill(PASSWORD)
  await page.locator('#codice').fill(account.recoveryCodes.pop() ?? '')
  await page.keyboard.press('Enter')
  await page.locator('.desk-who').waitFor()
}
