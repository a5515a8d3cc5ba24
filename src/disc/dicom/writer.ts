import { LONG_VRS } from './element.ts'

/** A growing buffer of Explicit VR Little Endian elements whose lengths can be filled in later. */
export type Writer = {
  /** Bytes so far. */
  readonly length: number
  /** Writes tag, VR and length; answers where the length stands, for `patchLength`. */
  header: (tag: number, vr: string, length: number) => number
  /** Tag and length of an item or a delimiter, which have no VR (PS3.5 §7.5). */
  itemHeader: (tag: number, length: number) => number
  raw: (bytes: Uint8Array) => void
  /** Text of which each character is one byte. */
  latin1: (text: string) => void
  patchUint16: (at: number, value: number) => void
  patchUint32: (at: number, value: number) => void
  /** Forgets what was written from `length` on. */
  truncate: (length: number) => void
  /** The bytes written, without a copy. */
  bytes: () => Uint8Array
}

export function createWriter(capacity = 1024): Writer {
  let buffer = Buffer.alloc(capacity)
  let view = viewOf(buffer)
  let length = 0

  function reserve(more: number): void {
    if (length + more <= buffer.byteLength) return
    const larger = Buffer.alloc(Math.max(length + more, buffer.byteLength * 2))
    larger.set(buffer.subarray(0, length))
    buffer = larger
    view = viewOf(buffer)
  }
  function putTag(tag: number): void {
    view.setUint16(length, tag >>> 16, true)
    view.setUint16(length + 2, tag & 0xffff, true)
  }

  return {
    get length() {
      return length
    },
    header(tag, vr, valueLength) {
      reserve(12)
      putTag(tag)
      buffer[length + 4] = vr.charCodeAt(0)
      buffer[length + 5] = vr.charCodeAt(1)
      if (LONG_VRS.has(vr)) {
        view.setUint16(length + 6, 0, true)
        view.setUint32(length + 8, valueLength, true)
        length += 12
        return length - 4
      }
      view.setUint16(length + 6, valueLength, true)
      length += 8
      return length - 2
    },
    itemHeader(tag, valueLength) {
      reserve(8)
      putTag(tag)
      view.setUint32(length + 4, valueLength, true)
      length += 8
      return length - 4
    },
    raw(bytes) {
      reserve(bytes.byteLength)
      buffer.set(bytes, length)
      length += bytes.byteLength
    },
    latin1(text) {
      reserve(text.length)
      length += buffer.write(text, length, 'latin1')
    },
    patchUint16(at, value) {
      view.setUint16(at, value, true)
    },
    patchUint32(at, value) {
      view.setUint32(at, value, true)
    },
    truncate(shorter) {
      length = shorter
    },
    bytes: () => buffer.subarray(0, length),
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** One whole element. */
export function writeElement(writer: Writer, tag: number, vr: string, value: Uint8Array): void {
  writer.header(tag, vr, value.byteLength)
  writer.raw(value)
}

/** One whole element of text, padded to an even length by a space (PS3.5 §6.2), a UID by NUL (§9.1). */
export function writeText(writer: Writer, tag: number, vr: string, text: string): void {
  const odd = text.length % 2 === 1
  writer.header(tag, vr, text.length + (odd ? 1 : 0))
  writer.latin1(text)
  if (odd) writer.latin1(vr === 'UI' || vr === 'SQ' ? '\0' : ' ')
}
