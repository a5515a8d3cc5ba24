import type { Readable } from 'node:stream'

/**
 * A web stream that pulls from `source` one chunk at a time and gives up at once when the browser does.
 * `Readable.toWeb` ends the process with ERR_INVALID_STATE when an aborted browser meets an undici body.
 */
export function pullStream(source: Readable, abort: AbortController): ReadableStream<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  // undici reports an abort as an 'error' event too: unheard, it would end the process.
  source.on('error', () => undefined)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel() {
        abort.abort()
        source.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}
