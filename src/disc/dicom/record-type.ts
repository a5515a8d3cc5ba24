/** What a Directory Record of an instance is called (PS3.3 §F.3.2.2, Table F.4-1). */
export type RecordType =
  | 'IMAGE'
  | 'RT DOSE'
  | 'RT STRUCTURE SET'
  | 'RT PLAN'
  | 'RT TREAT RECORD'
  | 'PRESENTATION'
  | 'WAVEFORM'
  | 'SR DOCUMENT'
  | 'KEY OBJECT DOC'
  | 'SPECTROSCOPY'
  | 'RAW DATA'
  | 'REGISTRATION'
  | 'FIDUCIAL'
  | 'ENCAP DOC'
  | 'VALUE MAP'
  | 'STEREOMETRIC'
  | 'PLAN'
  | 'MEASUREMENT'
  | 'SURFACE'
  | 'SURFACE SCAN'
  | 'TRACT'
  | 'ASSESSMENT'
  | 'RADIOTHERAPY'
  | 'ANNOTATION'
  | 'HANGING PROTOCOL'
  | 'PALETTE'
  | 'IMPLANT'
  | 'IMPLANT ASSY'
  | 'IMPLANT GROUP'
  | 'PRIVATE'

/** Records that belong to no patient: they stand at the root (PS3.3 Table F.4-1). */
export const ROOT_RECORDS: ReadonlySet<RecordType> = new Set<RecordType>([
  'HANGING PROTOCOL',
  'PALETTE',
  'IMPLANT',
  'IMPLANT ASSY',
  'IMPLANT GROUP',
])

/** The record type of a SOP Class. What is not known is an image if it says how many rows it has, else PRIVATE. */
export function recordTypeOf(sopClassUid: string, hasRows: boolean): RecordType {
  if (!sopClassUid.startsWith(DICOM_SERVICES)) return 'PRIVATE'
  const short = sopClassUid.slice(DICOM_SERVICES.length)
  const exact = BY_CLASS.get(short)
  if (exact) return exact
  for (const [root, type] of BY_ROOT) if (short.startsWith(root)) return type
  return hasRows ? 'IMAGE' : 'PRIVATE'
}

/** Service classes of DICOM; the tables below go on from here. */
const DICOM_SERVICES = '1.2.840.10008.5.1.4.'

// PS3.6 Table A-1, PS3.3 §F.5
const CLASSES: Partial<Record<RecordType, string>> = {
  'RT DOSE': '1.1.481.2',
  'RT STRUCTURE SET': '1.1.481.3',
  'RT PLAN': '1.1.481.5 1.1.481.8',
  'RT TREAT RECORD': '1.1.481.4 1.1.481.6 1.1.481.7 1.1.481.9',
  IMAGE: '1.1.481.1 1.1.481.23 1.1.481.24',
  PRESENTATION: '1.1.131',
  'KEY OBJECT DOC': '1.1.88.59',
  'SR DOCUMENT': '1.1.78.6 1.1.79.1',
  SPECTROSCOPY: '1.1.4.2',
  'RAW DATA': '1.1.66',
  REGISTRATION: '1.1.66.1 1.1.66.3',
  FIDUCIAL: '1.1.66.2',
  SURFACE: '1.1.66.5',
  TRACT: '1.1.66.6',
  'VALUE MAP': '1.1.67',
  'SURFACE SCAN': '1.1.68.1 1.1.68.2',
  STEREOMETRIC: '1.1.77.1.5.3',
  MEASUREMENT: '1.1.78.1 1.1.78.2 1.1.78.3 1.1.78.4 1.1.78.5 1.1.78.7 1.1.78.8 1.1.80.1',
  ASSESSMENT: '1.1.90.1',
  ANNOTATION: '1.1.91.1',
  PLAN: '34.7 34.10',
  'HANGING PROTOCOL': '38.1',
  PALETTE: '39.1',
  IMPLANT: '43.1',
  'IMPLANT ASSY': '44.1',
  'IMPLANT GROUP': '45.1',
}

const BY_CLASS: ReadonlyMap<string, RecordType> = new Map(
  Object.entries(CLASSES).flatMap(([type, classes]) =>
    classes.split(' ').map((short): [string, RecordType] => [short, type as RecordType]),
  ),
)

/** Whole families of classes that grow with the standard. */
const BY_ROOT: readonly (readonly [string, RecordType])[] = [
  // Presentation states of waveforms have the keys of PRESENTATION (PS3.3 §F.5.49, which by a slip says INVENTORY).
  ['1.1.9.100.', 'PRESENTATION'],
  ['1.1.9.', 'WAVEFORM'],
  ['1.1.11.', 'PRESENTATION'],
  ['1.1.88.', 'SR DOCUMENT'],
  ['1.1.104.', 'ENCAP DOC'],
  ['1.1.481.', 'RADIOTHERAPY'],
]
