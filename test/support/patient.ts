import type { TestGateway } from './gateway.ts'

export type Patient = {
  cookie: string
  get: (path: string, headers?: Record<string, string>) => Promise<Response>
  /** `repeated` are fields that stand in the form more than once, such as checkboxes. */
  post: (
    path: string,
    form?: Record<string, string>,
    headers?: Record<string, string>,
    repeated?: Record<string, string[]>,
  ) => Promise<Response>
}

/** Sends the two PINs as the login page does; answers are not followed, so that a test sees the redirects. */
export function enterPins(gateway: Pick<TestGateway, 'url'>, pin1: string, pin2: string): Promise<Response> {
  return fetch(`${gateway.url}/accesso`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ pin1, pin2 }),
  })
}

/** A person who has signed in, with the session's cookie. */
export async function signedIn(
  gateway: Pick<TestGateway, 'url'>,
  pin1: string,
  pin2: string,
): Promise<Patient> {
  return personOf(gateway, await enterPins(gateway, pin1, pin2))
}

/** Sends a link's token and a PIN as the doctor's page does. */
export function enterShare(gateway: Pick<TestGateway, 'url'>, token: string, pin: string): Promise<Response> {
  return fetch(`${gateway.url}/condivisione`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ codice: token, pin }),
  })
}

/** A doctor who has opened a share. */
export async function doctorOf(
  gateway: Pick<TestGateway, 'url'>,
  token: string,
  pin: string,
): Promise<Patient> {
  return personOf(gateway, await enterShare(gateway, token, pin))
}

function personOf(gateway: Pick<TestGateway, 'url'>, response: Response): Patient {
  const cookie = response.headers
    .getSetCookie()
    .find((value) => value.startsWith('__Host-ritiro='))
    ?.split(';')[0]
  if (response.status !== 303 || !cookie) throw new Error(`sign-in answered ${response.status}`)
  return {
    cookie,
    get: (path, headers = {}) =>
      fetch(gateway.url + path, { redirect: 'manual', headers: { cookie, accept: '*/*', ...headers } }),
    post: (path, form = {}, headers = {}, repeated = {}) =>
      fetch(gateway.url + path, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, 'sec-fetch-site': 'same-origin', ...headers },
        body: formOf(form, repeated),
      }),
  }
}

function formOf(form: Record<string, string>, repeated: Record<string, string[]>): URLSearchParams {
  const fields = new URLSearchParams(form)
  for (const [name, values] of Object.entries(repeated))
    for (const value of values) fields.append(name, value)
  return fields
}
