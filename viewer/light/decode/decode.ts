import { inflated } from '../dicom/file.ts'
import { cellsOf, unpackBits } from '../dicom/frame.ts'
import { type Cells, type Frame, FrameError, type PixelModule } from '../model/model.ts'
import type { Codec } from './codec.ts'
import { decodeJpeg } from './jpeg.ts'
import { decodeRle } from './rle.ts'
import { neededCodec } from './syntax.ts'

/**
 * Coded bytes of one frame → its cells. `codec` is the WebAssembly one that neededCodec() names, if any. Whatever does
 * not come out as the pixel module says is refused: never a picture of something else.
 */
export async function decodeFrame(
  bytes: Uint8Array<ArrayBuffer>,
  transferSyntaxUid: string,
  pixel: PixelModule,
  codec: Codec | null,
): Promise<Frame> {
  if (transferSyntaxUid === RLE) return rleFrame(bytes, pixel)
  if (transferSyntaxUid === DEFLATED_FRAMES) return deflatedFrame(bytes, pixel)
  if (JPEG.test(transferSyntaxUid)) return jpegFrame(bytes, pixel)
  if (!neededCodec(transferSyntaxUid) || !codec) throw new FrameError('syntax', transferSyntaxUid)
  return codecFrame(bytes, pixel, codec)
}

const RLE = '1.2.840.10008.1.2.5'
const DEFLATED_FRAMES = '1.2.840.10008.1.2.8.1'
const JPEG = /^1\.2\.840\.10008\.1\.2\.4\.(50|51|57|70)$/

function jpegFrame(bytes: Uint8Array, pixel: PixelModule): Frame {
  const { width, height, components, samples, colours } = decodeJpeg(bytes)
  check(pixel, width, height, components)
  const photometric =
    components === 1 ? pixel.photometric : isYcc(pixel.photometric, colours) ? 'YBR_FULL' : 'RGB'
  return { cells: fitted(samples, pixel), planar: false, photometric }
}

// Adobe's and JFIF's markers are about this very stream; the Photometric Interpretation is often copied from before.
const isYcc = (photometric: string, colours: 'ycc' | 'rgb' | 'unsaid'): boolean =>
  colours === 'unsaid' ? photometric.startsWith('YBR') : colours === 'ycc'

function rleFrame(bytes: Uint8Array, pixel: PixelModule): Frame {
  const { rows, columns, samplesPerPixel, bitsAllocated, photometric } = pixel
  const size = Math.max(1, bitsAllocated / 8)
  const cells = decodeRle(bytes, rows * columns, samplesPerPixel, size)
  return { cells: cellsOf(cells, Math.max(8, bitsAllocated), 'integer'), planar: false, photometric }
}

async function deflatedFrame(bytes: Uint8Array<ArrayBuffer>, pixel: PixelModule): Promise<Frame> {
  const { rows, columns, samplesPerPixel, bitsAllocated, planar, photometric } = pixel
  const count = rows * columns * samplesPerPixel
  const length = Math.ceil((count * bitsAllocated) / 8)
  const native = await inflated(new Blob([bytes]), length + 1)
  if (native.length < length) throw new FrameError('pixels-short', `${native.length}/${length}`)
  const cells =
    bitsAllocated === 1
      ? unpackBits(native, 0, count)
      : cellsOf(native.slice(0, length), bitsAllocated, 'integer')
  return { cells, planar, photometric }
}

function codecFrame(bytes: Uint8Array, pixel: PixelModule, codec: Codec): Frame {
  const { width, height, components, samples, planar } = codec(bytes)
  check(pixel, width, height, components)
  const photometric = /^YBR_(ICT|RCT)$/.test(pixel.photometric) ? 'RGB' : pixel.photometric
  return { cells: fitted(samples, pixel), planar, photometric }
}

function check(
  { rows, columns, samplesPerPixel }: PixelModule,
  width: number,
  height: number,
  components: number,
) {
  if (rows !== height || columns !== width || components !== samplesPerPixel)
    throw new FrameError(
      'corrupt',
      `${width}×${height}×${components}, not ${columns}×${rows}×${samplesPerPixel}`,
    )
}

// Codecs give a byte a sample where that is enough; cells are of Bits Allocated.
function fitted(samples: Cells, { bitsAllocated }: PixelModule): Cells {
  if (bitsAllocated === 16 && samples instanceof Uint8Array) return Uint16Array.from(samples)
  if (bitsAllocated === 8 && samples instanceof Uint16Array) return Uint8Array.from(samples)
  return samples
}
