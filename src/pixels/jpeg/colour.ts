import type { Picture } from '../image.ts'
import { MARKER, readJpeg } from './markers.ts'

/**
 * The precision of a JPEG image, and the image with the colours that the instance's attributes say: decoders take them
 * from an Adobe segment (ITU-T T.872 §6.5.3), or guess. In DICOM the attribute decides (PS3.5 §8.2.1): RGB is not
 * transformed, all else of three components is YCbCr.
 */
export function jpegColour(
  bytes: Uint8Array,
  { photometric }: Pick<Picture, 'photometric'>,
): { precision: number; bytes: Uint8Array } {
  const { frame } = readJpeg(bytes)
  const { precision, components } = frame
  if (components.length !== 3) return { precision, bytes }
  const transform = photometric === 'RGB' ? 0 : 1
  const adobe = [0xff, MARKER.app14, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, transform]
  // The first marker after SOI; those of the same kind that follow are dropped, or they would be the last word.
  return {
    precision,
    bytes: Buffer.concat([bytes.subarray(0, 2), Uint8Array.from(adobe), withoutColourHints(bytes)]),
  }
}

/** From the marker after SOI on, without JFIF and Adobe segments. */
function withoutColourHints(bytes: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = []
  let at = 2
  for (;;) {
    const marker = bytes[at + 1]
    if (bytes[at] !== 0xff || marker === undefined || marker === MARKER.sos) break
    if (marker === 0xff) {
      at++
      continue
    }
    const end = at + 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0))
    if (marker !== MARKER.app0 && marker !== MARKER.app14) kept.push(bytes.subarray(at, end))
    at = end
  }
  return Buffer.concat([...kept, bytes.subarray(at)])
}
