import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createReadAheadBudget, readAhead } from '../../src/disc/read-ahead.ts'
import { type FetchInstance, writeDisc } from '../../src/disc/write.ts'
import { dicomFile } from '../support/dicom.ts'
import { archiveOf, discOf } from '../support/disc.ts'
import { series } from '../support/radiology.ts'

const MiB = 2 ** 20
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

test('results come in the order of the tasks, whichever is done first', async () => {
  const ahead = readAhead(
    [30, 1, 20, 1],
    () => 1,
    (ms) => pause(ms, ms),
    { concurrency: 3, budget: createReadAheadBudget(10) },
  )
  const results = [await ahead.next(), await ahead.next(), await ahead.next(), await ahead.next()]
  expect(results).toEqual([30, 1, 20, 1])
})

test('no more run at once than allowed, by number and by bytes', async () => {
  for (const [concurrency, limit, expected] of [
    [4, 100, 4],
    [100, 30, 3],
    [100, 5, 1], // the one that is asked for runs in any case
  ] as const) {
    let running = 0
    let most = 0
    const run = async () => {
      most = Math.max(most, ++running)
      await pause(1)
      running--
    }
    const budget = createReadAheadBudget(limit)
    const ahead = readAhead([...Array(20).keys()], () => 10, run, { concurrency, budget })
    for (let count = 0; count < 20; count++) await ahead.next()
    expect(most).toBe(expected)
    expect(budget.used()).toBe(0)
  }
})

test('a failure is told to who asks for that result, and not before', async () => {
  const run = async (task: number) => {
    if (task === 2) throw new Error('second')
    return task
  }
  const ahead = readAhead([1, 2, 3], () => 1, run, { concurrency: 3, budget: createReadAheadBudget(9) })
  expect(await ahead.next()).toBe(1)
  await pause(5)
  await expect(ahead.next()).rejects.toThrow('second')
})

test('closing aborts what runs, frees the budget at once, and ends the waiting', async () => {
  const budget = createReadAheadBudget(100)
  const aborted: number[] = []
  const run = (task: number, signal: AbortSignal) => {
    signal.addEventListener('abort', () => aborted.push(task))
    return new Promise<never>(() => undefined)
  }
  const ahead = readAhead([1, 2, 3], () => 10, run, { concurrency: 2, budget })
  const waiting = expect(ahead.next()).rejects.toThrow('aborted')
  expect(budget.used()).toBe(20)
  ahead.close()
  await waiting
  expect([aborted, budget.used()]).toEqual([[1, 2], 0])
})

test('what was sent is not held on to: memory stays flat over a long download', async () => {
  const [slice] = series(1, 512)
  if (!slice) throw new Error('no slice')
  const one = dicomFile(slice)
  const archive = archiveOf(
    Array.from({ length: 600 }, (_, index) => {
      const bytes = Buffer.from(one)
      // Another SOP Instance UID of the same length, in File Meta Information and in the Data Set.
      for (let at = bytes.indexOf('.60.1.1.1'); at >= 0; at = bytes.indexOf('.60.1.1.1', at + 1)) {
        bytes.write(`.6${index + 100}.1.1`.slice(0, 9), at)
      }
      return bytes
    }),
  )
  const { iso: plan, instanceCount } = await discOf(archive)
  expect(instanceCount).toBe(600)
  collectGarbage()
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  let sent = 0
  // A copy each time, as from a socket.
  const fetch: FetchInstance = async ({ orthancId }) => Buffer.from(archive.get(orthancId) ?? '')
  for await (const chunk of writeDisc(plan, fetch)) {
    sent += chunk.byteLength
    if (sent % (16 * MiB) >= chunk.byteLength) continue
    // Only what is held on to counts, not what nobody has collected yet.
    collectGarbage()
    await pause(1)
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  expect(sent).toBe(plan.size)
  expect(most).toBeLessThan(sent / 4)
})
