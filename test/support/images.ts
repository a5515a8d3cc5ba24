import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dicomFile, type Encoding, instance, type Value } from './dicom.ts'

export type TestStudy = {
  accessionNumber: string
  patient?: number
  study?: number
  numbers?: number[]
  birthDate?: string
  encoding?: Encoding
  /** Elements that are otherwise, by tag. */
  elements?: Readonly<Record<number, readonly [vr: string, value: Value]>>
}

export type TestFiles = {
  directory: string
  studyInstanceUid: string
  [Symbol.asyncDispose]: () => Promise<void>
}

/** Small CT files of one study in a private folder; `await using` deletes it. */
export async function dicomFiles({
  accessionNumber,
  patient = 1,
  study = 1,
  numbers = [1, 2, 3],
  birthDate = '19800423',
  encoding = 'explicit',
  elements: others = {},
}: TestStudy): Promise<TestFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-dicom-'))
  let studyInstanceUid = ''
  for (const number of numbers) {
    const more = { 524368: ['SH', accessionNumber], 1048624: ['DA', birthDate], ...others } as const
    const elements = instance({ patient, study, number, more })
    studyInstanceUid = String(elements.find(([tag]) => tag === 0x0020000d)?.[2])
    await writeFile(join(directory, `${number}.dcm`), dicomFile(elements, { encoding }))
  }
  return {
    directory,
    studyInstanceUid,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}
