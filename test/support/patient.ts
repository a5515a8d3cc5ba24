import type { TestGateway } from './gateway.ts'

export type Patient = {
  cookie: string
  get: (path: string, headers?: Record<string, string>) => Promise<Response>
  post: (path: string, form?: Record<string, string>, headers?: Record<string, string>) => Promise<Response>
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
  const response = await enterPins(gateway, pin1, pin2)
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0]
  if (response.status !== 303 || !cookie) throw new Error(`sign-in answered ${response.status}`)
  return {
    cookie,
    get: (path, headers = {}) =>
      fetch(gateway.url + path, { redirect: 'manual', headers: { cookie, accept: '*/*', ...headers } }),
    post: (path, form = {}, headers = {}) =>
      fetch(gateway.url + path, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, 'sec-fetch-site': 'same-origin', ...headers },
        body: new URLSearchParams(form),
      }),
  }
}
