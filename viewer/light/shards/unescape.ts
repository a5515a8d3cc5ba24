/** The bytes of a string of a data script, from its bytes as stored (what fetch brings). */
export function unescapeBytes(stored: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(stored.byteLength)
  let length = 0
  for (let from = 0; from < stored.byteLength; ) {
    const found = stored.indexOf(BACKSLASH, from)
    const to = found < 0 ? stored.byteLength : found
    bytes.set(stored.subarray(from, to), length)
    length += to - from
    if (found < 0) break
    const letter = stored[to + 1]
    bytes[length++] = letter === LETTER_N ? 0x0a : letter === LETTER_R ? 0x0d : (letter ?? 0)
    from = to + 2
  }
  return bytes.slice(0, length)
}

/** The bytes of a string of a data script, from what the browser made of them under windows-1252. */
export function bytesOfString(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = BYTE_OF[text.charCodeAt(i)] as number
  return bytes
}

const BACKSLASH = 0x5c
const LETTER_N = 0x6e
const LETTER_R = 0x72

// 27 bytes of windows-1252 are characters further up (Encoding Standard §9); the page's own decoder tells which.
const BYTE_OF = new Uint8Array(0x10000)
const ALL = new TextDecoder('windows-1252').decode(Uint8Array.from({ length: 256 }, (_, byte) => byte))
for (let byte = 0; byte < 256; byte++) BYTE_OF[ALL.charCodeAt(byte)] = byte

/** The strings of a whole data script, as stored. */
export function stringsIn(script: Uint8Array<ArrayBuffer>): ArrayBuffer[] {
  const strings: ArrayBuffer[] = []
  // The name stands in quotes too, before the bracket.
  for (let at = script.indexOf(BRACKET) + 1; script[at] === QUOTE; at++) {
    const start = at + 1
    at = endOfString(script, start)
    strings.push(script.slice(start, at).buffer)
    if (script[++at] !== COMMA) break
  }
  return strings
}

const QUOTE = 0x22
const COMMA = 0x2c
const BRACKET = 0x5b

/** Where the quote stands that ends a string: one with an even number of backslashes before it. */
function endOfString(script: Uint8Array, start: number): number {
  for (let at = script.indexOf(QUOTE, start); at >= 0; at = script.indexOf(QUOTE, at + 1)) {
    let backslashes = 0
    while (at - backslashes > start && script[at - backslashes - 1] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return at
  }
  throw new RangeError('a data file that is cut off')
}
