/**
 * Bytes as characters that windows-1252 leaves as they are (Encoding Standard §9), none above U+00FF: 39 bytes take 40.
 * A browser holds such a text in one byte a character; one character further up makes it two for all of them.
 */
export type Symbols = Uint8Array<ArrayBuffer> & { readonly [symbolsMark]: true }
declare const symbolsMark: unique symbol

/** Eight groups of five digits hold eight words of 32 bits, and what is over of each, seven bits, seven bytes more. */
export function toSymbols(bytes: Uint8Array): Symbols {
  const blocks = Math.ceil(bytes.byteLength / BLOCK_BYTES)
  const padded = new Uint8Array(blocks * BLOCK_BYTES)
  padded.set(bytes)
  const symbols = new Uint8Array(symbolsLength(bytes.byteLength))
  let to = 0
  for (let from = 0; from < padded.byteLength; from += BLOCK_BYTES) {
    let lastBits = 0
    for (let group = 0; group < GROUPS; group++) {
      const at = from + group * 4
      const over = group < 7 ? (padded[from + 32 + group] as number) : lastBits
      lastBits |= (over >> 7) << group
      const word =
        ((padded[at] as number) |
          ((padded[at + 1] as number) << 8) |
          ((padded[at + 2] as number) << 16) |
          ((padded[at + 3] as number) << 24)) >>>
        0
      const value = (over & 0x7f) * 2 ** 32 + word
      let high = Math.floor(value / (BASE * BASE))
      const low = value - high * BASE * BASE
      symbols[to + 4] = SYMBOLS[low % BASE] as number
      symbols[to + 3] = SYMBOLS[(low / BASE) | 0] as number
      symbols[to + 2] = SYMBOLS[high % BASE] as number
      high = (high / BASE) | 0
      symbols[to + 1] = SYMBOLS[high % BASE] as number
      symbols[to] = SYMBOLS[(high / BASE) | 0] as number
      to += 5
    }
  }
  // How much of the last block counts.
  symbols[to] = SYMBOLS[bytes.byteLength - (blocks - 1) * BLOCK_BYTES] as number
  return symbols as Symbols
}

/**
 * The bytes again, into `bytes` from `start`; how many. There must be room for as many as there are symbols. What is no
 * such text comes out as anything: a checksum has to tell.
 */
export function fromSymbols(symbols: Uint8Array, bytes: Uint8Array, start: number): number {
  const blocks = Math.floor(symbols.byteLength / BLOCK_SYMBOLS)
  const end = start + blocks * BLOCK_BYTES
  let at = 0
  for (let to = start; to < end; to += BLOCK_BYTES) {
    let last = 0
    for (let group = 0; group < GROUPS; group++, at += 5) {
      const high = (digitOf(symbols, at) * BASE + digitOf(symbols, at + 1)) * BASE + digitOf(symbols, at + 2)
      const value = high * (BASE * BASE) + (digitOf(symbols, at + 3) * BASE + digitOf(symbols, at + 4))
      const word = value | 0
      const place = to + group * 4
      bytes[place] = word
      bytes[place + 1] = word >> 8
      bytes[place + 2] = word >> 16
      bytes[place + 3] = word >> 24
      last = (value / 2 ** 32) | 0
      if (group < 7) bytes[to + 32 + group] = last
    }
    for (let group = 0; group < 7; group++) {
      bytes[to + 32 + group] = (bytes[to + 32 + group] as number) | (((last >> group) & 1) << 7)
    }
  }
  return Math.max(0, (blocks - 1) * BLOCK_BYTES + digitOf(symbols, at))
}

/** How many symbols so many bytes take. */
export const symbolsLength = (bytes: number): number => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_SYMBOLS + 1

/** Whether each of these bytes is a symbol. */
export const areSymbols = (bytes: Uint8Array): boolean => bytes.every((byte) => DIGITS[byte] !== NO_DIGIT)

const BLOCK_BYTES = 39
const BLOCK_SYMBOLS = 40
const GROUPS = 8

// 27 bytes of windows-1252 are characters further up. The others stand in a comment of a script: no end of one, no
// line end, and nothing that a browser looks for in comments (sourceMappingURL).
const FURTHER_UP = /[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]/
const WITH_A_MEANING = /[\0\n\r*#@]/
const SYMBOLS = Uint8Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => {
  const character = String.fromCharCode(byte)
  return !FURTHER_UP.test(character) && !WITH_A_MEANING.test(character)
})
/** 223⁵ is a little more than 2³⁹. */
const BASE = 223
const NO_DIGIT = 255
const DIGITS = new Uint8Array(256).fill(NO_DIGIT)
for (const [digit, symbol] of SYMBOLS.entries()) DIGITS[symbol] = digit

const digitOf = (symbols: Uint8Array, at: number): number => DIGITS[symbols[at] as number] ?? 0
