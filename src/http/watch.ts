const CHECK_EVERY_MS = 1_000

/**
 * Asks again and again, while a download runs, whether it is still allowed: withdrawal, expiry and the session's end
 * stop it (S12). The stream then ends in an error, so that the browser knows that the file is not whole.
 */
export function watchAuthorised(allowed: () => Promise<boolean>, clock: () => Date) {
  const ended = new AbortController()
  let checkedAt = clock().getTime()

  async function* guard(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    // A stalled client pulls nothing: the timer asks then, the loop asks when the clock was moved.
    const timer = setInterval(() => void check(), CHECK_EVERY_MS)
    try {
      for await (const chunk of chunks) {
        if (clock().getTime() - checkedAt >= CHECK_EVERY_MS) await check()
        ended.signal.throwIfAborted()
        yield chunk
      }
    } finally {
      clearInterval(timer)
    }
  }

  async function check(): Promise<void> {
    checkedAt = clock().getTime()
    // A database that is away for a moment ends nobody's download; it is asked again in a second.
    const stands = await allowed().catch(() => true)
    if (!stands) ended.abort(new Error('the download is no longer allowed'))
  }

  return { signal: ended.signal, guard }
}
