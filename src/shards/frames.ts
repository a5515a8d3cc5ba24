import { createCodecs, type Image, PixelError, readImage, type Samples } from '../pixels/pixels.ts'
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

/** Opens the pixels of a file; null where it has none that could be shown. */
export async function openFrames(record: FileRecord): Promise<FrameReader | null> {
  const form = pixelFormOf(record)
  if (!form) return null
  if (NATIVE.test(record.transferSyntaxUid)) return nativeFrames(record, form)
  return await codedFrames(record, form)
}

const NATIVE = /^1\.2\.840\.10008\.1\.2(\.1|\.2)?$/

function nativeFrames(record: FileRecord, form: PixelForm): FrameReader {
  const { columns, rows, frames, photometric } = form
  let pixels: Uint8Array | null = null
  const frame = async (index: number) => {
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

/** The codecs of this thread: what one of them does to its memory ends no more than its own thread. */
let codecs: ReturnType<typeof createCodecs> | null = null

/** Baseline and extended JPEG (PS3.5 §8.2.1): what was coded with loss would grow tenfold without. */
const KEPT_JPEG = /^1\.2\.840\.10008\.1\.2\.4\.5[01]$/

async function codedFrames(record: FileRecord, form: PixelForm): Promise<FrameReader> {
  const { columns, rows, frames } = form
  const image = imageIn(record)
  codecs ??= createCodecs({ threads: 1 })
  const decode = async (index: number): Promise<Samples> => {
    if (image instanceof FrameFailedError) throw image
    if (index >= image.frames.length) throw new FrameFailedError('pixels-short')
    return await (codecs as NonNullable<typeof codecs>).decode(image, index).catch(failed)
  }
  // What the samples are is known from the first frame that decodes; its colours are those of all.
  const first = await decode(0).catch(() => null)
  const decoded: PixelForm = first
    ? { ...form, signed: first.signed, photometric: first.photometric, planar: false }
    : form
  const { photometric } = decoded
  const coding = codingOf(decoded)
  const samples = async (index: number) => {
    const { bytes } = index === 0 && first ? first : await decode(index)
    return bytes
  }
  const plain = { coding, photometric, samples }
  const common = { size: { columns, rows }, count: frames, plain }
  if (!KEPT_JPEG.test(record.transferSyntaxUid)) return { ...common, coding, photometric, frame: samples }
  return {
    ...common,
    coding: { kind: 'jpeg', bytes: coding.bytes, samples: coding.samples },
    photometric: form.photometric,
    async frame(index) {
      if (image instanceof FrameFailedError) throw image
      const stream = image.frames[index]
      if (!stream) throw new FrameFailedError('pixels-short')
      return stream
    },
  }
}

function imageIn({ file, pixelTag }: FileRecord): Image | FrameFailedError {
  if (!pixelTag) return new FrameFailedError('pixels-missing')
  try {
    return readImage(file) ?? new FrameFailedError('pixels-missing')
  } catch (error) {
    return error instanceof PixelError ? failureOf(error) : new FrameFailedError('corrupt', { cause: error })
  }
}

function failed(error: unknown): never {
  throw error instanceof PixelError ? failureOf(error) : error
}

const failureOf = (error: PixelError): FrameFailedError =>
  new FrameFailedError(error.fault === 'unsupported' ? 'syntax' : 'corrupt', { cause: error })
