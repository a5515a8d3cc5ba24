import { dicomFile, type Elements, type Encoding, instance } from '../support/dicom.ts'

/** A made image of one kind of pixels, and how dcmtk's copy of them is to be read. */
export type Kind = {
  readonly name: string
  readonly file: Uint8Array
  /** From the pixels that dcmtk wrote out, as they stand in the file, to samples colour by pixel. */
  readonly expected: (raw: Buffer) => Buffer[]
}

const COLUMNS = 37
const ROWS = 23

/** One of each kind of uncompressed pixels that images have, of an odd size. */
export function kindsOfPixels(): Kind[] {
  let number = 0
  const kind = (
    name: string,
    form: Form,
    expected: (raw: Buffer) => Buffer[] = (raw) => framesOf(raw, form),
    encoding: Encoding = 'explicit',
  ): Kind => ({ name, file: fileOf(++number, form, encoding), expected })
  const grey = { columns: COLUMNS, rows: ROWS, samples: 1, bits: 16, stored: 12, photometric: 'MONOCHROME2' }
  const rgb = { ...grey, samples: 3, bits: 8, stored: 8, photometric: 'RGB' }
  const subsampled: Form = { ...rgb, columns: 38, photometric: 'YBR_FULL_422', bytesPerFrame: 38 * ROWS * 2 }
  const planar: Form = { ...rgb, planar: true, frames: 2 }
  const bits: Form = { ...grey, bits: 1, stored: 1, frames: 3, bytesPerFrame: (COLUMNS * ROWS) / 8 }
  return [
    kind('12 bits in 16', grey),
    kind('16 bits with a sign', { ...grey, stored: 16, signed: true }),
    kind('12 bits with a sign', { ...grey, signed: true }),
    kind('MONOCHROME1 of 8 bits', { ...grey, bits: 8, stored: 8, photometric: 'MONOCHROME1' }),
    kind('8 bits with a sign', { ...grey, bits: 8, stored: 8, signed: true }),
    kind('32 bits', { ...grey, bits: 32, stored: 32 }),
    kind('RGB', rgb),
    kind('RGB of 16 bits', { ...rgb, bits: 16, stored: 16 }),
    kind('RGB colour by plane, two frames', planar, (raw) => framesOf(raw, planar).map(byPixel)),
    kind('YBR_FULL', { ...rgb, photometric: 'YBR_FULL' }),
    kind('YBR_FULL_422', subsampled, (raw) => [fullColour(raw.subarray(0, subsampled.bytesPerFrame))]),
    kind('YBR_FULL_422 that has all its colours', { ...rgb, columns: 38, photometric: 'YBR_FULL_422' }),
    kind('PALETTE COLOR', { ...grey, bits: 8, stored: 8, photometric: 'PALETTE COLOR' }),
    kind('one bit, three frames that begin within bytes', bits, (raw) => bitFrames(raw, 3)),
    kind('five frames', { ...grey, frames: 5 }),
    kind('implicit VR', grey, undefined, 'implicit'),
    kind('big endian', grey, undefined, 'big'),
    kind('deflated', grey, undefined, 'deflated'),
    // More than a data file holds, of noise that no coding makes smaller.
    kind('a frame longer than a data file', { ...grey, columns: 701, rows: 703, stored: 16 }),
    kind('a single pixel', { ...grey, columns: 1, rows: 1 }),
  ]
}

type Form = {
  readonly columns: number
  readonly rows: number
  readonly samples: number
  readonly bits: number
  readonly stored: number
  readonly photometric: string
  readonly signed?: boolean
  readonly planar?: boolean
  readonly frames?: number
  readonly bytesPerFrame?: number
}

const lengthOf = ({ columns, rows, samples, bits, bytesPerFrame }: Form): number =>
  bytesPerFrame ?? (columns * rows * samples * bits) / 8

function framesOf(raw: Buffer, form: Form): Buffer[] {
  const length = lengthOf(form)
  return Array.from({ length: form.frames ?? 1 }, (_, index) =>
    raw.subarray(index * length, (index + 1) * length),
  )
}

function fileOf(number: number, form: Form, encoding: Encoding): Uint8Array {
  const { columns, rows, samples, bits, stored, photometric, signed, planar, frames = 1 } = form
  const bytes = noise(Math.ceil(lengthOf(form) * frames), number)
  const words = bits === 16 ? Array.from(new Uint16Array(bytes.buffer, 0, bytes.byteLength >> 1)) : null
  const palette = Array.from({ length: 256 }, (_, index) => index * 257)
  const more: Elements = [
    [0x00280002, 'US', [samples]],
    [0x00280004, 'CS', photometric],
    ...(samples > 1 ? ([[0x00280006, 'US', [planar ? 1 : 0]]] as const) : []),
    [0x00280008, 'IS', String(frames)],
    [0x00280010, 'US', [rows]],
    [0x00280011, 'US', [columns]],
    [0x00280100, 'US', [bits]],
    [0x00280101, 'US', [stored]],
    [0x00280102, 'US', [stored - 1]],
    [0x00280103, 'US', [signed ? 1 : 0]],
    ...(photometric === 'PALETTE COLOR'
      ? ([0x00281101, 0x00281102, 0x00281103] as const).map((tag) => [tag, 'US', [256, 0, 16]] as const)
      : []),
    ...(photometric === 'PALETTE COLOR'
      ? ([0x00281201, 0x00281202, 0x00281203] as const).map((tag) => [tag, 'OW', palette] as const)
      : []),
    [0x7fe00010, 'OW', words ?? bytes],
  ]
  return dicomFile(instance({ number, add: more }), { encoding })
}

/** The same bytes at each run. */
function noise(length: number, seed: number): Uint8Array<ArrayBuffer> {
  let state = seed * 7919
  return Uint8Array.from({ length: length + (length % 2) }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state >>> 16
  })
}

function byPixel(planes: Buffer): Buffer {
  const count = planes.byteLength / 3
  return Buffer.from(
    Array.from({ length: planes.byteLength }, (_, at) => planes[(at % 3) * count + Math.floor(at / 3)] ?? 0),
  )
}

function fullColour(raw: Buffer): Buffer {
  const pixels = raw.byteLength / 2
  return Buffer.concat(
    Array.from({ length: pixels }, (_, at) => {
      const pair = (at >> 1) * 4
      return Buffer.of(raw[pair + (at & 1)] ?? 0, raw[pair + 2] ?? 0, raw[pair + 3] ?? 0)
    }),
  )
}

/** A byte a pixel, as the viewer has them. */
function bitFrames(raw: Buffer, frames: number): Buffer[] {
  const count = COLUMNS * ROWS
  return Array.from({ length: frames }, (_, frame) =>
    Buffer.from(
      Array.from({ length: count }, (_, at) => {
        const bit = frame * count + at
        return ((raw[bit >> 3] ?? 0) >> (bit & 7)) & 1
      }),
    ),
  )
}
