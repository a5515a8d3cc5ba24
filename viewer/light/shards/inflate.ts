import { fromSymbols } from '../../../src/shards/symbols.ts'
import {
  type Bits,
  type Codes,
  endOf,
  FIXED_CODES,
  longCode,
  readCodes,
  SHORT,
  take,
} from './deflate-codes.ts'

/** Inflates the strings of a frame. What it gives is gone with the next ones. */
export type Inflate = (strings: readonly Uint8Array[], most: number) => Uint8Array<ArrayBuffer>

/**
 * zlib's form (RFC 1950), its checksum compared; never more than `most` bytes. A browser's DecompressionStream takes as
 * long and leaves each frame as garbage, which a worker is slow to collect: here the same memory is used again.
 */
export function createInflate(): Inflate {
  const bits = bitsIn(new Uint8Array(2 ** 18))
  const out: Out = { bytes: new Uint8Array(2 ** 19), at: 0, most: 0 }
  return (strings, most) => {
    const length = gather(strings, bits)
    // RFC 1950 §2.2: deflate, no preset dictionary.
    if (length < 6 || ((bits.bytes[0] as number) & 15) !== 8 || (bits.bytes[1] as number) & 32)
      throw new RangeError('not of zlib’s form')
    bits.bit = 16
    Object.assign(out, { at: 0, most })
    for (let isLast = 0; isLast === 0; ) {
      isLast = take(bits, 1)
      const type = take(bits, 2)
      if (type === 0) copyStored(bits, out)
      else if (type === 3) throw new RangeError('a block of no kind')
      else inflateBlock(bits, type === 1 ? FIXED_CODES : readCodes(bits), out)
      if (endOf(bits) > length) throw new RangeError('cut off')
    }
    const bytes = out.bytes.subarray(0, out.at)
    const end = endOf(bits)
    const checksum = bits.view.getUint32(end)
    if (end + 4 > length || adler32(bytes) !== checksum) throw new RangeError('altered, or cut off')
    return bytes
  }
}

type Out = { bytes: Uint8Array<ArrayBuffer>; at: number; most: number }

/** The bytes of the strings one after the other, and nothing behind them; how many. */
function gather(strings: readonly Uint8Array[], bits: Bits): number {
  const room = strings.reduce((sum, { byteLength }) => sum + byteLength, 0) + PAST_END
  if (bits.bytes.byteLength < room) Object.assign(bits, bitsIn(new Uint8Array(room * 2)))
  let length = 0
  for (const string of strings) length += fromSymbols(string, bits.bytes, length)
  bits.bytes.fill(0, length, length + PAST_END)
  return length
}

const bitsIn = (bytes: Uint8Array<ArrayBuffer>): Bits => ({ bytes, view: new DataView(bytes.buffer), bit: 0 })

/** How far reading runs ahead before it is told that nothing is left: the codes of a block. */
const PAST_END = 512

function roomFor(out: Out, count: number): Uint8Array {
  const needed = out.at + count
  if (needed > out.most) throw new RangeError('more bytes than the frame has')
  if (needed > out.bytes.byteLength) {
    const larger = new Uint8Array(Math.min(out.most, needed * 2))
    larger.set(out.bytes.subarray(0, out.at))
    out.bytes = larger
  }
  return out.bytes
}

/** RFC 1951 §3.2.4. */
function copyStored(bits: Bits, out: Out): void {
  const from = endOf(bits)
  const length = (bits.bytes[from] as number) | ((bits.bytes[from + 1] as number) << 8)
  roomFor(out, length).set(bits.bytes.subarray(from + 4, from + 4 + length), out.at)
  out.at += length
  bits.bit = (from + 4 + length) * 8
}

/** RFC 1951 §3.2.3. Everything in locals, and no state but the place: this takes half the time of a frame. */
function inflateBlock(bits: Bits, { literals, distances }: Codes, out: Out): void {
  const { view } = bits
  const { short } = literals
  const last = (view.byteLength - 16) * 8
  let { bit } = bits
  let to = out.at
  let target = roomFor(out, 0)
  let room = target.byteLength
  for (;;) {
    let next = view.getInt32(bit >>> 3, true) >>> (bit & 7)
    let entry = short[next & SHORT_MASK] as number
    if (entry < END_OF_BLOCK << 4 && entry !== 0 && to < room) {
      // Most are literals with short codes: of 25 bits, two at a time.
      target[to++] = entry >>> 4
      bit += entry & 15
      next >>>= entry & 15
      entry = short[next & SHORT_MASK] as number
      if (entry >= END_OF_BLOCK << 4 || entry === 0 || to >= room) continue
      target[to++] = entry >>> 4
      bit += entry & 15
      continue
    }
    entry ||= longCode(literals, next)
    bit += entry & 15
    if (entry < END_OF_BLOCK << 4) {
      out.at = to
      target = roomFor(out, 1)
      room = target.byteLength
      target[to++] = entry >>> 4
      continue
    }
    if (entry >>> 4 === END_OF_BLOCK) break
    if (bit > last) throw new RangeError('cut off')
    const lengthCode = (entry >>> 4) - 257
    const lengthBits = LENGTH_BITS[lengthCode] ?? 0
    const length = (LENGTHS[lengthCode] ?? 0) + ((next >>> (entry & 15)) & ((1 << lengthBits) - 1))
    bit += lengthBits
    const far = view.getInt32(bit >>> 3, true) >>> (bit & 7)
    const distanceEntry = (distances.short[far & SHORT_MASK] as number) || longCode(distances, far)
    bit += distanceEntry & 15
    const distanceBits = DISTANCE_BITS[distanceEntry >>> 4] ?? 0
    const more = view.getInt32(bit >>> 3, true) >>> (bit & 7)
    const distance = (DISTANCES[distanceEntry >>> 4] ?? 0) + (more & ((1 << distanceBits) - 1))
    bit += distanceBits
    if (length === 0 || distance === 0 || distance > to) throw new RangeError('no such copy')
    out.at = to
    if (to + length > room) {
      target = roomFor(out, length)
      room = target.byteLength
    }
    if (distance === 1) target.fill(target[to - 1] as number, to, to + length)
    else for (let n = 0; n < length; n++) target[to + n] = target[to + n - distance] as number
    to += length
  }
  out.at = to
  roomFor(out, 0)
  bits.bit = bit
}

const SHORT_MASK = (1 << SHORT) - 1
const END_OF_BLOCK = 256
// RFC 1951 §3.2.5.
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
const LENGTHS = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
]
const DISTANCE_BITS = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]
const DISTANCES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
]

/** RFC 1950 §9. So many sums fit into 32 bits before the remainder must be taken. */
function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (let from = 0; from < bytes.byteLength; from += 3800) {
    const to = Math.min(bytes.byteLength, from + 3800)
    let at = from
    // Four at a time: each need not wait for the one before.
    for (; at + 4 <= to; at += 4) {
      const [first, second] = [bytes[at] as number, bytes[at + 1] as number]
      const [third, fourth] = [bytes[at + 2] as number, bytes[at + 3] as number]
      b += 4 * (a + first) + 3 * second + 2 * third + fourth
      a += first + second + third + fourth
    }
    for (; at < to; at++) {
      a += bytes[at] as number
      b += a
    }
    a %= 65521
    b %= 65521
  }
  return ((b << 16) | a) >>> 0
}
