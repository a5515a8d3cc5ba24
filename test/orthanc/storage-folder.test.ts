import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createOrthanc } from '../../src/orthanc/orthanc.ts'
import { dicomFile, instance } from '../support/dicom.ts'
import { testOrthanc } from '../support/orthanc.ts'

test('a file of Orthanc’s storage folder is the file that Orthanc gives by REST, and nothing else is read there', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-storage-'))
  await using archive = await testOrthanc({ directory })
  const file = join(directory, 'one.dcm')
  await writeFile(file, dicomFile(instance()))
  await archive.send([file])
  const storageDir = join(directory, 'storage')
  const orthanc = createOrthanc({ ...archive, storageDir })
  try {
    const [study = ''] = (await (await archive.request('/studies')).json()) as string[]
    const [stored] = (await orthanc.instances(study)) ?? []
    const byRest = await orthanc.instanceFile(stored?.orthancId ?? '')
    expect(byRest?.byteLength).toBeGreaterThan(132)
    expect(await orthanc.storedFile?.(stored?.fileUuid)).toEqual(byRest)

    const gone = '00000000-0000-4000-8000-000000000000'
    for (const name of [undefined, '', gone, '../one.dcm', `${gone}/../../../one.dcm`]) {
      expect(await orthanc.storedFile?.(name)).toBeNull()
    }
    expect(createOrthanc(archive).storedFile).toBeUndefined()
  } finally {
    await orthanc.close()
    await rm(directory, { recursive: true, force: true })
  }
})

test('a part of an instance is read where it begins: from the folder, by Range where the archive knows it, else from the whole', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-range-'))
  await using archive = await testOrthanc({ directory })
  const file = join(directory, 'one.dcm')
  await writeFile(file, dicomFile(instance({ add: [[0x7fe00010, 'OW', Buffer.alloc(600_000, 'pixels')]] })))
  await archive.send([file])
  const plain = createOrthanc(archive)
  const folder = createOrthanc({ ...archive, storageDir: join(directory, 'storage') })
  const newer = await rangeKnowing(archive)
  const later = createOrthanc({ ...archive, url: newer.url })
  try {
    const [study = ''] = (await (await archive.request('/studies')).json()) as string[]
    const [stored] = (await plain.instances(study)) ?? []
    if (!stored) throw new Error('nothing is stored')
    const whole = Buffer.from((await plain.instanceFile(stored.orthancId)) ?? [])
    const where = { ...stored, size: whole.byteLength }
    const from = async (orthanc: typeof plain, start: number, other = {}) => {
      const opened = await orthanc.instanceFrom({ ...where, ...other }, start, AbortSignal.timeout(60_000))
      const got: Uint8Array[] = []
      for await (const piece of opened?.pieces ?? []) got.push(piece)
      expect(Buffer.concat(got).equals(whole.subarray(opened?.start))).toBe(true)
      return opened?.start
    }
    for (const orthanc of [plain, folder, later]) expect(await from(orthanc, 0)).toBe(0)
    // Debian's Orthanc (1.10.1) sends all of it.
    expect(await from(plain, 400_000)).toBe(0)
    expect(await from(folder, 400_000)).toBe(400_000)
    expect(await from(later, 400_000)).toBe(400_000)
    // Not the file that was meant: nothing but the whole could tell what it is.
    for (const other of [{ size: where.size + 2 }, { fileUuid: '00000000-0000-4000-8000-000000000000' }]) {
      for (const orthanc of [folder, later]) expect(await from(orthanc, 400_000, other)).toBe(0)
    }
  } finally {
    for (const orthanc of [plain, folder, later]) await orthanc.close()
    newer.server.close()
    await rm(directory, { recursive: true, force: true })
  }
})

/** In front of an Orthanc that knows no Range: answers as those from 1.12.6 on do. */
async function rangeKnowing(archive: { url: string }) {
  const server = createServer(async (request, response) => {
    const answer = await fetch(archive.url + request.url, {
      headers: { authorization: request.headers.authorization ?? '' },
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN)
    const isPart = request.url?.includes('/attachments/') && !Number.isNaN(start)
    response.writeHead(isPart ? 206 : answer.status, {
      'content-length': isPart ? bytes.byteLength - start : bytes.byteLength,
      'content-disposition': answer.headers.get('content-disposition') ?? '',
      ...(isPart && { 'content-range': `bytes ${start}-${bytes.byteLength - 1}/${bytes.byteLength}` }),
    })
    response.end(isPart ? bytes.subarray(start) : bytes)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
