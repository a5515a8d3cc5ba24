import { Worker } from 'node:worker_threads'
import type { EncodedInstance } from './encode.ts'

export type Encoder = {
  /** Codes a stored file in a thread of its own; null where the thread gave up over it. Files wait their turn. */
  readonly encode: (file: Uint8Array, options: { preview: boolean }) => Promise<EncodedInstance | null>
  readonly close: () => Promise<void>
}

export type EncoderTask = { readonly file: Uint8Array; readonly preview: boolean }

/** No image takes so long but one that was made to. */
const LONGEST_MS = 10 * 60_000

/** A thread that codes: the gateway's own goes on answering requests. */
export function startEncoder(longestMs = LONGEST_MS): Encoder {
  let worker: Worker | null = null
  let last: Promise<unknown> = Promise.resolve()
  const run = async (task: EncoderTask): Promise<EncodedInstance | null> => {
    worker ??= new Worker(WORKER, { resourceLimits: { maxOldGenerationSizeMb: 512 } })
    const result = await answerOf(worker, task, longestMs)
    if (result !== 'died') return result
    // What a decoder did to its memory no later image is to meet.
    await worker.terminate()
    worker = null
    return null
  }
  return {
    encode(file, { preview }) {
      const result = last.then(() => run({ file, preview }))
      last = result.catch(() => undefined)
      return result
    },
    async close() {
      await worker?.terminate()
      worker = null
    },
  }
}

// The build turns .ts into .js, but not in the middle of a string.
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? 'encoder-thread.ts' : 'encoder-thread.js',
  import.meta.url,
)

function answerOf(
  worker: Worker,
  task: EncoderTask,
  longestMs: number,
): Promise<EncodedInstance | null | 'died'> {
  return new Promise((done) => {
    const finish = (answer: EncodedInstance | null | 'died') => {
      clearTimeout(timer)
      worker.off('message', finish).off('error', died).off('exit', died)
      done(answer)
    }
    const died = () => finish('died')
    const timer = setTimeout(died, longestMs)
    worker.on('message', finish).on('error', died).on('exit', died)
    // Handed over where it is its own memory; a part of a larger one is copied.
    const { buffer, byteLength } = task.file
    const whole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
    worker.postMessage(task, whole ? [buffer] : [])
  })
}
