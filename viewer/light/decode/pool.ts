import workerSource from 'worker:./worker.ts'
import { type Encoded, type Frame, FrameError, type PixelModule, type UnshownReason } from '../model/model.ts'
import { loadCodec } from './load-codec.ts'
import { type CodecName, neededCodec } from './syntax.ts'
import type { Request } from './worker.ts'

/** Decodes frames off the main thread, several at a time, the lowest priority number first. */
export interface DecodePool {
  decode(encoded: Encoded, pixel: PixelModule, priority: number, signal: AbortSignal): Promise<Frame>
}

export function createDecodePool(): DecodePool {
  const pools = new Map<CodecName | 'plain', Pool>()
  return {
    async decode(encoded, pixel, priority, signal) {
      const codec = neededCodec(encoded.transferSyntaxUid)
      const pool = pools.get(codec ?? 'plain') ?? startPool(codec)
      pools.set(codec ?? 'plain', pool)
      return pool({ encoded, pixel, priority, signal })
    },
  }
}

type Pool = (job: Job) => Promise<Frame>

interface Job {
  readonly encoded: Encoded
  readonly pixel: PixelModule
  readonly priority: number
  readonly signal: AbortSignal
}

interface Waiting extends Job {
  resolve(frame: Frame): void
  reject(error: unknown): void
}

type Answer = { id: number } & ({ frame: Frame } | { reason: UnshownReason; detail: string })

interface Hand {
  readonly worker: Worker
  job: Waiting | null
}

function startPool(codec: CodecName | null): Pool {
  const queue: Waiting[] = []
  const hands: Hand[] = []
  let starting: Promise<void> | null = null

  const next = () => {
    for (const hand of hands) {
      if (hand.job) continue
      const job = take(queue)
      if (!job) return
      hand.job = job
      const { bytes, transferSyntaxUid } = job.encoded
      send(hand.worker, { kind: 'frame', id: 0, bytes, transferSyntaxUid, pixel: job.pixel })
    }
  }

  const start = async () => {
    const loaded = codec ? await loadCodec(codec) : null
    const source = loaded ? [loaded.script, '\n', workerSource] : [workerSource]
    const url = URL.createObjectURL(new Blob(source, { type: 'text/javascript' }))
    const count = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency - 1))
    for (let n = 0; n < count; n++) {
      const hand: Hand = { worker: new Worker(url), job: null }
      hand.worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        const { job } = hand
        hand.job = null
        if ('frame' in data) job?.resolve(data.frame)
        else job?.reject(new FrameError(data.reason, data.detail))
        next()
      }
      hand.worker.onerror = (event) => {
        hand.job?.reject(new FrameError('corrupt', event.message))
        hand.job = null
        next()
      }
      if (loaded && codec) send(hand.worker, { kind: 'codec', name: codec, wasm: loaded.wasm.slice() })
      hands.push(hand)
    }
  }

  return (job) =>
    new Promise((resolve, reject) => {
      queue.push({ ...job, resolve, reject })
      starting ??= start()
      starting.then(next, (error) => {
        starting = null
        for (const waiting of queue.splice(0)) waiting.reject(new FrameError('syntax', String(error)))
      })
    })
}

const MOST_WORKERS = 4

const send = (worker: Worker, request: Request): void => worker.postMessage(request)

// The most urgent that is still wanted.
function take(queue: Waiting[]): Waiting | null {
  while (queue.length > 0) {
    let best = 0
    for (const [index, { priority }] of queue.entries())
      if (priority < (queue[best]?.priority ?? 0)) best = index
    const [job] = queue.splice(best, 1)
    if (job && !job.signal.aborted) return job
    job?.reject(job.signal.reason)
  }
  return null
}
