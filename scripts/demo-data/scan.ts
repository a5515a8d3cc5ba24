import { copyFile, mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import dicomParser, { type DataSet } from 'dicom-parser'
import { filesBelow, run } from './store.ts'

/** One study found in a directory, as its files tell it. */
export type ScannedStudy = {
  studyInstanceUid: string
  /** null: no file of it has one, and the archive could never match it to a visit (S6). */
  accessionNumber: string | null
  patient: { name: string; patientId: string; birthDate: string | null; sex: string }
  /** yyyy-mm-dd, null where missing or no date. */
  studyDate: string | null
  description: string
  modalities: string[]
  files: string[]
}

export type Scan = {
  studies: ScannedStudy[]
  /** Files that are no DICOM image, document or other object of a study. */
  ignored: string[]
}

/**
 * Reads the headers of all files below a directory, whatever their names, and groups them by study. Where the
 * files of one study disagree on the accession number, each number makes an entry of its own.
 */
export async function scanDirectory(directory: string): Promise<Scan> {
  const studies = new Map<string, ScannedStudy>()
  const ignored: string[] = []
  for (const file of await filesBelow(directory)) {
    const header = await readHeader(file)
    if (!header) {
      ignored.push(file)
      continue
    }
    const { modality, ...rest } = header
    const key = JSON.stringify([rest.studyInstanceUid, rest.accessionNumber])
    const study = studies.get(key) ?? { ...rest, modalities: [], files: [] }
    study.files.push(file)
    if (modality && !study.modalities.includes(modality)) study.modalities.push(modality)
    studies.set(key, study)
  }
  return { studies: [...studies.values()], ignored }
}

export type AssignedStudy = ScannedStudy & {
  accessionNumber: string
  /** True where the files do not have this number yet: see setAccessionNumber. */
  changed: boolean
}

/**
 * Gives every study an accession number: its own where it has one that no other patient uses, else an invented
 * one. An accession number belongs to one visit of one person, so the second patient under it gets another.
 */
export function assignAccessionNumbers(studies: ScannedStudy[], prefix = 'DEMO'): AssignedStudy[] {
  const owners = new Map<string, string>()
  const assigned = new Map<string, string>()
  const person = ({ patient }: ScannedStudy) => JSON.stringify([patient.patientId, patient.name])
  for (const study of studies) {
    const number = study.accessionNumber
    if (number !== null && !owners.has(number)) owners.set(number, person(study))
  }
  let next = 1
  const invent = (study: ScannedStudy, why: string) => {
    // One invented number for all that belongs together: the same person and study, or person and old number.
    const key = JSON.stringify([person(study), why])
    const known = assigned.get(key)
    if (known !== undefined) return known
    while (owners.has(invented(prefix, next))) next++
    const number = invented(prefix, next++)
    owners.set(number, person(study))
    assigned.set(key, number)
    return number
  }
  return studies.map((study) => {
    const own = study.accessionNumber
    if (own !== null && owners.get(own) === person(study))
      return { ...study, accessionNumber: own, changed: false }
    const accessionNumber = invent(study, own === null ? study.studyInstanceUid : `number ${own}`)
    return { ...study, accessionNumber, changed: true }
  })
}

const invented = (prefix: string, count: number) => `${prefix}-${String(count).padStart(4, '0')}`

/** Writes copies of the files with (0008,0050) set, pixels and transfer syntax untouched, and gives their names. */
export async function setAccessionNumber(
  files: string[],
  directory: string,
  value: string,
): Promise<string[]> {
  await mkdir(directory, { recursive: true })
  const copies: string[] = []
  for (const [index, file] of files.entries()) {
    const copy = join(directory, `${String(index + 1).padStart(6, '0')}.dcm`)
    await copyFile(file, copy)
    copies.push(copy)
  }
  for (let start = 0; start < copies.length; start += 500) {
    const part = copies.slice(start, start + 500)
    const said = await run('dcmodify', ['--no-backup', '--insert', `(0008,0050)=${value}`, ...part])
    const errors = said.split('\n').filter((line) => /^[EF]: /.test(line))
    if (errors.length > 0) throw new Error(`dcmodify could not set the accession number: ${errors.join(' ')}`)
  }
  return copies
}

type Header = Omit<ScannedStudy, 'modalities' | 'files'> & { modality: string }

const HEADER_BYTES = 256 * 1024
// Up to the Study ID (0020,0010): all we ask for stands before it, and pixels long after.
const LAST_TAG = 'x00200010'
const MEDIA_DIRECTORY = '1.2.840.10008.1.3.10'

async function readHeader(file: string): Promise<Header | undefined> {
  const start = await firstBytes(file)
  const header = parseHeader(start)
  if (header || start.byteLength < HEADER_BYTES || !isDicom(start)) return header
  // A deflated data set (PS3.5 §A.5) cannot be read from its beginning alone.
  return parseHeader(await readFile(file))
}

const isDicom = (bytes: Uint8Array) => Buffer.from(bytes.subarray(128, 132)).toString('latin1') === 'DICM'

function parseHeader(bytes: Uint8Array): Header | undefined {
  try {
    const dataSet = dicomParser.parseDicom(bytes, { untilTag: LAST_TAG })
    const studyInstanceUid = dataSet.string('x0020000d')
    if (!studyInstanceUid || dataSet.string('x00020002') === MEDIA_DIRECTORY) return undefined
    const text = decoder(dataSet)
    return {
      studyInstanceUid,
      accessionNumber: text('x00080050') || null,
      patient: {
        name: text('x00100010'),
        patientId: text('x00100020'),
        birthDate: isoDate(dataSet.string('x00100030')),
        sex: text('x00100040'),
      },
      studyDate: isoDate(dataSet.string('x00080020')),
      description: text('x00081030'),
      modality: text('x00080060'),
    }
  } catch {
    // dicom-parser throws strings and errors of many kinds at what is no DICOM.
    return undefined
  }
}

async function firstBytes(file: string): Promise<Uint8Array> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

// Specific Character Set (PS3.3 §C.12.1.1.2) → the decoder of the web platform. ISO 2022 ones keep their escapes
// out of sight: the first set is used, which is the alphabetic part of such names.
const CHARACTER_SETS: Record<string, string> = {
  '': 'windows-1252',
  'ISO_IR 6': 'windows-1252',
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 192': 'utf-8',
  'ISO 2022 IR 87': 'iso-2022-jp',
  'ISO 2022 IR 149': 'euc-kr',
  GB18030: 'gb18030',
  GBK: 'gbk',
}

function decoder(dataSet: DataSet): (tag: string) => string {
  const sets = (dataSet.string('x00080005') ?? '').split('\\').map((name) => name.trim())
  const named = (name: string) =>
    CHARACTER_SETS[name] ?? CHARACTER_SETS[name.replace('ISO 2022 IR', 'ISO_IR')]
  const multiByte = sets.slice(1).find((name) => name === 'ISO 2022 IR 87' || name === 'ISO 2022 IR 149')
  const decode = new TextDecoder(named(multiByte ?? sets[0] ?? '') ?? 'windows-1252')
  return (tag) => {
    const element = dataSet.elements[tag]
    if (!element) return ''
    const bytes = dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length)
    // ISO 2022-KR shifts by an escape that euc-kr does not know.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are control characters
    const value = decode.decode(bytes).replace(/\u001b\$?[()][A-Z0-9]/g, '')
    return value.replace(/\0/g, '').trim()
  }
}

function isoDate(value: string | undefined): string | null {
  // PS3.5 §6.2 has yyyymmdd; older devices wrote yyyy.mm.dd.
  const [, year, month, day] = /^(\d{4})\.?(\d\d)\.?(\d\d)$/.exec(value?.trim() ?? '') ?? []
  if (!year || !month || !day) return null
  const date = `${year}-${month}-${day}`
  const parsed = new Date(`${date}T00:00:00Z`)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date) ? date : null
}
