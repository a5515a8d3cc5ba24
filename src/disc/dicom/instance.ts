import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type Conversion, type DiscFile, toDiscFile } from './disc-file.ts'
import {
  contentEncoding,
  DicomFormatError,
  type Element,
  elements,
  items,
  type Source,
  sourceOf,
} from './element.ts'
import {
  INSTANCE_KEYS,
  type Key,
  keyName,
  PATIENT_KEYS,
  SERIES_KEYS,
  STAND_INS,
  STUDY_KEYS,
  TAG,
} from './keys.ts'
import { META, readPart10, uidText } from './part10.ts'
import { type RecordType, recordTypeOf } from './record-type.ts'
import { encodingOf } from './transfer-syntax.ts'

/**
 * Values of directory record keys, by tag in eight hexadecimal digits. Each character is one byte of the value
 * as it stands in the file: text is in the instance's own character set, which `00080005` names.
 */
export type Keys = { readonly [tag: string]: string }

/** Bytes, SHA-256 (hexadecimal) and CRC-32 of a file as sent. */
export type Digests = { readonly length: number; readonly sha256: string; readonly crc32: number }

/** All that the disc needs to know of an instance, so that its file is read again only when it is sent. */
export type InstanceDescription = Digests & {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  readonly conversion: Conversion
  readonly recordType: RecordType
  readonly patient: Keys
  readonly study: Keys
  readonly series: Keys
  readonly instance: Keys
}

/** Describes a stored file as it will be on the disc. Throws DicomFormatError for what is no DICOM at all. */
export function describeInstance(file: Uint8Array): InstanceDescription {
  return describeDiscFile(toDiscFile(file))
}

/** Describes a file that is as it will be on the disc. */
export function describeDiscFile({ bytes, conversion }: DiscFile): InstanceDescription {
  const { meta, transferSyntaxUid, dataSetStart } = readPart10(bytes)
  const metaUid = (wanted: number) =>
    uidText(meta.find(({ tag }) => tag === wanted)?.value ?? new Uint8Array())
  const sopClassUid = metaUid(META.sopClassUid)

  const values = readValues(bytes.subarray(dataSetStart), transferSyntaxUid)
  const recordType = recordTypeOf(sopClassUid, values.has(TAG.rows))
  return {
    sopClassUid,
    sopInstanceUid: metaUid(META.sopInstanceUid),
    transferSyntaxUid,
    ...digestsOf(bytes),
    conversion,
    recordType,
    patient: select(values, PATIENT_KEYS),
    study: select(values, STUDY_KEYS, [TAG.seriesDate, TAG.acquisitionDate, TAG.contentDate]),
    series: select(values, SERIES_KEYS),
    instance: select(values, INSTANCE_KEYS[recordType], [TAG.instanceNumber, ...STAND_INS]),
  }
}

/** Length and digests of a file as sent. */
export const digestsOf = (bytes: Uint8Array): Digests => ({
  length: bytes.byteLength,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  crc32: crc32(bytes),
})

const ALL_KEYS: ReadonlyMap<number, string> = new Map(
  [PATIENT_KEYS, STUDY_KEYS, SERIES_KEYS, ...Object.values(INSTANCE_KEYS)]
    .flat()
    .map(({ tag, vr }): [number, string] => [tag, vr])
    .concat(
      STAND_INS.map((tag): [number, string] => [tag, 'DA']),
      [[TAG.specificCharacterSet, 'CS']],
    ),
)
const LAST_KEY = Math.max(...ALL_KEYS.keys())

/** A key longer than this is no key: it would swell every copy of the directory. */
const LONGEST_KEY = 16_384

/** The values of all elements that can be keys. A Data Set that breaks off gives what came before. */
function readValues(dataSet: Uint8Array, transferSyntaxUid: string): Map<number, string> {
  const values = new Map<number, string>()
  const source = sourceOf(dataSet, encodingOf(transferSyntaxUid))
  try {
    for (const element of elements(source, 0, dataSet.byteLength)) {
      if (element.tag > LAST_KEY) break
      if (element.tag === VERIFYING_OBSERVER_SEQUENCE) {
        const latest = latestVerification(source, element)
        if (latest) values.set(VERIFICATION_DATE_TIME, latest)
      }
      // The first of two elements with the same tag counts, as most readers take it.
      const vr = ALL_KEYS.get(element.tag)
      if (!vr || values.has(element.tag)) continue
      const value =
        vr === 'SQ' ? sequenceValue(source, element) : dataSet.subarray(element.start, element.end)
      if (value.byteLength > LONGEST_KEY) continue
      values.set(element.tag, Buffer.from(value).toString('latin1'))
    }
  } catch (error) {
    if (!(error instanceof DicomFormatError)) throw error
  }
  return values
}

const VERIFYING_OBSERVER_SEQUENCE = 0x0040a073
const VERIFICATION_DATE_TIME = 0x0040a030

// PS3.3 §F.5.26: the key is the most recent of the verifications, each of which stands in an item of its own.
function latestVerification(source: Source, sequence: Element): string | null {
  let latest: string | null = null
  for (const item of items(contentEncoding(source, sequence.vr), sequence.start, sequence.end)) {
    for (const { tag, start, end } of elements(source, item.start, item.end)) {
      if (tag !== VERIFICATION_DATE_TIME) continue
      const value = Buffer.from(source.bytes.subarray(start, end)).toString('latin1').trim()
      if (latest === null || value > latest) latest = value
    }
  }
  return latest
}

/** A sequence that is a key, to be copied as it is: so only from Explicit VR Little Endian. */
function sequenceValue(source: Source, element: Element): Uint8Array {
  const { encoding, bytes } = source
  if (!encoding.explicitVr || !encoding.littleEndian || element.vr !== 'SQ') return new Uint8Array()
  const kept: Uint8Array[] = []
  for (const item of items(source, element.start, element.end)) {
    if (element.tag === TAG.contentSequence && !isConceptModifier(source, item)) continue
    // From the item's tag to the next: header, content and delimiter.
    kept.push(bytes.subarray(item.start - 8, item.next))
  }
  return Buffer.concat(kept)
}

// PS3.3 §F.5.26 and §F.5.27: of the Content Sequence only what modifies the document's title is a key.
function isConceptModifier(source: Source, item: Element): boolean {
  for (const { tag, start, end } of elements(source, item.start, item.end)) {
    if (tag === 0x0040a010)
      return /^HAS CONCEPT MOD *$/.test(Buffer.from(source.bytes.subarray(start, end)).toString())
    if (tag > 0x0040a010) break
  }
  return false
}

function select(
  values: ReadonlyMap<number, string>,
  keys: readonly Key[],
  more: readonly number[] = [],
): Keys {
  const selected: Record<string, string> = {}
  for (const tag of new Set([TAG.specificCharacterSet, ...keys.map(({ tag }) => tag), ...more])) {
    const value = values.get(tag)
    if (value !== undefined && value !== '') selected[keyName(tag)] = value
  }
  return selected
}
