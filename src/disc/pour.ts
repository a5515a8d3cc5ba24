import type { ServerResponse } from 'node:http'

/** Opens the bytes of a body; `signal` is aborted when nobody wants them any more. */
export type Body = (signal: AbortSignal) => AsyncIterable<Uint8Array>

/**
 * Writes a body right onto the connection, whose head was written: no more than one piece waits there. `sent` is told of each
 * piece that the kernel has taken, whose memory is free from then on. If the body fails, or `ended` says that nobody may
 * have it any more, the connection breaks, so that no browser takes what it has for whole.
 */
export async function pour(
  outgoing: ServerResponse,
  body: Body,
  { ended, sent }: { ended?: AbortSignal | undefined; sent?: ((piece: Uint8Array) => void) | undefined } = {},
): Promise<void> {
  const left = new AbortController()
  let wake = () => {}
  const leave = () => {
    left.abort()
    wake()
  }
  const end = () => outgoing.destroy()
  outgoing.once('close', leave)
  ended?.addEventListener('abort', end, { once: true })
  if (outgoing.destroyed) leave()
  if (ended?.aborted) end()
  try {
    for await (const piece of body(left.signal)) {
      if (left.signal.aborted) return
      const isRoom = outgoing.write(piece, (error) => {
        // Of a connection that broke, who knows who still holds it: it is left to the garbage collector.
        if (!error) sent?.(piece)
      })
      if (!isRoom) {
        await new Promise<void>((done) => {
          wake = done
          outgoing.once('drain', done)
        })
        outgoing.off('drain', wake)
      }
      if (left.signal.aborted) return
    }
    outgoing.end()
  } catch {
    outgoing.destroy()
  } finally {
    outgoing.off('close', leave)
    ended?.removeEventListener('abort', end)
    left.abort()
  }
}
