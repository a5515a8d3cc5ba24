import {
  contentEncoding,
  DicomFormatError,
  elements,
  items,
  type Source,
  sourceOf,
} from '../disc/dicom/element.ts'
import { readPart10 } from '../disc/dicom/part10.ts'
import { decodeText } from '../disc/dicom/text.ts'
import { encodingOf } from '../disc/dicom/transfer-syntax.ts'
import { type Attributes, type AttributeValue, type KeptVr, keptVr, longestValue } from './attributes.ts'

/** What the viewer is told of a file, and where its pixels begin. */
export type FileRecord = {
  readonly file: Uint8Array
  readonly transferSyntaxUid: string
  readonly attributes: Attributes
  /** Of Pixel Data (PS3.5 §8), from its tag on; null where there is none. */
  readonly pixelTag: { readonly tag: number; readonly at: number } | null
  /** An Encapsulated Document (PS3.3 §C.24.2) as it stands, a byte that makes its length even included. */
  readonly document: Uint8Array | null
  readonly source: Source
}

/** Reads a file as it stands on the disc. A Data Set that breaks off gives what came before. */
export function readRecord(file: Uint8Array): FileRecord {
  const { transferSyntaxUid, dataSetStart } = readPart10(file)
  const source = sourceOf(file.subarray(dataSetStart), encodingOf(transferSyntaxUid))
  const pixels: { tag: number; at: number }[] = []
  const documents: Uint8Array[] = []
  const attributes = readAttributes(source, 0, source.bytes.byteLength, '', {
    pixels: (tag, at) => pixels.push({ tag, at }),
    document: (start, end) => documents.push(source.bytes.subarray(start, end)),
  })
  return {
    file,
    transferSyntaxUid,
    attributes,
    pixelTag: pixels[0] ?? null,
    document: documents[0] ?? null,
    source,
  }
}

const PIXEL_DATA = 0x7fe00010
/** PS3.3 §C.7.6.24 */
export const FLOAT_PIXEL_DATA = 0x7fe00008
export const DOUBLE_PIXEL_DATA = 0x7fe00009
const SPECIFIC_CHARACTER_SET = '00080005'
const ENCAPSULATED_DOCUMENT = 0x00420011

/** What is found on the outermost level besides attributes. */
type Finds = {
  readonly pixels: (tag: number, at: number) => void
  readonly document: (start: number, end: number) => void
}

function readAttributes(
  source: Source,
  start: number,
  end: number,
  outerCharacterSet: string,
  found?: Finds,
): Attributes {
  const attributes: Record<string, AttributeValue> = {}
  let characterSet = outerCharacterSet
  let next = start
  try {
    for (const element of elements(source, start, end)) {
      if (isPixels(element.tag)) {
        found?.pixels(element.tag, next)
        break
      }
      next = element.next
      if (element.tag === ENCAPSULATED_DOCUMENT) found?.document(element.start, element.end)
      const tag = element.tag.toString(16).toUpperCase().padStart(8, '0')
      const vr = keptVr(tag)
      if (!vr || tag in attributes || element.end - element.start > longestValue(tag)) continue
      const value =
        vr === 'SQ'
          ? readItems(contentEncoding(source, element.vr), element.start, element.end, characterSet)
          : readValue(source, vr, source.bytes.subarray(element.start, element.end), characterSet)
      if (value.length > 0) attributes[tag] = value
      if (tag === SPECIFIC_CHARACTER_SET) characterSet = value.join('\\')
    }
  } catch (error) {
    if (!(error instanceof DicomFormatError)) throw error
    // Pixel Data whose end is missing is shown as far as it goes.
    const tag = tagAt(source, next)
    if (tag !== null && isPixels(tag)) found?.pixels(tag, next)
  }
  return attributes
}

const isPixels = (tag: number): boolean =>
  tag === PIXEL_DATA || tag === FLOAT_PIXEL_DATA || tag === DOUBLE_PIXEL_DATA

function tagAt({ view, encoding, bytes }: Source, at: number): number | null {
  if (at + 12 > bytes.byteLength) return null
  return view.getUint16(at, encoding.littleEndian) * 0x10000 + view.getUint16(at + 2, encoding.littleEndian)
}

function readItems(source: Source, start: number, end: number, characterSet: string): Attributes[] {
  try {
    return [...items(source, start, end)].map((item) =>
      readAttributes(source, item.start, item.end, characterSet),
    )
  } catch (error) {
    // What is no sequence is left out, as if it were not there; what comes after it is read.
    if (error instanceof DicomFormatError) return []
    throw error
  }
}

function readValue(
  { encoding }: Source,
  vr: Exclude<KeptVr, 'SQ'>,
  value: Uint8Array,
  characterSet: string,
): AttributeValue {
  if (value.byteLength === 0) return []
  switch (vr) {
    case 'bytes':
      return [Buffer.from(encoding.littleEndian ? value : Buffer.from(value).swap16()).toString('base64')]
    case 'text':
      return listOf(decodeText(Buffer.from(value).toString('latin1'), characterSet))
    case 'DS':
    case 'IS':
      return listOf(Buffer.from(value).toString('latin1').replaceAll('\0', '')).map(numberOrText)
    default:
      return readNumbers(vr, value, encoding.littleEndian)
  }
}

// Empty values keep their places between others; a value that is empty alone is none.
function listOf(text: string): string[] {
  const values = text.split('\\').map((part) => part.trim())
  return values.some((part) => part !== '') ? values : []
}

/** What is no number stays the text it is, which no reader takes for a number. */
const numberOrText = (text: string): number | string =>
  text !== '' && Number.isFinite(Number(text)) ? Number(text) : text

const NUMBERS = {
  US: [2, 'getUint16'],
  SS: [2, 'getInt16'],
  UL: [4, 'getUint32'],
  SL: [4, 'getInt32'],
  FL: [4, 'getFloat32'],
  FD: [8, 'getFloat64'],
} as const

function readNumbers(vr: keyof typeof NUMBERS, value: Uint8Array, littleEndian: boolean): number[] {
  const [size, get] = NUMBERS[vr]
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  return Array.from({ length: Math.floor(value.byteLength / size) }, (_, index) =>
    view[get](index * size, littleEndian),
  ).filter(Number.isFinite)
}
