import { type Cells, type FrameData, FrameError, type Image } from '../model/model.ts'
import type { DicomFile } from './file.ts'
import { type FrameMap, frameBytes, mapFrames } from './fragments.ts'
import type { PixelLocation } from './part10.ts'

/** One frame of a file: its cells where uncompressed, else the coded bytes. */
export async function frameOf(file: DicomFile, image: Image, index: number): Promise<FrameData> {
  const { pixels, blob } = file
  if (!pixels) throw new FrameError('pixels-missing')
  if (pixels.length !== null) return nativeFrame(blob, pixels, pixels.length, image, index)
  const known = maps.get(file) ?? mapFrames(blob, pixels, image.frameCount)
  maps.set(file, known)
  const fragments = (await known)[index]
  if (!fragments?.length) throw new FrameError('pixels-missing', `${index + 1}`)
  return { transferSyntaxUid: image.transferSyntaxUid, bytes: await frameBytes(blob, fragments) }
}

const maps = new WeakMap<DicomFile, Promise<FrameMap>>()

async function nativeFrame(
  blob: Blob,
  { start, littleEndian, kind }: PixelLocation,
  length: number,
  image: Image,
  index: number,
): Promise<FrameData> {
  const { bitsAllocated, photometric, planar } = image.pixel
  const bits = samplesOf(image, length) * bitsAllocated
  const from = Math.floor((index * bits) / 8)
  const to = Math.ceil(((index + 1) * bits) / 8)
  if (to > length) throw new FrameError('pixels-short', `${length}/${to}`)
  const bytes = new Uint8Array(await blob.slice(start + from, start + to).arrayBuffer())
  if (bytes.length < to - from) throw new FrameError('pixels-short', `${bytes.length}/${to - from}`)
  if (bitsAllocated === 1) return { cells: unpackBits(bytes, (index * bits) % 8, bits), planar, photometric }
  if (!littleEndian) swap(bytes, bitsAllocated / 8)
  return { cells: cellsOf(bytes, bitsAllocated, kind), planar, photometric }
}

/** Samples in a frame as stored in so many bytes: 4:2:2 shares two between two pixels (PS3.3 §C.7.6.3.1.2). */
function samplesOf({ pixel, frameCount }: Image, length: number): number {
  const { rows, columns, samplesPerPixel, photometric, bitsAllocated } = pixel
  const all = rows * columns * samplesPerPixel
  // Some write all colours all the same: the length tells.
  if (!/_422$/.test(photometric) || length * 8 >= all * frameCount * bitsAllocated) return all
  return rows * columns * 2
}

/** Bytes in the machine's order as cells of so many bits. Machines that browsers run on are little endian. */
export function cellsOf(bytes: Uint8Array<ArrayBuffer>, bits: number, kind: PixelLocation['kind']): Cells {
  const { buffer } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
  const at = bytes.byteOffset % 8 === 0 ? bytes.byteOffset : 0
  if (kind === 'float') return new Float32Array(buffer, at, bytes.length >> 2)
  if (kind === 'double') return new Float64Array(buffer, at, bytes.length >> 3)
  if (bits === 16) return new Uint16Array(buffer, at, bytes.length >> 1)
  if (bits === 32) return new Uint32Array(buffer, at, bytes.length >> 2)
  if (bits === 8) return bytes
  throw new FrameError('unsupported', `${bits}`)
}

// The first pixel is the lowest bit (PS3.5 §8.1.1); frames follow one another without a gap.
export function unpackBits(bytes: Uint8Array, first: number, count: number): Uint8Array {
  const cells = new Uint8Array(count)
  for (let at = 0; at < count; at++) cells[at] = ((bytes[(first + at) >> 3] ?? 0) >> ((first + at) & 7)) & 1
  return cells
}

function swap(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse()
}
