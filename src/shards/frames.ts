import type { Coding, FrameSize } from './coding.ts'
import {
  codingOf,
  FrameFailedError,
  nativeFrame,
  nativePixels,
  type PixelForm,
  pixelFormOf,
} from './pixels.ts'
import type { FileRecord } from './record.ts'

/** The frames of an instance, as they are to be coded. */
export type FrameReader = {
  readonly size: FrameSize
  readonly count: number
  readonly coding: Coding
  /** As decoded. */
  readonly photometric: string
  /** What is to be coded: samples, or a JPEG stream. Throws FrameFailedError. */
  readonly frame: (index: number) => Promise<Uint8Array>
  /** The same as samples in any case. */
  readonly plain: {
    readonly coding: Coding
    readonly photometric: string
    readonly samples: (index: number) => Promise<Uint8Array>
  }
}

/** Opens the pixels of a file; null where it has none. */
export async function openFrames(record: FileRecord): Promise<FrameReader | null> {
  const form = pixelFormOf(record)
  if (!form) return null
  return NATIVE.test(record.transferSyntaxUid) ? nativeFrames(record, form) : null
}

const NATIVE = /^1\.2\.840\.10008\.1\.2(\.1|\.1\.99|\.2)?$/

function nativeFrames(record: FileRecord, form: PixelForm): FrameReader {
  const { columns, rows, frames, photometric } = form
  let pixels: Uint8Array | null = null
  const frame = async (index: number) => {
    if (/^1\.2\.840\.10008\.1\.2\.1\.99$/.test(record.transferSyntaxUid)) throw new FrameFailedError('syntax')
    pixels ??= nativePixels(record, form.bitsAllocated)
    return nativeFrame(pixels, form, index)
  }
  const coding = codingOf(form)
  return {
    size: { columns, rows },
    count: frames,
    coding,
    photometric,
    frame,
    plain: { coding, photometric, samples: frame },
  }
}
