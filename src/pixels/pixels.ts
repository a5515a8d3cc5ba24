/**
 * Pixels of DICOM instances: take a file's frames apart, decode one, code it without loss.
 *
 *     const codecs = createCodecs()                        one for the process; close() at its end
 *     const image = readImage(file)                        Image | null: attributes and frames, of any Transfer Syntax
 *     const samples = await codecs.decode(image, index)    Samples: little endian, colour-by-pixel, in another thread
 *     const png = await codecs.draw(image, index, how, as) a picture for people, PNG or JPEG
 *     const jls = await codecs.encodeJpegLs(samples)       one JPEG-LS code stream (.80)
 *     const jpg = await codecs.encodeLosslessJpeg(samples) one JPEG lossless code stream (.70)
 *     const plain = await codecs.decodeFile(file)          a compressed file in Explicit VR Little Endian, or null
 *     const small = await codecs.compactFile(file)         a file as JPEG lossless SV1, or null
 *
 * Decodes native pixels (implicit, explicit, big endian, deflated), RLE, JPEG baseline, extended (8 and 12 bits) and
 * lossless, JPEG-LS, JPEG 2000, HTJ2K. What cannot be decoded, or contradicts the instance's attributes, is a
 * PixelError with its `fault`: never wrong pixels in silence, never a crash.
 *
 * Samples hold the bits as they are stored: words of `bitsAllocated`, of which `bitsStored` below `highBit` count. Mask and
 * sign-extend them by `signed` before use; overlays may be hidden above. `photometric` is what the samples are: RGB after
 * JPEG's and JPEG 2000's colour transforms, YBR_FULL where the instance stored it so.
 */
import type { Samples } from './decode.ts'
import type { Drawing } from './draw.ts'
import { PixelError } from './errors.ts'
import type { Image } from './image.ts'
import { createPool } from './pool.ts'
import type { Tasks } from './tasks.ts'

export type { Samples } from './decode.ts'
export type { Drawing, Voi } from './draw.ts'
export { bitsPerFrame, type Image, readImage, readPicture } from './image.ts'
export { isEncapsulated } from './transfer-syntax.ts'
export { PixelError }

export type Codecs = ReturnType<typeof createCodecs>

/** The codecs, in threads of their own: as many as there are cores, at most four, unless told otherwise. */
export function createCodecs({ threads }: { threads?: number } = {}) {
  const pool = createPool(threads)
  const encode = (task: 'encodeJpegLs' | 'encodeLosslessJpeg', samples: Samples): Promise<Uint8Array> => {
    const own = new Uint8Array(samples.bytes)
    return pool.run(task, { samples: { ...samples, bytes: own } }, [own])
  }
  const ofFile = async (task: 'decodeFile' | 'compactFile', file: Uint8Array): Promise<Uint8Array | null> => {
    const own = new Uint8Array(file)
    try {
      return await pool.run(task, { file: own }, [own])
    } catch (error) {
      if (error instanceof PixelError) return null
      throw error
    }
  }
  return {
    /** How many tasks run at once: more in flight only wait. */
    threads: pool.threads,
    /** Decodes a frame, counted from 0. */
    decode: async ({ frames, transferSyntaxUid, ...picture }: Image, index: number): Promise<Samples> => {
      const stored = frames[index]
      if (!stored) throw new RangeError('no such frame')
      const frame = new Uint8Array(stored)
      return pool.run('decode', { frame, picture, transferSyntaxUid }, [frame])
    },
    /** Decodes a frame and draws it, for people. */
    draw: async (
      { frames, transferSyntaxUid, ...picture }: Image,
      index: number,
      how: Drawing,
      as: Parameters<Tasks['draw']>[0]['as'],
    ): Promise<Uint8Array> => {
      const stored = frames[index]
      if (!stored) throw new RangeError('no such frame')
      const frame = new Uint8Array(stored)
      return pool.run('draw', { frame, picture, transferSyntaxUid, how, as }, [frame])
    },
    /** JPEG-LS without loss; PixelError where a sample has other than 8 or 16 bits allocated. */
    encodeJpegLs: (samples: Samples) => encode('encodeJpegLs', samples),
    /** JPEG lossless, Selection Value 1; the same limits. */
    encodeLosslessJpeg: (samples: Samples) => encode('encodeLosslessJpeg', samples),
    /** A file whose pixels are compressed in Explicit VR Little Endian; null where they cannot be decoded. */
    decodeFile: (file: Uint8Array) => ofFile('decodeFile', file),
    /** A file as JPEG lossless SV1, its pixels verified; null where that cannot be. */
    compactFile: (file: Uint8Array) => ofFile('compactFile', file),
    close: () => pool.close(),
  }
}
