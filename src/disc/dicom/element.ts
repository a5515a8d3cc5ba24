import { type Encoding, IMPLICIT_LITTLE } from './transfer-syntax.ts'

/** One Data Element where it stands in the bytes (PS3.5 §7.1). */
export type Element = {
  /** Group and element in one number: (0010,0020) is 0x00100020. */
  readonly tag: number
  /** Empty in Implicit VR, and for items and delimiters. */
  readonly vr: string
  /** Where the value begins, where it ends, and where the next element begins (after a delimiter, if any). */
  readonly start: number
  readonly end: number
  readonly next: number
  readonly undefinedLength: boolean
}

/** The bytes are not what their Transfer Syntax says. */
export class DicomFormatError extends Error {
  override readonly name = 'DicomFormatError'
}

export const ITEM = 0xfffee000
export const ITEM_DELIMITER = 0xfffee00d
export const SEQUENCE_DELIMITER = 0xfffee0dd
const PIXEL_DATA = 0x7fe00010

const UNDEFINED_LENGTH = 0xffffffff

/** Nested deeper than this is an attack on the stack, not a report. */
export const DEEPEST_NESTING = 100

/** VRs whose length takes 32 bits, after two reserved bytes (PS3.5 §7.1.2). */
export const LONG_VRS: ReadonlySet<string> = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '))

export type Source = { readonly bytes: Uint8Array; readonly view: DataView; readonly encoding: Encoding }

export function sourceOf(bytes: Uint8Array, encoding: Encoding): Source {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), encoding }
}

/**
 * The elements of one level from `start` up to `end`, or up to the Item Delimitation Item, which is given too.
 * Sequences are stepped over whole. Throws DicomFormatError where the bytes make no sense.
 */
export function* elements(source: Source, start: number, end: number, depth = 0): Generator<Element> {
  let at = start
  while (at < end) {
    const element = readElement(source, at, end, depth)
    yield element
    if (element.tag === ITEM_DELIMITER) return
    at = element.next
  }
}

/** The element that begins at `at`. */
export function readElement(source: Source, at: number, limit: number, depth = 0): Element {
  if (at + 8 > limit) throw new DicomFormatError(`cut short at ${at}`)
  const { view, encoding } = source
  const { littleEndian } = encoding
  const tag = view.getUint16(at, littleEndian) * 0x10000 + view.getUint16(at + 2, littleEndian)

  let vr = ''
  let start = at + 8
  let length: number
  if (!encoding.explicitVr || tag >>> 16 === 0xfffe) {
    length = view.getUint32(at + 4, littleEndian)
  } else {
    vr = vrAt(source, at + 4)
    if (LONG_VRS.has(vr)) {
      if (at + 12 > limit) throw new DicomFormatError(`cut short at ${at}`)
      length = view.getUint32(at + 8, littleEndian)
      start = at + 12
    } else {
      length = view.getUint16(at + 6, littleEndian)
    }
  }

  if (length === UNDEFINED_LENGTH) {
    if (tag === ITEM) {
      const end = endOfItem(source, start, limit, depth + 1)
      return { tag, vr, start, end, next: end + 8, undefinedLength: true }
    }
    const end = endOfSequence(source, { tag, vr }, start, limit, depth + 1)
    return { tag, vr, start, end, next: end + 8, undefinedLength: true }
  }
  const end = start + length
  if (end > limit) throw new DicomFormatError(`element at ${at} ends ${end - limit} bytes too late`)
  return { tag, vr, start, end, next: end, undefinedLength: false }
}

/** The items of a sequence's value, without the delimiter. */
export function* items(source: Source, start: number, end: number, depth = 0): Generator<Element> {
  let at = start
  while (at < end) {
    const item = readElement(source, at, end, depth)
    if (item.tag !== ITEM) throw new DicomFormatError(`no item at ${at}`)
    yield item
    at = item.next
  }
}

/** How the content of an element of undefined length, or of a sequence, is encoded. */
export function contentEncoding(source: Source, vr: string): Source {
  // PS3.5 §6.2.2 note 4: what has VR UN and undefined length is a sequence in Implicit VR Little Endian.
  return vr === 'UN' ? { ...source, encoding: IMPLICIT_LITTLE } : source
}

function endOfSequence(
  outer: Source,
  { tag, vr }: { tag: number; vr: string },
  start: number,
  limit: number,
  depth: number,
): number {
  if (depth > DEEPEST_NESTING) throw new DicomFormatError('nested too deep')
  const source = contentEncoding(outer, vr)
  // PS3.5 §A.4: fragments are items of plain bytes, never of undefined length, and so hold no elements to read.
  const isFragments = tag === PIXEL_DATA
  let at = start
  while (true) {
    if (at + 8 > limit) throw new DicomFormatError(`sequence at ${start} without end`)
    const { view } = source
    const { littleEndian } = source.encoding
    const itemTag = view.getUint16(at, littleEndian) * 0x10000 + view.getUint16(at + 2, littleEndian)
    if (itemTag === SEQUENCE_DELIMITER) return at
    if (itemTag !== ITEM) throw new DicomFormatError(`no item at ${at}`)
    const length = view.getUint32(at + 4, littleEndian)
    if (length !== UNDEFINED_LENGTH) at += 8 + length
    else if (isFragments) throw new DicomFormatError(`fragment at ${at} without length`)
    else at = endOfItem(source, at + 8, limit, depth + 1) + 8
  }
}

function endOfItem(source: Source, start: number, limit: number, depth: number): number {
  if (depth > DEEPEST_NESTING) throw new DicomFormatError('nested too deep')
  let at = start
  while (at < limit) {
    const element = readElement(source, at, limit, depth)
    if (element.tag === ITEM_DELIMITER) return at
    at = element.next
  }
  throw new DicomFormatError(`item at ${start} without end`)
}

function vrAt({ bytes }: Source, at: number): string {
  const first = bytes[at] ?? 0
  const second = bytes[at + 1] ?? 0
  const isLetter = (code: number) => code >= 0x41 && code <= 0x5a
  if (!isLetter(first) || !isLetter(second)) throw new DicomFormatError(`no VR at ${at}`)
  return String.fromCharCode(first, second)
}
