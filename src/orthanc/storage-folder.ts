import { close, fstat, open, read } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Allocate } from './whole-files.ts'

/**
 * A file of Orthanc's storage folder (`ab/cd/abcd…`), which is only ever written whole and under a new name; null where it
 * is not there. With Orthanc's `StorageCompression` it is something else than the DICOM file.
 */
export async function readStoredFile(
  directory: string | undefined,
  fileUuid: string | undefined,
  allocate: Allocate = (length) => Buffer.allocUnsafeSlow(length),
): Promise<Uint8Array | null> {
  const path = pathOf(directory, fileUuid)
  return path === null ? null : await withFile(path, async (file, size) => readAt(file, 0, allocate(size)))
}

/** Some bytes of such a file, if it is as long as it should be; else null. */
export async function readStoredBytes(
  directory: string | undefined,
  { fileUuid, size, start, length }: { fileUuid: string; size: number; start: number; length: number },
): Promise<Uint8Array<ArrayBuffer> | null> {
  const path = pathOf(directory, fileUuid)
  if (path === null) return null
  return await withFile(path, async (file, found) =>
    found === size ? await readAt(file, start, new Uint8Array(length)) : null,
  )
}

const PIECE = 2 ** 18

/** Such a file from `start` on, piece by piece, if it is as long as it should be; else null. */
export async function streamStoredFile(
  directory: string | undefined,
  { fileUuid, size, start }: { fileUuid: string | undefined; size: number | undefined; start: number },
  allocate: Allocate,
): Promise<AsyncIterable<Uint8Array> | null> {
  const path = pathOf(directory, fileUuid)
  const found = path === null ? null : await withFile(path, async (_, length) => length)
  if (path === null || found === null || (size !== undefined && found !== size)) return null
  return pieces(path, found, start, allocate)
}

// Opened for each piece: who stalls, or never begins, holds no file open.
async function* pieces(
  path: string,
  size: number,
  start: number,
  allocate: Allocate,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < size; at += PIECE) {
    const piece = allocate(Math.min(PIECE, size - at))
    const read = await withFile(path, (file) => readAt(file, at, piece))
    if (!read) throw new Error('the file is gone, or shorter than it was')
    yield read
  }
}

// What names a file must not be able to name another folder.
function pathOf(directory: string | undefined, fileUuid: string | undefined): string | null {
  if (!directory || !fileUuid || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(fileUuid)) return null
  return join(directory, fileUuid.slice(0, 2), fileUuid.slice(2, 4), fileUuid)
}

// File descriptors: FileHandles of node:fs/promises cost a download from here a tenth of its processor time.
const [openFile, statFile, readFile] = [promisify(open), promisify(fstat), promisify(read)]

async function withFile<T>(
  path: string,
  use: (file: number, size: number) => Promise<T | null>,
): Promise<T | null> {
  const file = await openFile(path, 'r').catch(() => null)
  if (file === null) return null
  try {
    return await use(file, (await statFile(file)).size)
  } finally {
    // Nobody waits for it, and of a file that was read there is nothing to be lost.
    close(file)
  }
}

/** Null where the file ends before. */
async function readAt<Bytes extends Uint8Array>(
  file: number,
  start: number,
  bytes: Bytes,
): Promise<Bytes | null> {
  const { bytesRead } = await readFile(file, bytes, 0, bytes.byteLength, start)
  return bytesRead === bytes.byteLength ? bytes : null
}
