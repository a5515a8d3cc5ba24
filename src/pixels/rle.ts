import { PixelError } from './errors.ts'
import type { Picture } from './image.ts'

const HEADER_BYTES = 64

/** A frame of RLE Lossless (PS3.5 Annex G) as little endian samples, colour-by-pixel. */
export function decodeRle(frame: Uint8Array, picture: Picture): Uint8Array {
  const { rows, columns, samplesPerPixel, bitsAllocated } = picture
  const bytesPerSample = bitsAllocated / 8
  const pixels = rows * columns
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (!Number.isInteger(bytesPerSample)) throw new PixelError('unsupported', `RLE of ${bitsAllocated} bits`)
  if (frame.byteLength < HEADER_BYTES) throw new PixelError('corrupt', 'RLE header is cut short')
  const segments = view.getUint32(0, true)
  if (segments !== samplesPerPixel * bytesPerSample)
    throw new PixelError('mismatch', `${segments} RLE segments`)
  const offsets = Array.from({ length: segments }, (_, index) => view.getUint32(4 + 4 * index, true))
  const samples = new Uint8Array(pixels * segments)
  for (const [index, start] of offsets.entries()) {
    const end = offsets[index + 1] ?? frame.byteLength
    if (start < HEADER_BYTES || end < start || end > frame.byteLength)
      throw new PixelError('corrupt', 'RLE segment lies outside of its frame')
    // PS3.5 §G.2: a segment a byte of the sample, the most significant first, sample by sample.
    const sample = Math.floor(index / bytesPerSample)
    const byte = bytesPerSample - 1 - (index % bytesPerSample)
    unpack(frame.subarray(start, end), samples, sample * bytesPerSample + byte, segments, pixels)
  }
  return samples
}

/** PackBits (PS3.5 §G.3.2) of one segment into every `step`th byte from `at`. */
function unpack(segment: Uint8Array, into: Uint8Array, at: number, step: number, count: number): void {
  let from = 0
  let left = count
  let to = at
  while (left > 0) {
    const control = segment[from++]
    if (control === undefined) throw new PixelError('corrupt', 'RLE segment ends before its pixels')
    if (control === 128) continue
    if (control < 128) {
      // A literal run may not go beyond the segment; what goes beyond the pixels is padding.
      if (from + control + 1 > segment.byteLength && left > segment.byteLength - from)
        throw new PixelError('corrupt', 'RLE segment ends within a run')
      for (let run = Math.min(control + 1, left); run > 0; run--, left--, to += step)
        into[to] = segment[from++] ?? 0
      continue
    }
    const value = segment[from++]
    if (value === undefined) throw new PixelError('corrupt', 'RLE segment ends within a run')
    for (let run = Math.min(257 - control, left); run > 0; run--, left--, to += step) into[to] = value
  }
}
