import { decode, type Samples } from './decode.ts'
import { PixelError } from './errors.ts'
import type { Picture } from './image.ts'
import { encodeLosslessJpeg } from './jpeg/lossless-encode.ts'
import { encodeJpegLsFrame } from './wasm.ts'

/** What the threads of the pool can do, by name. Arguments and results are plain data, handed over and not copied. */
export const TASKS = {
  decode: ({
    frame,
    picture,
    transferSyntaxUid,
  }: {
    frame: Uint8Array
    picture: Picture
    transferSyntaxUid: string
  }) => decode(frame, picture, transferSyntaxUid),
  encodeJpegLs: async ({ samples }: { samples: Samples }) => {
    const { rows, columns, precision, components, bytes } = codable(samples)
    return encodeJpegLsFrame({ rows, columns, components, precision, bytes })
  },
  encodeLosslessJpeg: async ({ samples }: { samples: Samples }) => {
    const { rows, columns, precision, components, bytes, words } = codable(samples)
    return encodeLosslessJpeg({ rows, columns, components, precision, samples: words ?? bytes })
  },
} as const

export type Tasks = typeof TASKS

/** What a lossless coder needs to know of samples; PixelError of those that none of them codes. */
function codable({
  rows,
  columns,
  samplesPerPixel,
  bitsAllocated,
  bitsStored,
  highBit,
  float,
  bytes,
}: Samples) {
  if ((bitsAllocated !== 8 && bitsAllocated !== 16) || float)
    throw new PixelError('unsupported', `${bitsAllocated} bits`)
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3)
    throw new PixelError('unsupported', `${samplesPerPixel} samples`)
  const count = rows * columns * samplesPerPixel
  if (bytes.byteLength < (count * bitsAllocated) / 8) throw new PixelError('mismatch', 'too few samples')
  if (rows > 0xffff || columns > 0xffff) throw new PixelError('unsupported', 'too large')
  const components: 1 | 3 = samplesPerPixel
  const own = bytes.subarray(0, (count * bitsAllocated) / 8)
  if (bitsAllocated === 8) return { rows, columns, components, precision: 8, bytes: own, words: null }
  // Words must begin at an even address.
  const aligned = own.byteOffset % 2 === 0 ? own : own.slice()
  const words = new Uint16Array(aligned.buffer, aligned.byteOffset, count)
  let used = 0
  for (let index = 0; index < words.length; index++) used |= words[index] ?? 0
  // No bit may be lost, also where some stand above Bits Stored, as the sign of negative numbers does.
  const precision = highBit === bitsStored - 1 && used < 2 ** bitsStored ? Math.max(9, bitsStored) : 16
  return { rows, columns, components, precision, bytes: aligned, words }
}
