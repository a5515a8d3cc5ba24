import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { nativeFrames } from '../../src/dicomweb/native.ts'
import type { Orthanc } from '../../src/orthanc/orthanc.ts'

const MIB = 2 ** 20
const FILE = new Uint8Array(1000).map((_, index) => index % 251)
const WHERE = {
  ...{ orthancId: 'one', fileUuid: 'file', size: 1000, crc32: crc32(FILE) },
  ...{ start: 100, length: 300, frames: 3 },
}

test('a frame is cut out of the archive’s file, and only of the very file that was prepared', async () => {
  const frameOf = nativeFrames(archive(() => FILE))
  const frame = await frameOf(WHERE, 2)
  expect(Buffer.from(frame?.bytes ?? [])).toEqual(Buffer.from(FILE.subarray(400, 700)))
  expect(await frameOf(WHERE, 4)).toBeNull()
  // Overwritten by another of the same length, or gone.
  expect(await nativeFrames(archive(() => FILE.with(999, 7)))(WHERE, 1)).toBeNull()
  expect(await nativeFrames(archive(() => null))(WHERE, 1)).toBeNull()
})

test('what is held for viewers that do not read is bounded: further frames stream by from Orthanc', async () => {
  const file = new Uint8Array(2 * MIB)
  const where = { ...WHERE, size: file.byteLength, crc32: crc32(file) }
  let fetched = 0
  const frameOf = nativeFrames(
    archive(() => {
      fetched++
      return file
    }),
  )
  const frames = await Promise.all(Array.from({ length: 50 }, () => frameOf(where, 1)))
  const held = frames.filter((frame) => frame !== null)
  expect([held.length, fetched]).toEqual([16, 16])
  held[0]?.over()
  held[0]?.over()
  expect(await frameOf(where, 1)).not.toBeNull()
  expect(await frameOf(where, 1)).toBeNull()
  const longer = { ...where, size: where.size + 1 }
  expect(await nativeFrames(archive(() => file))(longer, 1)).toBeNull()
})

const archive = (file: () => Uint8Array | null) =>
  ({ storedBytes: () => null, instanceFile: async () => file() }) as unknown as Orthanc
