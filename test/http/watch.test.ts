import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MOST_UNANSWERED, watchAuthorised } from '../../src/http/watch.ts'

// Its timer is the only thing under test: a second passes when the test says so.
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1_000)

/** A download whose reader takes one piece and then nothing more, as a stalled browser does. */
async function stalled(allowed: () => Promise<boolean>) {
  const watch = watchAuthorised(allowed, () => new Date())
  const chunks = watch.guard(endless())
  await chunks.next()
  return { signal: watch.signal, chunks }
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield new Uint8Array(1)
}

test('S12: a database that hangs is asked one question, and in the end breaks the download off', async () => {
  const allowed = vi.fn(() => new Promise<boolean>(() => {}))
  const { signal } = await stalled(allowed)
  await seconds(MOST_UNANSWERED)
  expect([signal.aborted, allowed.mock.calls.length]).toEqual([false, 1])
  await seconds(1)
  expect(signal.aborted).toBe(true)
})

test('S12: a reader that pulls while the database hangs gets nothing more, and then an error', async () => {
  const { chunks } = await stalled(() => new Promise(() => {}))
  vi.setSystemTime(Date.now() + 5_000)
  const next = chunks.next()
  const outcome = vi.fn()
  next.then(
    () => outcome('sent'),
    () => outcome('broken'),
  )
  await seconds(MOST_UNANSWERED)
  expect(outcome).not.toHaveBeenCalled()
  await seconds(1)
  expect(outcome.mock.calls).toEqual([['broken']])
})

test('a database that is away for less, again and again, breaks nothing off', async () => {
  let up = false
  const { signal, chunks } = await stalled(async () => {
    if (!up) throw new Error('away')
    return true
  })
  for (let outage = 0; outage < 4; outage++) {
    up = false
    await seconds(MOST_UNANSWERED - 1)
    up = true
    await seconds(1)
  }
  expect(signal.aborted).toBe(false)
  expect((await chunks.next()).done).toBe(false)
  await chunks.return(undefined)
})

test('S12: the first "no" breaks the download off, though nobody reads it', async () => {
  let allowed = true
  const { signal, chunks } = await stalled(async () => allowed)
  await seconds(30)
  expect(signal.aborted).toBe(false)
  allowed = false
  await seconds(1)
  expect(signal.aborted).toBe(true)
  await expect(chunks.next()).rejects.toThrow('no longer allowed')
})
