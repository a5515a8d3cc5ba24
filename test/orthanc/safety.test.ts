import { expect, test } from 'vitest'
import { createOrthanc } from '../../src/orthanc/orthanc.ts'
import { checkArchive, isSafe, UnsafeArchiveError } from '../../src/orthanc/safety.ts'
import { testOrthanc } from '../support/orthanc.ts'

test('S46: 1.12.11 is the first version that may stand behind the portal in production', () => {
  for (const safe of ['1.12.11', '1.12.12', '1.13.0', '2.0.0', 'mainline'])
    expect(isSafe(safe), safe).toBe(true)
  for (const unsafe of ['1.12.10', '1.10.1', '1.9.12', '0.99.99', 'unknown', '', '1.12'])
    expect(isSafe(unsafe), unsafe).toBe(false)
})

test('S46: Debian’s Orthanc is refused in production and warned of in development', async () => {
  await using orthanc = await testOrthanc()
  const client = createOrthanc(orthanc)
  const logged: string[] = []
  const log = (_level: string, event: string) => void logged.push(event)
  await expect(checkArchive(client, 'production', log)).rejects.toThrow(UnsafeArchiveError)
  logged.length = 0
  await checkArchive(client, 'development', log)
  expect(logged).toEqual(['archive.unsafe'])
  await client.close()
})

test('S46: an archive that is away or refuses the password is warned of at start, and waited for', async () => {
  await using orthanc = await testOrthanc()
  const logged: [string, unknown][] = []
  const log = (_level: string, event: string, fields?: object) =>
    void logged.push([event, (fields as { detail?: string }).detail])
  const wrong = createOrthanc({ ...orthanc, password: 'wrong' })
  await checkArchive(wrong, 'production', log)
  const away = createOrthanc({ url: 'http://127.0.0.1:9', user: 'x', password: 'y' })
  await checkArchive(away, 'production', log)
  expect(logged).toEqual([
    ['archive.unavailable', expect.stringContaining('ORTHANC_PASSWORD')],
    ['archive.unavailable', 'Orthanc does not answer.'],
  ])
  await wrong.close()
  await away.close()
})
