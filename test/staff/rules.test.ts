import { expect, test } from 'vitest'
import { inNetworks, readNetworks } from '../../src/staff/networks.ts'
import { passwordFault } from '../../src/staff/password.ts'
import { ACTS, may, type ROLES } from '../../src/staff/permissions.ts'
import { makeTotpSecret, totpCode, totpStep, totpUri } from '../../src/staff/totp.ts'

test('each role may do what the table says, and nobody without a role anything', () => {
  const acts = Object.keys(ACTS) as (keyof typeof ACTS)[]
  const allowed = (role: (typeof ROLES)[number]) => acts.filter((act) => may([role], act))
  expect(allowed('administrator')).toEqual([
    'message.list',
    'message.replay',
    'message.dismiss',
    'staff.manage',
  ])
  expect(allowed('auditor')).toEqual(['audit.read'])
  expect(allowed('radiology')).toEqual([
    'visit.search',
    'visit.read',
    'publication.withdraw',
    'exam.exclude',
    'report.upload',
    'attention.read',
    'attention.dismiss',
    'message.list',
    'message.open',
    'message.replay',
    'message.dismiss',
  ])
  expect(acts.filter((act) => !may(['desk'], act))).toEqual([
    'message.list',
    'message.open',
    'message.replay',
    'message.dismiss',
    'staff.manage',
    'audit.read',
  ])
  for (const act of acts) expect(may([], act)).toBe(false)
  expect(may(['auditor', 'desk'], 'visit.read')).toBe(true)
})

test('RFC 6238: a code is good in its half minute and the ones beside it, and once', () => {
  // The secret of the RFC's appendix B, and its time 1111111109.
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const now = new Date(1_111_111_109_000)
  const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)
  expect(totpCode(secret, now)).toBe('081804')
  const step = Math.floor(1_111_111_109 / 30)
  expect(totpStep(secret, '081804', 0, now)).toBe(step)
  expect(totpStep(secret, '081804', 0, later(30))).toBe(step)
  expect(totpStep(secret, '081804', 0, later(-30))).toBe(step)
  expect(totpStep(secret, '081804', 0, later(90))).toBeNull()
  expect(totpStep(secret, '081804', step, now)).toBeNull()
  expect(totpStep(secret, '081805', 0, now)).toBeNull()
  expect(totpStep(secret, '', 0, now)).toBeNull()
  expect(makeTotpSecret()).toMatch(/^[A-Z2-7]{32}$/)
  expect(totpUri(secret, 'anna', 'Ospedale')).toMatch(/^otpauth:\/\/totp\/Ospedale:anna\?/)
})

test('a password is long enough, typed twice, and not the user name or a row of keys', () => {
  const fault = (password: string, again = password) => passwordFault(password, again, 'anna.rossi')
  expect(fault('cavallo batteria graffetta')).toBeNull()
  // Composed and decomposed è are the same key on two keyboards.
  expect(fault('perché no? boh!', 'perche\u0301 no? boh!')).toBeNull()
  expect(fault('undici char')).toBe('short')
  expect(fault('x'.repeat(129))).toBe('long')
  expect(fault('cavallo batteria', 'cavallo batterie')).toBe('differ')
  expect(fault('aaaaaaaaaaaaaa')).toBe('simple')
  expect(fault('abcdefghijklmnop')).toBe('simple')
  expect(fault('la mia Anna.Rossi!')).toBe('simple')
})

test('the console is there for the networks that are named, of both address families, and for nobody else', () => {
  const inside = inNetworks(readNetworks('10.0.0.0/8, 192.0.2.7,2001:db8::/32') ?? [])
  for (const address of ['10.1.2.3', '192.0.2.7', '2001:db8:1::5']) expect(inside(address)).toBe(true)
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', 'unknown', ''])
    expect(inside(address)).toBe(false)
  expect(inNetworks([])('203.0.113.5')).toBe(true)
  for (const wrong of ['10.0.0.0/33', 'intranet', '10.0.0/8', '10.0.0.0/8/9', '2001:db8::/129'])
    expect(readNetworks(wrong)).toBeNull()
})
