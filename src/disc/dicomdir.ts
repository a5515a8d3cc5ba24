import { createHash } from 'node:crypto'
import { ITEM } from './dicom/element.ts'
import { INSTANCE_KEYS, PATIENT_KEYS, SERIES_KEYS, STUDY_KEYS, TAG } from './dicom/keys.ts'
import { derivedUid, encodeMeta } from './dicom/part10.ts'
import { TRANSFER_SYNTAX } from './dicom/transfer-syntax.ts'
import { createWriter, type Writer, writeText } from './dicom/writer.ts'
import { writeKeys } from './directory-keys.ts'
import type { FileSet, PatientEntity, PlacedInstance, SeriesEntity, StudyEntity } from './file-set.ts'

const MEDIA_STORAGE_DIRECTORY = '1.2.840.10008.1.3.10'

/**
 * The DICOMDIR of a File-set (PS3.3 Annex F, PS3.10 §8.6). Depends on nothing but its arguments: its own SOP
 * Instance UID follows from its content.
 */
export function encodeDicomdir(fileSet: FileSet, fileSetId: string): Uint8Array {
  const records = createWriter(65_536)
  const roots = [
    ...fileSet.patients.map((patient) => writePatient(records, patient)),
    ...fileSet.others.map((placed, index) => writeInstance(records, placed, index + 1)),
  ]
  const content = createHash('sha256').update(fileSetId).update(records.bytes()).digest()
  const meta = encodeMeta(
    { meta: [] },
    {
      sopClassUid: MEDIA_STORAGE_DIRECTORY,
      sopInstanceUid: derivedUid(content),
      transferSyntaxUid: TRANSFER_SYNTAX.explicitLittle,
    },
  )
  const head = createWriter(128)
  const { firstAt, lastAt } = writeHead(head, fileSetId, records.length)

  // PS3.3 §F.3.2.2: offsets count from the first byte of the preamble to the Item tag.
  const base = meta.byteLength + head.length
  head.patchUint32(firstAt, roots[0] ? base + roots[0].itemAt : 0)
  head.patchUint32(lastAt, roots.length > 0 ? base + (roots.at(-1)?.itemAt ?? 0) : 0)
  link(records, roots, base)
  return Buffer.concat([meta, head.bytes(), records.bytes()])
}

/** A record as it was written: where its Item tag stands, where its two offsets, and the records below it. */
type Written = {
  readonly itemAt: number
  readonly nextAt: number
  readonly lowerAt: number
  readonly lower: readonly Written[]
}

function writePatient(writer: Writer, { patientId, keys, studies }: PatientEntity): Written {
  const record = openRecord(writer, 'PATIENT')
  writeKeys(writer, PATIENT_KEYS, keys, (tag) => (tag === TAG.patientId ? patientId : null))
  closeRecord(writer, record)
  return { ...record, lower: studies.map((study, index) => writeStudy(writer, study, index + 1)) }
}

function writeStudy(
  writer: Writer,
  { studyInstanceUid, keys, series }: StudyEntity,
  number: number,
): Written {
  const record = openRecord(writer, 'STUDY')
  writeKeys(writer, STUDY_KEYS, keys, (tag) => {
    if (tag === TAG.studyInstanceUid) return studyInstanceUid
    return tag === TAG.studyId ? String(number) : null
  })
  closeRecord(writer, record)
  return { ...record, lower: series.map((below, index) => writeSeries(writer, below, index + 1)) }
}

function writeSeries(
  writer: Writer,
  { seriesInstanceUid, keys, instances }: SeriesEntity,
  number: number,
): Written {
  const record = openRecord(writer, 'SERIES')
  writeKeys(writer, SERIES_KEYS, keys, (tag) => {
    if (tag === TAG.seriesInstanceUid) return seriesInstanceUid
    if (tag === TAG.seriesNumber) return String(number)
    return tag === TAG.modality ? 'OT' : null
  })
  closeRecord(writer, record)
  return { ...record, lower: instances.map((placed, index) => writeInstance(writer, placed, index + 1)) }
}

function writeInstance(writer: Writer, { instance, fileId }: PlacedInstance, number: number): Written {
  const { recordType, sopClassUid, sopInstanceUid, transferSyntaxUid } = instance
  const record = openRecord(writer, recordType)
  // PS3.3 Table F.3-3: a PRIVATE record says by a UID which kind of private record it is.
  if (recordType === 'PRIVATE') writeText(writer, 0x00041432, 'UI', derivedUid(`record of ${sopClassUid}`))
  writeText(writer, 0x00041500, 'CS', fileId.join('\\')) // Referenced File ID
  writeText(writer, 0x00041510, 'UI', sopClassUid) // Referenced SOP Class UID in File
  writeText(writer, 0x00041511, 'UI', sopInstanceUid) // Referenced SOP Instance UID in File
  writeText(writer, 0x00041512, 'UI', transferSyntaxUid) // Referenced Transfer Syntax UID in File
  writeKeys(writer, INSTANCE_KEYS[recordType], instance.keys, (tag) => {
    if (tag === TAG.instanceNumber) return String(number)
    return tag === MIME_TYPE ? (MIME_OF_CLASS[sopClassUid] ?? null) : null
  })
  closeRecord(writer, record)
  return { ...record, lower: [] }
}

const MIME_TYPE = 0x00420012
const MIME_OF_CLASS: { readonly [sopClassUid: string]: string } = {
  '1.2.840.10008.5.1.4.1.1.104.1': 'application/pdf',
  '1.2.840.10008.5.1.4.1.1.104.2': 'text/XML',
  '1.2.840.10008.5.1.4.1.1.104.3': 'model/stl',
  '1.2.840.10008.5.1.4.1.1.104.4': 'model/obj',
  '1.2.840.10008.5.1.4.1.1.104.5': 'model/mtl',
}

type Opened = Omit<Written, 'lower'> & { readonly lengthAt: number }

/** Item tag and the elements that every record begins with (PS3.3 Table F.3-3); offsets are filled in at the end. */
function openRecord(writer: Writer, type: string): Opened {
  const itemAt = writer.length
  const lengthAt = writer.itemHeader(ITEM, 0)
  const nextAt = writeNumber(writer, 0x00041400, 'UL', 0) // Offset of the Next Directory Record
  writeNumber(writer, 0x00041410, 'US', 0xffff) // Record In-use Flag
  const lowerAt = writeNumber(writer, 0x00041420, 'UL', 0) // Offset of Referenced Lower-Level Directory Entity
  writeText(writer, 0x00041430, 'CS', type) // Directory Record Type
  return { itemAt, lengthAt, nextAt, lowerAt }
}

function closeRecord(writer: Writer, { lengthAt }: Opened): void {
  writer.patchUint32(lengthAt, writer.length - lengthAt - 4)
}

/** The Data Set up to the first item (PS3.3 §F.3.2.1). */
function writeHead(
  writer: Writer,
  fileSetId: string,
  recordsLength: number,
): { firstAt: number; lastAt: number } {
  writeText(writer, 0x00041130, 'CS', fileSetId) // File-set ID
  const firstAt = writeNumber(writer, 0x00041200, 'UL', 0) // Offset of the First Record of the Root Entity
  const lastAt = writeNumber(writer, 0x00041202, 'UL', 0) // Offset of the Last Record of the Root Entity
  writeNumber(writer, 0x00041212, 'US', 0) // File-set Consistency Flag: no known inconsistencies
  writer.header(0x00041220, 'SQ', recordsLength) // Directory Record Sequence
  return { firstAt, lastAt }
}

function link(writer: Writer, siblings: readonly Written[], base: number): void {
  for (const [index, { nextAt, lowerAt, lower }] of siblings.entries()) {
    const next = siblings[index + 1]
    const [first] = lower
    if (next) writer.patchUint32(nextAt, base + next.itemAt)
    if (first) writer.patchUint32(lowerAt, base + first.itemAt)
    link(writer, lower, base)
  }
}

/** Answers where the number stands. */
function writeNumber(writer: Writer, tag: number, vr: 'US' | 'UL', value: number): number {
  const size = vr === 'US' ? 2 : 4
  writer.header(tag, vr, size)
  const at = writer.length
  writer.latin1(size === 2 ? '\0\0' : '\0\0\0\0')
  if (size === 4) writer.patchUint32(at, value)
  else writer.patchUint16(at, value)
  return at
}
