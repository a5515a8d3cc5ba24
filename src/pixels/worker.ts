// A thread of the pool (pool.ts): does one task after another.
import { parentPort } from 'node:worker_threads'
import { PixelError } from './errors.ts'
import type { Answer, Question } from './pool.ts'
import { TASKS } from './tasks.ts'

parentPort?.on('message', ({ id, task, argument }: Question) => {
  const run: (argument: never) => Promise<unknown> = TASKS[task]
  run(argument as never)
    .then((result): Answer => ({ id, ok: true, result }))
    .catch((error: unknown): Answer => {
      if (error instanceof PixelError) return { id, ok: false, fault: error.fault, message: error.message }
      // Hostile bytes that something here did not foresee: refused like all others, and told apart by the message.
      return { id, ok: false, fault: 'corrupt', message: error instanceof Error ? error.name : typeof error }
    })
    .then((answer) => parentPort?.postMessage(answer, answer.ok ? buffersOf(answer.result) : []))
})

/** What can be handed over instead of copied. */
function buffersOf(result: unknown): ArrayBuffer[] {
  const bytes = result instanceof Uint8Array ? result : (result as { bytes?: unknown } | null)?.bytes
  return bytes instanceof Uint8Array &&
    bytes.buffer instanceof ArrayBuffer &&
    bytes.byteLength === bytes.buffer.byteLength
    ? [bytes.buffer]
    : []
}
