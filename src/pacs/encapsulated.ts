import { AppError } from '../errors.ts'
import { recognise } from '../signature/recognise.ts'
import { cdaText, documentInCda } from './cda.ts'
import { readDataSet } from './data-set.ts'

export type Encapsulated = {
  /** The document itself, PDF or .p7m; null where only a text is there. */
  document: Uint8Array | null
  /** What a CDA says, as plain text. */
  text: string | null
  title: string
  titleCode: string
  patientBirthDate: string
  /** Orders the documents of a study: content date and time, then instance number. */
  at: string
}

const TAG = {
  contentDate: 0x00080023,
  contentTime: 0x00080033,
  instanceCreationDate: 0x00080012,
  instanceCreationTime: 0x00080013,
  patientBirthDate: 0x00100030,
  instanceNumber: 0x00200013,
  conceptName: 0x0040a043,
  codeValue: 0x00080100,
  codeMeaning: 0x00080104,
  title: 0x00420010,
  document: 0x00420011,
  length: 0x00420015,
} as const

/**
 * The document of an Encapsulated PDF or CDA object (PS3.3 §A.45), of so many bytes at most. Throws where there is none
 * that can be shown.
 */
export function readEncapsulated(file: Uint8Array, maxBytes: number): Encapsulated {
  const dataSet = readDataSet(file)
  const held = dataSet.bytes(TAG.document)
  if (!held || held.byteLength === 0) throw new Error('no Encapsulated Document')
  const content = unpadded(held, dataSet.bytes(TAG.length))
  // Before anything looks into it.
  if (content.byteLength > maxBytes) throw new AppError('request.too_large')
  const [concept] = dataSet.items(TAG.conceptName)
  const number = dataSet.text(TAG.instanceNumber).padStart(12, '0')
  const date = dataSet.text(TAG.contentDate) || dataSet.text(TAG.instanceCreationDate)
  const time = dataSet.text(TAG.contentTime) || dataSet.text(TAG.instanceCreationTime)
  const isDocument = recognise(content).kind === 'pdf' || recognise(content).kind === 'cms'
  const document = isDocument ? content : documentInCda(content)
  return {
    document,
    text: document ? null : cdaText(content),
    title: dataSet.text(TAG.title) || (concept?.text(TAG.codeMeaning) ?? ''),
    titleCode: concept?.text(TAG.codeValue) ?? '',
    patientBirthDate: dataSet.text(TAG.patientBirthDate),
    at: `${date.padEnd(8, '0')}${time.padEnd(14, '0')}${number}`,
  }
}

// PS3.3 §C.24.2: an odd document is padded, and since 2019 its length may be told. A byte too many would break a
// signature over the whole file.
function unpadded(held: Uint8Array, length: Uint8Array | null): Uint8Array {
  if (length?.byteLength === 4) {
    const told = new DataView(length.buffer, length.byteOffset, 4).getUint32(0, true)
    if (told > 0 && told <= held.byteLength && held.byteLength - told <= 1) return held.subarray(0, told)
  }
  return held.at(-1) === 0 ? held.subarray(0, -1) : held
}
