import { execFileSync } from 'node:child_process'
import { access, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generateChestCt } from '../../scripts/demo-data/ct.ts'
import {
  assignAccessionNumbers,
  type ScannedStudy,
  scanDirectory,
  setAccessionNumber,
} from '../../scripts/demo-data/scan.ts'
import { privateFolder } from './folder.ts'

const SAMPLES = new URL('../../../shared/samples/', import.meta.url).pathname
const haveSamples = await access(SAMPLES).then(
  () => true,
  () => false,
)

const patient = { name: 'DE NICOLÒ^MARIA LUCÌA', patientId: 'P1', birthDate: '1984-06-21', sex: 'F' } as const

async function someStudy(accessionNumber: string) {
  const directory = await privateFolder()
  const visit = {
    directory: join(directory, 'made'),
    patient,
    accessionNumber,
    studyDate: '2026-11-20',
    slices: 2,
  }
  return { directory, ...(await generateChestCt(visit)) }
}

test('finds studies whatever the files are called, decodes names, and tells what is no DICOM', async () => {
  const { directory, files, studyInstanceUid } = await someStudy('A-1')
  const odd = join(directory, 'disc', 'DICOM', 'IM000001')
  await mkdir(join(odd, '..'), { recursive: true })
  await copyFile(files[0] ?? '', odd)
  await writeFile(join(directory, 'readme.txt'), 'hello')
  await writeFile(join(directory, 'empty.dcm'), '')
  const { studies, ignored } = await scanDirectory(directory)
  expect(studies).toHaveLength(1)
  expect(studies[0]).toMatchObject({
    studyInstanceUid,
    accessionNumber: 'A-1',
    patient: { name: 'DE NICOLÒ^MARIA LUCÌA', patientId: 'P1', birthDate: '1984-06-21', sex: 'F' },
    studyDate: '2026-11-20',
    description: 'TC TORACE CON MDC',
    modalities: ['CT'],
  })
  expect(studies[0]?.files).toHaveLength(3)
  expect(ignored.map((file) => file.slice(directory.length + 1))).toEqual(['empty.dcm', 'readme.txt'])
})

test.runIf(haveSamples)('reads real files of many character sets and transfer syntaxes', async () => {
  const samples = (await readdir(SAMPLES)).filter((name) => name.endsWith('.dcm'))
  const { studies, ignored } = await scanDirectory(SAMPLES)
  expect(ignored.every((file) => file.endsWith('.md'))).toBe(true)
  const names = studies.map((study) => study.patient.name)
  expect(names).toEqual(expect.arrayContaining(['Buc^Jérôme', 'Διονυσιος', 'Люкceмбypг']))
  expect(names.some((name) => name.includes('山田^太郎'))).toBe(true)
  expect(studies.flatMap(({ files }) => files)).toHaveLength(samples.length)
})

test('an accession number is set in copies, and nothing else of the image changes', async () => {
  const { directory, files } = await someStudy('')
  const before = await scanDirectory(join(directory, 'made'))
  expect(before.studies[0]?.accessionNumber).toBeNull()
  const copies = await setAccessionNumber(files, join(directory, 'out'), 'NEW-7')
  const after = await scanDirectory(join(directory, 'out'))
  expect(after.studies[0]).toMatchObject({ ...before.studies[0], accessionNumber: 'NEW-7', files: copies })
  // The original is as it was, and the pixels of the copy are the original's.
  expect((await scanDirectory(join(directory, 'made'))).studies[0]?.accessionNumber).toBeNull()
  const [original, copy] = await Promise.all([files[0] ?? '', copies[0] ?? ''].map((file) => readFile(file)))
  const pixels = 512 * 512 * 2
  expect(copy?.subarray(-pixels).equals(original?.subarray(-pixels) ?? Buffer.of())).toBe(true)
  const sopUid = (file: string) => execFileSync('dcmdump', ['+P', 'SOPInstanceUID', file]).toString()
  expect(sopUid(copies[0] ?? '')).toBe(sopUid(files[0] ?? ''))
})

test.runIf(haveSamples)('a compressed file stays compressed when its accession number is set', async () => {
  const directory = await privateFolder()
  const names = [
    'WG04_CT2_JLSL.dcm',
    'MR_small_RLE.dcm',
    'MR_small_jp2klossless.dcm',
    'MR_small_implicit.dcm',
  ]
  const copies = await setAccessionNumber(
    names.map((name) => join(SAMPLES, name)),
    directory,
    'NEW-8',
  )
  const syntax = (file: string) => execFileSync('dcmdump', ['+P', 'TransferSyntaxUID', file]).toString()
  for (const [i, name] of names.entries()) {
    expect(syntax(copies[i] ?? '')).toBe(syntax(join(SAMPLES, name)))
    expect(execFileSync('dcmdump', ['+P', 'AccessionNumber', copies[i] ?? '']).toString()).toContain(
      '[NEW-8]',
    )
  }
})

const found = (
  studyInstanceUid: string,
  accessionNumber: string | null,
  patientId: string,
): ScannedStudy => ({
  studyInstanceUid,
  accessionNumber,
  patient: { name: `NAME^${patientId}`, patientId, birthDate: null, sex: '' },
  studyDate: null,
  description: '',
  modalities: ['CT'],
  files: [],
})

test('two patients under one accession number get distinct ones; the first keeps it', () => {
  const assigned = assignAccessionNumbers([
    found('1.1', 'X', 'ANNA'),
    found('1.2', 'X', 'ANNA'),
    found('1.3', 'X', 'BRUNO'),
    found('1.4', 'X', 'BRUNO'),
  ])
  expect(assigned.map(({ accessionNumber, changed }) => [accessionNumber, changed])).toEqual([
    ['X', false],
    ['X', false],
    ['DEMO-0001', true],
    ['DEMO-0001', true],
  ])
})

test('a study without accession number gets one that no study has', () => {
  const assigned = assignAccessionNumbers([
    found('1.1', null, 'ANNA'),
    found('1.2', null, 'ANNA'),
    found('1.3', 'DEMO-0001', 'BRUNO'),
  ])
  expect(assigned.map(({ accessionNumber }) => accessionNumber)).toEqual([
    'DEMO-0002',
    'DEMO-0003',
    'DEMO-0001',
  ])
})
