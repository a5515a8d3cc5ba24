const CHECK_EVERY_MS = 1_000
/** So often in a row without an answer, the download is broken off. */
export const MOST_UNANSWERED = 15

/**
 * Asks again and again, while a download runs, whether it is still allowed: withdrawal, expiry and the session's end
 * stop it (S12). The stream then ends in an error, so that the browser knows that the file is not whole. A database
 * that is away for a moment ends nobody's download; one that stays away, or hangs, does.
 */
export function watchAuthorised(allowed: () => Promise<boolean>, clock: () => Date) {
  const ended = new AbortController()
  const { signal } = ended
  let checkedAt = clock().getTime()
  let unanswered = 0
  let asking: Promise<void> | null = null

  async function* guard(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    // A stalled client pulls nothing: the timer asks then, the loop asks when the clock was moved.
    const timer = setInterval(tick, CHECK_EVERY_MS)
    try {
      for await (const chunk of chunks) {
        if (clock().getTime() - checkedAt >= CHECK_EVERY_MS) await Promise.race([check(), aborted(signal)])
        signal.throwIfAborted()
        yield chunk
      }
    } finally {
      clearInterval(timer)
    }
  }

  // Counted, not timed: a clock that is moved breaks nothing off.
  function tick(): void {
    unanswered += 1
    if (unanswered > MOST_UNANSWERED) ended.abort(new Error('nobody says that the download is still allowed'))
    else void check()
  }

  /** One question at a time: those to a database that hangs do not pile up. */
  function check(): Promise<void> {
    checkedAt = clock().getTime()
    asking ??= ask().finally(() => {
      asking = null
    })
    return asking
  }

  async function ask(): Promise<void> {
    const stands = await allowed().catch(() => null)
    if (stands === false) ended.abort(new Error('the download is no longer allowed'))
    if (stands) unanswered = 0
  }

  return { signal, guard }
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((done) => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
