import { elements, sourceOf } from '../disc/dicom/element.ts'
import { encodeMeta, META, readPart10, uidText } from '../disc/dicom/part10.ts'
import { EXPLICIT_LITTLE } from '../disc/dicom/transfer-syntax.ts'
import { createWriter } from '../disc/dicom/writer.ts'

/** Pixel Data: native, or one fragment a frame. */
export type NewPixels =
  | { readonly native: Uint8Array; readonly vr: 'OB' | 'OW' }
  | { readonly frames: readonly Uint8Array[] }

const PIXELS = 0x7fe00010
const LONGEST_OFFSET = 2 ** 32 - 1

/**
 * A DICOM File in Explicit VR Little Endian with other pixels, and with what must follow them said otherwise; all other
 * elements to the byte. `texts` and `numbers` are put in where they are missing.
 */
export function withPixels(
  file: Uint8Array,
  pixels: NewPixels,
  {
    transferSyntaxUid,
    texts,
    numbers,
  }: { transferSyntaxUid: string; texts: ReadonlyMap<number, string>; numbers: ReadonlyMap<number, number> },
): Uint8Array {
  const { meta, dataSetStart } = readPart10(file)
  const uid = (wanted: number) => uidText(meta.find(({ tag }) => tag === wanted)?.value ?? new Uint8Array())
  const head = encodeMeta(
    { meta },
    { sopClassUid: uid(META.sopClassUid), sopInstanceUid: uid(META.sopInstanceUid), transferSyntaxUid },
  )

  const parts: { tag: number; bytes: Uint8Array }[] = []
  const dataSet = file.subarray(dataSetStart)
  let at = 0
  for (const { tag, next } of elements(sourceOf(dataSet, EXPLICIT_LITTLE), 0, dataSet.byteLength)) {
    if (!isLeftOut(tag)) parts.push({ tag, bytes: dataSet.subarray(at, next) })
    at = next
  }
  for (const [tag, text] of texts)
    put(parts, tag, element(tag, 'CS', Buffer.from(text.length % 2 ? `${text} ` : text)))
  for (const [tag, number] of numbers)
    put(parts, tag, element(tag, 'US', Uint8Array.of(number & 0xff, number >> 8)))
  const isPixels = ({ tag }: { tag: number }) => tag === PIXELS
  const before = parts.slice(0, parts.findIndex(isPixels))
  const after = parts.slice(parts.findIndex(isPixels) + 1)
  const bytes = ({ bytes }: { bytes: Uint8Array }) => bytes
  return Buffer.concat([head, ...before.map(bytes), ...pixelData(pixels), ...after.map(bytes)])
}

/** Group Lengths (retired, PS3.5 §7.2) of groups that change, and the Extended Offset Table of the old fragments. */
const isLeftOut = (tag: number): boolean => tag === 0x00280000 || (tag >= 0x7fe00000 && tag <= 0x7fe00002)

/** In place of the element there is, or before the first of a higher tag. */
function put(parts: { tag: number; bytes: Uint8Array }[], tag: number, bytes: Uint8Array): void {
  const known = parts.findIndex((part) => part.tag === tag)
  if (known >= 0) parts[known] = { tag, bytes }
  else
    parts.splice(
      parts.findIndex((part) => part.tag > tag),
      0,
      { tag, bytes },
    )
}

function element(tag: number, vr: string, value: Uint8Array): Uint8Array {
  const writer = createWriter(64)
  writer.header(tag, vr, value.byteLength)
  writer.raw(value)
  return writer.bytes()
}

function pixelData(pixels: NewPixels): Uint8Array[] {
  if ('native' in pixels) {
    const { native, vr } = pixels
    const padding = new Uint8Array(native.byteLength % 2)
    return [header(vr, native.byteLength + padding.byteLength), native, padding]
  }
  const offsets: number[] = []
  let offset = 0
  for (const { byteLength } of pixels.frames) {
    offsets.push(offset)
    offset += 8 + byteLength
  }
  // PS3.5 §A.4: a table that 32 bits cannot hold is left empty.
  const table = offset > LONGEST_OFFSET ? new Uint8Array() : new Uint8Array(Uint32Array.from(offsets).buffer)
  const items = [table, ...pixels.frames].flatMap((content) => [item(0xe000, content.byteLength), content])
  return [header('OB', LONGEST_OFFSET), ...items, item(0xe0dd, 0)]
}

function header(vr: 'OB' | 'OW', length: number): Uint8Array {
  const writer = createWriter(12)
  writer.header(PIXELS, vr, length)
  return writer.bytes()
}

function item(number: number, length: number): Uint8Array {
  const writer = createWriter(8)
  writer.itemHeader(0xfffe0000 + number, length)
  return writer.bytes()
}
