import type { Coding, FrameSize } from './coding.ts'
import { DOUBLE_PIXEL_DATA, type FileRecord, FLOAT_PIXEL_DATA } from './record.ts'

/** How the samples of an image are to be read (PS3.3 §C.7.6.3), as far as coding them needs it. */
export type PixelForm = FrameSize & {
  readonly samples: 1 | 3
  readonly bitsAllocated: 1 | 8 | 16 | 32 | 64
  readonly signed: boolean
  readonly float: boolean
  readonly planar: boolean
  readonly photometric: string
  readonly frames: number
}

/** Why a frame cannot be shown, in the words of the viewer's model. */
export type FrameFailure =
  | 'pixels-missing'
  | 'pixels-short'
  | 'corrupt'
  | 'syntax'
  | 'unsupported'
  | 'too-large'

/** A frame of which there is nothing to show, and why. */
export class FrameFailedError extends Error {
  override readonly name = 'FrameFailedError'
  readonly reason: FrameFailure

  constructor(reason: FrameFailure, options?: ErrorOptions) {
    super(reason, options)
    this.reason = reason
  }
}

/** The form of an image's pixels; null where it has none, or none that a viewer could know what to do with. */
export function pixelFormOf({ attributes, pixelTag }: FileRecord): PixelForm | null {
  const number = (tag: string) => {
    const value = attributes[tag]?.[0]
    return typeof value === 'number' ? value : null
  }
  const rows = number('00280010') ?? 0
  const columns = number('00280011') ?? 0
  const samples = number('00280002') ?? 1
  const bitsAllocated = number('00280100') ?? 0
  const frames = number('00280008') ?? 1
  if (rows < 1 || columns < 1 || !(samples === 1 || samples === 3)) return null
  if (!isBits(bitsAllocated) || !Number.isInteger(frames) || frames < 1 || frames > MOST_FRAMES) return null
  return {
    rows,
    columns,
    samples,
    bitsAllocated,
    frames,
    signed: number('00280103') === 1,
    float: pixelTag?.tag === FLOAT_PIXEL_DATA || pixelTag?.tag === DOUBLE_PIXEL_DATA,
    planar: samples > 1 && number('00280006') === 1,
    photometric: String(attributes['00280004']?.[0] ?? '').toUpperCase(),
  }
}

/** More is no number of frames but a mistake, or an attack on our memory. */
const MOST_FRAMES = 1_000_000

const isBits = (bits: number): bits is PixelForm['bitsAllocated'] => [1, 8, 16, 32, 64].includes(bits)

/** How frames of that form are coded. */
export function codingOf({ bitsAllocated, samples, signed, float, photometric }: PixelForm): Coding {
  if (bitsAllocated === 1) return { kind: 'bytes', bytes: 1, samples: 1 }
  const bytes = (bitsAllocated / 8) as Coding['bytes']
  if (float) return { kind: 'planes', bytes, samples, float }
  if (bytes > 2 || photometric === 'PALETTE COLOR') return { kind: 'planes', bytes, samples }
  return {
    kind: 'predicted',
    bytes,
    samples,
    ...(signed && { signed }),
    ...(photometric === 'RGB' && bytes === 1 && { green: true }),
  }
}

/** Frame `index` of uncompressed pixels: little endian samples, colours interleaved, one-bit samples in bytes of eight. */
export function nativeFrame(pixels: Uint8Array, form: PixelForm, index: number): Uint8Array {
  const { columns, rows, samples, bitsAllocated, planar, float } = form
  // Whole numbers of 64 bits are more than a browser's canvas could ever tell apart, and no image is known that has them.
  if (bitsAllocated === 64 && !float) throw new FrameFailedError('unsupported')
  const count = columns * rows * samples
  if (bitsAllocated === 1) return bitFrame(pixels, count, index)
  if (isSubsampled(form, pixels.byteLength)) return fullColour(pixels, form, index)
  const length = (count * bitsAllocated) / 8
  const frame = pixels.subarray(index * length, (index + 1) * length)
  if (frame.byteLength < length) throw new FrameFailedError('pixels-short')
  return planar ? interleaved(frame, columns * rows, bitsAllocated / 8) : frame
}

// PS3.5 §8.1.1: one-bit pixels of all frames follow each other without padding, the first in the lowest bit.
function bitFrame(pixels: Uint8Array, count: number, index: number): Uint8Array {
  const first = index * count
  if (pixels.byteLength * 8 < first + count) throw new FrameFailedError('pixels-short')
  if (first % 8 === 0) return pixels.subarray(first / 8, Math.ceil((first + count) / 8))
  const frame = new Uint8Array(Math.ceil(count / 8))
  for (let i = 0, at = first; i < count; i++, at++) {
    const bit = ((pixels[at >> 3] as number) >> (at & 7)) & 1
    frame[i >> 3] = (frame[i >> 3] as number) | (bit << (i & 7))
  }
  return frame
}

/** Whether two pixels share their colour in so many bytes of pixels: some write all colours all the same. */
export function isSubsampled(form: PixelForm, byteLength: number): boolean {
  const { photometric, bitsAllocated, columns, rows, samples, frames } = form
  if (bitsAllocated !== 8 || !/^YBR_(FULL|PARTIAL)_422$/.test(photometric)) return false
  return byteLength < columns * rows * samples * frames
}

// PS3.3 §C.7.6.3.1.2: two pixels share their colour, in the order Y Y CB CR.
function fullColour(pixels: Uint8Array, { columns, rows, frames }: PixelForm, index: number): Uint8Array {
  const pairs = (columns * rows) / 2
  // More than shared colours take and less than all of them: neither reading is sure (one byte pads, PS3.5 §7.1.1).
  if (pixels.byteLength > pairs * 4 * frames + 1) throw new FrameFailedError('pixels-short')
  const from = pixels.subarray(index * pairs * 4, (index + 1) * pairs * 4)
  if (from.byteLength < pairs * 4) throw new FrameFailedError('pixels-short')
  const frame = new Uint8Array(pairs * 6)
  for (let pair = 0; pair < pairs; pair++) {
    const [first = 0, second = 0, blue = 0, red = 0] = from.subarray(pair * 4, pair * 4 + 4)
    frame.set([first, blue, red, second, blue, red], pair * 6)
  }
  return frame
}

function interleaved(planes: Uint8Array, count: number, bytes: number): Uint8Array {
  const frame = new Uint8Array(planes.byteLength)
  for (let component = 0; component < 3; component++) {
    for (let i = 0; i < count; i++) {
      const from = (component * count + i) * bytes
      const to = (i * 3 + component) * bytes
      for (let byte = 0; byte < bytes; byte++) frame[to + byte] = planes[from + byte] as number
    }
  }
  return frame
}

/** The values of uncompressed Pixel Data, as far as the file goes; little endian. */
export function nativePixels({ source, pixelTag }: FileRecord, bitsAllocated: number): Uint8Array {
  if (!pixelTag) throw new FrameFailedError('pixels-missing')
  const { bytes, view, encoding } = source
  const isLong = encoding.explicitVr
  const start = pixelTag.at + (isLong ? 12 : 8)
  if (start > bytes.byteLength) throw new FrameFailedError('pixels-short')
  const length = view.getUint32(start - 4, encoding.littleEndian)
  if (length === 0xffffffff) throw new FrameFailedError('corrupt')
  const pixels = bytes.subarray(start, start + length)
  // Only what could not be written anew as little endian comes here so.
  if (encoding.littleEndian || bitsAllocated <= 8) return pixels
  if (bitsAllocated !== 16) throw new FrameFailedError('unsupported')
  return Buffer.from(pixels.subarray(0, pixels.byteLength & ~1)).swap16()
}
