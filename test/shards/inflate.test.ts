import { constants, deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { toSymbols } from '../../src/shards/symbols.ts'
import { createInflate } from '../../viewer/light/shards/inflate.ts'

const inflate = createInflate()
const inflated = (deflated: Uint8Array, most = 2 ** 22, step = deflated.byteLength) => {
  const strings: Uint8Array[] = []
  for (let at = 0; at < deflated.byteLength; at += step)
    strings.push(toSymbols(deflated.subarray(at, at + step)))
  return Buffer.from(inflate(strings, most))
}

test.each([
  ['runs alone', { strategy: constants.Z_RLE, memLevel: 9 }],
  ['the usual way', {}],
  ['best', { level: 9 }],
  ['stored', { level: 0 }],
  ['fixed codes', { strategy: constants.Z_FIXED }],
  ['codes without matches', { strategy: constants.Z_HUFFMAN_ONLY }],
])('what zlib deflated comes back as it was: %s', (_name, options) => {
  for (const bytes of SAMPLES) {
    const deflated = deflateSync(bytes, options)
    expect(inflated(deflated).equals(bytes)).toBe(true)
    expect(inflated(deflated, bytes.byteLength, 1000).equals(bytes)).toBe(true)
  }
})

test('what is cut off, altered or longer than promised is refused', () => {
  const bytes = noisy(20_000, 30)
  const deflated = deflateSync(bytes)
  expect(() => inflated(deflated, bytes.byteLength - 1)).toThrow(RangeError)
  for (const length of [0, 1, 5, 100, deflated.byteLength - 5, deflated.byteLength - 1])
    expect(() => inflated(deflated.subarray(0, length), 2 ** 22, 4096)).toThrow(RangeError)
  for (let at = 0; at < deflated.byteLength; at += 61) {
    const altered = Buffer.from(deflated)
    altered[at] = (altered[at] ?? 0) ^ (1 << (at % 8))
    // The two highest bits of the header say nothing that counts.
    if (at > 1) expect(() => inflated(altered)).toThrow(RangeError)
  }
  expect(inflated(deflated).equals(bytes)).toBe(true)
})

// The same every time, without a library.
function noisy(length: number, range: number): Buffer {
  let state = 12345
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return (state >>> 16) % range
    }),
  )
}

const SAMPLES = [
  Buffer.alloc(0),
  Buffer.from([7]),
  Buffer.alloc(100_000, 3),
  noisy(70_000, 256),
  noisy(70_000, 12),
  Buffer.from('ritiro '.repeat(9000)),
  Buffer.concat([noisy(40_000, 60), Buffer.alloc(40_000), noisy(40_000, 3)]),
]
