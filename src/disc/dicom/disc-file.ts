import { inflateRawSync } from 'node:zlib'
import { DicomFormatError, elements, sourceOf } from './element.ts'
import { toExplicitLittle } from './explicit-vr.ts'
import {
  derivedUid,
  encodeMeta,
  META,
  type MetaUids,
  type Part10,
  PREAMBLE_LENGTH,
  readPart10,
  uidText,
} from './part10.ts'
import { encodingOf, TRANSFER_SYNTAX } from './transfer-syntax.ts'

/**
 * What is done to a file for the disc: nothing, its preamble zeroed, its File Meta Information written anew, its Data Set
 * written as Explicit VR Little Endian, or its pixels decoded besides (`DecodeFile`, not done here).
 */
export type Conversion = 'none' | 'preamble' | 'meta' | 'explicit-vr' | 'decoded'

/**
 * A stored file whose pixels are compressed in Explicit VR Little Endian; null where they cannot be decoded. Same input,
 * same output, on every machine: MANIFEST_VERSION goes up with a codec that decodes otherwise.
 */
export type DecodeFile = (file: Uint8Array) => Promise<Uint8Array | null>

export type DiscFile = { readonly bytes: Uint8Array; readonly conversion: Conversion }

/**
 * A Data Set may inflate to this, and no more: 1 MB of deflated zeros is 1 GB, which is held more than once while it is
 * written anew. What would grow longer goes on the disc as it came.
 */
const LONGEST_INFLATED = 256 * 2 ** 20

/**
 * The bytes of a stored file as they go on the disc. Same input, same output, on every machine. The input is not
 * touched. Throws DicomFormatError only for what is no DICOM at all.
 */
export function toDiscFile(file: Uint8Array): DiscFile {
  const part10 = readPart10(file)
  const converted = convertedDataSet(file, part10)
  if (converted) {
    const uids = metaUids({ ...part10, transferSyntaxUid: TRANSFER_SYNTAX.explicitLittle }, converted)
    return { bytes: Buffer.concat([encodeMeta(part10, uids), converted]), conversion: 'explicit-vr' }
  }
  const dataSet = file.subarray(part10.dataSetStart)
  const uids = metaUids(part10, dataSet)
  if (!part10.wellFormed || !metaAgrees(part10, uids)) {
    return { bytes: Buffer.concat([encodeMeta(part10, uids), dataSet]), conversion: 'meta' }
  }
  return withoutPreamble(file)
}

// CVE-2019-11687 (S48): the preamble can make a DICOM File an executable too.
function withoutPreamble(file: Uint8Array): DiscFile {
  const preamble = file.subarray(0, PREAMBLE_LENGTH)
  if (preamble.every((byte) => byte === 0)) return { bytes: file, conversion: 'none' }
  const bytes = Buffer.from(file)
  bytes.fill(0, 0, PREAMBLE_LENGTH)
  return { bytes, conversion: 'preamble' }
}

/** The Data Set as Explicit VR Little Endian; null where it is so already, or cannot be read as what it claims. */
function convertedDataSet(file: Uint8Array, { transferSyntaxUid, dataSetStart }: Part10): Uint8Array | null {
  const dataSet = file.subarray(dataSetStart)
  try {
    switch (transferSyntaxUid) {
      case TRANSFER_SYNTAX.implicitLittle:
      case TRANSFER_SYNTAX.explicitBig:
        return toExplicitLittle(dataSet, encodingOf(transferSyntaxUid))
      case TRANSFER_SYNTAX.deflated:
        // PS3.5 §A.5: what was deflated is Explicit VR Little Endian.
        return inflateRawSync(dataSet, { maxOutputLength: LONGEST_INFLATED })
      default:
        return null
    }
  } catch (error) {
    if (error instanceof DicomFormatError || isZlibError(error)) return null
    throw error
  }
}

/** The UIDs that File Meta Information must hold: those of the Data Set (PS3.10 §7.1), else its own, else invented. */
function metaUids({ meta, transferSyntaxUid }: Part10, dataSet: Uint8Array): MetaUids {
  const own = (wanted: number) => {
    const element = meta.find(({ tag }) => tag === wanted)
    return element ? uidText(element.value) : ''
  }
  const { sopClassUid, sopInstanceUid } = dataSetUids(dataSet, transferSyntaxUid)
  return {
    sopClassUid: sopClassUid || own(META.sopClassUid) || RAW_DATA_STORAGE,
    sopInstanceUid: sopInstanceUid || own(META.sopInstanceUid) || derivedUid(dataSet),
    transferSyntaxUid,
  }
}

/** For an instance that does not say what it is. */
const RAW_DATA_STORAGE = '1.2.840.10008.5.1.4.1.1.66'

function dataSetUids(
  dataSet: Uint8Array,
  transferSyntaxUid: string,
): { sopClassUid: string; sopInstanceUid: string } {
  const found = { sopClassUid: '', sopInstanceUid: '' }
  // Only a Data Set that would not inflate is still deflated here: nothing to read in it.
  if (transferSyntaxUid === TRANSFER_SYNTAX.deflated) return found
  try {
    const source = sourceOf(dataSet, encodingOf(transferSyntaxUid))
    for (const { tag, start, end } of elements(source, 0, dataSet.byteLength)) {
      if (tag === 0x00080016) found.sopClassUid = uidText(dataSet.subarray(start, end))
      if (tag === 0x00080018) found.sopInstanceUid = uidText(dataSet.subarray(start, end))
      if (tag >= 0x00080018) break
    }
  } catch (error) {
    if (!(error instanceof DicomFormatError)) throw error
  }
  return found
}

function metaAgrees({ meta }: Part10, uids: MetaUids): boolean {
  const value = (wanted: number) => {
    const element = meta.find(({ tag }) => tag === wanted)
    return element ? uidText(element.value) : null
  }
  return value(META.sopClassUid) === uids.sopClassUid && value(META.sopInstanceUid) === uids.sopInstanceUid
}

const isZlibError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(Z_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code))
