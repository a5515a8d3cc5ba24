/** What the records of one file say of it. */
export type ZipEntry = {
  readonly name: Uint8Array
  readonly size: number
  readonly crc32: number
  /** Where its Local File Header begins. */
  readonly offset: number
}

/** APPNOTE §4.4.8: a number that does not fit is all ones, and stands in a ZIP64 record instead. */
const TOO_LARGE_32 = 0xffffffff
const TOO_MANY_16 = 0xffff

/** APPNOTE §4.4.3: 1.0, or 4.5 for ZIP64. */
const VERSION = 10
const VERSION_ZIP64 = 45
/** APPNOTE §4.4.2: Unix, so that the permissions below count; by version 4.5 of the specification. */
const MADE_BY = 0x0300 + VERSION_ZIP64
/** A plain file, `rw-r--r--`. */
const UNIX_FILE = 0o100644 * 0x10000
/** APPNOTE §4.4.4, bit 11: names are UTF-8. */
const FLAG_UTF8 = 0x0800
const STORED = 0

/**
 * Local File Header (APPNOTE §4.3.7). The CRC-32 is known ahead, so no data descriptor follows the file: readers that
 * go from the front know where each ends.
 */
export function encodeLocalHeader({ name, size, crc32 }: ZipEntry, date: Date): Uint8Array {
  const zip64 = size >= TOO_LARGE_32
  // §4.5.3: in a Local File Header both sizes stand there.
  const extra = [...(zip64 ? [zip64Extra([size, size])] : []), timestampExtra(date)]
  const record = recordOf(30, name, ...extra)
  const { view } = record
  view.setUint32(0, 0x04034b50, true) // local file header signature
  view.setUint16(4, zip64 ? VERSION_ZIP64 : VERSION, true) // version needed to extract
  putCommon(view, 6, { size, crc32, date })
  view.setUint16(26, name.byteLength, true) // file name length
  view.setUint16(28, lengthOf(extra), true) // extra field length
  return record.bytes
}

/** Central Directory Header (APPNOTE §4.3.12). */
export function encodeCentralHeader({ name, size, crc32, offset }: ZipEntry, date: Date): Uint8Array {
  // §4.5.3: only what did not fit, in this order.
  const large = [...(size >= TOO_LARGE_32 ? [size, size] : []), ...(offset >= TOO_LARGE_32 ? [offset] : [])]
  const extra = [...(large.length > 0 ? [zip64Extra(large)] : []), timestampExtra(date)]
  const record = recordOf(46, name, ...extra)
  const { view } = record
  view.setUint32(0, 0x02014b50, true) // central file header signature
  view.setUint16(4, MADE_BY, true) // version made by
  view.setUint16(6, large.length > 0 ? VERSION_ZIP64 : VERSION, true) // version needed to extract
  putCommon(view, 8, { size, crc32, date })
  view.setUint16(28, name.byteLength, true) // file name length
  view.setUint16(30, lengthOf(extra), true) // extra field length
  view.setUint32(38, UNIX_FILE, true) // external file attributes
  view.setUint32(42, Math.min(offset, TOO_LARGE_32), true) // relative offset of local header
  return record.bytes
}

/** What ends the archive (APPNOTE §4.3.14–4.3.16): ZIP64 records only where the old one cannot hold the numbers. */
export function encodeEnd(entries: number, directoryAt: number, directorySize: number): Uint8Array {
  const large = entries >= TOO_MANY_16 || directoryAt >= TOO_LARGE_32 || directorySize >= TOO_LARGE_32
  const bytes = new Uint8Array((large ? 56 + 20 : 0) + 22)
  const view = new DataView(bytes.buffer)
  let at = 0
  if (large) {
    view.setUint32(0, 0x06064b50, true) // zip64 end of central directory signature
    put64(view, 4, 56 - 12) // size of what follows
    view.setUint16(12, MADE_BY, true)
    view.setUint16(14, VERSION_ZIP64, true)
    put64(view, 24, entries) // entries on this disk
    put64(view, 32, entries)
    put64(view, 40, directorySize)
    put64(view, 48, directoryAt)
    view.setUint32(56, 0x07064b50, true) // zip64 end of central directory locator signature
    put64(view, 64, directoryAt + directorySize) // where the record above stands
    view.setUint32(72, 1, true) // total number of disks
    at = 76
  }
  view.setUint32(at, 0x06054b50, true) // end of central directory signature
  view.setUint16(at + 8, Math.min(entries, TOO_MANY_16), true) // entries on this disk
  view.setUint16(at + 10, Math.min(entries, TOO_MANY_16), true)
  view.setUint32(at + 12, Math.min(directorySize, TOO_LARGE_32), true)
  view.setUint32(at + 16, Math.min(directoryAt, TOO_LARGE_32), true)
  return bytes
}

/** The fields that both headers have, in the same order: from the flags to the uncompressed size. */
function putCommon(
  view: DataView,
  at: number,
  { size, crc32, date }: { size: number; crc32: number; date: Date },
): void {
  view.setUint16(at, FLAG_UTF8, true) // general purpose bit flag
  view.setUint16(at + 2, STORED, true) // compression method
  view.setUint16(at + 4, dosTime(date), true) // last mod file time
  view.setUint16(at + 6, dosDate(date), true) // last mod file date
  view.setUint32(at + 8, crc32, true) // crc-32
  view.setUint32(at + 12, Math.min(size, TOO_LARGE_32), true) // compressed size
  view.setUint32(at + 16, Math.min(size, TOO_LARGE_32), true) // uncompressed size
}

/** APPNOTE §4.5.3: header ID 1, then 8 bytes a number. */
function zip64Extra(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 8 * numbers.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0x0001, true)
  view.setUint16(2, 8 * numbers.length, true)
  for (const [index, number] of numbers.entries()) put64(view, 4 + 8 * index, number)
  return bytes
}

/** Info-ZIP's extended timestamp: the instant in UTC, where the DOS time below is of no time zone. */
function timestampExtra(date: Date): Uint8Array {
  const bytes = new Uint8Array(9)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0x5455, true)
  view.setUint16(2, 5, true)
  bytes[4] = 1 // of last modification
  view.setInt32(5, Math.floor(date.getTime() / 1000), true)
  return bytes
}

function recordOf(fixed: number, ...variable: readonly Uint8Array[]): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(fixed + lengthOf(variable))
  let at = fixed
  for (const part of variable) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return { bytes, view: new DataView(bytes.buffer) }
}

const lengthOf = (parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, { byteLength }) => sum + byteLength, 0)

const put64 = (view: DataView, at: number, value: number): void => view.setBigUint64(at, BigInt(value), true)

/** APPNOTE §4.4.6: MS-DOS counts seconds by twos and years from 1980. */
const dosTime = (date: Date): number =>
  date.getUTCHours() * 0x800 + date.getUTCMinutes() * 0x20 + Math.floor(date.getUTCSeconds() / 2)

const dosDate = (date: Date): number =>
  Math.max(0, date.getUTCFullYear() - 1980) * 0x200 + (date.getUTCMonth() + 1) * 0x20 + date.getUTCDate()
