import { type FileBytes, firstEndingAfter, readExactly } from '../iso9660/extents.ts'
import { encodeCentralHeader, encodeEnd, encodeLocalHeader, type ZipEntry } from './records.ts'

/** A file of the archive: its bytes are asked for only when the archive is written. */
export type ZipFile = {
  /** `/` between names. */
  readonly path: string
  readonly size: number
  /** Known ahead (node:zlib's `crc32`): the header in front of the file holds it. */
  readonly crc32: number
}

/** A whole archive, laid out: everything but the bytes of its files. */
export type ZipPlan<F extends ZipFile> = {
  /** Bytes of the archive. */
  readonly size: number
  /** The files in their order, each with where its bytes lie, and what stands before them. */
  readonly extents: readonly {
    readonly file: F
    readonly header: Uint8Array
    readonly start: number
    readonly end: number
  }[]
  /** Central directory and what ends the archive. */
  readonly tail: Uint8Array
}

/**
 * Lays out a ZIP archive of stored files: nothing is compressed, so its length and the place of each byte are known
 * before a byte is read. Same input, same bytes.
 */
export function planZip<F extends ZipFile>(files: readonly F[], date: Date): ZipPlan<F> {
  const taken = new Set<string>()
  const directory: Uint8Array[] = []
  let at = 0
  const extents = files.map((file) => {
    checkPath(file.path)
    if (taken.has(file.path)) throw new Error(`${file.path}: two files of this name`)
    taken.add(file.path)
    const name = Buffer.from(file.path)
    const entry: ZipEntry = { name, size: file.size, crc32: file.crc32, offset: at }
    const header = encodeLocalHeader(entry, date)
    const start = at + header.byteLength
    at = start + file.size
    directory.push(encodeCentralHeader(entry, date))
    return { file, header, start, end: at }
  })
  const central = Buffer.concat(directory)
  const tail = Buffer.concat([central, encodeEnd(files.length, at, central.byteLength)])
  return { size: at + tail.byteLength, extents, tail }
}

/**
 * Writes the bytes `start` to `end` (exclusive) of a planned archive. Only files that lie in that range are opened, one
 * after the other, from the first byte that is wanted. A source that gives fewer or more bytes than planned breaks the
 * stream.
 */
export async function* writeZip<F extends ZipFile>(
  plan: ZipPlan<F>,
  open: (file: F, start: number, end: number) => FileBytes,
  { start = 0, end = plan.size }: { start?: number; end?: number } = {},
): AsyncGenerator<Uint8Array> {
  for (let index = firstEndingAfter(plan.extents, start); index < plan.extents.length; index++) {
    const extent = plan.extents[index]
    if (!extent) return
    const headerAt = extent.start - extent.header.byteLength
    if (headerAt >= end) return
    yield* within(extent.header, headerAt, start, end)
    const from = Math.max(start, extent.start)
    const until = Math.min(end, extent.end)
    if (from >= until) continue
    const opened = open(extent.file, from - extent.start, until - extent.start)
    yield* readExactly(extent.file.path, opened, until - from)
  }
  yield* within(plan.tail, plan.size - plan.tail.byteLength, start, end)
}

/** That part of `bytes`, which stand at `at`, that lies between `start` and `end`. */
function* within(bytes: Uint8Array, at: number, start: number, end: number): Generator<Uint8Array> {
  const part = bytes.subarray(Math.max(0, start - at), Math.max(0, Math.min(bytes.byteLength, end - at)))
  if (part.byteLength > 0) yield part
}

// APPNOTE §4.4.17.1: relative, and forward slashes; "..", and what Windows cannot write, make readers refuse or escape.
function checkPath(path: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  const wrong = /[\u0000-\u001f\\:*?"<>|]|^\/|\/$|\/\/|(^|\/)\.\.?(\/|$)/
  if (path === '' || wrong.test(path) || Buffer.byteLength(path) > 0xffff) {
    throw new Error(`${path}: not a path for a ZIP archive`)
  }
}
