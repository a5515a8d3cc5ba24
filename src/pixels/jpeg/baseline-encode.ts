import { type Drawn, enlarged } from '../draw.ts'
import { PixelError } from '../errors.ts'
import { encodeJpegOnce } from '../wasm.ts'

// Below, the tables alone take more than the encoder has room for.
const LEAST_SIDE = 64
const LOWER = [90, 75, 50, 25]

/** A JPEG for people to look at: noise in less quality where it must be, a tiny picture larger by a whole factor. */
export async function encodeBaselineJpeg(drawn: Drawn, quality: number): Promise<Uint8Array> {
  const picture = enlarged(drawn, LEAST_SIDE)
  for (const lower of [quality, ...LOWER.filter((step) => step < quality)]) {
    try {
      return await encodeJpegOnce(picture, lower)
    } catch (error) {
      if (!(error instanceof PixelError)) throw error
    }
  }
  throw new PixelError('unsupported', 'a picture that JPEG does not make smaller')
}
