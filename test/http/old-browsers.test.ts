import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGateway, testGateway } from '../support/gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

// What Safari on iOS 15 sends: no Sec-Fetch-Site, and `Origin: null` from a page with `no-referrer`.
const OLD = { accept: 'text/html,application/xhtml+xml', origin: 'null' }
const submit = (headers: Record<string, string>) =>
  fetch(`${gateway.url}/accesso`, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...OLD, ...headers },
    body: new URLSearchParams({ pin1: '123', pin2: '456' }),
  })

test('S44: a browser from before Sec-Fetch-Site may send our own form, once it has seen our page', async () => {
  const page = await fetch(gateway.url, { headers: { accept: OLD.accept } })
  const [cookie = ''] = page.headers.getSetCookie()
  expect(cookie).toMatch(/^__Host-ritiro-pagina=1; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
  const answer = await submit({ cookie: '__Host-ritiro-pagina=1' })
  expect(answer.status).not.toBe(403)
})

test('S44: another site cannot: it sends no such cookie, and an Origin of its own is refused even with one', async () => {
  expect((await submit({})).status).toBe(403)
  const cookie = '__Host-ritiro-pagina=1'
  expect((await submit({ cookie, origin: 'https://altrove.example' })).status).toBe(403)
  expect((await submit({ cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
})

test('S44: a browser that says where its requests come from is given no such cookie', async () => {
  const page = await fetch(gateway.url, { headers: { accept: OLD.accept, 'sec-fetch-site': 'none' } })
  expect(page.headers.getSetCookie()).toEqual([])
})
