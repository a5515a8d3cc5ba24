import { request } from 'node:http'
import { expect, test } from 'vitest'
import { visitWithoutImages } from '../support/fixtures.ts'
import { testGateway } from '../support/gateway.ts'

test('S3: a stop lets registrations under way tell their PIN1; what it cuts off was not registered', async () => {
  await using gateway = await testGateway()
  const names = Array.from({ length: 30 }, (_, i) => `STOPPING-${i}`)
  const answers = names.map(async (accessionNumber) => {
    const response = await gateway
      .api('POST', '/visits', visitWithoutImages({ accessionNumber }))
      .catch(() => null)
    const body = (await response?.json().catch(() => null)) as { pin1?: string } | null
    return { accessionNumber, told: body?.pin1 !== undefined }
  })
  // The first are done, the last may not even be there yet.
  await Promise.race(answers)
  await gateway.stop()
  const told = (await Promise.all(answers)).filter((answer) => answer.told)
  const registered = await gateway.db.query.visits.findMany()
  expect(registered.map(({ accessionNumber }) => accessionNumber).toSorted()).toEqual(
    told.map(({ accessionNumber }) => accessionNumber).toSorted(),
  )
  expect(told.length).toBeGreaterThan(0)
})

test('a stop waits for nobody who only keeps a connection, or who never ends a request', async () => {
  await using gateway = await testGateway()
  const idle = await fetch(`${gateway.url}/aiuto`)
  expect(idle.status).toBe(200)
  const endless = request(`${gateway.url}/accesso`, { method: 'POST', headers: { 'content-length': '100' } })
  endless.on('error', () => undefined)
  endless.write('pin1=')
  await new Promise((done) => setTimeout(done, 100))
  const started = Date.now()
  await gateway.stop()
  // Either of them would hold it for minutes.
  expect(Date.now() - started).toBeLessThan(20_000)
})

test('an idle connection is kept longer than a reverse proxy keeps it, so that no form is sent into a closing one', async () => {
  await using gateway = await testGateway()
  const { headers } = await fetch(`${gateway.url}/aiuto`)
  const [, seconds] = /timeout=(\d+)/.exec(headers.get('keep-alive') ?? '') ?? []
  // Caddy's `keepalive` and nginx's `keepalive_timeout` of an upstream are 120 and 60 seconds.
  expect(Number(seconds)).toBeGreaterThan(120)
})
