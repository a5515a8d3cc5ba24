import { createHash } from 'node:crypto'
import { ITEM } from './dicom/element.ts'
import { INSTANCE_KEYS, PATIENT_KEYS, SERIES_KEYS, STUDY_KEYS, TAG } from './dicom/keys.ts'
import { derivedUid, encodeMeta, uidBytes } from './dicom/part10.ts'
import { TRANSFER_SYNTAX } from './dicom/transfer-syntax.ts'
import { createWriter, writeElement } from './dicom/writer.ts'
import { encodeKeys } from './directory-keys.ts'
import type { FileSet, PatientEntity, PlacedInstance, SeriesEntity, StudyEntity } from './file-set.ts'

const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10'

/**
 * The DICOMDIR of a File-set (PS3.3 Annex F, PS3.10 §8.6). Depends on nothing but its arguments: its own SOP
 * Instance UID follows from its content.
 */
export function encodeDicomdir(fileSet: FileSet, fileSetId: string): Uint8Array {
  const roots = [...fileSet.patients.map(patientRecord), ...fileSet.others.map((it) => instanceRecord(it, 1))]
  const records = [...walk(roots)]

  const digest = createHash('sha256').update(fileSetId)
  for (const record of records) digest.update(recordContent(record, 0))
  const meta = encodeMeta(
    { meta: [] },
    {
      sopClassUid: MEDIA_STORAGE_DIRECTORY,
      sopInstanceUid: derivedUid(digest.digest()),
      transferSyntaxUid: TRANSFER_SYNTAX.explicitLittle,
    },
  )

  const head = (first: number, last: number, length: number) => directoryHead(fileSetId, first, last, length)
  const firstOffset = meta.byteLength + head(0, 0, 0).byteLength
  const end = giveOffsets(records, firstOffset)

  const writer = createWriter(end)
  writer.raw(meta)
  writer.raw(head(roots[0]?.offset ?? 0, roots.at(-1)?.offset ?? 0, end - firstOffset))
  for (const [siblings, index] of withSiblings(roots)) {
    const record = siblings[index]
    if (!record) continue
    const content = recordContent(record, siblings[index + 1]?.offset ?? 0)
    writer.itemHeader(ITEM, content.byteLength)
    writer.raw(content)
  }
  return writer.bytes()
}

type Record = {
  readonly type: string
  /** Group 0004 beyond what every record has, then the keys: encoded elements. */
  readonly reference: Uint8Array
  readonly keys: Uint8Array
  readonly lower: Record[]
  /** From the first byte of the preamble to the Item tag (PS3.3 §F.3.2.2). */
  offset: number
}

function patientRecord({ patientId, keys, studies }: PatientEntity): Record {
  const encoded = encodeKeys(PATIENT_KEYS, keys, (tag) => (tag === TAG.patientId ? patientId : null))
  return record('PATIENT', encoded, studies.map(studyRecord))
}

function studyRecord({ studyInstanceUid, keys, series }: StudyEntity, index: number): Record {
  const encoded = encodeKeys(STUDY_KEYS, keys, (tag) => {
    if (tag === TAG.studyInstanceUid) return studyInstanceUid
    if (tag === TAG.studyId) return String(index + 1)
    return null
  })
  return record('STUDY', encoded, series.map(seriesRecord))
}

function seriesRecord({ seriesInstanceUid, keys, instances }: SeriesEntity, index: number): Record {
  const encoded = encodeKeys(SERIES_KEYS, keys, (tag) => {
    if (tag === TAG.seriesInstanceUid) return seriesInstanceUid
    if (tag === TAG.seriesNumber) return String(index + 1)
    return tag === TAG.modality ? 'OT' : null
  })
  return record(
    'SERIES',
    encoded,
    instances.map((placed, at) => instanceRecord(placed, at + 1)),
  )
}

function instanceRecord({ instance, fileId }: PlacedInstance, number: number): Record {
  const { recordType, sopClassUid, sopInstanceUid, transferSyntaxUid } = instance
  const writer = createWriter(256)
  // PS3.3 Table F.3-3: a PRIVATE record says by a UID which kind of private record it is.
  if (recordType === 'PRIVATE')
    writeElement(writer, 0x00041432, 'UI', uidBytes(derivedUid(`record of ${sopClassUid}`)))
  writeElement(writer, 0x00041500, 'CS', padded(fileId.join('\\')))
  writeElement(writer, 0x00041510, 'UI', uidBytes(sopClassUid))
  writeElement(writer, 0x00041511, 'UI', uidBytes(sopInstanceUid))
  writeElement(writer, 0x00041512, 'UI', uidBytes(transferSyntaxUid))

  const mime = MIME_OF_CLASS[sopClassUid]
  const keys = encodeKeys(INSTANCE_KEYS[recordType], instance.keys, (tag) => {
    if (tag === TAG.instanceNumber) return String(number)
    return tag === MIME_TYPE && mime ? mime : null
  })
  return { type: recordType, reference: writer.bytes(), keys, lower: [], offset: 0 }
}

const MIME_TYPE = 0x00420012
const MIME_OF_CLASS: { readonly [sopClassUid: string]: string } = {
  '1.2.840.10008.5.1.4.1.1.104.1': 'application/pdf',
  '1.2.840.10008.5.1.4.1.1.104.2': 'text/XML',
  '1.2.840.10008.5.1.4.1.1.104.3': 'model/stl',
  '1.2.840.10008.5.1.4.1.1.104.4': 'model/obj',
  '1.2.840.10008.5.1.4.1.1.104.5': 'model/mtl',
}

const record = (type: string, keys: Uint8Array, lower: Record[]): Record => ({
  type,
  reference: new Uint8Array(),
  keys,
  lower,
  offset: 0,
})

/** The elements of a record's item, PS3.3 Table F.3-3 and the keys. */
function recordContent({ type, reference, keys, lower }: Record, next: number): Uint8Array {
  const writer = createWriter(128 + reference.byteLength + keys.byteLength)
  writeElement(writer, 0x00041400, 'UL', uint32(next)) // Offset of the Next Directory Record
  writeElement(writer, 0x00041410, 'US', uint16(0xffff)) // Record In-use Flag
  writeElement(writer, 0x00041420, 'UL', uint32(lower[0]?.offset ?? 0)) // Offset of Referenced Lower-Level Entity
  writeElement(writer, 0x00041430, 'CS', padded(type)) // Directory Record Type
  writer.raw(reference)
  writer.raw(keys)
  return writer.bytes()
}

/** The Data Set up to the first item (PS3.3 §F.3.2.1). */
function directoryHead(fileSetId: string, first: number, last: number, length: number): Uint8Array {
  const writer = createWriter(128)
  writeElement(writer, 0x00041130, 'CS', padded(fileSetId)) // File-set ID
  writeElement(writer, 0x00041200, 'UL', uint32(first)) // Offset of the First Record of the Root Entity
  writeElement(writer, 0x00041202, 'UL', uint32(last)) // Offset of the Last Record of the Root Entity
  writeElement(writer, 0x00041212, 'US', uint16(0)) // File-set Consistency Flag: no known inconsistencies
  writer.header(0x00041220, 'SQ', length) // Directory Record Sequence
  return writer.bytes()
}

/** Lengths do not depend on offsets, so one pass gives all offsets. Answers where the last record ends. */
function giveOffsets(records: readonly Record[], first: number): number {
  let at = first
  for (const record of records) {
    record.offset = at
    at += 8 + recordContent(record, 0).byteLength
  }
  return at
}

function* walk(records: readonly Record[]): Generator<Record> {
  for (const record of records) {
    yield record
    yield* walk(record.lower)
  }
}

function* withSiblings(records: readonly Record[]): Generator<[readonly Record[], number]> {
  for (const [index, record] of records.entries()) {
    yield [records, index]
    yield* withSiblings(record.lower)
  }
}

const padded = (text: string): Uint8Array => Buffer.from(text.length % 2 ? `${text} ` : text, 'latin1')

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >>> 8)
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
