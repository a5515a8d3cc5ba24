import { mkdtemp, rm, writeFile } from 'node:fs/promises'
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
