import { putBoth16, putBoth32, putRecordingDate, SECTOR_SIZE } from './bytes.ts'
import type { Directory, Entry } from './tree.ts'

/**
 * The longest extent of one Directory Record: the last whole sector below 4 GiB. A longer file has several
 * records, one a File Section (ECMA-119 §6.5.1, interchange level 3), whose extents follow one another here.
 */
export const LONGEST_SECTION = 0xffffffff - (0xffffffff % SECTOR_SIZE)

const FLAG_DIRECTORY = 0x02
const FLAG_MULTI_EXTENT = 0x80

const HEADER_LENGTH = 33

export type Extent = { sector: number; size: number }

/** Length of a Directory Record; always even (ECMA-119 §9.1.12). */
const recordLength = (identifierLength: number): number =>
  HEADER_LENGTH + identifierLength + (identifierLength % 2 === 0 ? 1 : 0)

/** Bytes of a directory with these entries: whole sectors, no record crossing from one to the next (§6.8.1.1). */
export function directorySize(entries: readonly Entry[]): number {
  let end = 2 * recordLength(1) // "." and ".."
  for (const entry of entries) {
    const length = recordLength(entry.identifier.byteLength)
    const sections = entry.kind === 'file' ? entry.sections : 1
    for (let section = 0; section < sections; section++) end = placeRecord(end, length) + length
  }
  return Math.ceil(end / SECTOR_SIZE) * SECTOR_SIZE
}

/** The bytes of a directory: itself, its parent, its entries. */
export function encodeDirectory(
  directory: Directory,
  fileExtents: readonly Extent[],
  date: Date,
): Uint8Array {
  const bytes = new Uint8Array(directory.size)
  let end = 0
  const add = (extent: Extent, flags: number, identifier: Uint8Array) => {
    const at = placeRecord(end, recordLength(identifier.byteLength))
    end = at + putDirectoryRecord(bytes, at, extent, flags, identifier, date)
  }

  add(extentOf(directory), FLAG_DIRECTORY, Uint8Array.of(0))
  add(extentOf(directory.parent), FLAG_DIRECTORY, Uint8Array.of(1))
  for (const entry of directory.entries) {
    if (entry.kind === 'directory') {
      add(extentOf(entry.directory), FLAG_DIRECTORY, entry.identifier)
      continue
    }
    const whole = fileExtents[entry.fileIndex] ?? { sector: 0, size: 0 }
    for (let section = 0; section < entry.sections; section++) {
      const from = section * LONGEST_SECTION
      const extent = {
        sector: whole.sector + from / SECTOR_SIZE,
        size: Math.min(LONGEST_SECTION, whole.size - from),
      }
      add(extent, section < entry.sections - 1 ? FLAG_MULTI_EXTENT : 0, entry.identifier)
    }
  }
  return bytes
}

/** The root's own record, as a Volume Descriptor holds it (ECMA-119 §8.4.18). */
export function putRootRecord(bytes: Uint8Array, offset: number, root: Directory, date: Date): void {
  putDirectoryRecord(bytes, offset, extentOf(root), FLAG_DIRECTORY, Uint8Array.of(0), date)
}

const extentOf = (directory: Directory): Extent => ({ sector: directory.extent, size: directory.size })

/** Where the next record goes: at `end`, or at the next sector if it would cross into it. */
function placeRecord(end: number, length: number): number {
  const left = SECTOR_SIZE - (end % SECTOR_SIZE)
  return length > left ? end + left : end
}

/**
 * ECMA-119 §9.1, by byte position (BP counts from 1):
 *
 * | BP | field | |
 * |---|---|---|
 * | 1 | Length of Directory Record | |
 * | 2 | Extended Attribute Record Length | none |
 * | 3–10 | Location of Extent | both orders |
 * | 11–18 | Data Length | both orders |
 * | 19–25 | Recording Date and Time | |
 * | 26 | File Flags | |
 * | 27, 28 | File Unit Size, Interleave Gap Size | not interleaved |
 * | 29–32 | Volume Sequence Number | both orders |
 * | 33 | Length of File Identifier | |
 * | 34… | File Identifier, padding | |
 */
function putDirectoryRecord(
  bytes: Uint8Array,
  at: number,
  extent: Extent,
  flags: number,
  identifier: Uint8Array,
  date: Date,
): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = recordLength(identifier.byteLength)
  bytes[at] = length
  putBoth32(view, at + 2, extent.sector)
  putBoth32(view, at + 10, extent.size)
  putRecordingDate(bytes, at + 18, date)
  bytes[at + 25] = flags
  putBoth16(view, at + 28, 1)
  bytes[at + 32] = identifier.byteLength
  bytes.set(identifier, at + 33)
  return length
}
