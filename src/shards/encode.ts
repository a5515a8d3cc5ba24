import { constants, deflateSync } from 'node:zlib'
import { toDiscFile } from '../disc/dicom/disc-file.ts'
import type { Attributes } from './attributes.ts'
import { type Coding, type FrameSize, layOut } from './coding.ts'
import { type FrameReader, openFrames } from './frames.ts'
import { FrameFailedError, type FrameFailure } from './pixels.ts'
import { readRecord } from './record.ts'
import { type Symbols, toSymbols } from './symbols.ts'

/** An instance as it goes into the data files of its study. Strings are as they stand in the files. */
export type EncodedInstance = {
  readonly transferSyntaxUid: string
  readonly attributes: Attributes
  readonly pixels: {
    readonly coding: Coding
    readonly photometric: string
    readonly frames: readonly (readonly Symbols[] | FrameFailure)[]
  } | null
  readonly preview: EncodedPreview | null
  /** An encapsulated PDF, and its length. */
  readonly document: { readonly strings: readonly Symbols[]; readonly length: number } | null
}

type EncodedPreview = FrameSize & {
  readonly string: Symbols
  readonly coding: Coding
  readonly photometric: string
  readonly frame: number
}

/** Codes a stored file. What cannot be read of it is told in its place: only what is no DICOM at all throws. */
export async function encodeInstance(
  file: Uint8Array,
  { preview }: { preview: boolean },
): Promise<EncodedInstance> {
  const record = readRecord(toDiscFile(file).bytes)
  const { transferSyntaxUid, attributes, document } = record
  const described = {
    transferSyntaxUid,
    attributes,
    document: document && isPdf(attributes) ? encodeDocument(document) : null,
  }
  const opened = await openFrames(record)
  if (!opened) return { ...described, pixels: null, preview: null }
  const frames: (Symbols[] | FrameFailure)[] = []
  for (let index = 0; index < opened.count; index++) {
    frames.push(await encodeFrame(opened, index))
  }
  return {
    ...described,
    pixels: { coding: opened.coding, photometric: opened.photometric, frames },
    preview: preview ? await encodePreview(opened) : null,
  }
}

const isPdf = (attributes: Attributes): boolean =>
  String(attributes['00420012']?.[0] ?? '').toLowerCase() === 'application/pdf'

const encodeDocument = (document: Uint8Array) => ({
  strings: stringsOf(deflateSync(document)),
  length: document.byteLength,
})

async function encodeFrame(opened: FrameReader, index: number): Promise<Symbols[] | FrameFailure> {
  try {
    const frame = await opened.frame(index)
    return stringsOf(deflated(layOut(frame, opened.size, opened.coding), opened.coding))
  } catch (error) {
    return failureOf(error)
  }
}

/** A file is read by a browser in one go, for which the page must not wait. */
export const LONGEST_STRING = 640 * 1024

/** Bytes as strings of a data file, none longer than that. */
export function stringsOf(payload: Uint8Array): Symbols[] {
  const strings: Symbols[] = []
  // Symbols take a fortieth more.
  const step = LONGEST_STRING - LONGEST_STRING / 16
  for (let at = 0; at < payload.byteLength; at += step) {
    strings.push(toSymbols(payload.subarray(at, at + step)))
  }
  return strings
}

/** zlib's own checksum goes with it, also where nothing is to be won: a scratched disc shows no wrong picture. */
function deflated(laidOut: Uint8Array, { kind }: Coding): Uint8Array {
  if (kind === 'jpeg') return deflateSync(laidOut, { level: 0 })
  // Noise repeats nothing but runs: looking for more takes four times as long and finds less.
  if (kind === 'predicted') return deflateSync(laidOut, { strategy: constants.Z_RLE, memLevel: 9 })
  return deflateSync(laidOut)
}

const PREVIEW_SIZE = 128

/** Every so many-th pixel of the middle frame: the viewer shows it by the window it would show the whole by. */
async function encodePreview(opened: FrameReader): Promise<EncodedPreview | null> {
  const frame = Math.floor(opened.count / 2)
  try {
    const { coding, photometric, samples } = opened.plain
    if (coding.kind === 'bytes') return null
    const { columns, rows } = opened.size
    const step = Math.ceil(Math.max(columns, rows) / PREVIEW_SIZE)
    // The frame itself is as small: a copy of it would be no quicker.
    if (step <= 1) return null
    const size = { columns: Math.ceil(columns / step), rows: Math.ceil(rows / step) }
    const small = thinned(await samples(frame), opened.size, size, step, coding.bytes * coding.samples)
    return {
      ...size,
      frame,
      coding,
      photometric,
      string: toSymbols(deflated(layOut(small, size, coding), coding)),
    }
  } catch (error) {
    failureOf(error)
    return null
  }
}

function thinned(
  from: Uint8Array,
  whole: FrameSize,
  size: FrameSize,
  step: number,
  pixel: number,
): Uint8Array {
  const small = new Uint8Array(size.columns * size.rows * pixel)
  const middle = (at: number, limit: number) => Math.min(at * step + (step >> 1), limit - 1)
  for (let y = 0, at = 0; y < size.rows; y++) {
    const row = middle(y, whole.rows) * whole.columns
    for (let x = 0; x < size.columns; x++, at += pixel) {
      const start = (row + middle(x, whole.columns)) * pixel
      small.set(from.subarray(start, start + pixel), at)
    }
  }
  return small
}

// Bytes from outside can make any reader fail in any way; each failure is this one frame's, and shown as such.
const failureOf = (error: unknown): FrameFailure =>
  error instanceof FrameFailedError ? error.reason : 'corrupt'
