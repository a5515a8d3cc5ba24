import type { Samples } from './decode.ts'
import { PixelError } from './errors.ts'

/** What a lossless coder needs of an image: words where more than 8 bits are allocated. */
export type Codable = {
  readonly rows: number
  readonly columns: number
  readonly components: 1 | 3
  readonly precision: number
  readonly samples: Uint8Array | Uint16Array
}

/** Samples as the lossless coders take them; PixelError of those that none of them codes. */
export function codable(given: Samples): Codable {
  const { rows, columns, samplesPerPixel, bitsAllocated, bitsStored, highBit, float, bytes } = given
  if ((bitsAllocated !== 8 && bitsAllocated !== 16) || float)
    throw new PixelError('unsupported', `${bitsAllocated} bits`)
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3)
    throw new PixelError('unsupported', `${samplesPerPixel} samples`)
  const count = rows * columns * samplesPerPixel
  if (bytes.byteLength < (count * bitsAllocated) / 8) throw new PixelError('mismatch', 'too few samples')
  if (rows > 0xffff || columns > 0xffff) throw new PixelError('unsupported', 'too large')
  const shape = { rows, columns, components: samplesPerPixel } as const
  if (bitsAllocated === 8) return { ...shape, precision: 8, samples: bytes.subarray(0, count) }
  // Words must begin at an even address.
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes)
  const samples = new Uint16Array(aligned.buffer, aligned.byteOffset, count)
  let used = 0
  for (let index = 0; index < samples.length; index++) used |= samples[index] ?? 0
  // No bit may be lost, also where some stand above Bits Stored, as the sign of negative numbers does.
  const precision = highBit === bitsStored - 1 && used < 2 ** bitsStored ? Math.max(9, bitsStored) : 16
  return { ...shape, precision, samples }
}
