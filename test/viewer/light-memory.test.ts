import { expect, test, vi } from 'vitest'
import type { Frame, FrameSource, Image, PixelModule } from '../../viewer/light/model/model.ts'
import type { Slice } from '../../viewer/light/model/studies.ts'
import { createLoader, type WantedFrame } from '../../viewer/light/shards/loader.ts'
import type { Transport } from '../../viewer/light/shards/transport.ts'

vi.stubGlobal('matchMedia', () => ({ matches: false }))
const { createStore } = await import('../../viewer/light/render/store.ts')

const SIDE = 16
const FRAME_BYTES = SIDE * SIDE * 2

test('the store holds what is near and no more than its budget, checks the rest once, and gives what was let go again', async () => {
  const fetched: string[] = []
  const checked: string[] = []
  const reused: number[] = []
  const source: FrameSource = {
    async frame(image) {
      fetched.push(image.key)
      return frameOf(Number(image.key))
    },
    async check(image) {
      checked.push(image.key)
    },
    preview: async () => null,
    reuse: ({ cells }) => void reused.push(cells[0] ?? -1),
    onProgress: () => () => undefined,
  }
  const slices = Array.from({ length: 40 }, (_, at) => sliceOf(at))
  const store = createStore(source, NO_POOL, 10 * FRAME_BYTES)
  const viewport = {}
  store.look(viewport, slices, 20)
  await expect.poll(() => store.loadedOf(slices)).toBe(40)
  const held = () => slices.filter((slice) => store.peek(slice) !== null)
  expect(fetched[0]).toBe('20')
  expect(held().length).toBeLessThanOrEqual(10)
  expect(
    held()
      .map(({ image }) => Math.abs(Number(image.key) - 20))
      .sort((a, b) => b - a)[0],
  ).toBeLessThan(6)
  expect(new Set(checked).size).toBe(checked.length)
  expect(new Set([...checked, ...fetched]).size).toBe(40)

  for (let at = 20; at < 40; at++) {
    store.look(viewport, slices, at)
    await expect.poll(() => store.peek(slices[at] as Slice)).toEqual(frameOf(at))
    expect(held().length).toBeLessThanOrEqual(11)
  }
  // Whose memory is given back is held no more.
  expect(reused).toContain(20)
  expect(reused).not.toContain(39)
  expect(store.peek(slices[20] as Slice)).toBeNull()
  expect(await store.load(slices[20] as Slice)).toEqual(frameOf(20))
})

test('views of frames of unlike size, as those of MPR, leave each other what they hold: nothing is fetched for ever', async () => {
  const large = { ...PIXEL, rows: SIDE * 8 }
  let fetched = 0
  const reused: number[] = []
  const source: FrameSource = {
    frame(image) {
      // What is fetched without end would hold up this test without end.
      if (++fetched > 400) return new Promise(() => {})
      const { rows, columns } = image.pixel
      return Promise.resolve({
        ...frameOf(0),
        cells: new Uint16Array(rows * columns).fill(Number(image.key)),
      })
    },
    reuse: ({ cells }) => void reused.push(cells[0] ?? -1),
    preview: async () => null,
    onProgress: () => () => undefined,
  }
  const cut = Array.from({ length: 100 }, (_, at) => sliceOf(at))
  const volume = Array.from({ length: 10 }, (_, at) => ({
    image: { key: String(1000 + at), pixel: large } as Image,
    index: 0,
  }))
  // All of the large ones are held already, as MPR has read them.
  const store = createStore(source, NO_POOL, 140 * FRAME_BYTES)
  const lent = await Promise.all(volume.map((slice) => store.load(slice)))
  store.look({}, volume, 5)
  store.look({}, cut, 50)
  const held = () => cut.filter((slice) => store.peek(slice) !== null).length
  await expect.poll(held).toBeGreaterThan(50)
  await new Promise((done) => setTimeout(done, 20))
  expect(fetched).toBeLessThan(150)
  // Memory of what was let go is used again, but for what somebody was given.
  for (const at of [0, 99, 0, 99]) {
    store.look({}, cut, at)
    await expect.poll(() => store.peek(cut[at] as Slice)).not.toBeNull()
  }
  expect(reused.every((key) => key < 1000)).toBe(true)
  expect(lent.map(({ cells }) => cells[0])).toEqual(volume.map(({ image }) => Number(image.key)))
})

test('of the strings that were brought the longest unused go first, and are brought again when wanted', async () => {
  const kept: number[] = []
  const loads: string[] = []
  const files = [0, 1, 2, 3].map((file) => ({ name: `S000000${file}`, lengths: [100] }))
  const frames = files.map((_, file): WantedFrame => ({ number: file, parts: [{ file, from: 0, to: 1 }] }))
  const transport: Transport = {
    partial: false,
    atOnce: 2,
    async load({ name }) {
      loads.push(name)
      return [new ArrayBuffer(100)]
    },
    loadWhole: async () => [],
  }
  const keeper = {
    keep: (frame: number) => void kept.push(frame),
    drop: (frame: number) => void kept.splice(kept.indexOf(frame), 1),
  }
  const byFile = frames.map((frame) => [frame])
  const loader = createLoader(files, byFile, transport, keeper, () => undefined, 250)
  const { signal } = new AbortController()
  const want = (at: number) => loader.want(frames[at] as WantedFrame, 1, signal)
  await want(0)
  await want(1)
  await want(0)
  await want(2)
  expect(kept).toEqual([0, 2])
  await want(1)
  expect(kept).toEqual([2, 1])
  expect(loads).toEqual(['S0000000', 'S0000001', 'S0000002', 'S0000001'])
})

const NO_POOL = { decode: () => Promise.reject(new Error('nothing is coded here')) }

const frameOf = (at: number): Frame => ({
  cells: new Uint16Array(SIDE * SIDE).fill(at),
  planar: false,
  photometric: 'MONOCHROME2',
})

const sliceOf = (at: number): Slice => ({
  image: { key: String(at), pixel: PIXEL } as Image,
  index: 0,
})

const PIXEL: PixelModule = {
  rows: SIDE,
  columns: SIDE,
  samplesPerPixel: 1,
  photometric: 'MONOCHROME2',
  bitsAllocated: 16,
  bitsStored: 16,
  highBit: 15,
  signed: false,
  planar: false,
}
