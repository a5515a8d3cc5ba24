import { toDiscFile } from '../disc/dicom/disc-file.ts'
import { DicomFormatError, elements, items, type Source, sourceOf } from '../disc/dicom/element.ts'
import { readPart10 } from '../disc/dicom/part10.ts'
import { EXPLICIT_LITTLE, TRANSFER_SYNTAX } from '../disc/dicom/transfer-syntax.ts'
import { PixelError } from './errors.ts'
import { framesOfFragments, type Offsets } from './fragments.ts'
import { isEncapsulated } from './transfer-syntax.ts'

/** What the attributes of PS3.3 §C.7.6.3 say of the pixels. */
export type Picture = {
  readonly rows: number
  readonly columns: number
  readonly samplesPerPixel: number
  /** 1, 8, 16, 32, or 64. */
  readonly bitsAllocated: number
  readonly bitsStored: number
  readonly highBit: number
  readonly signed: boolean
  /** 0: colour-by-pixel, 1: colour-by-plane. */
  readonly planar: 0 | 1
  readonly photometric: string
  /** Float (7FE0,0008) or Double Float Pixel Data (7FE0,0009). */
  readonly float: boolean
}

/** The pixels of an instance, frame by frame as they are stored: views of the file, or joined fragments. */
export type Image = Picture & { readonly transferSyntaxUid: string; readonly frames: readonly Uint8Array[] }

const TAG = {
  samplesPerPixel: 0x00280002,
  photometric: 0x00280004,
  planar: 0x00280006,
  numberOfFrames: 0x00280008,
  rows: 0x00280010,
  columns: 0x00280011,
  bitsAllocated: 0x00280100,
  bitsStored: 0x00280101,
  highBit: 0x00280102,
  pixelRepresentation: 0x00280103,
  extendedOffsets: 0x7fe00001,
  extendedLengths: 0x7fe00002,
  floatPixels: 0x7fe00008,
  doublePixels: 0x7fe00009,
  pixels: 0x7fe00010,
} as const
const WANTED: ReadonlySet<number> = new Set(Object.values(TAG))

/** The image in a DICOM File of any Transfer Syntax; null where it has no pixels. Throws PixelError where it cannot be read. */
export function readImage(file: Uint8Array): Image | null {
  try {
    return imageOf(file)
  } catch (error) {
    if (error instanceof DicomFormatError) throw new PixelError('corrupt', error.message)
    throw error
  }
}

function imageOf(stored: Uint8Array): Image | null {
  const asStored = readPart10(stored).transferSyntaxUid
  // Implicit, big endian and deflated become Explicit VR Little Endian, which is what native pixels are read from.
  const isReadable = asStored === TRANSFER_SYNTAX.explicitLittle || isEncapsulated(asStored)
  const file = isReadable ? stored : toDiscFile(stored).bytes
  const { transferSyntaxUid, dataSetStart } = readPart10(file)
  const source = sourceOf(file.subarray(dataSetStart), EXPLICIT_LITTLE)
  const found = new Map<number, { start: number; end: number; undefinedLength: boolean }>()
  for (const element of elements(source, 0, source.bytes.byteLength)) {
    if (WANTED.has(element.tag) && !found.has(element.tag)) found.set(element.tag, element)
    if (element.tag > TAG.pixels) break
  }
  const pixels = found.get(TAG.pixels) ?? found.get(TAG.floatPixels) ?? found.get(TAG.doublePixels)
  if (!pixels) return null
  const number = (tag: number): number | null => {
    const element = found.get(tag)
    return element && element.end - element.start >= 2 ? source.view.getUint16(element.start, true) : null
  }
  const text = (tag: number) => {
    const element = found.get(tag)
    return element
      ? Buffer.from(source.bytes.subarray(element.start, element.end))
          .toString('latin1')
          .replace(/[ \0]+$/, '')
          .trim()
      : ''
  }
  const float = found.has(TAG.pixels) ? null : found.has(TAG.floatPixels) ? 32 : 64
  const picture = readPicture({ number, text }, float)
  const frameCount = Math.max(1, Number.parseInt(text(TAG.numberOfFrames), 10) || 1)
  if (!pixels.undefinedLength) {
    if (isEncapsulated(transferSyntaxUid))
      throw new PixelError('corrupt', 'encapsulated pixels of a known length')
    const value = source.bytes.subarray(pixels.start, pixels.end)
    return { ...picture, transferSyntaxUid, frames: nativeFrames(value, picture, frameCount) }
  }
  const fragments: Uint8Array[] = []
  for (const { start, end } of items(source, pixels.start, pixels.end))
    fragments.push(source.bytes.subarray(start, end))
  const [table = new Uint8Array(), ...parts] = fragments
  const offsets: Offsets = { basic: table, extended: bytesOf(source, found.get(TAG.extendedOffsets)) }
  return { ...picture, transferSyntaxUid, frames: framesOfFragments(parts, offsets, frameCount) }
}

/** Who knows what an instance says: its file, or its metadata. */
export type Attributes = {
  readonly number: (tag: number) => number | null
  /** '' where there is none. */
  readonly text: (tag: number) => string
}

/** What the attributes say; of floating pixels `float` tells the bits. Throws PixelError where they make no sense. */
export function readPicture({ number: find, text }: Attributes, float: 32 | 64 | null = null): Picture {
  const number = (tag: number, fallback: number | null): number => {
    const value = find(tag) ?? fallback
    if (value === null) throw new PixelError('corrupt', `(${tag.toString(16).padStart(8, '0')}) is missing`)
    return value
  }
  const bitsAllocated = number(TAG.bitsAllocated, float)
  const bitsStored = number(TAG.bitsStored, bitsAllocated)
  const samplesPerPixel = number(TAG.samplesPerPixel, 1)
  const picture: Picture = {
    rows: number(TAG.rows, null),
    columns: number(TAG.columns, null),
    samplesPerPixel,
    bitsAllocated,
    bitsStored,
    highBit: number(TAG.highBit, bitsStored - 1),
    signed: number(TAG.pixelRepresentation, 0) === 1,
    planar: samplesPerPixel > 1 && number(TAG.planar, 0) === 1 ? 1 : 0,
    photometric: text(TAG.photometric) || (samplesPerPixel === 1 ? 'MONOCHROME2' : 'RGB'),
    float: float !== null,
  }
  refuseNonsense(picture)
  return picture
}

const bytesOf = ({ bytes }: Source, element: { start: number; end: number } | undefined): Uint8Array =>
  element ? bytes.subarray(element.start, element.end) : new Uint8Array()

function refuseNonsense({
  rows,
  columns,
  samplesPerPixel,
  bitsAllocated,
  bitsStored,
  highBit,
}: Picture): void {
  const sane =
    rows > 0 &&
    columns > 0 &&
    samplesPerPixel >= 1 &&
    samplesPerPixel <= 4 &&
    (bitsAllocated === 1 || (bitsAllocated % 8 === 0 && bitsAllocated >= 8 && bitsAllocated <= 64)) &&
    bitsStored >= 1 &&
    bitsStored <= bitsAllocated &&
    highBit < bitsAllocated &&
    highBit >= bitsStored - 1
  if (!sane) throw new PixelError('corrupt', 'the attributes of the pixels contradict each other')
}

/** Bits of one native frame. YBR_FULL_422 shares its colours between two pixels of a line (PS3.3 §C.7.6.3.1.2). */
export function bitsPerFrame({
  rows,
  columns,
  samplesPerPixel,
  bitsAllocated,
  photometric,
}: Picture): number {
  const samples = photometric === 'YBR_FULL_422' || photometric === 'YBR_PARTIAL_422' ? 2 : samplesPerPixel
  return rows * columns * samples * bitsAllocated
}

/** PS3.5 §8.1.1: frames follow one another without a gap, to the bit. */
function nativeFrames(value: Uint8Array, picture: Picture, frameCount: number): Uint8Array[] {
  let bits = bitsPerFrame(picture)
  if (Math.ceil((bits * frameCount) / 8) > value.byteLength)
    throw new PixelError('corrupt', 'pixels are cut short')
  // Some write YBR_FULL_422 and all of its colours.
  const full = { ...picture, photometric: '' }
  if (bits !== bitsPerFrame(full) && Math.ceil((bitsPerFrame(full) * frameCount) / 8) <= value.byteLength)
    bits = bitsPerFrame(full)
  return Array.from({ length: frameCount }, (_, index) => {
    const start = bits * index
    if (start % 8 === 0) return value.subarray(start / 8, Math.ceil((start + bits) / 8))
    return shifted(value, start, bits)
  })
}

/** Bits of a frame that begins within a byte, the first in the lowest place (PS3.5 §8.1.1). */
function shifted(value: Uint8Array, start: number, bits: number): Uint8Array {
  const frame = new Uint8Array(Math.ceil(bits / 8))
  const shift = start % 8
  const from = Math.floor(start / 8)
  for (let index = 0; index < frame.byteLength; index++)
    frame[index] = ((value[from + index] ?? 0) >> shift) | ((value[from + index + 1] ?? 0) << (8 - shift))
  return frame
}
