import type { Coding, FrameSize } from '../../../src/shards/coding.ts'
import { createInflate } from './inflate.ts'
import type { DecodeMessage, WorkerAnswer, WorkerMessage } from './job.ts'
import { restore } from './restore.ts'
import { bytesOfString } from './transport.ts'

// Keeps frames as they were loaded, a third of their size, and decodes them when asked.
const kept = new Map<number, readonly Uint8Array[]>()

const inflate = createInflate()

addEventListener('message', ({ data }: MessageEvent<WorkerMessage>) => {
  if ('keep' in data) kept.set(data.keep, data.strings.map(bytesOfString))
  else if ('drop' in data) kept.delete(data.drop)
  else answer(data)
})

function answer(message: DecodeMessage): void {
  const { job, only } = message
  try {
    const decoded = decode(message)
    const bytes = only ? new ArrayBuffer() : ownBuffer(decoded)
    post({ job, bytes }, [bytes])
  } catch (error) {
    post({ job, failed: error instanceof Error ? error.message : '' })
  }
}

const post = (answer: WorkerAnswer, transfer: Transferable[] = []): void => postMessage(answer, { transfer })

function decode({ decode: frame, coding, size, only, into }: DecodeMessage): Decoded {
  const strings = kept.get(frame)
  if (!strings) throw new Error('a frame that was not loaded')
  const laidOut = inflate(strings, lengthOf(coding, size))
  const bytes = restore(laidOut, size, coding, only ? spare : into)
  if (only && bytes.buffer !== laidOut.buffer) spare = bytes.buffer as ArrayBuffer
  return { bytes, isShared: bytes.buffer === laidOut.buffer }
}

type Decoded = { readonly bytes: Uint8Array; readonly isShared: boolean }

/** What was decoded only to see whether it can be: there the next such frame goes. */
let spare: ArrayBuffer | undefined

/** To give away: what lies in memory that is used again is copied. */
const ownBuffer = ({ bytes, isShared }: Decoded): ArrayBuffer =>
  isShared ? bytes.slice().buffer : (bytes.buffer as ArrayBuffer)

const MOST_JPEG_BYTES = 256 * 2 ** 20

function lengthOf({ kind, bytes, samples }: Coding, { columns, rows }: FrameSize): number {
  return kind === 'jpeg' ? MOST_JPEG_BYTES : columns * rows * samples * bytes
}
