import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'

/** Where an entry lies in a pack, and how its bytes are known again. `sha256` is hexadecimal. */
export type Entry = {
  readonly offset: number
  readonly length: number
  readonly sha256: string
  readonly crc32: number
}

export type PackWriter = {
  /** Appends an entry. One at a time: the next after this one was awaited. */
  readonly write: (name: string, bytes: Uint8Array) => Promise<Entry>
  /** The file under its final name, on the disk for good. */
  readonly publish: () => Promise<{ entries: ReadonlyMap<string, Entry>; size: number }>
  /** Closes it, and deletes what was not published. Always to be called. */
  readonly close: () => Promise<void>
}

/** A file of entries one after the other, with nothing between; its index is kept elsewhere. Readable by its owner alone. */
export async function createPack(path: string): Promise<PackWriter> {
  const part = `${path}.part`
  const file = await openNew(part)
  const entries = new Map<string, Entry>()
  let size = 0
  let published = false
  return {
    async write(name, bytes) {
      if (entries.has(name)) throw new Error('an entry is written once')
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const entry = { offset: size, length: bytes.byteLength, sha256, crc32: crc32(bytes) }
      await writeAll(file, bytes, size)
      size += bytes.byteLength
      entries.set(name, entry)
      return entry
    },
    async publish() {
      await file.sync()
      await rename(part, path)
      published = true
      // The new name too must survive a power cut: it is an entry of the folder.
      const folder = await open(dirname(path), constants.O_RDONLY)
      await folder.sync().finally(() => folder.close())
      return { entries, size }
    },
    async close() {
      await file.close()
      if (!published) await rm(part, { force: true })
    },
  }
}

/** Most data files of the viewer, and most compact instances, are read at once. */
const LONGEST_READ = 2 ** 20

/**
 * The bytes of a published pack from `start` to `end` (exclusive), each piece in memory of its own; an error where the file
 * ends before.
 */
export async function* readPack(
  path: string,
  start: number,
  end: number,
  allocate: (length: number) => Uint8Array = (length) => Buffer.allocUnsafeSlow(length),
): AsyncGenerator<Uint8Array> {
  if (start >= end) return
  const file = await open(path, constants.O_RDONLY)
  try {
    for (let at = start; at < end; ) {
      const chunk = allocate(Math.min(LONGEST_READ, end - at))
      const { bytesRead } = await file.read(chunk, 0, chunk.byteLength, at)
      if (bytesRead === 0) throw new Error('the file is shorter than its index')
      yield chunk.subarray(0, bytesRead)
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}

/** Is there a file of exactly that size? */
export async function isThere(path: string, size: number | null): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found?.isFile() === true && found.size === size
}

async function openNew(path: string): Promise<FileHandle> {
  for (let attempt = 0; ; attempt++) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    try {
      return await open(path, 'wx', 0o600)
    } catch (error) {
      // Who deletes the last file of a folder deletes the folder: perhaps just now.
      if (attempt === 3 || !(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
        throw error
    }
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.byteLength; ) {
    const left = bytes.byteLength - written
    const { bytesWritten } = await file.write(bytes, written, left, position + written)
    written += bytesWritten
  }
}
