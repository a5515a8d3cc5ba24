import type { TestGateway } from '../support/gateway.ts'

type Walk = {
  /** Where the provider sends the browser back to. */
  callback: URL
  /** The cookie of the login under way. */
  cookie: string
}

/** Goes from the button to the provider and back, as a browser does, up to the address that it is sent back to. */
export async function walk(
  gateway: Pick<TestGateway, 'url'>,
  login: string,
  { change = (url) => url, act = 'in' }: { change?: (authorization: URL) => URL; act?: 'in' | 'no' } = {},
): Promise<Walk> {
  const begun = await fetch(`${gateway.url}/identita`, { redirect: 'manual' })
  const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const callback = await atProvider(
    change(new URL(begun.headers.get('location') ?? '')),
    gateway.url,
    login,
    act,
  )
  return { callback, cookie }
}

/** Signs in at the provider from its authorization endpoint on; gives the address it sends the browser back to. */
async function atProvider(authorization: URL, home: string, login: string, act = 'in'): Promise<URL> {
  const jar = new Map<string, string>()
  const ask = async (url: URL, init: RequestInit = {}) => {
    const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';')[0]?.split(/=(.*)/s) ?? []
      jar.set(name, value)
    }
    return response
  }
  let url = authorization
  let response = await ask(url)
  for (let step = 0; step < 10; step++) {
    const location = response.headers.get('location')
    if (location === null) {
      if (response.status !== 200)
        throw new Error(`the provider answered ${response.status}: ${await response.text()}`)
      response = await ask(url, { method: 'POST', body: new URLSearchParams({ login, act }) })
      continue
    }
    url = new URL(location, url)
    if (url.origin === home) return url
    response = await ask(url)
  }
  throw new Error('the provider leads nowhere')
}

/** Brings the provider's answer to the portal; its answer is not followed. */
export const arrive = (callback: URL, cookie: string): Promise<Response> =>
  fetch(callback, { redirect: 'manual', headers: { cookie } })
