import { createHash } from 'node:crypto'

/** A patient of no world: every field is invented. */
export type DemoPatient = {
  /** DICOM person name: `ROSSI^MARIO`. */
  name: string
  patientId: string
  /** yyyy-mm-dd */
  birthDate: string
  sex: 'F' | 'M' | 'O'
}

/** What a generated visit is told from outside; everything else follows from the seed. */
export type DemoStudy = {
  /** Where the files are written; made if missing. */
  directory: string
  patient: DemoPatient
  accessionNumber: string
  /** yyyy-mm-dd */
  studyDate: string
  /** hh:mm:ss of the first series */
  studyTime?: string
  seed?: string
}

/** What was made of it. */
export type GeneratedStudy = {
  studyInstanceUid: string
  description: string
  seriesInstanceUids: string[]
  files: string[]
}

export type DataSet = { [keyword in Keyword]?: Value }
type Value = string | number | (string | number)[] | Uint8Array | DataSet[]
type Keyword = keyof typeof DICTIONARY

const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
export const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'
export const MR_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.4'

/** A UID under 2.25 (PS3.5 §B.2), the same for the same parts. */
export function demoUid(...parts: (string | number)[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest()
  // The root 2.25 holds UUIDs: version 8 is RFC 9562's for values made in one's own way.
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  return `2.25.${BigInt(`0x${hash.subarray(0, 16).toString('hex')}`)}`
}

/** A DICOM file (PS3.10 §7.1) in Explicit VR Little Endian; the preamble is zero (S48). */
export function encodeFile(dataSet: DataSet): Buffer {
  const meta = encodeDataSet({
    FileMetaInformationVersion: Uint8Array.of(0, 1),
    MediaStorageSOPClassUID: dataSet.SOPClassUID ?? '',
    MediaStorageSOPInstanceUID: dataSet.SOPInstanceUID ?? '',
    TransferSyntaxUID: EXPLICIT_VR_LITTLE_ENDIAN,
    ImplementationClassUID: demoUid('ritiro', 'demo-data'),
    ImplementationVersionName: 'RITIRO_DEMO',
  })
  const length = encodeDataSet({ FileMetaInformationGroupLength: meta.byteLength })
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, encodeDataSet(dataSet)])
}

/** yyyy-mm-dd → DA, hh:mm:ss → TM. */
export const dicomDate = (date: string) => date.replaceAll('-', '')
export const dicomTime = (time: string) => time.replaceAll(':', '')

/** A number as DS: at most 16 characters, of which a plain decimal uses few (PS3.5 §6.2). */
export const decimal = (value: number) => Number(value.toFixed(6)).toString()

/** What every object of a demo study shares: patient, study, and the marks that say it is invented. */
export function commonAttributes(study: DemoStudy, description: string): DataSet {
  return {
    SpecificCharacterSet: 'ISO_IR 100',
    StudyDate: dicomDate(study.studyDate),
    StudyTime: dicomTime(study.studyTime ?? '09:30:00'),
    AccessionNumber: study.accessionNumber,
    Manufacturer: 'Ritiro',
    InstitutionName: 'Ospedale dimostrativo Ritiro',
    ReferringPhysicianName: '',
    StationName: 'DEMO',
    StudyDescription: description,
    ManufacturerModelName: 'Generatore di esami dimostrativi',
    PatientName: study.patient.name,
    PatientID: study.patient.patientId,
    PatientBirthDate: dicomDate(study.patient.birthDate),
    PatientSex: study.patient.sex,
    PatientComments: 'Paziente inventato: dati dimostrativi, nessuna persona reale',
    DeviceSerialNumber: 'DEMO',
    SoftwareVersions: '1',
    StudyInstanceUID: studyUid(study),
    StudyID: study.accessionNumber.slice(0, 16),
    FrameOfReferenceUID: demoUid(studyUid(study), 'frame of reference'),
    PositionReferenceIndicator: '',
    ImageComments: 'Immagine sintetica dimostrativa, non diagnostica',
    LossyImageCompression: '00',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
  }
}

// Another date or accession number is another study, even from the same seed.
export function studyUid({ patient, accessionNumber, studyDate, seed }: DemoStudy): string {
  return demoUid(seed ?? 'ritiro', patient.patientId, accessionNumber, studyDate)
}

function encodeDataSet(dataSet: DataSet): Buffer {
  const elements = Object.entries(dataSet).map(([keyword, value]) => {
    const [tag, vr] = DICTIONARY[keyword as Keyword]
    return { tag, bytes: encodeElement(tag, vr, value) }
  })
  return Buffer.concat(elements.toSorted((a, b) => a.tag - b.tag).map(({ bytes }) => bytes))
}

function encodeElement(tag: number, vr: string, value: Value): Buffer {
  const content = encodeValue(vr, value)
  // PS3.5 §7.1.2: these have two reserved bytes and a length of 32 bits.
  const long = vr === 'OB' || vr === 'OW' || vr === 'SQ'
  const header = Buffer.alloc(long ? 12 : 8)
  header.writeUInt16LE(tag >>> 16, 0)
  header.writeUInt16LE(tag & 0xffff, 2)
  header.write(vr, 4, 'latin1')
  if (long) header.writeUInt32LE(content.byteLength, 8)
  else header.writeUInt16LE(content.byteLength, 6)
  return Buffer.concat([header, content])
}

function encodeValue(vr: string, value: Value): Buffer {
  if (value instanceof Uint8Array) return padded(Buffer.from(value.buffer, value.byteOffset, value.length), 0)
  const values = Array.isArray(value) ? value : [value]
  if (vr === 'SQ') return Buffer.concat(values.map((item) => encodeItem(item as DataSet)))
  if (vr === 'US') return binary(values, 2)
  if (vr === 'UL') return binary(values, 4)
  const text = values.map((part) => (typeof part === 'number' ? decimal(part) : String(part))).join('\\')
  return padded(Buffer.from(text, 'latin1'), vr === 'UI' ? 0 : 0x20)
}

function encodeItem(item: DataSet): Buffer {
  const content = encodeDataSet(item)
  const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0])
  header.writeUInt32LE(content.byteLength, 4)
  return Buffer.concat([header, content])
}

function binary(values: unknown[], size: 2 | 4): Buffer {
  const bytes = Buffer.alloc(values.length * size)
  values.forEach((value, i) => {
    bytes.writeUIntLE(Number(value), i * size, size)
  })
  return bytes
}

function padded(bytes: Buffer, padding: number): Buffer {
  return bytes.byteLength % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(padding)])
}

const DICTIONARY = {
  FileMetaInformationGroupLength: [0x00020000, 'UL'],
  FileMetaInformationVersion: [0x00020001, 'OB'],
  MediaStorageSOPClassUID: [0x00020002, 'UI'],
  MediaStorageSOPInstanceUID: [0x00020003, 'UI'],
  TransferSyntaxUID: [0x00020010, 'UI'],
  ImplementationClassUID: [0x00020012, 'UI'],
  ImplementationVersionName: [0x00020013, 'SH'],
  SpecificCharacterSet: [0x00080005, 'CS'],
  ImageType: [0x00080008, 'CS'],
  SOPClassUID: [0x00080016, 'UI'],
  SOPInstanceUID: [0x00080018, 'UI'],
  StudyDate: [0x00080020, 'DA'],
  SeriesDate: [0x00080021, 'DA'],
  AcquisitionDate: [0x00080022, 'DA'],
  ContentDate: [0x00080023, 'DA'],
  StudyTime: [0x00080030, 'TM'],
  SeriesTime: [0x00080031, 'TM'],
  AcquisitionTime: [0x00080032, 'TM'],
  ContentTime: [0x00080033, 'TM'],
  AccessionNumber: [0x00080050, 'SH'],
  Modality: [0x00080060, 'CS'],
  Manufacturer: [0x00080070, 'LO'],
  InstitutionName: [0x00080080, 'LO'],
  ReferringPhysicianName: [0x00080090, 'PN'],
  CodeValue: [0x00080100, 'SH'],
  CodingSchemeDesignator: [0x00080102, 'SH'],
  CodeMeaning: [0x00080104, 'LO'],
  StationName: [0x00081010, 'SH'],
  StudyDescription: [0x00081030, 'LO'],
  SeriesDescription: [0x0008103e, 'LO'],
  ManufacturerModelName: [0x00081090, 'LO'],
  PatientName: [0x00100010, 'PN'],
  PatientID: [0x00100020, 'LO'],
  PatientBirthDate: [0x00100030, 'DA'],
  PatientSex: [0x00100040, 'CS'],
  PatientComments: [0x00104000, 'LT'],
  ContrastBolusAgent: [0x00180010, 'LO'],
  BodyPartExamined: [0x00180015, 'CS'],
  ScanningSequence: [0x00180020, 'CS'],
  SequenceVariant: [0x00180021, 'CS'],
  ScanOptions: [0x00180022, 'CS'],
  MRAcquisitionType: [0x00180023, 'CS'],
  SequenceName: [0x00180024, 'SH'],
  SliceThickness: [0x00180050, 'DS'],
  KVP: [0x00180060, 'DS'],
  RepetitionTime: [0x00180080, 'DS'],
  EchoTime: [0x00180081, 'DS'],
  MagneticFieldStrength: [0x00180087, 'DS'],
  SpacingBetweenSlices: [0x00180088, 'DS'],
  EchoTrainLength: [0x00180091, 'IS'],
  DeviceSerialNumber: [0x00181000, 'LO'],
  SoftwareVersions: [0x00181020, 'LO'],
  ContrastBolusRoute: [0x00181040, 'LO'],
  ReconstructionDiameter: [0x00181100, 'DS'],
  ConvolutionKernel: [0x00181210, 'SH'],
  FlipAngle: [0x00181314, 'DS'],
  PatientPosition: [0x00185100, 'CS'],
  StudyInstanceUID: [0x0020000d, 'UI'],
  SeriesInstanceUID: [0x0020000e, 'UI'],
  StudyID: [0x00200010, 'SH'],
  SeriesNumber: [0x00200011, 'IS'],
  AcquisitionNumber: [0x00200012, 'IS'],
  InstanceNumber: [0x00200013, 'IS'],
  ImagePositionPatient: [0x00200032, 'DS'],
  ImageOrientationPatient: [0x00200037, 'DS'],
  FrameOfReferenceUID: [0x00200052, 'UI'],
  Laterality: [0x00200060, 'CS'],
  PositionReferenceIndicator: [0x00201040, 'LO'],
  SliceLocation: [0x00201041, 'DS'],
  ImageComments: [0x00204000, 'LT'],
  SamplesPerPixel: [0x00280002, 'US'],
  PhotometricInterpretation: [0x00280004, 'CS'],
  Rows: [0x00280010, 'US'],
  Columns: [0x00280011, 'US'],
  PixelSpacing: [0x00280030, 'DS'],
  BitsAllocated: [0x00280100, 'US'],
  BitsStored: [0x00280101, 'US'],
  HighBit: [0x00280102, 'US'],
  PixelRepresentation: [0x00280103, 'US'],
  BurnedInAnnotation: [0x00280301, 'CS'],
  WindowCenter: [0x00281050, 'DS'],
  WindowWidth: [0x00281051, 'DS'],
  RescaleIntercept: [0x00281052, 'DS'],
  RescaleSlope: [0x00281053, 'DS'],
  RescaleType: [0x00281054, 'LO'],
  WindowCenterWidthExplanation: [0x00281055, 'LO'],
  LossyImageCompression: [0x00282110, 'CS'],
  PixelData: [0x7fe00010, 'OW'],
} as const
