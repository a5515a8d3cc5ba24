import { expect, test } from 'vitest'
import type { Samples } from '../../src/pixels/decode.ts'
import { type Drawing, draw } from '../../src/pixels/draw.ts'
import { encodeBaselineJpeg } from '../../src/pixels/jpeg/baseline-encode.ts'
import { decodeJpeg8 } from '../../src/pixels/wasm.ts'

const PLAIN: Drawing = { slope: 1, intercept: 0, voi: null, viewport: null }

const words = (values: number[], more: Partial<Samples> = {}): Samples => ({
  rows: 1,
  columns: values.length,
  samplesPerPixel: 1,
  bitsAllocated: 16,
  bitsStored: 12,
  highBit: 11,
  signed: false,
  planar: 0,
  photometric: 'MONOCHROME2',
  float: false,
  bytes: new Uint8Array(Uint16Array.from(values).buffer),
  ...more,
})
const drawn = (samples: Samples, how: Partial<Drawing> = {}) => [...draw(samples, { ...PLAIN, ...how }).bytes]

test('PS3.3 §C.11.2.1.2: a linear window of centre and width, after the rescaling', () => {
  // The standard's own example: centre 2048, width 4096 gives the whole range.
  const voi = { center: 2048, width: 4096, kind: 'linear' } as const
  expect(drawn(words([0, 2048, 4095]), { voi })).toEqual([0, 128, 255])
  expect(
    drawn(words([0, 1000, 2000]), { slope: 2, intercept: -1000, voi: { ...voi, center: 1000 } }),
  ).toEqual([3, 128, 252])
  expect(drawn(words([99, 100]), { voi: { center: 100, width: 1, kind: 'linear' } })).toEqual([0, 255])
  expect(drawn(words([0, 10, 20]), { voi: { center: 10, width: 20, kind: 'linear-exact' } })).toEqual([
    0, 128, 255,
  ])
  expect(drawn(words([10]), { voi: { center: 10, width: 20, kind: 'sigmoid' } })).toEqual([128])
})

test('what is stored above and below the stored bits is no part of a value, and its sign is', () => {
  // PS3.5 §8.1.1: 0x0fff is -1 of 12 bits; an overlay's bit stands above.
  expect(drawn(words([0xffff & 0x1fff, 0, 1], { signed: true }))).toEqual([0, 128, 255])
  expect(drawn(words([0x8010, 0x0020, 0x0000], { bitsStored: 8, highBit: 11 }))).toEqual([128, 255, 0])
})

test('32 bits, whole or floating, as a radiotherapy dose or a parametric map has them', () => {
  const bytes = new Uint8Array(Uint32Array.from([0, 2 ** 31, 2 ** 32 - 1]).buffer)
  const dose = words([0, 0, 0], { bitsAllocated: 32, bitsStored: 32, highBit: 31, bytes })
  expect(drawn(dose)).toEqual([0, 128, 255])
  const floats = { bytes: new Uint8Array(Float32Array.from([-1, 0, 1]).buffer), float: true }
  expect(drawn({ ...dose, ...floats })).toEqual([0, 128, 255])
})

test('MONOCHROME1 is white where it is low; YBR_FULL is made RGB; a palette is not guessed at', () => {
  expect(drawn(words([0, 4095], { photometric: 'MONOCHROME1' }))).toEqual([255, 0])
  const colour = { samplesPerPixel: 3, bitsAllocated: 8, bitsStored: 8, highBit: 7 }
  const red = Uint8Array.from([76, 85, 255])
  const samples = words([0], { ...colour, photometric: 'YBR_FULL', columns: 1, bytes: red })
  expect(drawn(samples)).toEqual([254, 0, 0])
  expect(() => drawn(words([1], { photometric: 'PALETTE COLOR' }))).toThrow('PALETTE COLOR')
})

test('a picture fits into the viewport, its proportions kept; smaller ones are means', () => {
  const wide = words([0, 100, 200, 300], {
    rows: 2,
    columns: 4,
    bytes: new Uint8Array(Uint16Array.from([0, 0, 200, 200, 100, 100, 255, 255]).buffer),
  })
  const voi = { center: 127.5, width: 255, kind: 'linear-exact' } as const
  const small = draw(wide, { ...PLAIN, voi, viewport: { width: 2, height: 2 } })
  expect(small).toEqual({ width: 2, height: 1, components: 1, bytes: Uint8Array.from([50, 228]) })
  const large = draw(wide, { ...PLAIN, voi, viewport: { width: 8, height: 80 } })
  expect([large.width, large.height, large.bytes[0], large.bytes.at(-1)]).toEqual([8, 4, 0, 255])
})

test('a JPEG is made of whatever is drawn: of noise in less quality, of a few dots larger', async () => {
  for (const [width, height, components] of [
    [1, 1, 1],
    [3, 5, 3],
    [70, 64, 1],
    [200, 133, 3],
  ] as const) {
    let state = 1
    const bytes = Uint8Array.from({ length: width * height * components }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return state >>> 24
    })
    const jpeg = await encodeBaselineJpeg({ width, height, components, bytes }, 100)
    const made = await decodeJpeg8(jpeg)
    const factor = Math.max(1, Math.ceil(64 / Math.min(width, height)))
    expect([made.columns, made.rows, made.components]).toEqual([width * factor, height * factor, components])
  }
})
