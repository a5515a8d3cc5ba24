import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { setAccessionNumber } from '../../scripts/demo-data/scan.ts'
import { dicomFile, type Elements, instance } from '../support/dicom.ts'
import { visit } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { type Patient, signedIn } from '../support/patient.ts'
import { untilPrepared } from '../support/prepared.ts'
import { published } from '../support/visits.ts'

const SAMPLES = resolve(import.meta.dirname, '../../../shared/samples')
const ACCESSION = 'ACC001'

export type DicomJson = Record<string, { vr?: string; Value?: unknown[]; BulkDataURI?: string }>

/** One exam online, in a gateway of its own: a study of our making, and all samples where they are. */
export type Online = {
  gateway: TestGateway
  orthanc: TestOrthanc
  patient: Patient
  /** Of our own study: a series of two CT slices of noise over a gradient, and one image of three frames. */
  own: { study: string; slices: string[]; frames: string }
  json: (path: string) => Promise<DicomJson[]>
  /** Sends more of our own study. */
  send: (elements: Elements, transferSyntax?: string) => Promise<void>
  /** Waits until all that is online is prepared. */
  prepared: () => Promise<void>
  pins: { pin1: string; pin2: string }
  [Symbol.asyncDispose]: () => Promise<void>
}

/** `storage`: the gateway may read the archive's own folder. */
export async function online({ samples = false, storage = false } = {}): Promise<Online> {
  const folder = await mkdtemp(join(tmpdir(), 'ritiro-online-'))
  const directory = join(folder, 'orthanc')
  await mkdir(directory)
  const orthanc = await testOrthanc({ directory })
  const environment = storage ? { ORTHANC_STORAGE_DIR: join(directory, 'storage') } : {}
  const gateway = await testGateway({ orthanc, environment })
  const send = async (elements: Elements, transferSyntax?: string) => {
    const file = join(folder, 'one.dcm')
    await writeFile(file, dicomFile(elements, transferSyntax ? { transferSyntax } : {}))
    await orthanc.send([file])
  }
  for (const number of [1, 2]) await send(slice(number))
  await send(multiframe())
  if (samples && existsSync(SAMPLES)) {
    const names = (await readdir(SAMPLES)).filter((name) => /^(?!liver_deflate).*\.dcm$/.test(name))
    const files = names.map((name) => join(SAMPLES, name))
    await orthanc.send(await setAccessionNumber(files, join(folder, 'samples'), ACCESSION))
  }
  const { pin1, pin2 } = await published(gateway, ACCESSION, { exams: visit().exams })
  const patient = await signedIn(gateway, pin1, pin2)
  const { study, series } = uids(slice(1))
  const path = (sop: string, of = series) => `/dicomweb/studies/${study}/series/${of}/instances/${sop}`
  return {
    gateway,
    orthanc,
    patient,
    send,
    pins: { pin1, pin2 },
    own: {
      study: `/dicomweb/studies/${study}`,
      slices: [1, 2].map((number) => path(uids(slice(number)).sop)),
      frames: path(uids(multiframe()).sop, uids(multiframe()).series),
    },
    async json(wanted) {
      const response = await patient.get(wanted, { accept: 'application/dicom+json' })
      expect([wanted, response.status]).toEqual([wanted, 200])
      return (await response.json()) as DicomJson[]
    },
    prepared: () => untilPrepared(gateway.db),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await orthanc[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const uids = (elements: Elements) => {
  const find = (wanted: number) => String(elements.find(([tag]) => tag === wanted)?.[2])
  return { study: find(0x0020000d), series: find(0x0020000e), sop: find(0x00080018) }
}

const SIDE = 128
export const COMMON = { 524368: ['SH', ACCESSION], 1048624: ['DA', '19800423'] } as const

/** Sample values of a slice: a gradient with some noise, always the same. */
export function pixelsOf(number: number): number[] {
  let state = number
  return Array.from({ length: SIDE * SIDE }, (_, index) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return 1000 + (index % SIDE) * 6 + Math.floor(index / SIDE) * 3 + ((state >>> 16) % 8)
  })
}

export const slice = (number: number, series = 1): Elements =>
  instance({
    series,
    number,
    more: {
      ...COMMON,
      2621456: ['US', [SIDE]],
      2621457: ['US', [SIDE]],
      2621488: ['DS', '2\\2'],
      2097202: ['DS', `0\\0\\${number * 5}`],
      2097207: ['DS', '1\\0\\0\\0\\1\\0'],
      2097234: ['UI', '1.2.3.1'],
      2625616: ['DS', '1600'],
      2625617: ['DS', '1400'],
      2145386512: ['OW', pixelsOf(number)],
    },
  })

const multiframe = (): Elements =>
  instance({
    sopClass: '1.2.840.10008.5.1.4.1.1.7.3',
    series: 9,
    number: 1,
    modality: 'OT',
    more: {
      ...COMMON,
      2621448: ['IS', '3'],
      2621456: ['US', [SIDE]],
      2621457: ['US', [SIDE]],
      2145386512: ['OW', [1, 2, 3].flatMap(pixelsOf)],
    },
  })

/** Four dots of 32 bits, as a dose has them: Orthanc draws no such thing. */
export const wideImage = (values: readonly number[]): Elements =>
  instance({
    sopClass: '1.2.840.10008.5.1.4.1.1.481.2',
    series: 8,
    number: 1,
    modality: 'RTDOSE',
    more: {
      ...COMMON,
      2621456: ['US', [2]],
      2621457: ['US', [2]],
      2621696: ['US', [32]],
      2621697: ['US', [32]],
      2621698: ['US', [31]],
      2145386512: ['OW', Uint8Array.from(Buffer.from(Uint32Array.from(values).buffer))],
    },
  })

/** Three frames in colours, which are sent as they are stored: nothing is prepared of them. */
export const colourImage = (): Elements =>
  instance({
    sopClass: '1.2.840.10008.5.1.4.1.1.7.4',
    series: 7,
    number: 1,
    modality: 'OT',
    more: {
      ...COMMON,
      2621442: ['US', [3]],
      2621444: ['CS', 'RGB'],
      2621446: ['US', [0]],
      2621448: ['IS', '3'],
      2621456: ['US', [SIDE]],
      2621457: ['US', [SIDE]],
      2621696: ['US', [8]],
      2621697: ['US', [8]],
      2621698: ['US', [7]],
      2145386512: ['OB', Uint8Array.from({ length: SIDE * SIDE * 3 * 3 }, (_, index) => (index * 7) % 256)],
    },
  })
