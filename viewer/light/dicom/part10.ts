import {
  type Attributes,
  type AttributeValue,
  type KeptVr,
  keptVr,
  longestValue,
} from '../../../src/shards/attributes.ts'
import { decodeText } from './text.ts'

/** What the head of a DICOM File tells, up to its pixels (PS3.10 §7.1). */
export interface Head {
  readonly transferSyntaxUid: string
  readonly attributes: Attributes
  /** Where the value of Pixel Data lies, or null. */
  readonly pixels: PixelLocation | null
  /** An encapsulated PDF: its first byte and length. */
  readonly document: { readonly start: number; readonly length: number } | null
}

export interface PixelLocation {
  readonly start: number
  /** Null where encapsulated: fragments follow (PS3.5 §A.4). */
  readonly length: number | null
  readonly littleEndian: boolean
  /** Float or double pixels have elements of their own. */
  readonly kind: 'integer' | 'float' | 'double'
  /** Frame offsets and lengths of the Extended Offset Table (PS3.5 §A.4), where there is one. */
  readonly extended: { readonly offsets: readonly number[]; readonly lengths: readonly number[] } | null
}

/** The bytes at hand end within an element that is needed: come again with more. */
export class NeedsMoreError extends Error {
  override readonly name = 'NeedsMoreError'
}

/** Not a DICOM File, or one that makes no sense. */
export class NotDicomError extends Error {
  override readonly name = 'NotDicomError'
}

export const DEFLATED = '1.2.840.10008.1.2.1.99'
const IMPLICIT = '1.2.840.10008.1.2'
const EXPLICIT = '1.2.840.10008.1.2.1'
const BIG_ENDIAN = '1.2.840.10008.1.2.2'

/** Where the Data Set begins and how it is coded; reads group 0002 only. */
export function readMeta(bytes: Uint8Array): { transferSyntaxUid: string; start: number } {
  const view = viewOf(bytes)
  if (bytes.length < 140 || view.getUint32(128) !== 0x4449434d) return bareDataSet(bytes, view)
  const cursor: Cursor = { bytes, view, at: 132, explicit: true, little: true, terms: [], found: NONE }
  let transferSyntaxUid = ''
  while (cursor.at + 8 <= bytes.length && view.getUint16(cursor.at, true) === 2) {
    const element = readHeader(cursor)
    if (element.length === null) throw new NotDicomError('group 0002')
    needs(cursor, element.start + element.length)
    if (element.tag === '00020010')
      transferSyntaxUid = ascii(bytes.subarray(element.start, element.start + element.length))
    cursor.at = element.start + element.length
  }
  return { transferSyntaxUid: transferSyntaxUid || guess(view, cursor.at), start: cursor.at }
}

/** Reads the Data Set that begins at `start`, up to the pixels. Throws NeedsMoreError, NotDicomError. */
export function readDataSet(bytes: Uint8Array, start: number, transferSyntaxUid: string): Head {
  const found: Found = { pixels: null, document: null, offsets: null, lengths: null }
  const cursor: Cursor = {
    bytes,
    view: viewOf(bytes),
    at: start,
    explicit: transferSyntaxUid !== IMPLICIT,
    little: transferSyntaxUid !== BIG_ENDIAN,
    terms: [],
    found,
  }
  const attributes = readLevel(cursor, bytes.length, 0)
  return { transferSyntaxUid, attributes, pixels: found.pixels, document: found.document }
}

interface Found {
  pixels: PixelLocation | null
  document: Head['document']
  offsets: number[] | null
  lengths: number[] | null
}

interface Cursor {
  readonly bytes: Uint8Array
  readonly view: DataView
  at: number
  readonly explicit: boolean
  readonly little: boolean
  terms: readonly string[]
  readonly found: Found
}

interface Header {
  readonly tag: string
  readonly vr: string
  readonly start: number
  /** Null where undefined. */
  readonly length: number | null
}

const NONE: Found = { pixels: null, document: null, offsets: null, lengths: null }
const LONG_VRS = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '))
const DEEPEST_NESTING = 40
const ITEM = 'FFFEE000'
const ITEM_END = 'FFFEE00D'
const SEQUENCE_END = 'FFFEE0DD'
const PIXELS: Readonly<Record<string, PixelLocation['kind']>> = {
  '7FE00008': 'float',
  '7FE00009': 'double',
  '7FE00010': 'integer',
}

// Elements up to `end`, an Item Delimitation Item, or the pixels.
function readLevel(cursor: Cursor, end: number, depth: number): Attributes {
  if (depth > DEEPEST_NESTING) throw new NotDicomError('nested too deeply')
  const attributes: Record<string, AttributeValue> = {}
  const { terms } = cursor
  while (cursor.at < end) {
    if (depth === 0 && isTail(cursor)) break
    const header = readHeader(cursor)
    const { tag, start, length } = header
    if (tag === ITEM_END) {
      cursor.at = start
      break
    }
    const kind = PIXELS[tag]
    if (kind && depth === 0) {
      cursor.found.pixels = pixelsAt(cursor, header, kind)
      break
    }
    if (tag === '00420011' && depth === 0 && length !== null) {
      // What kind of document it is, stands behind it.
      needs(cursor, start + length)
      cursor.found.document = { start, length }
    }
    const vr = keptVr(tag)
    const value = readValue(cursor, header, vr, depth)
    if (value && value.length > 0) attributes[tag] = value
    if (tag === '00080005') cursor.terms = (value ?? []).map((term) => String(term))
  }
  cursor.terms = terms
  return attributes
}

// Some files are padded with zeros behind their last element.
function isTail({ view, at }: Cursor): boolean {
  return at + 8 > view.byteLength ? view.byteLength - at < 8 && allZero(view, at) : view.getUint32(at) === 0
}

function allZero(view: DataView, from: number): boolean {
  for (let at = from; at < view.byteLength; at++) if (view.getUint8(at) !== 0) return false
  return true
}

function pixelsAt(cursor: Cursor, { start, length }: Header, kind: PixelLocation['kind']): PixelLocation {
  const { offsets, lengths } = cursor.found
  const extended = offsets && lengths && offsets.length === lengths.length ? { offsets, lengths } : null
  return { start, length, littleEndian: cursor.little, kind, extended }
}

function readHeader(cursor: Cursor): Header {
  const { view, at, little } = cursor
  needs(cursor, at + 8)
  const group = view.getUint16(at, little)
  const tag = hex(group) + hex(view.getUint16(at + 2, little))
  if (group === 0xfffe || !cursor.explicit)
    return { tag, vr: '', start: at + 8, length: lengthOf(view.getUint32(at + 4, little)) }
  const vr = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5))
  if (!/^[A-Z]{2}$/.test(vr)) throw new NotDicomError(`(${tag}) at ${at}`)
  if (!LONG_VRS.has(vr)) return { tag, vr, start: at + 8, length: view.getUint16(at + 6, little) }
  needs(cursor, at + 12)
  return { tag, vr, start: at + 12, length: lengthOf(view.getUint32(at + 8, little)) }
}

function readValue(cursor: Cursor, header: Header, kept: KeptVr | undefined, depth: number) {
  const { start, length, vr, tag } = header
  if (length === null || vr === 'SQ' || (kept === 'SQ' && (vr === '' || vr === 'UN')))
    return readSequence(cursor, header, kept, depth)
  const end = start + length
  if (tag === '7FE00001') cursor.found.offsets = readLongs(cursor, start, end)
  if (tag === '7FE00002') cursor.found.lengths = readLongs(cursor, start, end)
  needs(cursor, end)
  cursor.at = end
  if (!kept || end - start > longestValue(tag)) return undefined
  return decodeValue(cursor, kept, cursor.bytes.subarray(start, end))
}

function readSequence(cursor: Cursor, header: Header, kept: KeptVr | undefined, depth: number) {
  const { start, length, vr } = header
  const end = length === null ? Number.POSITIVE_INFINITY : start + length
  cursor.at = start
  if (kept !== 'SQ' && length !== null) {
    needs(cursor, end)
    cursor.at = end
    return undefined
  }
  // A sequence of VR UN and undefined length is coded implicitly, little endian (PS3.5 §6.2.2 note 2).
  const inner: Cursor = vr === 'UN' ? { ...cursor, explicit: false, little: true } : cursor
  const found: Attributes[] = []
  while (inner.at < end) {
    const item = readHeader(inner)
    if (item.tag === SEQUENCE_END) {
      inner.at = item.start
      break
    }
    if (item.tag !== ITEM) throw new NotDicomError(`(${item.tag}) in a sequence`)
    inner.at = item.start
    const itemEnd = item.length === null ? Number.POSITIVE_INFINITY : item.start + item.length
    found.push(readLevel(inner, itemEnd, depth + 1))
  }
  cursor.at = inner.at
  return kept === 'SQ' ? found : undefined
}

function decodeValue(cursor: Cursor, vr: KeptVr, bytes: Uint8Array): AttributeValue {
  if (vr === 'text') return textsOf(bytes, cursor.terms)
  if (vr === 'DS' || vr === 'IS')
    return ascii(bytes)
      .split('\\')
      .filter((part) => part.trim() !== '')
      .map(Number)
  if (vr === 'bytes') return [base64(cursor.little ? bytes : swapped(bytes))]
  return numbersOf(vr, viewOf(bytes), cursor.little)
}

function textsOf(bytes: Uint8Array, terms: readonly string[]): string[] {
  const decoded = decodeText(bytes, terms)
  return decoded === '' ? [] : decoded.split('\\').map((part) => part.trim())
}

const SIZES = { US: 2, SS: 2, UL: 4, SL: 4, FL: 4, FD: 8 } as const

function numbersOf(vr: keyof typeof SIZES | 'SQ', view: DataView, little: boolean): number[] {
  if (vr === 'SQ') return []
  const size = SIZES[vr]
  return Array.from({ length: Math.floor(view.byteLength / size) }, (_, index) => {
    const at = index * size
    if (vr === 'US') return view.getUint16(at, little)
    if (vr === 'SS') return view.getInt16(at, little)
    if (vr === 'UL') return view.getUint32(at, little)
    if (vr === 'SL') return view.getInt32(at, little)
    return vr === 'FL' ? view.getFloat32(at, little) : view.getFloat64(at, little)
  })
}

function readLongs(cursor: Cursor, start: number, end: number): number[] {
  needs(cursor, end)
  const count = Math.floor((end - start) / 8)
  return Array.from({ length: count }, (_, index) =>
    Number(cursor.view.getBigUint64(start + index * 8, cursor.little)),
  )
}

function needs({ bytes }: Cursor, end: number): void {
  if (end > bytes.length) throw new NeedsMoreError()
}

// Without preamble: a bare Data Set, if its first element looks like one (PS3.10 asks for the preamble; old files lack it).
function bareDataSet(bytes: Uint8Array, view: DataView): { transferSyntaxUid: string; start: number } {
  if (bytes.length < 16) throw new NotDicomError('too short')
  const group = view.getUint16(0, true)
  const element = view.getUint16(2, true)
  if ((group !== 8 && group !== 2) || element > 0x20) throw new NotDicomError('no DICM')
  const transferSyntaxUid = guess(view, 0)
  if (transferSyntaxUid === IMPLICIT && view.getUint32(4, true) > 256) throw new NotDicomError('no DICM')
  return { transferSyntaxUid, start: 0 }
}

function guess(view: DataView, at: number): string {
  if (at + 6 > view.byteLength) return EXPLICIT
  const vr = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5))
  return /^[A-Z]{2}$/.test(vr) ? EXPLICIT : IMPLICIT
}

const lengthOf = (value: number): number | null => (value === 0xffffffff ? null : value)
const hex = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0')
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const ascii = (bytes: Uint8Array): string => decodeText(bytes, []).trim()

function swapped(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice()
  for (let at = 0; at + 1 < result.length; at += 2) {
    result[at] = bytes[at + 1] ?? 0
    result[at + 1] = bytes[at] ?? 0
  }
  return result
}

function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x2000)
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x2000))
  return btoa(binary)
}
