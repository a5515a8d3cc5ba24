import type { Attributes } from '../../../src/shards/attributes.ts'
import { bytes, numbers, signed16 } from '../model/record.ts'

/** A look-up table of a Modality or VOI LUT sequence (PS3.3 §C.11.1.1, §C.11.2.1.1). */
export interface Lut {
  readonly first: number
  readonly bits: number
  readonly values: Uint16Array
  /** Tells it from every other table of this page. */
  readonly id: number
}

/** The table of an item, or null where its descriptor and data do not fit together. Read once. */
export function lutOf(item: Attributes, signedInput: boolean): Lut | null {
  const known = luts.get(item)
  if (known !== undefined) return known
  const lut = readLut(item, signedInput)
  luts.set(item, lut)
  return lut
}

const luts = new WeakMap<Attributes, Lut | null>()
let count = 0

function readLut(item: Attributes, signedInput: boolean): Lut | null {
  const [described = 0, first = 0, bits = 16] = numbers(item, '00283002')
  const data = bytes(item, '00283006')
  const values = data && entries(data, described)
  if (!values || bits < 1 || bits > 16) return null
  return { first: signed16(first, signedInput), bits, values, id: ++count }
}

/** Values outside the table take its first or last. */
export function lookUp({ first, values }: Lut, input: number): number {
  const at = Math.round(input) - first
  return values[at < 0 ? 0 : at >= values.length ? values.length - 1 : at] ?? 0
}

/** So many entries, 0 meaning 65536, of 16 bits or, where the data is half as long, of 8. */
export function entries(data: Uint8Array, described: number): Uint16Array | null {
  const count = described === 0 ? 65536 : described
  if (data.length >= count * 2) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    return Uint16Array.from({ length: count }, (_, index) => view.getUint16(index * 2, true))
  }
  return data.length >= count ? Uint16Array.from(data.subarray(0, count)) : null
}
