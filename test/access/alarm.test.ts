import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { auditEvents } from '../../src/database/schema.ts'
import { dammDigit } from '../../src/pin/damm.ts'
import { testGateway } from '../support/gateway.ts'

test('S42: wrong PINs from many sources, each within its budget, raise the alarm once', async () => {
  await using gateway = await testGateway({ environment: { TRUSTED_PROXIES: '127.0.0.1' } })
  const attempt = (i: number) => {
    const digits = `50000${String(i).padStart(6, '0')}`
    return fetch(`${gateway.url}/accesso`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin', 'x-forwarded-for': `198.51.100.${i % 200}` },
      body: new URLSearchParams({ pin1: digits + dammDigit(digits), pin2: '00000000' }),
    })
  }
  const alarms = () => gateway.db.select().from(auditEvents).where(eq(auditEvents.event, 'access.alarm'))
  for (let i = 0; i < 200; i += 10) await Promise.all(Array.from({ length: 10 }, (_, k) => attempt(i + k)))
  expect(await alarms()).toHaveLength(0)
  for (let i = 200; i < 210; i++) expect((await attempt(i)).status).toBe(401)
  expect(await alarms()).toHaveLength(1)
}, 60_000)
