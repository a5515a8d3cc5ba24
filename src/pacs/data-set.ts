import { toDiscFile } from '../disc/dicom/disc-file.ts'
import {
  DicomFormatError,
  type Element,
  elements,
  items,
  type Source,
  sourceOf,
} from '../disc/dicom/element.ts'
import { readPart10, uidText } from '../disc/dicom/part10.ts'
import { decodeText } from '../disc/dicom/text.ts'
import { encodingOf } from '../disc/dicom/transfer-syntax.ts'

/** The elements of one level of a Data Set, to be asked for by tag. */
export type DataSet = {
  /** Text by the Data Set's character set, without padding; '' where it is not there. */
  text: (tag: number) => string
  uid: (tag: number) => string
  bytes: (tag: number) => Uint8Array | null
  items: (tag: number) => DataSet[]
}

const CHARACTER_SET = 0x00080005
const PIXEL_DATA = 0x7fe00010
// Nested deeper than this is nothing that a person wrote.
const DEEPEST = 40

/** Reads a stored file's Data Set, whatever its Transfer Syntax. Throws DicomFormatError. */
export function readDataSet(file: Uint8Array): DataSet {
  // Explicit VR Little Endian, inflated: as it goes on the disc.
  const { bytes } = toDiscFile(file)
  const { transferSyntaxUid, dataSetStart } = readPart10(bytes)
  const content = bytes.subarray(dataSetStart)
  const source = sourceOf(content, encodingOf(transferSyntaxUid))
  return level(source, 0, content.byteLength, 'ISO_IR 100', 0)
}

function level(source: Source, start: number, end: number, inherited: string, depth: number): DataSet {
  if (depth > DEEPEST) throw new DicomFormatError('nested too deep')
  const found = new Map<number, Element>()
  for (const element of elements(source, start, end, depth)) {
    if (element.tag >= PIXEL_DATA) break
    if (!found.has(element.tag)) found.set(element.tag, element)
  }
  const bytes = (tag: number) => {
    const element = found.get(tag)
    return element ? source.bytes.subarray(element.start, element.end) : null
  }
  const raw = (tag: number) => Buffer.from(bytes(tag) ?? []).toString('latin1')
  const characterSet = raw(CHARACTER_SET).trim() || inherited
  return {
    bytes,
    text: (tag) => decodeText(raw(tag), characterSet),
    uid: (tag) => uidText(bytes(tag) ?? new Uint8Array()),
    items: (tag) => {
      const element = found.get(tag)
      if (element?.vr !== 'SQ') return []
      return [...items(source, element.start, element.end, depth)].map((item) =>
        level(source, item.start, item.end, characterSet, depth + 1),
      )
    },
  }
}
