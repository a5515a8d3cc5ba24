/** Bits of a deflated stream (RFC 1951 §3.1.1), the lowest of a byte first. Four bytes more than it has can be read. */
export type Bits = { bytes: Uint8Array<ArrayBuffer>; view: DataView; bit: number }

/** Codes of symbols: by the next bits where they are short, which most are; by counting where they are long. */
export type Code = {
  /** By the next `SHORT` bits: the symbol times 16, and how long its code is; 0 where it is longer. */
  readonly short: Uint16Array
  /** How many codes there are of each length, and their symbols in order. */
  readonly counts: Uint16Array
  readonly symbols: Uint16Array
}
export type Codes = { readonly literals: Code; readonly distances: Code }

export const SHORT = 10

/** The next 25 bits, or more. */
export const peek = ({ view, bit }: Bits): number => view.getInt32(bit >>> 3, true) >>> (bit & 7)

/** Up to 25 bits. */
export function take(bits: Bits, count: number): number {
  const value = peek(bits) & ((1 << count) - 1)
  bits.bit += count
  return value
}

/** The first byte of which nothing is taken yet. */
export const endOf = ({ bit }: Bits): number => (bit + 7) >>> 3

/** The next symbol, times 16, and how long its code is, for codes that are not short. */
export function longCode({ counts, symbols }: Code, next: number): number {
  let code = 0
  let first = 0
  let index = 0
  for (let length = 1; length < 16; length++) {
    code |= (next >>> (length - 1)) & 1
    const count = counts[length] as number
    if (code < first + count) return ((symbols[index + code - first] as number) << 4) | length
    index += count
    first = (first + count) << 1
    code <<= 1
  }
  throw new RangeError('no such code')
}

/** RFC 1951 §3.2.7: the codes of a block, coded in turn. */
export function readCodes(bits: Bits): Codes {
  const literalCount = take(bits, 5) + 257
  const distanceCount = take(bits, 5) + 1
  const lengthCount = take(bits, 4) + 4
  const ofLengths = new Uint8Array(19)
  for (let at = 0; at < lengthCount; at++) ofLengths[ORDER[at] as number] = take(bits, 3)
  const code = codeOf(ofLengths)
  const lengths = new Uint8Array(literalCount + distanceCount)
  for (let at = 0; at < lengths.length; ) {
    const symbol = nextSymbol(bits, code)
    if (symbol < 16) {
      lengths[at++] = symbol
      continue
    }
    const value = symbol === 16 ? (lengths[at - 1] ?? 0) : 0
    const times = symbol === 16 ? 3 + take(bits, 2) : symbol === 17 ? 3 + take(bits, 3) : 11 + take(bits, 7)
    lengths.fill(value, at, at + times)
    at += times
  }
  return {
    literals: codeOf(lengths.subarray(0, literalCount)),
    distances: codeOf(lengths.subarray(literalCount)),
  }
}

const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

function nextSymbol(bits: Bits, code: Code): number {
  const next = peek(bits)
  const entry = code.short[next & (code.short.length - 1)] || longCode(code, next)
  bits.bit += entry & 15
  return entry >>> 4
}

/** RFC 1951 §3.2.2: codes of one length follow each other; shorter ones come first. */
function codeOf(lengths: Uint8Array): Code {
  const counts = new Uint16Array(16)
  for (const length of lengths) counts[length] = (counts[length] as number) + 1
  counts[0] = 0
  const next = new Uint16Array(17)
  const places = new Uint16Array(17)
  for (let length = 1; length < 16; length++) {
    next[length + 1] = ((next[length] as number) + (counts[length] as number)) << 1
    places[length + 1] = (places[length] as number) + (counts[length] as number)
  }
  const short = new Uint16Array(1 << SHORT)
  const symbols = new Uint16Array(lengths.length)
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number
    if (length === 0) continue
    symbols[places[length] as number] = symbol
    places[length] = (places[length] as number) + 1
    const code = next[length] as number
    next[length] = code + 1
    // Of a damaged stream: more codes than there can be.
    if (code >= 1 << length) throw new RangeError('too many codes')
    if (length > SHORT) continue
    for (let at = reversed(code, length); at < short.length; at += 1 << length)
      short[at] = (symbol << 4) | length
  }
  return { short, counts, symbols }
}

function reversed(code: number, length: number): number {
  let result = 0
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit)
  return result
}

/** RFC 1951 §3.2.6. */
export const FIXED_CODES: Codes = {
  literals: codeOf(
    Uint8Array.from({ length: 288 }, (_, symbol) =>
      symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
    ),
  ),
  distances: codeOf(new Uint8Array(30).fill(5)),
}
