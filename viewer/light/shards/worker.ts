import type { Coding, FrameSize } from '../../../src/shards/coding.ts'
import type { WorkerAnswer, WorkerMessage } from './job.ts'
import { restore } from './restore.ts'
import { bytesOfString, unescapeBytes } from './unescape.ts'

// Keeps frames as they were loaded, a third of their size, and decodes them when asked.
const kept = new Map<number, readonly Uint8Array<ArrayBuffer>[]>()

addEventListener('message', async ({ data }: MessageEvent<WorkerMessage>) => {
  if ('keep' in data) {
    kept.set(data.keep, data.strings.map(bytesOf))
    return
  }
  const answer = await answerTo(data).catch(
    (error: unknown): WorkerAnswer => ({
      job: data.job,
      failed: error instanceof Error ? error.message : '',
    }),
  )
  postMessage(answer, { transfer: 'bytes' in answer ? [answer.bytes] : [] })
})

async function answerTo(message: Exclude<WorkerMessage, { keep: number }>): Promise<WorkerAnswer> {
  if ('inflate' in message) {
    const bytes = await inflate(message.inflate.map(bytesOf), MOST_INDEX_BYTES)
    return { job: message.job, bytes: bytes.buffer }
  }
  const { job, coding, size } = message
  const parts = kept.get(message.decode)
  if (!parts) throw new Error('a frame that was not loaded')
  const restored = restore(await inflate(parts, lengthOf(coding, size)), size, coding)
  return { job, bytes: exactBuffer(restored) }
}

const MOST_INDEX_BYTES = 512 * 2 ** 20
const MOST_JPEG_BYTES = 256 * 2 ** 20

function lengthOf({ kind, bytes, samples }: Coding, { columns, rows }: FrameSize): number {
  return kind === 'jpeg' ? MOST_JPEG_BYTES : columns * rows * samples * bytes
}

function bytesOf(part: string | ArrayBuffer): Uint8Array<ArrayBuffer> {
  return typeof part === 'string' ? bytesOfString(part) : unescapeBytes(new Uint8Array(part))
}

/** Inflates zlib's form, whose checksum is compared; no more than `most` bytes. */
async function inflate(
  parts: readonly Uint8Array<ArrayBuffer>[],
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  const stream = new Blob([...parts]).stream().pipeThrough(new DecompressionStream('deflate'))
  const reader = stream.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.byteLength
    if (length > most) throw new RangeError('more bytes than the frame has')
    chunks.push(next.value)
  }
  const [only] = chunks
  if (chunks.length === 1 && only) return only
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}

const exactBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer =>
  buffer.byteLength === byteLength && buffer instanceof ArrayBuffer
    ? buffer
    : new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength).slice().buffer
