import { expect, test } from 'vitest'
import { it } from '../../src/messages/it.ts'
import { signatureFacts, signatureSummary } from '../../src/portal/pages/signature-facts.tsx'
import type { SignerReport } from '../../src/signature/signature.ts'
import { signed } from './samples.tsx'

const title = (facts: Partial<SignerReport>) => signatureSummary(it, signed('valid', facts)).split('. ')[0]

test('S19: "verified" is said only where nothing was left unchecked, and what failed is told apart from that', () => {
  const { titles } = it.report.signature
  expect(title({})).toBe(titles.valid)
  for (const facts of [{ revocation: 'not-checked' }, { trusted: null }, { inValidity: null }] as const)
    expect([facts, title(facts)]).toEqual([facts, titles.partly])
  for (const facts of [
    { revocation: 'revoked' },
    { trusted: false, revocation: 'not-checked' },
    { inValidity: false },
  ] as const)
    expect([facts, title(facts)]).toEqual([facts, titles.doubtful])
})

test('S19: of a certificate that has expired, only a timestamp that was checked makes "verified"', () => {
  const { titles, expiredUnproven } = it.report.signature
  const certificate = {
    issuer: 'Prova CA',
    serialNumber: '01',
    validFrom: '2025-01-01T00:00:00Z',
    validUntil: '2026-11-20T12:00:00Z',
    expired: true,
  }
  const timestamp = { at: '2026-11-20T10:00:00Z', authority: 'Prova TSA', unaltered: true, trusted: true }
  const checked = { ...timestamp, revocation: 'not-revoked' } as const
  expect(title({ certificate })).toBe(titles.partly)
  expect(signatureFacts(it, signed('valid', { certificate }))).toContain(expiredUnproven('20/11/2026'))
  const stamped = { certificate, signedAtSource: 'timestamp' } as const
  expect(title({ ...stamped, timestamp: checked })).toBe(titles.valid)
  expect(title({ ...stamped, timestamp })).toBe(titles.partly)
  expect(title({ ...stamped, timestamp: { ...checked, trusted: null } })).toBe(titles.partly)
})

test('S19: each fact is told by itself, the time’s source and the timestamp’s authority among them', () => {
  const facts = signatureFacts(
    it,
    signed('valid', {
      name: 'BIANCHI ANNA',
      taxCode: 'BNCNNA80A41H501B',
      signedAtSource: 'timestamp',
      timestamp: { at: '2026-11-20T10:00:00Z', authority: 'TSA di prova', unaltered: true, trusted: null },
      revocation: 'not-checked',
      trusted: false,
    }),
  )
  const told = facts.join('\n')
  for (const words of [
    'Firmato digitalmente da BIANCHI ANNA.',
    'BNCNNA80A41H501B',
    'Il documento è integro',
    'Data certificata da una marca temporale',
    'Marca temporale rilasciata da TSA di prova.',
    'L’autorità che ha rilasciato la marca temporale non è stata verificata.',
    'non risulta rilasciato da un’autorità riconosciuta',
    'Il certificato era valido alla data della firma.',
    'non ha controllato se il certificato, o quello di un’autorità che lo garantisce, è stato revocato',
    'non ha controllato se il certificato della marca temporale è stato revocato',
  ])
    expect(told).toContain(words)
})
