export const SECTOR_SIZE = 2048

/** How many logical sectors `bytes` bytes occupy. */
export const sectorsFor = (bytes: number): number => Math.ceil(bytes / SECTOR_SIZE)

/** A 16-bit number in both byte orders (ECMA-119 §7.2.3). */
export function putBoth16(view: DataView, offset: number, value: number): void {
  view.setUint16(offset, value, true)
  view.setUint16(offset + 2, value, false)
}

/** A 32-bit number in both byte orders (ECMA-119 §7.3.3). */
export function putBoth32(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value, true)
  view.setUint32(offset + 4, value, false)
}

/** Date and time of a Directory Record, 7 bytes, in UTC (ECMA-119 §9.1.5). */
export function putRecordingDate(bytes: Uint8Array, offset: number, date: Date): void {
  bytes.set(
    [
      date.getUTCFullYear() - 1900,
      date.getUTCMonth() + 1,
      date.getUTCDate(),
      date.getUTCHours(),
      date.getUTCMinutes(),
      date.getUTCSeconds(),
      0, // offset from Greenwich, in quarters of an hour
    ],
    offset,
  )
}

/** Date and time of a Volume Descriptor, 17 bytes, in UTC; `null` says "not specified" (ECMA-119 §8.4.26.1). */
export function putVolumeDate(bytes: Uint8Array, offset: number, date: Date | null): void {
  const digits =
    date === null
      ? '0'.repeat(16)
      : date
          .toISOString()
          .replace(/[^0-9]/g, '')
          .slice(0, 16)
  bytes.set(latin1(digits), offset)
  bytes[offset + 16] = 0
}

/** One byte per character; for text that is known to be ASCII. */
export const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1')

/** UCS-2, big endian: what Joliet writes names in. */
export function ucs2(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le').swap16()
}
