import type { Image } from '../model/model.ts'
import { bytes, numbers, signed16 } from '../model/record.ts'
import { entries } from './lut.ts'

/** A palette as words of RGBA, by index (PS3.3 §C.7.6.3.1.5 and 6). */
export interface Palette {
  readonly first: number
  readonly words: Uint32Array
}

export function paletteOf({ attributes, pixel }: Image): Palette | null {
  const channels = ['1', '2', '3'].map((channel) => {
    const [count = 0, first = 0, bits = 16] = numbers(attributes, `0028110${channel}`)
    const plain = bytes(attributes, `0028120${channel}`)
    const segmented = bytes(attributes, `0028122${channel}`)
    const values = plain ? entries(plain, count) : segmented && expand(segmented, count)
    return values ? { first: signed16(first, pixel.signed), levels: levels(values, bits) } : null
  })
  const [red, green, blue] = channels
  if (!red || !green || !blue) return null
  const words = Uint32Array.from(
    red.levels,
    (level, at) =>
      (0xff000000 | ((blue.levels[at] ?? 0) << 16) | ((green.levels[at] ?? 0) << 8) | level) >>> 0,
  )
  return { first: red.first, words }
}

// Some writers fill 16 bits with 8-bit values: then the high bytes are all nothing.
function levels(values: Uint16Array, bits: number): Uint8Array {
  const narrow = bits <= 8 || values.every((value) => value < 256)
  return Uint8Array.from(values, (value) => (narrow ? value : value >> 8))
}

/** Segments: 0 discrete, 1 linear, 2 indirect (§C.7.9.2). */
function expand(data: Uint8Array, described: number): Uint16Array | null {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const words = Uint16Array.from({ length: data.length >> 1 }, (_, index) => view.getUint16(index * 2, true))
  const count = described === 0 ? 65536 : described
  const out: number[] = []
  const run = (from: number, segments: number): number => {
    let at = from
    for (let n = 0; n < segments && at + 1 < words.length && out.length <= count; n++) {
      const opcode = words[at] ?? 0
      const length = words[at + 1] ?? 0
      if (opcode === 0) {
        out.push(...words.subarray(at + 2, at + 2 + length))
        at += 2 + length
      } else if (opcode === 1) {
        const start = out.at(-1) ?? 0
        const end = words[at + 2] ?? 0
        for (let step = 1; step <= length; step++)
          out.push(Math.round(start + ((end - start) * step) / length))
        at += 3
      } else if (opcode === 2 && from === 0) {
        run((words[at + 2] ?? 0) + (words[at + 3] ?? 0) * 65536, length)
        at += 4
      } else return at
    }
    return at
  }
  run(0, Number.POSITIVE_INFINITY)
  return out.length >= count ? Uint16Array.from(out.slice(0, count)) : null
}
