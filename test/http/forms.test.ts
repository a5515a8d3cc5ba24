import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGateway, testGateway } from '../support/gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

const send = (path: string, type: string, body: string) =>
  fetch(gateway.url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', 'content-type': type },
    body,
  })

test.for(['/accesso', '/pin2', '/uscita', '/nothing'])(
  'nobody makes the gateway hold more than a small form: %s',
  async (path) => {
    const form = 'application/x-www-form-urlencoded'
    expect((await send(path, form, `pin1=${'1'.repeat(100_000)}`)).status).toBe(413)
    expect((await send(path, 'multipart/form-data; boundary=b', '--b\r\nbroken')).status).toBe(415)
    expect((await send(path, 'text/plain', 'x'.repeat(100_000))).status).toBe(413)
    // In pieces, without a length, and without end.
    const status = await new Promise<number>((done, failed) => {
      const asked = request(
        gateway.url + path,
        { method: 'POST', headers: { 'sec-fetch-site': 'same-origin', 'content-type': form } },
        (response) => {
          response.resume()
          done(response.statusCode ?? 0)
          asked.destroy()
        },
      )
      asked.on('error', failed)
      const piece = 'x'.repeat(16_000)
      const more = () => {
        if (!asked.destroyed) asked.write(piece, () => setTimeout(more, 1))
      }
      more()
    })
    expect(status).toBe(413)
    expect(gateway.logged.filter(({ event }) => event === 'http.bug')).toEqual([])
  },
)

test('a form that holds nothing, or nonsense, is a wrong PIN and no more', async () => {
  const form = 'application/x-www-form-urlencoded'
  for (const body of [
    '',
    '&&&',
    '%',
    '%00=%00',
    'pin1=%ff%fe',
    'pin1[]=1&pin1[]=2',
    '__proto__=x',
    'pin1=1&pin1=2',
  ])
    expect((await send('/accesso', form, body)).status).toBe(401)
  expect((await send('/accesso', 'application/json', '{"pin1":"1"}')).status).toBe(401)
  expect(gateway.logged.filter(({ event }) => event === 'http.bug')).toEqual([])
})

test('S44: no odd address is a bug, and its answer has the headers that protect', async () => {
  for (const path of [
    '/referti/%00',
    '/referti/..%2f..',
    '/assets/%00',
    '/%ff',
    '/referti/x?%',
    '/api/v1/%00',
  ]) {
    const response = await fetch(gateway.url + path, { redirect: 'manual' })
    expect(response.status).toBeLessThan(500)
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  }
})
