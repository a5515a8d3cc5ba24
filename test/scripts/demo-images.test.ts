import { execFileSync, spawnSync } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import dicomParser from 'dicom-parser'
import { beforeAll, describe, expect, test } from 'vitest'
import { generateChestCt } from '../../scripts/demo-data/ct.ts'
import type { GeneratedStudy } from '../../scripts/demo-data/dicom.ts'
import { generateStudy } from '../../scripts/demo-data/generate.ts'
import { generateKneeMr } from '../../scripts/demo-data/mr.ts'
import { DEMO_VISITS } from '../../scripts/demo-data/visits.ts'
import { privateFolder } from './folder.ts'

const [ctVisit, mrVisit] = DEMO_VISITS
if (!ctVisit || !mrVisit) throw new Error('the demo has two visits')

let directory: string
const visit = (name: string, accessionNumber: string) => ({
  directory: join(directory, name),
  patient: (accessionNumber.includes('TC') ? ctVisit : mrVisit).patient,
  accessionNumber,
  studyDate: '2026-11-20',
})

beforeAll(async () => {
  directory = await privateFolder()
})

const parse = async (file: string) => dicomParser.parseDicom(await readFile(file))
const numbers = (value: string | undefined) => (value ?? '').split('\\').map(Number)

describe('the synthetic chest CT', () => {
  let study: GeneratedStudy
  beforeAll(async () => {
    study = await generateChestCt({ ...visit('ct', 'TC-1'), slices: 10 })
  })

  test('passes dciodvfy without an error, and dcmtk can render it', () => {
    for (const file of study.files) expect(errorsOf(file)).toEqual([])
    const png = join(directory, 'ct.png')
    execFileSync('dcm2pnm', ['+on', '+Wi', '2', study.files[4] ?? '', png])
  })

  test('lies in space as its slices say: equal steps from the head down, one frame of reference', async () => {
    const sets = await Promise.all(study.files.map(parse))
    const heights = sets.map((set) => numbers(set.string('x00200032'))[2] ?? 0)
    const steps = heights.slice(1).map((height, i) => (heights[i] ?? 0) - height)
    for (const step of steps) expect(step).toBeCloseTo(35, 6)
    expect(new Set(sets.map((set) => set.string('x00200052'))).size).toBe(1)
    expect(new Set(sets.map((set) => set.string('x00080018'))).size).toBe(10)
  })

  test('has the attenuation of a chest: air around, lung, soft parts and bone, and noise', async () => {
    const set = await parse(study.files[4] ?? '')
    const element = set.elements.x7fe00010
    const at = element?.dataOffset ?? 0
    const pixels = new Uint16Array(set.byteArray.slice(at, at + 512 * 512 * 2).buffer)
    const share = (from: number, to: number) =>
      pixels.filter((value) => value - 1024 >= from && value - 1024 < to).length / pixels.length
    expect(share(-1100, -950)).toBeGreaterThan(0.3)
    expect(share(-950, -750)).toBeGreaterThan(0.08)
    expect(share(-150, -60)).toBeGreaterThan(0.03)
    expect(share(20, 240)).toBeGreaterThan(0.08)
    expect(share(400, 2000)).toBeGreaterThan(0.003)
    // No two neighbours the same for long: real images do not compress to nothing.
    expect(new Set(pixels.slice(512 * 256, 512 * 257)).size).toBeGreaterThan(60)
  })

  test('says of itself that it is invented, and its preamble is empty (S48)', async () => {
    const bytes = await readFile(study.files[0] ?? '')
    expect(bytes.subarray(0, 128).every((byte) => byte === 0)).toBe(true)
    const set = dicomParser.parseDicom(bytes)
    expect(set.string('x00104000')).toContain('inventato')
    expect(set.string('x0008103e')).toContain('SINTETICI')
    expect(set.string('x00080080')).toBe('Ospedale dimostrativo Ritiro')
    expect(set.string('x00080050')).toBe('TC-1')
    expect(set.string('x0020000d')).toMatch(/^2\.25\.[1-9]\d{30,38}$/)
  })

  test('is the same, byte by byte, whenever it is made; another accession number is another study', async () => {
    const again = await generateChestCt({ ...visit('ct2', 'TC-1'), slices: 10 })
    for (const [i, file] of study.files.entries()) {
      expect((await readFile(file)).equals(await readFile(again.files[i] ?? ''))).toBe(true)
    }
    const other = await generateChestCt({ ...visit('ct3', 'TC-2'), slices: 1 })
    expect(other.studyInstanceUid).not.toBe(study.studyInstanceUid)
  })
})

describe('the synthetic knee MR', () => {
  let study: GeneratedStudy
  beforeAll(async () => {
    study = await generateKneeMr({ ...visit('mr', 'RM-1'), slices: 3 })
  }, 60_000)

  test('has a localizer and four series, all valid by dciodvfy', () => {
    expect(study.seriesInstanceUids).toHaveLength(5)
    expect(study.files).toHaveLength(9 + 4 * 3)
    for (const file of study.files) expect(errorsOf(file)).toEqual([])
  })

  test('its planes are orthonormal, share one space, and their slices step along the normal', async () => {
    const places = await Promise.all(
      study.files.map(async (file) => {
        const set = await parse(file)
        const orientation = numbers(set.string('x00200037'))
        const position = numbers(set.string('x00200032'))
        const series = set.string('x0020000e') ?? ''
        return { key: `${series} ${orientation}`, orientation, position, space: set.string('x00200052') }
      }),
    )
    expect(new Set(places.map(({ space }) => space)).size).toBe(1)
    const stacks = Map.groupBy(places, ({ key }) => key)
    // Three planes in the localizer, one in each other series.
    expect(stacks.size).toBe(7)
    for (const stack of stacks.values()) {
      const [r1 = 0, r2 = 0, r3 = 0, c1 = 0, c2 = 0, c3 = 0] = stack[0]?.orientation ?? []
      expect(r1 ** 2 + r2 ** 2 + r3 ** 2).toBeCloseTo(1, 5)
      expect(c1 ** 2 + c2 ** 2 + c3 ** 2).toBeCloseTo(1, 5)
      expect(r1 * c1 + r2 * c2 + r3 * c3).toBeCloseTo(0, 5)
      const normal = [r2 * c3 - r3 * c2, r3 * c1 - r1 * c3, r1 * c2 - r2 * c1]
      for (const [i, { position }] of stack.slice(1).entries()) {
        const step = position.map((value, axis) => value - (stack[i]?.position[axis] ?? 0))
        const along = step.reduce((sum, value, axis) => sum + value * (normal[axis] ?? 0), 0)
        expect(along).toBeGreaterThan(3)
        // Nothing of the step lies in the plane of the image.
        expect(Math.hypot(...step)).toBeCloseTo(along, 3)
      }
    }
  })

  test('writes accented names in the character set it declares', async () => {
    const set = await parse(study.files[0] ?? '')
    expect(set.string('x00080005')).toBe('ISO_IR 100')
    const name = set.elements.x00100010
    const bytes = set.byteArray.subarray(name?.dataOffset, (name?.dataOffset ?? 0) + (name?.length ?? 0))
    expect(Buffer.from(bytes).toString('latin1').trim()).toBe('DE NICOLÒ^MARIA LUCÌA')
  })
})

test('images are made in a thread of their own, once; a directory left half-made is made anew', async () => {
  const task = { ...visit('thread', 'TC-9'), kind: 'ct', slices: 2 } as const
  const first = await generateStudy(task)
  expect(first.files).toHaveLength(2)
  const direct = await generateChestCt({ ...visit('direct', 'TC-9'), slices: 2 })
  expect(first.studyInstanceUid).toBe(direct.studyInstanceUid)
  expect((await readFile(first.files[1] ?? '')).equals(await readFile(direct.files[1] ?? ''))).toBe(true)
  await rm(first.files[0] ?? '')
  expect((await generateStudy(task)).files).toHaveLength(1)
  await expect(generateStudy({ ...task, directory: '/dev/null/nowhere' })).rejects.toThrow()
})

function errorsOf(file: string): string[] {
  const { stderr, error } = spawnSync('dciodvfy', [file], { encoding: 'utf8' })
  if (error) throw error
  return stderr.split('\n').filter((line) => line.startsWith('Error'))
}
