import { renameSync, writeFileSync } from 'node:fs'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openTrustFiles } from '../../src/signature/trust-files.ts'
import { derOf, signingOffice } from './support.ts'

const office = signingOffice()
afterAll(() => office[Symbol.dispose]())

const authority = office.authority()
const now = new Date('2026-11-24T08:00:00Z')
const listUntil = (until: string) => derOf(office.revoke(authority, [], { until }))
const logged: unknown[][] = []
beforeEach(() => void logged.splice(0))
const log = (...line: unknown[]) => void logged.push(line)

/** Puts another file in its place, as a job that fetches CRLs does. */
function replace(file: string, content: Uint8Array | string): void {
  writeFileSync(`${file}.new`, content)
  renameSync(`${file}.new`, file)
}

test('S19: a CRL that is fetched anew counts without a restart, one in DER too', async () => {
  const file = office.save(listUntil('20261123000000Z'), '.crl')
  const trust = await openTrustFiles([authority.certificate, file], log, now)
  const nextUpdate = async () =>
    (await trust(now)).revocationLists.map((list) => list.nextUpdate?.toISOString())
  expect(await nextUpdate()).toEqual(['2026-11-23T00:00:00.000Z'])
  replace(file, listUntil('20261201000000Z'))
  expect(await nextUpdate()).toEqual(['2026-12-01T00:00:00.000Z'])
  expect((await trust(now)).authorities).toHaveLength(1)
})

test('S19: a CRL whose nextUpdate has passed is told, once a list (RFC 5280 §5.1.2.5)', async () => {
  const file = office.save(listUntil('20261201000000Z'), '.crl')
  const trust = await openTrustFiles([file], log, now)
  const old = () => logged.filter(([, event]) => event === 'trust.crl_expired')
  expect(old()).toEqual([])
  const later = new Date('2026-12-02T00:00:00Z')
  await trust(later)
  await trust(later)
  expect(old()).toEqual([
    ['warn', 'trust.crl_expired', { file: file.split('/').at(-1), nextUpdate: '2026-12-01T00:00:00.000Z' }],
  ])
})

test('a file that becomes unusable keeps what it said, and the log tells it once', async () => {
  const file = office.save(authority.pem, '.pem')
  const trust = await openTrustFiles([file], log, now)
  replace(file, 'half a f')
  expect((await trust(now)).authorities).toHaveLength(1)
  expect((await trust(now)).authorities).toHaveLength(1)
  expect(logged.map(([level, event]) => [level, event])).toEqual([['error', 'trust.file_unusable']])
})

test('at the start a file that cannot be used is named', async () => {
  const file = office.save('una nota', '.pem')
  await expect(openTrustFiles([authority.certificate, file], log, now)).rejects.toThrow(`${file}: holds no`)
  await expect(openTrustFiles(['/nessuno.crl'], log, now)).rejects.toThrow('/nessuno.crl')
})
