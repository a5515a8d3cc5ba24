import type { Coding, FrameSize } from '../../../src/shards/coding.ts'
import type { DecodeMessage, WorkerAnswer, WorkerMessage } from './job.ts'
import type { Loaded } from './transport.ts'

/** Frames decoded in threads beside the page. A frame is kept, as loaded, by the worker that will decode it. */
export interface Decoders {
  /** Hands over a frame's strings: bytes are given away, text is copied. */
  keep(frame: number, strings: Loaded): void
  /** Must be handed over again before it is decoded the next time. */
  drop(frame: number): void
  decode(frame: number, coding: Coding, size: FrameSize): Promise<ArrayBuffer>
  /** Decodes it as well, to see whether that can be done, and brings nothing. */
  check(frame: number, coding: Coding, size: FrameSize): Promise<ArrayBuffer>
  /** Memory that is done with: the next frame of its size is decoded into it, rather than into new. */
  reuse(bytes: ArrayBuffer): void
}

/** Starts the workers from their source as text: file:// allows no worker of a file, but one of a blob. */
export function startDecoders(source: string, count = workerCount()): Decoders {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  const waiting = new Map<number, { done: (bytes: ArrayBuffer) => void; failed: (error: Error) => void }>()
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(url)
    worker.addEventListener('message', ({ data }: MessageEvent<WorkerAnswer>) => {
      const asked = waiting.get(data.job)
      waiting.delete(data.job)
      if ('bytes' in data) asked?.done(data.bytes)
      else asked?.failed(new Error(data.failed))
    })
    return worker
  })
  const send = (frame: number, message: WorkerMessage, transfer: ArrayBuffer[] = []) =>
    workers[frame % count]?.postMessage(message, transfer)
  let jobs = 0
  const ask = (message: Omit<DecodeMessage, 'job'>, into?: ArrayBuffer) =>
    new Promise<ArrayBuffer>((done, failed) => {
      const job = jobs++
      waiting.set(job, { done, failed })
      send(message.decode, { ...message, job, ...(into && { into }) }, into ? [into] : [])
    })
  const spare: ArrayBuffer[] = []
  // Grey of 16 bits alone is decoded in place (restore.ts).
  const spareOf = ({ kind, bytes, samples }: Coding, { columns, rows }: FrameSize) => {
    if (kind !== 'predicted' || bytes !== 2 || samples !== 1) return undefined
    const at = spare.findIndex(({ byteLength }) => byteLength === columns * rows * 2)
    return at < 0 ? undefined : spare.splice(at, 1)[0]
  }

  return {
    keep: (frame, strings) =>
      send(
        frame,
        { keep: frame, strings },
        strings.filter((string) => typeof string !== 'string'),
      ),
    drop: (frame) => send(frame, { drop: frame }),
    decode: (decode, coding, size) => ask({ decode, coding, size, only: false }, spareOf(coding, size)),
    check: (decode, coding, size) => ask({ decode, coding, size, only: true }),
    reuse(bytes) {
      spare.push(bytes)
      if (spare.length > MOST_SPARE) spare.shift()
    },
  }
}

/** What the store lets go at once: a tenth of what it holds. */
const MOST_SPARE = 16

/** One core is left to the page: with two workers on two cores its own tasks waited for them 200 ms long. */
const workerCount = (): number => Math.min(4, Math.max(1, (navigator.hardwareConcurrency || 2) - 1))
