import { createHash } from 'node:crypto'
import { DicomFormatError, elements, readElement, sourceOf } from './element.ts'
import { EXPLICIT_LITTLE, IMPLICIT_LITTLE, TRANSFER_SYNTAX } from './transfer-syntax.ts'
import { createWriter, writeElement } from './writer.ts'

/** A DICOM File taken apart (PS3.10 §7.1). */
export type Part10 = {
  /** Elements of group 0002 but its length, in their order. */
  readonly meta: readonly { readonly tag: number; readonly vr: string; readonly value: Uint8Array }[]
  readonly transferSyntaxUid: string
  /** Where the Data Set begins. */
  readonly dataSetStart: number
  /** Preamble, prefix and meta group are there and in order. */
  readonly wellFormed: boolean
}

export const META = {
  groupLength: 0x00020000,
  version: 0x00020001,
  sopClassUid: 0x00020002,
  sopInstanceUid: 0x00020003,
  transferSyntaxUid: 0x00020010,
  implementationClassUid: 0x00020012,
  implementationVersionName: 0x00020013,
} as const

/** Who wrote the files that we write (PS3.7 §D.3.3.2); a UUID-derived UID needs no registered root (PS3.5 §B.2). */
const IMPLEMENTATION_CLASS_UID = '2.25.81848927558383768245964448771478852640'
const IMPLEMENTATION_VERSION_NAME = 'RITIRO_1'

export const PREAMBLE_LENGTH = 128
const DATA_SET_OF_BARE_FILE = 0
const DICM = 0x4449434d

/** Finds the File Meta Information and the Data Set. A bare Data Set without preamble is taken as such. */
export function readPart10(bytes: Uint8Array): Part10 {
  const source = sourceOf(bytes, EXPLICIT_LITTLE)
  if (bytes.byteLength < PREAMBLE_LENGTH + 4 || source.view.getUint32(PREAMBLE_LENGTH) !== DICM) {
    return bareDataSet(bytes)
  }
  const meta: { tag: number; vr: string; value: Uint8Array }[] = []
  let at = PREAMBLE_LENGTH + 4
  let promised: number | null = null
  // The group is read to its last element rather than by its length, which is wrong in some files.
  while (at + 2 <= bytes.byteLength && source.view.getUint16(at, true) === 0x0002) {
    const { tag, vr, start, end, next } = readElement(source, at, bytes.byteLength)
    if (tag === META.groupLength) promised = next + source.view.getUint32(start, true)
    else meta.push({ tag, vr, value: bytes.subarray(start, end) })
    at = next
  }
  const transferSyntax = meta.find(({ tag }) => tag === META.transferSyntaxUid)
  if (!transferSyntax) {
    const guessed = guessTransferSyntax(bytes, at)
    return { meta, transferSyntaxUid: guessed, dataSetStart: at, wellFormed: false }
  }
  return {
    meta,
    transferSyntaxUid: uidText(transferSyntax.value),
    dataSetStart: at,
    wellFormed: promised === at,
  }
}

/** Preamble of zeros, DICM, and group 0002 with its right length (PS3.10 §7.1). */
export function encodeMeta(part10: Pick<Part10, 'meta'>, uids: MetaUids): Uint8Array {
  const kept = part10.meta.filter(({ tag }) => !REWRITTEN.has(tag))
  const all = [
    ...kept,
    { tag: META.version, vr: 'OB', value: Uint8Array.of(0, 1) },
    { tag: META.sopClassUid, vr: 'UI', value: uidBytes(uids.sopClassUid) },
    { tag: META.sopInstanceUid, vr: 'UI', value: uidBytes(uids.sopInstanceUid) },
    { tag: META.transferSyntaxUid, vr: 'UI', value: uidBytes(uids.transferSyntaxUid) },
    { tag: META.implementationClassUid, vr: 'UI', value: uidBytes(IMPLEMENTATION_CLASS_UID) },
    { tag: META.implementationVersionName, vr: 'SH', value: Buffer.from(IMPLEMENTATION_VERSION_NAME) },
  ].sort((a, b) => a.tag - b.tag)

  const writer = createWriter(512)
  writer.raw(new Uint8Array(PREAMBLE_LENGTH))
  writer.raw(Buffer.from('DICM'))
  writer.header(META.groupLength, 'UL', 4)
  const lengthAt = writer.length
  writer.raw(new Uint8Array(4))
  for (const { tag, vr, value } of all) writeElement(writer, tag, vr, value)
  writer.patchUint32(lengthAt, writer.length - lengthAt - 4)
  return writer.bytes()
}

export type MetaUids = { sopClassUid: string; sopInstanceUid: string; transferSyntaxUid: string }

const REWRITTEN: ReadonlySet<number> = new Set(Object.values(META))

/** A UID as it is meant: without the padding of its value. */
export const uidText = (value: Uint8Array): string =>
  Buffer.from(value)
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim()

/** A UID padded to an even length by NUL (PS3.5 §9.1). */
const uidBytes = (uid: string): Uint8Array => Buffer.from(uid.length % 2 ? `${uid}\0` : uid, 'latin1')

/** A UID that follows from `text` alone (PS3.5 §B.2): the same wherever and whenever it is made. */
export function derivedUid(text: string | Uint8Array): string {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32)
  return `2.25.${BigInt(`0x${digest}`)}`
}

function bareDataSet(bytes: Uint8Array): Part10 {
  const transferSyntaxUid = guessTransferSyntax(bytes, DATA_SET_OF_BARE_FILE)
  return { meta: [], transferSyntaxUid, dataSetStart: DATA_SET_OF_BARE_FILE, wellFormed: false }
}

/** Which of the two little endian encodings the first elements from `at` make sense in. */
function guessTransferSyntax(bytes: Uint8Array, at: number): string {
  for (const [encoding, uid] of [
    [EXPLICIT_LITTLE, TRANSFER_SYNTAX.explicitLittle],
    [IMPLICIT_LITTLE, TRANSFER_SYNTAX.implicitLittle],
  ] as const) {
    try {
      let last = 0
      let count = 0
      for (const { tag } of elements(sourceOf(bytes, encoding), at, bytes.byteLength)) {
        if (tag <= last || tag >>> 16 < 0x0008) throw new DicomFormatError('tags out of order')
        last = tag
        if (++count === 3) break
      }
      if (count > 0) return uid
    } catch (error) {
      if (!(error instanceof DicomFormatError)) throw error
    }
  }
  throw new DicomFormatError('neither a DICOM File nor a Data Set')
}
