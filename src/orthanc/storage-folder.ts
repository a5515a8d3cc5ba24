import { open } from 'node:fs/promises'
import { join } from 'node:path'
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
  const file = await openStored(directory, fileUuid)
  if (!file) return null
  try {
    const { size } = await file.stat()
    const bytes = allocate(size)
    const { bytesRead } = await file.read(bytes, 0, size, 0)
    return bytesRead === size ? bytes : null
  } finally {
    await file.close()
  }
}

/** Some bytes of such a file, if it is as long as it should be; else null. */
export async function readStoredBytes(
  directory: string | undefined,
  { fileUuid, size, start, length }: { fileUuid: string; size: number; start: number; length: number },
): Promise<Uint8Array<ArrayBuffer> | null> {
  const file = await openStored(directory, fileUuid)
  if (!file) return null
  try {
    if ((await file.stat()).size !== size) return null
    const bytes = new Uint8Array(length)
    const { bytesRead } = await file.read(bytes, 0, length, start)
    return bytesRead === length ? bytes : null
  } finally {
    await file.close()
  }
}

async function openStored(directory: string | undefined, fileUuid: string | undefined) {
  // What names a file must not be able to name another folder.
  if (!directory || !fileUuid || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(fileUuid)) return null
  const path = join(directory, fileUuid.slice(0, 2), fileUuid.slice(2, 4), fileUuid)
  return await open(path, 'r').catch(() => null)
}
