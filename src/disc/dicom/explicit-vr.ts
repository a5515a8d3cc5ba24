import { type VrContext, vrOf } from './dictionary.ts'
import {
  contentEncoding,
  DEEPEST_NESTING,
  DicomFormatError,
  type Element,
  elements,
  ITEM,
  ITEM_DELIMITER,
  items,
  LONG_VRS,
  SEQUENCE_DELIMITER,
  type Source,
  sourceOf,
} from './element.ts'
import { type Encoding, EXPLICIT_BIG, IMPLICIT_LITTLE } from './transfer-syntax.ts'
import { createWriter, type Writer } from './writer.ts'

/**
 * A Data Set in Implicit VR Little Endian or Explicit VR Big Endian as Explicit VR Little Endian. Every value is
 * kept to the byte (numbers of big endian are turned round); Group Lengths, retired and now wrong, are left out.
 */
export function toExplicitLittle(dataSet: Uint8Array, encoding: Encoding): Uint8Array {
  const writer = createWriter(dataSet.byteLength + (dataSet.byteLength >> 6) + 1024)
  const source = sourceOf(dataSet, encoding)
  const context = contextOf(source)
  convertLevel(source, 0, dataSet.byteLength, writer, context, 0)
  return writer.bytes()
}

const PIXEL_REPRESENTATION = 0x00280103
const BITS_ALLOCATED = 0x00280100
const WAVEFORM_BITS_ALLOCATED = 0x54001004

/** Elements whose VR depends on Pixel Representation may come before it: look ahead once. */
function contextOf(source: Source): VrContext {
  const context: VrContext = { pixelRepresentation: 0, bitsAllocated: 16, waveformBitsAllocated: 16 }
  for (const element of elements(source, 0, source.bytes.byteLength)) {
    if (element.tag > PIXEL_REPRESENTATION) break
    noteContext(source, element, context)
  }
  return context
}

function noteContext({ view, encoding }: Source, { tag, start, end }: Element, context: VrContext): void {
  if (end - start < 2) return
  const value = () => view.getUint16(start, encoding.littleEndian)
  if (tag === PIXEL_REPRESENTATION) context.pixelRepresentation = value()
  if (tag === BITS_ALLOCATED) context.bitsAllocated = value()
  if (tag === WAVEFORM_BITS_ALLOCATED) context.waveformBitsAllocated = value()
}

function convertLevel(
  source: Source,
  start: number,
  end: number,
  writer: Writer,
  context: VrContext,
  depth: number,
): void {
  for (const element of elements(source, start, end, depth)) {
    if (element.tag === ITEM_DELIMITER) {
      // It ends the walk: whatever came after it would be lost without a word.
      if (element.next < end) throw new DicomFormatError('an Item Delimiter that ends no item')
      return
    }
    if ((element.tag & 0xffff) === 0) continue // Group Length, PS3.5 §7.2
    noteContext(source, element, context)
    convertElement(source, element, writer, context, depth)
  }
}

function convertElement(
  source: Source,
  element: Element,
  writer: Writer,
  context: VrContext,
  depth: number,
): void {
  const length = element.end - element.start
  const vr = element.vr || vrOf(element.tag, length, context)
  if (vr === 'SQ' || element.undefinedLength) {
    convertSequence(source, element, writer, context, depth)
    return
  }
  // PS3.5 §6.2.2 note: a value too long for a 16-bit length goes as UN.
  const written = length > 0xffff && !LONG_VRS.has(vr) ? 'UN' : vr
  writer.header(element.tag, written, length)
  const value = source.bytes.subarray(element.start, element.end)
  writer.raw(source.encoding === EXPLICIT_BIG ? turnedRound(value, vr) : value)
}

function convertSequence(
  outer: Source,
  element: Element,
  writer: Writer,
  context: VrContext,
  depth: number,
): void {
  if (depth > DEEPEST_NESTING) throw new DicomFormatError('nested too deep')
  const before = writer.length
  const source = contentEncoding(outer, element.vr)
  const { undefinedLength } = element
  try {
    const lengthAt = writer.header(element.tag, 'SQ', UNDEFINED)
    const contentAt = writer.length
    for (const item of items(source, element.start, element.end, depth + 1)) {
      convertItem(source, item, writer, { ...context }, depth + 1)
    }
    if (undefinedLength) writer.itemHeader(SEQUENCE_DELIMITER, 0)
    else writer.patchUint32(lengthAt, writer.length - contentAt)
  } catch (error) {
    // A known length around nonsense: keep the bytes as they are, which Implicit VR in UN may be (PS3.5 §6.2.2).
    if (!(error instanceof DicomFormatError) || undefinedLength || outer.encoding !== IMPLICIT_LITTLE)
      throw error
    writer.truncate(before)
    writer.header(element.tag, 'UN', element.end - element.start)
    writer.raw(outer.bytes.subarray(element.start, element.end))
  }
}

const UNDEFINED = 0xffffffff

function convertItem(source: Source, item: Element, writer: Writer, context: VrContext, depth: number): void {
  const lengthAt = writer.itemHeader(ITEM, UNDEFINED)
  const contentAt = writer.length
  convertLevel(source, item.start, item.end, writer, context, depth + 1)
  if (item.undefinedLength) writer.itemHeader(ITEM_DELIMITER, 0)
  else writer.patchUint32(lengthAt, writer.length - contentAt)
}

/** Bytes of one number of a VR; those not named here are bytes or text, the same in both orders (PS3.5 §7.3). */
const NUMBER_BYTES: Readonly<Record<string, number>> = {
  AT: 2,
  OW: 2,
  SS: 2,
  US: 2,
  FL: 4,
  OF: 4,
  OL: 4,
  SL: 4,
  UL: 4,
  FD: 8,
  OD: 8,
  OV: 8,
  SV: 8,
  UV: 8,
}

function turnedRound(value: Uint8Array, vr: string): Uint8Array {
  const size = NUMBER_BYTES[vr]
  if (!size) return value
  const turned = Buffer.from(value)
  const whole = turned.subarray(0, turned.byteLength - (turned.byteLength % size))
  if (size === 2) whole.swap16()
  else if (size === 4) whole.swap32()
  else whole.swap64()
  return turned
}
