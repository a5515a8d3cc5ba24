import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { PixelError, type PixelFault } from './errors.ts'
import type { Tasks } from './tasks.ts'

export type Question = { id: number; task: keyof Tasks; argument: unknown }
export type Answer =
  | { id: number; ok: true; result: unknown }
  | { id: number; ok: false; fault: PixelFault; message: string }

export type Pool = {
  /** Runs a task in the next free thread. `bytes` of the argument are handed over: they must be nobody else's. */
  readonly run: <Task extends keyof Tasks>(
    task: Task,
    argument: Parameters<Tasks[Task]>[0],
    bytes: readonly Uint8Array<ArrayBuffer>[],
  ) => Promise<Awaited<ReturnType<Tasks[Task]>>>
  readonly threads: number
  /** Ends the threads; what waits fails. */
  readonly close: () => Promise<void>
}

/** The gateway stops: nothing is told about the pixels. */
class PoolClosedError extends Error {
  override readonly name = 'PoolClosedError'
}

type Waiting = {
  question: Question
  transfer: ArrayBuffer[]
  done: (result: unknown) => void
  failed: (error: unknown) => void
}
type Thread = { worker: Worker; busy: Waiting | null; timer: NodeJS.Timeout | null }

// Longer than any honest frame takes on a busy machine.
const LONGEST_TASK_MS = 120_000
// Compiled, the file beside this one ends otherwise.
const WORKER = new URL(`./worker${import.meta.url.slice(-3)}`, import.meta.url)

/**
 * A few threads for codecs: a frame takes 5–50 ms, in which the gateway could answer nobody. Threads start when first
 * needed and do not keep the process alive. One that dies or hangs costs its task, and is replaced.
 */
export function createPool(threads = Math.max(1, Math.min(4, availableParallelism()))): Pool {
  const all: Thread[] = []
  const queue: Waiting[] = []
  let nextId = 0
  let closed = false

  function feed(): void {
    while (queue.length > 0) {
      const idle = all.find(({ busy }) => !busy) ?? (all.length < threads ? start() : null)
      const next = idle && queue.shift()
      if (!idle || !next) return
      idle.busy = next
      idle.worker.ref()
      idle.timer = setTimeout(
        () => replace(idle, new PixelError('corrupt', 'it takes too long')),
        LONGEST_TASK_MS,
      )
      idle.worker.postMessage(next.question, next.transfer)
    }
  }
  function start(): Thread {
    const thread: Thread = { worker: new Worker(WORKER), busy: null, timer: null }
    thread.worker.unref()
    thread.worker.on('message', (answer: Answer) => {
      const asked = release(thread)
      if (answer.ok) asked?.done(answer.result)
      else asked?.failed(new PixelError(answer.fault, answer.message))
      feed()
    })
    thread.worker.on('error', () => replace(thread, new PixelError('corrupt', 'the codec broke down')))
    all.push(thread)
    return thread
  }
  function release(thread: Thread): Waiting | null {
    const asked = thread.busy
    if (thread.timer) clearTimeout(thread.timer)
    thread.busy = null
    thread.timer = null
    thread.worker.unref()
    return asked
  }
  function replace(thread: Thread, error: PixelError): void {
    const at = all.indexOf(thread)
    if (at < 0) return
    all.splice(at, 1)
    release(thread)?.failed(error)
    void thread.worker.terminate()
    feed()
  }

  return {
    threads,
    run(task, argument, bytes) {
      if (closed) return Promise.reject(new PoolClosedError())
      const answer = new Promise<unknown>((done, failed) => {
        const transfer = [...new Set(bytes.map(({ buffer }) => buffer))]
        queue.push({ question: { id: nextId++, task, argument }, transfer, done, failed })
      })
      feed()
      // The worker runs the very task that was asked for.
      return answer as Promise<never>
    },
    async close() {
      closed = true
      for (const { failed } of queue.splice(0)) failed(new PoolClosedError())
      const ending = all.splice(0)
      for (const thread of ending) release(thread)?.failed(new PoolClosedError())
      await Promise.all(ending.map(({ worker }) => worker.terminate()))
    },
  }
}
