import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import dicomParser from 'dicom-parser'
import { dicomFile, type Elements, type Encoding, instance } from './dicom.ts'

export type Shape = {
  rows?: number
  columns?: number
  samples?: 1 | 3
  allocated?: 8 | 16
  stored?: number
  signed?: boolean
  planar?: 0 | 1
  photometric?: string
  frames?: number
  /** 0 for a flat picture, 1 for nothing but noise. */
  noise?: number
}

/** The elements of an image whose pixels look like one: slopes, edges and noise, the same each time. */
export function pictured(shape: Shape = {}, add: Elements = []): Elements {
  const {
    rows = 37,
    columns = 51,
    samples = 1,
    allocated = 16,
    signed = false,
    planar = 0,
    frames = 1,
  } = shape
  const stored = shape.stored ?? allocated
  const photometric = shape.photometric ?? (samples === 3 ? 'RGB' : 'MONOCHROME2')
  return instance({
    sopClass: frames > 1 || samples === 3 ? '1.2.840.10008.5.1.4.1.1.7' : '1.2.840.10008.5.1.4.1.1.2',
    modality: frames > 1 || samples === 3 ? 'OT' : 'CT',
    add: [
      [0x00080008, 'CS', 'ORIGINAL\\PRIMARY'],
      [0x00280002, 'US', [samples]],
      [0x00280004, 'CS', photometric],
      ...(samples === 3 ? ([[0x00280006, 'US', [planar]]] as const) : []),
      ...(frames > 1 ? ([[0x00280008, 'IS', String(frames)]] as const) : []),
      [0x00280010, 'US', [rows]],
      [0x00280011, 'US', [columns]],
      [0x00280100, 'US', [allocated]],
      [0x00280101, 'US', [stored]],
      [0x00280102, 'US', [stored - 1]],
      [0x00280103, 'US', [signed ? 1 : 0]],
      [
        0x7fe00010,
        allocated === 8 ? 'OB' : 'OW',
        pixelsOf({ ...shape, rows, columns, samples, allocated, stored, signed, frames }),
      ],
      ...add,
    ],
  })
}

export const picture = (shape?: Shape, encoding?: Encoding): Buffer =>
  dicomFile(pictured(shape), encoding ? { encoding } : {})

/** Pixel Data as an independent reader takes them out of a file in Explicit VR Little Endian. */
export function nativePixels(file: Uint8Array): Buffer {
  const dataSet = dicomParser.parseDicom(file)
  const element = dataSet.elements.x7fe00010
  if (!element || element.fragments) throw new Error('not native')
  return Buffer.from(file.subarray(element.dataOffset, element.dataOffset + element.length))
}

/** Runs a program of dcmtk or gdcm that writes a second file from a first. */
export function converted(file: Uint8Array, program: string, ...options: string[]): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-pixels-'))
  try {
    const [from, to] = [join(directory, 'from.dcm'), join(directory, 'to.dcm')]
    writeFileSync(from, file)
    execFileSync(program, [...options, from, to], { stdio: 'pipe' })
    return readFileSync(to)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Numbers that are the same each time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function pixelsOf(
  shape: Required<Omit<Shape, 'planar' | 'photometric' | 'noise'>> & Pick<Shape, 'noise'>,
): Buffer {
  const { rows, columns, samples, allocated, stored, signed, frames, noise = 0.03 } = shape
  const random = seeded(rows * 7 + columns * 3 + samples + stored)
  const count = rows * columns * samples * frames
  const range = 2 ** stored - 1
  const bytes = Buffer.alloc(count * (allocated / 8) + ((count * (allocated / 8)) % 2))
  for (let index = 0; index < count; index++) {
    const [x, y] = [(index % columns) / columns, (Math.floor(index / columns) % rows) / rows]
    const form =
      0.5 + 0.3 * Math.sin(6 * x) * Math.cos(5 * y) + ((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.06 ? 0.15 : 0)
    const unsigned = Math.round(Math.min(1, Math.max(0, form + noise * (random() - 0.5))) * range)
    // Negative numbers keep their sign up to the highest bit allocated.
    const value = signed ? unsigned - 2 ** (stored - 1) : unsigned
    if (allocated === 8) bytes.writeUInt8(value & 0xff, index)
    else bytes.writeUInt16LE(value & 0xffff, 2 * index)
  }
  return bytes
}
