import { type Conversion, toDiscFile } from './dicom/disc-file.ts'
import { DicomFormatError, elements, LONG_VRS, type Source, sourceOf } from './dicom/element.ts'
import { toExplicitLittle } from './dicom/explicit-vr.ts'
import { PREAMBLE_LENGTH, readPart10 } from './dicom/part10.ts'
import { type Encoding, EXPLICIT_BIG, encodingOf, TRANSFER_SYNTAX } from './dicom/transfer-syntax.ts'

/**
 * A file from this length on is never held whole: it is described and sent as it streams by. So fifty downloads at once,
 * of whatever study, hold fifty pieces of this length at most.
 */
export const LARGE_FILE = 2 ** 20

/** How a large file goes on the disc: converted like any other, or byte for byte where that cannot be done in passing. */
export type LargeForm = 'converted' | 'as stored'

export type LargeFile = {
  /** A small DICOM File with all that comes before the pixels, in the form of the disc: what describes the instance. */
  readonly sample: Uint8Array
  readonly conversion: Conversion
  /** Of the file as it goes on the disc. */
  readonly transferSyntaxUid: string
  /** The file as it goes on the disc, piece by piece. To be read once, or else closed. */
  readonly pieces: AsyncIterable<Uint8Array>
  readonly close: () => Promise<void>
}

/**
 * Takes the head off a large file that streams by. What is native goes as Explicit VR Little Endian, the same bytes that
 * `toDiscFile` makes of the whole. `form` is what the manifest says; throws DicomFormatError where it cannot be kept to.
 */
export async function openLargeFile(stored: AsyncIterable<Uint8Array>, form: LargeForm): Promise<LargeFile> {
  const chunks = stored[Symbol.asyncIterator]()
  const { head, cut } = await readHead(chunks)
  const { transferSyntaxUid, dataSetStart } = readPart10(head)
  const at = cut?.at ?? head.byteLength
  const rest = withFirst(head.subarray(at), chunks)
  const encoding = encodingOf(transferSyntaxUid)
  const native = encoding !== encodingOf(TRANSFER_SYNTAX.explicitLittle)
  const close = async () => void (await chunks.return?.())
  if (form === 'as stored' || !cut) {
    if (form === 'converted' && native) throw new DicomFormatError('its pixels were not found')
    // Only the preamble is touched (S48); a bare Data Set has none.
    const start = head.subarray(0, at)
    const zeroed = dataSetStart === 0 ? start : withoutPreamble(start)
    const conversion = start.subarray(0, PREAMBLE_LENGTH).some((byte) => byte !== 0) ? 'preamble' : 'none'
    return {
      ...{ sample: toDiscFile(start).bytes, transferSyntaxUid, conversion },
      ...{ pieces: joined(zeroed, rest), close },
    }
  }
  if (!native) {
    const { bytes, conversion } = toDiscFile(head.subarray(0, at))
    return { sample: bytes, transferSyntaxUid, conversion, pieces: joined(bytes, rest), close }
  }
  // The header of the cut element is converted with all before it, by which its VR is known; its length is put in later.
  const withHeader = Buffer.concat([head.subarray(0, at), emptied(head.subarray(at, cut.valueAt), encoding)])
  const { bytes, conversion } = toDiscFile(withHeader)
  if (conversion !== 'explicit-vr')
    throw new DicomFormatError('what comes before its pixels cannot be converted')
  const { start, vr } = withLength(bytes, cut.length)
  const value = withFirst(head.subarray(cut.valueAt), chunks)
  const pieces = joined(start, converted(value, cut.length, encoding, vr))
  return { sample: bytes, transferSyntaxUid: TRANSFER_SYNTAX.explicitLittle, conversion, pieces, close }
}

/** Where the value stands that is not read into memory. */
type Cut = { at: number; valueAt: number; length: number }

/** What holds the bulk of a file, at the top level of its Data Set: pixels, spectra, an encapsulated document. */
const BULK: ReadonlySet<number> = new Set([0x7fe00010, 0x7fe00008, 0x7fe00009, 0x56000020, 0x00420011])

/** A file whose bulk begins later than this is taken as it is. */
const LONGEST_HEAD = 32 * 2 ** 20

async function readHead(chunks: AsyncIterator<Uint8Array>): Promise<{ head: Uint8Array; cut: Cut | null }> {
  let head: Uint8Array = new Uint8Array()
  let wanted = 2 ** 18
  for (;;) {
    const parts = [head]
    let length = head.byteLength
    let ended = false
    while (length < wanted && !ended) {
      const { done, value } = await chunks.next()
      if (done) ended = true
      else {
        parts.push(value)
        length += value.byteLength
      }
    }
    head = Buffer.concat(parts)
    const cut = findCut(head)
    if (cut || ended || head.byteLength >= LONGEST_HEAD) return { head, cut }
    wanted = head.byteLength * 2
  }
}

function findCut(head: Uint8Array): Cut | null {
  try {
    const { transferSyntaxUid, dataSetStart } = readPart10(head)
    if (transferSyntaxUid === TRANSFER_SYNTAX.deflated) return null
    const dataSet = sourceOf(head.subarray(dataSetStart), encodingOf(transferSyntaxUid))
    let at = 0
    for (;;) {
      const bulk = bulkAt(dataSet, at)
      if (bulk) {
        const { valueAt, length } = bulk
        return { at: dataSetStart + at, valueAt: dataSetStart + valueAt, length }
      }
      const [next] = firstOf(elements(dataSet, at, dataSet.bytes.byteLength))
      if (!next) return null
      at = next.next
    }
  } catch (error) {
    // So far it breaks off in the middle of an element: more is read.
    if (error instanceof DicomFormatError || error instanceof RangeError) return null
    throw error
  }
}

function firstOf<T>(values: Iterable<T>): T[] {
  for (const value of values) return [value]
  return []
}

/** The element at `at`, if it is one of bulk: only its header needs be there. */
function bulkAt({ view, encoding, bytes }: Source, at: number): { valueAt: number; length: number } | null {
  if (at + 12 > bytes.byteLength) return null
  const { littleEndian, explicitVr } = encoding
  const tag = view.getUint16(at, littleEndian) * 0x10000 + view.getUint16(at + 2, littleEndian)
  if (!BULK.has(tag)) return null
  if (!explicitVr) return { valueAt: at + 8, length: view.getUint32(at + 4, littleEndian) }
  const vr = String.fromCharCode(bytes[at + 4] ?? 0, bytes[at + 5] ?? 0)
  if (!LONG_VRS.has(vr)) return { valueAt: at + 8, length: view.getUint16(at + 6, littleEndian) }
  return { valueAt: at + 12, length: view.getUint32(at + 8, littleEndian) }
}

/** The header of an element without a value: its last bytes are its length, whatever the encoding. */
function emptied(header: Uint8Array, { explicitVr }: Encoding): Uint8Array {
  const empty = Buffer.from(header)
  const short = explicitVr && header.byteLength === 8
  return empty.fill(0, short ? 6 : header.byteLength - 4)
}

/** Puts the length of the last element, which has none yet, into its header: Explicit VR Little Endian. */
function withLength(bytes: Uint8Array, length: number): { start: Uint8Array; vr: string } {
  const start = Buffer.from(bytes)
  const long = start.toString('latin1', start.byteLength - 8, start.byteLength - 6)
  if (!LONG_VRS.has(long)) throw new DicomFormatError('what is large has a VR that is never so')
  start.writeUInt32LE(length, start.byteLength - 4)
  return { start, vr: long }
}

/** The value in Little Endian, and what comes after it as Explicit VR. */
async function* converted(
  stored: AsyncIterable<Uint8Array>,
  length: number,
  encoding: Encoding,
  vr: string,
): AsyncGenerator<Uint8Array> {
  if (length === 0xffffffff) throw new DicomFormatError('native pixels of unknown length')
  const unit = encoding === EXPLICIT_BIG ? (UNIT[vr] ?? 1) : 1
  let left = length
  let carried: Uint8Array = new Uint8Array()
  const after: Uint8Array[] = []
  let afterLength = 0
  for await (const chunk of stored) {
    const value = chunk.subarray(0, left)
    left -= value.byteLength
    if (value.byteLength > 0) {
      const whole = carried.byteLength > 0 ? Buffer.concat([carried, value]) : value
      const usable = left === 0 ? whole.byteLength : whole.byteLength - (whole.byteLength % unit)
      carried = whole.subarray(usable)
      yield turned(whole.subarray(0, usable), unit)
    }
    if (value.byteLength < chunk.byteLength) {
      after.push(chunk.subarray(value.byteLength))
      afterLength += chunk.byteLength - value.byteLength
      if (afterLength > LONGEST_HEAD) throw new DicomFormatError('too much after its pixels')
    }
  }
  if (left > 0) throw new DicomFormatError('its pixels are cut short')
  if (afterLength > 0) yield toExplicitLittle(Buffer.concat(after), encoding)
}

/** Bytes of a number of the VRs that bulk can have; OB, UN and OV of documents are the same in both orders, or have none. */
const UNIT: Readonly<Record<string, number>> = { OW: 2, OF: 4, OL: 4, OD: 8, OV: 8 }

function turned(value: Uint8Array, unit: number): Uint8Array {
  if (unit === 1) return value
  const copy = Buffer.from(value)
  const whole = copy.subarray(0, copy.byteLength - (copy.byteLength % unit))
  if (unit === 2) whole.swap16()
  else if (unit === 4) whole.swap32()
  else whole.swap64()
  return copy
}

function withoutPreamble(head: Uint8Array): Uint8Array {
  const copy = Buffer.from(head)
  return copy.fill(0, 0, PREAMBLE_LENGTH)
}

async function* withFirst(
  first: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    if (first.byteLength > 0) yield first
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  } finally {
    await chunks.return?.()
  }
}

async function* joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}
