import { DATA_VERSION } from './format.ts'

/**
 * The one form of every data file of the viewer: a classic script that hands strings to a function of the page, for
 * file:// lets a page read nothing else. Bytes stand in the strings as they are, under windows-1252, but four that
 * would end a string (ECMA-262 §12.9.4): a third more would be paid for base64, and these scripts are most of a disc's
 * growth. Online the same files are read as bytes. Nothing that stands in a study can make it another script:
 * `isDataScript()` tells.
 */
export function dataScript(name: string, strings: readonly Escaped[]): Uint8Array {
  const size = scriptSize(
    name,
    strings.map(({ byteLength }) => byteLength),
  )
  const script = new Uint8Array(size)
  const put = (bytes: Uint8Array, at: number) => {
    script.set(bytes, at)
    return at + bytes.byteLength
  }
  let at = put(ascii(scriptHead(name)), 0)
  for (const [index, string] of strings.entries()) {
    at = put(QUOTE, put(string, put(index > 0 ? COMMA_QUOTE : QUOTE, at)))
  }
  put(ascii(TAIL), at)
  return script
}

/** What `escapeBytes()` made: nothing else may stand in a string. */
export type Escaped = Uint8Array & { readonly [escapedMark]: true }
declare const escapedMark: unique symbol

/** How the file begins; its strings follow, each in quotes, with commas between. */
const scriptHead = (name: string): string => `ritiro(${DATA_VERSION},"${name}",[`

const TAIL = ']);\n'

/** Length of the file, from the lengths of its strings as escaped. */
function scriptSize(name: string, lengths: readonly number[]): number {
  const quotes = lengths.length * 3 - (lengths.length > 0 ? 1 : 0)
  return scriptHead(name).length + lengths.reduce((sum, length) => sum + length, 0) + quotes + TAIL.length
}

/** Where the strings of a file lie in it, each within its quotes. */
export function stringRanges(name: string, lengths: readonly number[]): { start: number; end: number }[] {
  let at = scriptHead(name).length
  return lengths.map((length) => {
    const start = at + 1
    at = start + length + 2
    return { start, end: start + length }
  })
}

const BACKSLASH = 0x5c
const LETTERS: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [BACKSLASH, BACKSLASH],
  [0x0a, 0x6e],
  [0x0d, 0x72],
])

/** Bytes as they stand in a string. */
export function escapeBytes(bytes: Uint8Array): Escaped {
  let special = 0
  for (let i = 0; i < bytes.byteLength; i++) if (IS_SPECIAL[bytes[i] as number]) special++
  const escaped = new Uint8Array(bytes.byteLength + special)
  for (let i = 0, at = 0; i < bytes.byteLength; i++) {
    const byte = bytes[i] as number
    if (IS_SPECIAL[byte]) {
      escaped[at++] = BACKSLASH
      escaped[at++] = LETTERS.get(byte) as number
    } else escaped[at++] = byte
  }
  return escaped as Escaped
}

const IS_SPECIAL = Uint8Array.from({ length: 256 }, (_, byte) => (LETTERS.has(byte) ? 1 : 0))

/** Whether a file is of this form and no other: byte by byte, so that a test need not believe what wrote it. */
export function isDataScript(file: Uint8Array): boolean {
  const text = Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('latin1')
  return FORM.test(text)
}

const FORM =
  /^ritiro\([1-9]\d*,"[A-Z0-9]{1,8}",\[(?:"[^"\\\r\n]*(?:\\["\\nr][^"\\\r\n]*)*"(?:,(?=")|(?=\])))*\]\);\n$/

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const QUOTE = ascii('"')
const COMMA_QUOTE = ascii(',"')
