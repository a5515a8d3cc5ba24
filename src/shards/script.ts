import { DATA_VERSION } from './format.ts'
import { areSymbols, type Symbols } from './symbols.ts'

/**
 * The one form of every data file of the viewer: a classic script that hands a function to a function of the page, for
 * file:// lets a page read nothing else. The data is a comment in that function, which the page reads as the function's
 * source (ECMA-262 §20.2.3.5) and never calls: of a string a browser would make copies while it parses. One line is one
 * *string* of the file. Online the same files are read as bytes. Nothing that stands in a study can make it another
 * script: `isDataScript()` tells.
 */
export function dataScript(name: string, strings: readonly Symbols[]): Uint8Array {
  const ranges = stringRanges(
    name,
    strings.map(({ byteLength }) => byteLength),
  )
  const end = ranges.at(-1)?.end ?? scriptHead(name).length
  const script = new Uint8Array(end + TAIL.length).fill(LINE_END)
  script.set(ascii(scriptHead(name)))
  for (const [index, { start }] of ranges.entries()) script.set(strings[index] ?? [], start)
  script.set(ascii(TAIL), end)
  return script
}

/** How the file begins; its strings follow, with line ends between. */
const scriptHead = (name: string): string => `ritiro(${DATA_VERSION},"${name}",function(){${DATA_BEGINS}`

/** What stands before and after the strings. */
export const DATA_BEGINS = '/*'
export const DATA_ENDS = '*/'
const TAIL = `${DATA_ENDS}});\n`

/** What stands between two strings. */
export const LINE_END = 0x0a

/** Where the strings of a file lie in it. */
export function stringRanges(name: string, lengths: readonly number[]): { start: number; end: number }[] {
  let at = scriptHead(name).length
  return lengths.map((length) => {
    const start = at
    at += length + 1
    return { start, end: start + length }
  })
}

/** Whether a file is of this form and no other: byte by byte, so that a test need not believe what wrote it. */
export function isDataScript(file: Uint8Array): boolean {
  const head = HEAD.exec(textOf(file.subarray(0, 60)))?.[0]
  if (head === undefined) return false
  const end = file.byteLength - TAIL.length
  if (end < head.length || textOf(file.subarray(end)) !== TAIL) return false
  const lines = file.subarray(head.length, end)
  return areSymbols(lines.filter((byte) => byte !== LINE_END))
}

const HEAD = /^ritiro\([1-9]\d*,"[A-Z0-9]{1,8}",function\(\)\{\/\*/

const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes)
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
