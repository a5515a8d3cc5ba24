import { toDiscFile } from '../disc/dicom/disc-file.ts'
import { TRANSFER_SYNTAX } from '../disc/dicom/transfer-syntax.ts'
import { codable } from './codable.ts'
import { decode, type Samples } from './decode.ts'
import { PixelError } from './errors.ts'
import { bitsPerFrame, type Image, readImage } from './image.ts'
import { decodeLosslessJpeg } from './jpeg/lossless-decode.ts'
import { encodeLosslessJpeg } from './jpeg/lossless-encode.ts'
import { withPixels } from './rewrite.ts'
import { codingOf, isLossy } from './transfer-syntax.ts'

const PHOTOMETRIC = 0x00280004
const PLANAR = 0x00280006
const LOSSY = 0x00282110

/** Decoded pixels are held more than once while a file is written: what would be longer stays as it is. */
const LONGEST_DECODED = 512 * 2 ** 20

/**
 * A file whose pixels are compressed, in Explicit VR Little Endian: Photometric Interpretation and Planar Configuration are
 * those of the decoded pixels (PS3.5 §8.2), what was lossy stays marked so (PS3.3 §C.7.6.1.1.5), the SOP Instance UID stays.
 */
export async function decodeFile(stored: Uint8Array): Promise<Uint8Array> {
  const file = toDiscFile(stored).bytes
  const image = readImage(file)
  if (!image || codingOf(image.transferSyntaxUid) === 'native')
    throw new PixelError('unsupported', 'nothing to decode')
  const { frames, samplesPerPixel, bitsAllocated, transferSyntaxUid } = image
  if ((bitsPerFrame(image) * frames.length) / 8 > LONGEST_DECODED)
    throw new PixelError('unsupported', 'too long decoded')
  const decoded: Samples[] = []
  for (const frame of frames) decoded.push(await decode(frame, image, transferSyntaxUid))
  const photometric = decoded[0]?.photometric ?? image.photometric
  const native = joined(
    decoded.map(({ bytes }) => bytes),
    image,
  )
  return withPixels(
    file,
    { native, vr: bitsAllocated > 8 ? 'OW' : 'OB' },
    {
      transferSyntaxUid: TRANSFER_SYNTAX.explicitLittle,
      texts: new Map([
        [PHOTOMETRIC, photometric],
        ...(isLossy(transferSyntaxUid) ? [[LOSSY, '01'] as const] : []),
      ]),
      numbers: new Map(samplesPerPixel > 1 ? [[PLANAR, 0]] : []),
    },
  )
}

/**
 * The same image as JPEG lossless SV1, its pixels compared with those there were; null where that is not possible (no
 * pixels, floats, single bits, 32 bits) or makes the file no smaller.
 */
export async function compactFile(stored: Uint8Array): Promise<Uint8Array | null> {
  const file = toDiscFile(stored).bytes
  const image = readImage(file)
  if (!image || !isCodable(image)) return null
  const frames: Uint8Array[] = []
  let photometric = image.photometric
  for (const frame of image.frames) {
    const samples = await decode(frame, image, image.transferSyntaxUid)
    photometric = samples.photometric
    const shape = codable(samples)
    const coded = encodeLosslessJpeg(shape)
    const again = decodeLosslessJpeg(coded).samples
    if (Buffer.compare(bytesOf(again), bytesOf(shape.samples)) !== 0) throw new Error('JPEG lossless was not')
    frames.push(coded)
  }
  const compact = withPixels(
    file,
    { frames },
    {
      transferSyntaxUid: TRANSFER_SYNTAX.jpegLosslessSv1,
      texts: new Map([
        [PHOTOMETRIC, photometric],
        ...(isLossy(image.transferSyntaxUid) ? [[LOSSY, '01'] as const] : []),
      ]),
      numbers: new Map(image.samplesPerPixel > 1 ? [[PLANAR, 0]] : []),
    },
  )
  const isGain = codingOf(image.transferSyntaxUid) !== 'native' || compact.byteLength < file.byteLength
  return isGain ? compact : null
}

// What shares its colours between pixels would come out with a colour for each.
function isCodable({ float, bitsAllocated, samplesPerPixel, rows, columns, photometric }: Image): boolean {
  if (/_42[02]$/.test(photometric)) return false
  const whole = bitsAllocated === 8 || bitsAllocated === 16
  return (
    !float && whole && (samplesPerPixel === 1 || samplesPerPixel === 3) && rows <= 0xffff && columns <= 0xffff
  )
}

/** Frames one after the other, to the bit where they are of single bits (PS3.5 §8.1.1). */
function joined(
  frames: readonly Uint8Array[],
  { rows, columns, samplesPerPixel, bitsAllocated }: Image,
): Uint8Array {
  const bits = rows * columns * samplesPerPixel * bitsAllocated
  if (bits % 8 === 0) return Buffer.concat(frames)
  const all = new Uint8Array(Math.ceil((bits * frames.length) / 8))
  for (const [index, frame] of frames.entries()) {
    for (let bit = 0; bit < bits; bit++) {
      const at = index * bits + bit
      if (((frame[bit >> 3] ?? 0) >> (bit & 7)) & 1) all[at >> 3] = (all[at >> 3] ?? 0) | (1 << (at & 7))
    }
  }
  return all
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array) =>
  new Uint8Array(buffer, byteOffset, byteLength)
