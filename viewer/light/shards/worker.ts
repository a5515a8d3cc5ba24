import type { Coding, FrameSize } from '../../../src/shards/coding.ts'
import type { WorkerAnswer, WorkerMessage } from './job.ts'
import { restore } from './restore.ts'

// Keeps frames as they were loaded, a third of their size, and decodes them when asked.
const kept = new Map<number, readonly ArrayBuffer[]>()

// One after the other: together they would take no less time, and much more memory.
let last: Promise<void> = Promise.resolve()

addEventListener('message', ({ data }: MessageEvent<WorkerMessage>) => {
  if ('keep' in data) {
    kept.set(data.keep, data.strings)
    return
  }
  last = last.then(() => answer(data))
})

async function answer(message: Exclude<WorkerMessage, { keep: number }>): Promise<void> {
  const found = await answerTo(message).catch(
    (error: unknown): WorkerAnswer => ({
      job: message.job,
      failed: error instanceof Error ? error.message : '',
    }),
  )
  postMessage(found, { transfer: 'bytes' in found ? [found.bytes] : [] })
}

async function answerTo(message: Exclude<WorkerMessage, { keep: number }>): Promise<WorkerAnswer> {
  if ('inflate' in message) {
    const bytes = await inflate(message.inflate, MOST_INDEX_BYTES)
    return { job: message.job, bytes: bytes.slice().buffer }
  }
  const { job, coding, size, forget } = message
  const parts = kept.get(message.decode)
  if (forget) kept.delete(message.decode)
  if (!parts) throw new Error('a frame that was not loaded')
  const restored = restore(await inflate(parts, lengthOf(coding, size)), size, coding)
  return { job, bytes: ownBuffer(restored) }
}

const MOST_INDEX_BYTES = 512 * 2 ** 20
const MOST_JPEG_BYTES = 256 * 2 ** 20

function lengthOf({ kind, bytes, samples }: Coding, { columns, rows }: FrameSize): number {
  return kind === 'jpeg' ? MOST_JPEG_BYTES : columns * rows * samples * bytes
}

/** Reused: a new one for each frame would be half a gigabyte of garbage a minute. */
let scratch = new Uint8Array(2 ** 20)

/** Inflates zlib's form, whose checksum is compared; no more than `most` bytes. The result is gone with the next one. */
async function inflate(parts: readonly ArrayBuffer[], most: number): Promise<Uint8Array<ArrayBuffer>> {
  let length = 0
  const stream = new DecompressionStream('deflate')
  const reader = stream.readable.getReader()
  // What is wrong with the bytes, the reader tells as well.
  feed(stream.writable.getWriter(), parts).catch(() => undefined)
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const end = length + next.value.byteLength
    if (end > most) throw new RangeError('more bytes than the frame has')
    if (end > scratch.byteLength) {
      const larger = new Uint8Array(Math.max(end, Math.min(most, scratch.byteLength * 2)))
      larger.set(scratch.subarray(0, length))
      scratch = larger
    }
    scratch.set(next.value, length)
    length = end
  }
  return scratch.subarray(0, length)
}

async function feed(writer: WritableStreamDefaultWriter<BufferSource>, parts: readonly ArrayBuffer[]) {
  for (const part of parts) await writer.write(part)
  await writer.close()
}

/** A buffer to give away: of what lies in the scratch, a copy. */
const ownBuffer = (bytes: Uint8Array): ArrayBuffer =>
  bytes.buffer === scratch.buffer ? bytes.slice().buffer : (bytes.buffer as ArrayBuffer)
