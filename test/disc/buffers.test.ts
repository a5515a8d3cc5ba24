import { expect, test } from 'vitest'
import { createBuffers } from '../../src/disc/buffers.ts'

test('memory that was given back is taken again, once, and for what is of about its length', () => {
  const buffers = createBuffers(2 ** 20)
  const first = buffers.take(300_000)
  expect(first.byteLength).toBe(300_000)
  buffers.giveBack(first.subarray(10, 20))
  buffers.giveBack(first)
  expect(buffers.take(10).buffer).not.toBe(first.buffer)
  expect(buffers.take(310_000).buffer).toBe(first.buffer)
  expect(buffers.take(310_000).buffer).not.toBe(first.buffer)
})

test('what was not taken here is left alone, and no more is kept than the limit', () => {
  const buffers = createBuffers(200_000)
  const foreign = Buffer.alloc(100_000)
  buffers.giveBack(foreign)
  const [one, two] = [buffers.take(120_000), buffers.take(120_000)]
  buffers.giveBack(one)
  buffers.giveBack(two)
  const again = [buffers.take(120_000).buffer, buffers.take(120_000).buffer]
  expect(again[0]).toBe(one.buffer)
  expect([foreign.buffer, one.buffer, two.buffer]).not.toContain(again[1])
})
