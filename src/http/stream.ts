import type { Readable } from 'node:stream'

/**
 * A web stream that pulls from `source` one chunk at a time and gives up at once when the browser does.
 * `Readable.toWeb` ends the process with ERR_INVALID_STATE when an aborted browser meets an undici body.
 */
export function pullStream(
  source: Readable,
  abort: AbortController,
  options: {
    /** Changes what passes. */
    through?: (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>
    /** Told before a source that broke off becomes an error of the stream: the connection must not end as if all were sent. */
    broken?: () => void
  } = {},
): ReadableStream<Uint8Array> {
  // undici reports an abort as an 'error' event too: unheard, it would end the process.
  source.on('error', () => undefined)
  const passed = options.through ? options.through(source) : (source as AsyncIterable<Uint8Array>)
  const chunks = passed[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch {
          if (abort.signal.aborted) return
          abort.abort()
          options.broken?.()
          // The driver's words would name the archive's address to the visitor.
          controller.error(new Error('the source broke off'))
        }
      },
      async cancel() {
        abort.abort()
        source.destroy()
        // What watches the stream stops watching: its `finally` runs now or when the read under way has failed.
        await chunks.return?.(undefined)?.catch(() => undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
