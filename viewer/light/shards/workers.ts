import type { Coding, FrameSize } from '../../../src/shards/coding.ts'
import type { WorkerAnswer, WorkerMessage } from './job.ts'

/** Frames decoded in threads beside the page. A frame is kept, as loaded, by the worker that will decode it. */
export interface Decoders {
  /** Hands over a frame's strings: bytes are given away, not copied. */
  keep(frame: number, strings: readonly ArrayBuffer[]): void
  /** `forget`: it is not kept any more, and must be handed over again before the next time. */
  decode(frame: number, coding: Coding, size: FrameSize, forget: boolean): Promise<ArrayBuffer>
  inflate(strings: readonly ArrayBuffer[]): Promise<ArrayBuffer>
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
  const ask = (frame: number, message: (job: number) => WorkerMessage) =>
    new Promise<ArrayBuffer>((done, failed) => {
      const job = jobs++
      waiting.set(job, { done, failed })
      send(frame, message(job))
    })

  return {
    keep: (frame, strings) => send(frame, { keep: frame, strings }, [...strings]),
    decode: (frame, coding, size, forget) =>
      ask(frame, (job) => ({ decode: frame, forget, job, coding, size })),
    inflate: (strings) => ask(0, (job) => ({ inflate: strings, job })),
  }
}

/** One core is left to the page. */
const workerCount = (): number => Math.min(4, Math.max(2, (navigator.hardwareConcurrency || 2) - 1))
