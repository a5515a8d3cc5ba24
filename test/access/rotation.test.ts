import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { signIn } from '../../src/access/access.ts'
import { type KeyRing, keyRing } from '../../src/crypto/keys.ts'
import { loginLocks, visits } from '../../src/database/schema.ts'
import { dammDigit } from '../../src/pin/damm.ts'
import { testGateway } from '../support/gateway.ts'
import { published } from '../support/visits.ts'

const NOW = new Date('2026-11-23T10:00:00Z')
const DAY_MS = 24 * 60 * 60_000

const ringOf = (...keys: string[]): KeyRing => {
  const ring = keyRing(keys.join(','))
  if (!ring) throw new Error('no keys')
  return ring
}

test('S42: a rotated pepper forgets neither who may enter nor who is locked out, and can be dropped after the next login', async () => {
  await using gateway = await testGateway({ now: NOW.toISOString() })
  const { db, environment } = gateway
  const { pin1, pin2 } = await published(gateway, 'ROTATE')
  await gateway.stop()
  const old = environment.PIN_PEPPER ?? ''
  const fresh = randomBytes(32).toString('base64')
  const attempt = (peppers: KeyRing, one: string, two: string, now = NOW) =>
    signIn({ db, peppers, now }, { pin1: one, pin2: two, source: '192.0.2.1' })
  const unknown = `00000000003${dammDigit('00000000003')}`

  for (const peppers of [ringOf(old), ringOf(fresh, old)]) {
    for (let i = 0; i < 2; i++) {
      expect(await attempt(peppers, pin1, '00000000')).toEqual({ ok: false, reason: 'wrong' })
      expect(await attempt(peppers, unknown, '00000000')).toEqual({ ok: false, reason: 'wrong' })
    }
  }
  // Two before the rotation and two after it: the fifth locks, known and unknown alike.
  expect(await attempt(ringOf(fresh, old), pin1, '00000000')).toMatchObject({ reason: 'locked' })
  expect(await attempt(ringOf(fresh, old), unknown, '00000000')).toMatchObject({ reason: 'locked' })
  const later = new Date(NOW.getTime() + 16 * 60_000)
  expect(await attempt(ringOf(fresh, old), pin1, pin2, later)).toMatchObject({ ok: true })

  // From here on the newest pepper alone knows this PIN1, with all its failures.
  expect(await attempt(ringOf(fresh), pin1, pin2, later)).toMatchObject({ ok: true })
  const [visit] = await db.select().from(visits).where(eq(visits.accessionNumber, 'ROTATE'))
  const digest = Buffer.from(visit?.pin1Digest ?? []).toString('hex')
  const [row] = await db.select().from(loginLocks).where(eq(loginLocks.pin1Digest, digest))
  expect(row).toMatchObject({ failuresInAll: 5, failuresInRow: 0 })
  expect(await attempt(ringOf(old), pin1, pin2, later)).toMatchObject({ ok: false })
})

test('S43: expiry is told after the right pair only', async () => {
  await using gateway = await testGateway({ now: NOW.toISOString() })
  const { pin1, pin2 } = await published(gateway, 'PAST')
  // Stopped, so that nothing is cleared away before it is looked at.
  await gateway.stop()
  const door = { db: gateway.db, peppers: gateway.config.peppers }
  const at = (day: number) => new Date(NOW.getTime() + day * DAY_MS)
  const credentials = { pin1, pin2, source: '192.0.2.1' }
  expect(await signIn({ ...door, now: at(45) }, credentials)).toMatchObject({ ok: true })
  expect(await signIn({ ...door, now: at(46) }, { ...credentials, pin2: '00000000' })).toEqual({
    ok: false,
    reason: 'wrong',
  })
  expect(await signIn({ ...door, now: at(46) }, credentials)).toEqual({ ok: false, reason: 'expired' })
})
