import { PixelError } from '../errors.ts'
import type { HuffmanTable } from './markers.ts'

const LOOK_AHEAD = 12

export type Decoder = {
  /** The next Huffman symbol. */
  readonly symbol: (table: DecodingTable) => number
  /** The next difference of that category (§F.2.2.1 EXTEND, and §H.1.2.2 for category 16). */
  readonly difference: (category: number) => number
  /** All that is left is the padding of the last byte. */
  readonly isAtEnd: () => boolean
}

/** Codes of up to 12 bits are looked up: `fast` holds length << 8 | symbol, 0 where the code is longer. */
export type DecodingTable = {
  readonly fast: Uint16Array
  readonly maxCode: Int32Array
  readonly valueOffset: Int32Array
  readonly symbols: Uint8Array
}

/** ISO/IEC 10918-1 §C.2 and §F.2.2.3. */
export function decodingTable({ lengths, symbols }: HuffmanTable): DecodingTable {
  const fast = new Uint16Array(1 << LOOK_AHEAD)
  const maxCode = new Int32Array(18).fill(-1)
  const valueOffset = new Int32Array(18)
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    const count = lengths[length - 1] ?? 0
    valueOffset[length] = index - code
    for (let i = 0; i < count; i++, code++, index++) {
      if (code >= 1 << length) throw new PixelError('corrupt', 'JPEG: a Huffman table has too many codes')
      if (length > LOOK_AHEAD) continue
      const entry = (length << 8) | (symbols[index] ?? 0)
      const from = code << (LOOK_AHEAD - length)
      fast.fill(entry, from, from + (1 << (LOOK_AHEAD - length)))
    }
    if (count > 0) maxCode[length] = code - 1
    code <<= 1
  }
  return { fast, maxCode, valueOffset, symbols }
}

/** Reads bits from data without stuffing. Beyond its end it fails rather than making up zeros. */
export function bitReader(data: Uint8Array): Decoder {
  let held = 0
  let bits = 0
  let at = 0
  // What §F.2.2.5 pads with: looked at, never used up.
  let padding = 0

  // At least 25 bits are held after it.
  function fill(): void {
    while (bits <= 24) {
      const byte = data[at]
      if (byte === undefined) {
        held = (held << 8) | 0xff
        padding += 8
      } else {
        held = (held << 8) | byte
        at++
      }
      bits += 8
    }
  }
  function used(count: number): void {
    bits -= count
    if (bits < padding) throw new PixelError('corrupt', 'JPEG: a scan ends before its pixels')
  }

  return {
    symbol({ fast, maxCode, valueOffset, symbols }) {
      if (bits < 16) fill()
      const entry = fast[(held >>> (bits - LOOK_AHEAD)) & ((1 << LOOK_AHEAD) - 1)] ?? 0
      if (entry !== 0) {
        used(entry >> 8)
        return entry & 0xff
      }
      for (let length = LOOK_AHEAD + 1; length <= 16; length++) {
        const code = (held >>> (bits - length)) & ((1 << length) - 1)
        if (code > (maxCode[length] ?? -1)) continue
        used(length)
        return symbols[code + (valueOffset[length] ?? 0)] ?? 0
      }
      throw new PixelError('corrupt', 'JPEG: no Huffman code')
    },
    difference(category) {
      if (category === 0) return 0
      if (category === 16) return 32_768
      if (bits < category) fill()
      const value = (held >>> (bits - category)) & ((1 << category) - 1)
      used(category)
      return value < 1 << (category - 1) ? value - (1 << category) + 1 : value
    },
    isAtEnd: () => at >= data.byteLength && bits - padding < 8,
  }
}
