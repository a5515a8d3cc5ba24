import { inflateRawSync } from 'node:zlib'
import { shapeOf } from './code-stream.ts'
import { PixelError } from './errors.ts'
import { bitsPerFrame, type Picture } from './image.ts'
import { jpegColour } from './jpeg/colour.ts'
import { decodeLosslessJpeg } from './jpeg/lossless-decode.ts'
import { decodeExtendedJpeg } from './jpeg/sequential.ts'
import { decodeRle } from './rle.ts'
import { codingOf } from './transfer-syntax.ts'
import { type Decoded, decodeHtj2k, decodeJpeg8, decodeJpeg2000, decodeJpegLsFrame } from './wasm.ts'

/** Decoded pixels: little endian, colour-by-pixel (`planar` 0), or bits packed as PS3.5 §8.1.1 does where 1 is allocated. */
export type Samples = Picture & { readonly bytes: Uint8Array }

/** A frame is held more than once while it is decoded. */
const LARGEST_FRAME = 2 ** 30

/** Decodes one frame as `readImage()` gives it. See pixels.ts for what is promised. */
export async function decode(
  frame: Uint8Array,
  picture: Picture,
  transferSyntaxUid: string,
): Promise<Samples> {
  const coding = codingOf(transferSyntaxUid)
  if (bitsPerFrame(picture) > LARGEST_FRAME * 8) throw new PixelError('unsupported', 'a frame this large')
  if (coding !== 'native' && picture.float) throw new PixelError('unsupported', 'compressed floats')
  switch (coding) {
    case 'native':
      return native(frame, picture)
    case 'rle':
      return { ...picture, planar: 0, bytes: decodeRle(frame, picture) }
    case 'deflated-frame':
      return native(inflated(frame, picture), picture)
    case 'jpeg':
      return decodeLossyJpeg(frame, picture)
    case 'jpeg-lossless': {
      const { samples, ...image } = decodeLosslessJpeg(checked(frame, picture))
      return agreed(picture, { ...image, byPlane: false, bytes: bytesOf(samples) })
    }
    case 'jpeg-ls':
      return agreed(picture, await decodeJpegLsFrame(checked(frame, picture)))
    case 'jpeg-2000':
      return {
        ...agreed(picture, await decodeJpeg2000(checked(frame, picture))),
        photometric: withoutTransform(picture),
      }
    case 'htj2k':
      return {
        ...agreed(picture, await decodeHtj2k(checked(frame, picture))),
        photometric: withoutTransform(picture),
      }
    default:
      throw new PixelError('unsupported', `Transfer Syntax ${transferSyntaxUid}`)
  }
}

async function decodeLossyJpeg(frame: Uint8Array, picture: Picture): Promise<Samples> {
  const whole = checked(frame, picture)
  const { precision, bytes } = jpegColour(whole, picture)
  if (precision === 12) {
    const { samples, ...image } = decodeExtendedJpeg(whole)
    return agreed(picture, { ...image, components: 1, byPlane: false, bytes: bytesOf(samples) })
  }
  const samples = agreed(picture, await decodeJpeg8(bytes))
  return { ...samples, photometric: picture.samplesPerPixel === 3 ? 'RGB' : picture.photometric }
}

/** The decoders undo the transforms of JPEG 2000 (PS3.5 §8.2.4). */
const withoutTransform = ({ photometric }: Picture): string =>
  /^YBR_(ICT|RCT)$/.test(photometric) ? 'RGB' : photometric

/**
 * A code stream ends by FFD9 (EOI, EOC), after which only the padding of its last fragment may come (PS3.5 §A.4). One that
 * does not is cut short, which not every decoder would tell.
 */
function trimmed(frame: Uint8Array): Uint8Array {
  let end = frame.byteLength
  while (end > 0 && frame[end - 1] === 0) end--
  if (frame[end - 2] === 0xff && frame[end - 1] === 0xd9) return frame.subarray(0, end)
  // Some pad by FF or a space.
  if (frame[end - 3] === 0xff && frame[end - 2] === 0xd9) return frame.subarray(0, end - 1)
  throw new PixelError('corrupt', 'the code stream is cut short')
}

/** The same, once its header agrees with the instance: a decoder makes room for what the header claims. */
function checked(frame: Uint8Array, { rows, columns, samplesPerPixel }: Picture): Uint8Array {
  const whole = trimmed(frame)
  const shape = shapeOf(whole)
  if (!shape) throw new PixelError('corrupt', 'the code stream has no header')
  if (shape.rows !== rows || shape.columns !== columns || shape.components !== samplesPerPixel)
    throw new PixelError('mismatch', `the frame is ${shape.columns}x${shape.rows}x${shape.components}`)
  return whole
}

/** The decoded frame in the shape that the instance's attributes say, or an error. */
function agreed(picture: Picture, decoded: Decoded): Samples {
  const { rows, columns, samplesPerPixel, bitsAllocated } = picture
  const isShape =
    decoded.rows === rows && decoded.columns === columns && decoded.components === samplesPerPixel
  const fits = decoded.precision <= bitsAllocated && (bitsAllocated === 8 || bitsAllocated === 16)
  if (!isShape || !fits) {
    const shape = `${decoded.columns}x${decoded.rows}x${decoded.components} of ${decoded.precision} bits`
    throw new PixelError('mismatch', `the frame is ${shape}`)
  }
  const wide =
    decoded.precision > 8 ? decoded.bytes : bitsAllocated === 16 ? widened(decoded.bytes) : decoded.bytes
  const bytes = decoded.byPlane ? byPixel(wide, samplesPerPixel, bitsAllocated / 8) : wide
  return { ...picture, planar: 0, bytes }
}

/** Deflated Image Frame Compression (PS3.5 §A.4.13): native pixels, each frame deflated, from a whole byte on. */
function inflated(frame: Uint8Array, picture: Picture): Uint8Array {
  const length = Math.ceil(bitsPerFrame(picture) / 8)
  try {
    // Of an odd frame the last byte may be padding.
    const bytes = inflateRawSync(frame, { maxOutputLength: length + 1 })
    if (bytes.byteLength >= length) return new Uint8Array(bytes.subarray(0, length))
  } catch {}
  throw new PixelError('corrupt', 'the frame does not inflate')
}

function native(frame: Uint8Array, picture: Picture): Samples {
  const { rows, columns, samplesPerPixel, bitsAllocated, photometric } = picture
  if (/^YBR_(FULL|PARTIAL)_422$/.test(photometric) && frame.byteLength * 8 <= bitsPerFrame(picture) + 7)
    return { ...picture, planar: 0, photometric: 'YBR_FULL', bytes: withAllColours(frame, picture) }
  if (picture.planar === 0 || samplesPerPixel === 1) return { ...picture, planar: 0, bytes: frame.slice() }
  const bytesEach = bitsAllocated / 8
  if (!Number.isInteger(bytesEach)) throw new PixelError('unsupported', 'planes of single bits')
  const bytes = byPixel(
    frame.subarray(0, rows * columns * samplesPerPixel * bytesEach),
    samplesPerPixel,
    bytesEach,
  )
  return { ...picture, planar: 0, bytes }
}

/** PS3.3 §C.7.6.3.1.2: two luminances, then the blue and the red they share. */
function withAllColours(
  frame: Uint8Array,
  { rows, columns, bitsAllocated, photometric }: Picture,
): Uint8Array {
  if (bitsAllocated !== 8 || photometric !== 'YBR_FULL_422' || columns % 2 === 1)
    throw new PixelError('unsupported', `${photometric} of ${bitsAllocated} bits`)
  const bytes = new Uint8Array(rows * columns * 3)
  for (let from = 0, to = 0; to < bytes.byteLength; from += 4, to += 6) {
    const [y0 = 0, y1 = 0, cb = 0, cr = 0] = frame.subarray(from, from + 4)
    bytes.set([y0, cb, cr, y1, cb, cr], to)
  }
  return bytes
}

function byPixel(planes: Uint8Array, samplesPerPixel: number, bytesEach: number): Uint8Array {
  const pixels = planes.byteLength / samplesPerPixel / bytesEach
  const bytes = new Uint8Array(planes.byteLength)
  let from = 0
  for (let sample = 0; sample < samplesPerPixel; sample++)
    for (let pixel = 0; pixel < pixels; pixel++)
      for (let byte = 0; byte < bytesEach; byte++)
        bytes[(pixel * samplesPerPixel + sample) * bytesEach + byte] = planes[from++] ?? 0
  return bytes
}

function widened(bytes: Uint8Array): Uint8Array {
  const wide = new Uint8Array(bytes.byteLength * 2)
  for (let index = 0; index < bytes.byteLength; index++) wide[2 * index] = bytes[index] ?? 0
  return wide
}

// Little endian, as every machine is that Node.js runs on.
const bytesOf = (samples: Uint8Array | Uint16Array): Uint8Array =>
  new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
