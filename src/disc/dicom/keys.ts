import type { RecordType } from './record-type.ts'

/** A key of a Directory Record: its tag, VR, and type (1, 2, or 3: only where the instance has it). */
export type Key = {
  readonly tag: number
  /** The tag as `Keys` has it. */
  readonly name: string
  readonly vr: string
  readonly type: 1 | 2 | 3
}

export const TAG = {
  specificCharacterSet: 0x00080005,
  imageType: 0x00080008,
  instanceCreationDate: 0x00080012,
  instanceCreationTime: 0x00080013,
  studyDate: 0x00080020,
  seriesDate: 0x00080021,
  acquisitionDate: 0x00080022,
  contentDate: 0x00080023,
  studyTime: 0x00080030,
  contentTime: 0x00080033,
  accessionNumber: 0x00080050,
  modality: 0x00080060,
  studyDescription: 0x00081030,
  seriesDescription: 0x0008103e,
  patientName: 0x00100010,
  patientId: 0x00100020,
  patientBirthDate: 0x00100030,
  patientSex: 0x00100040,
  studyInstanceUid: 0x0020000d,
  seriesInstanceUid: 0x0020000e,
  studyId: 0x00200010,
  seriesNumber: 0x00200011,
  instanceNumber: 0x00200013,
  rows: 0x00280010,
  conceptNameCodeSequence: 0x0040a043,
  contentSequence: 0x0040a730,
} as const

/** PS3.3 §F.5.1; birth date and sex are more than it asks, and what viewers show. */
export const PATIENT_KEYS: readonly Key[] = keys(`
  00100010 PN 2
  00100020 LO 1
  00100030 DA 3
  00100040 CS 3`)

/** PS3.3 §F.5.2 */
export const STUDY_KEYS: readonly Key[] = keys(`
  00080020 DA 1
  00080030 TM 1
  00080050 SH 2
  00081030 LO 2
  0020000D UI 1
  00200010 SH 1`)

/** PS3.3 §F.5.3, and the description, by which a person finds a series. */
export const SERIES_KEYS: readonly Key[] = keys(`
  00080060 CS 1
  0008103E LO 3
  0020000E UI 1
  00200011 IS 1`)

const CONTENT_DATE = `
  00080023 DA 1
  00080033 TM 1`

/** Content Identification Macro, PS3.3 Table 10-12. */
const CONTENT_IDENTIFICATION = `
  00200013 IS 1
  00700080 CS 1
  00700081 LO 2
  00700084 PN 2`

const CONTENT = `${CONTENT_DATE}${CONTENT_IDENTIFICATION}`

/** The keys of the records at the instance level, PS3.3 §F.5.4 and following. */
export const INSTANCE_KEYS: Readonly<Record<RecordType, readonly Key[]>> = {
  IMAGE: keys(`
  00080008 CS 3
  00200013 IS 1
  00280010 US 3
  00280011 US 3`),
  'RT DOSE': keys(`
  00200013 IS 1
  3004000A CS 1`),
  'RT STRUCTURE SET': keys(`
  00200013 IS 1
  30060002 SH 1
  30060008 DA 2
  30060009 TM 2`),
  'RT PLAN': keys(`
  00200013 IS 1
  300A0002 SH 1
  300A0006 DA 2
  300A0007 TM 2`),
  'RT TREAT RECORD': keys(`
  00200013 IS 1
  30080250 DA 2
  30080251 TM 2`),
  PRESENTATION: keys(`
  00081115 SQ 3
  00700082 DA 1
  00700083 TM 1
  00700402 SQ 3
  ${CONTENT_IDENTIFICATION}`),
  WAVEFORM: keys(`
  00200013 IS 1
  ${CONTENT_DATE}`),
  'SR DOCUMENT': keys(`
  00200013 IS 1
  ${CONTENT_DATE}
  0040A030 DT 3
  0040A043 SQ 1
  0040A491 CS 1
  0040A493 CS 1
  0040A730 SQ 3`),
  'KEY OBJECT DOC': keys(`
  00200013 IS 1
  ${CONTENT_DATE}
  0040A043 SQ 1
  0040A730 SQ 3`),
  SPECTROSCOPY: keys(`
  00080008 CS 1
  ${CONTENT_DATE}
  00089092 SQ 3
  00200013 IS 1
  00280008 IS 1
  00280010 US 1
  00280011 US 1
  00289001 UL 1
  00289002 UL 1`),
  'RAW DATA': keys(`
  ${CONTENT_DATE}
  00200013 IS 2`),
  REGISTRATION: keys(CONTENT),
  FIDUCIAL: keys(CONTENT),
  'ENCAP DOC': keys(`
  00080023 DA 2
  00080033 TM 2
  00200013 IS 1
  0040A043 SQ 2
  0040E001 ST 3
  00420010 ST 2
  00420012 LO 1`),
  'VALUE MAP': keys(CONTENT),
  // §F.5.34 asks for none; dicom3tools asks for these, which as type 3 may be there.
  STEREOMETRIC: keys(CONTENT_IDENTIFICATION),
  PLAN: [],
  MEASUREMENT: keys(CONTENT),
  SURFACE: keys(CONTENT),
  'SURFACE SCAN': keys(CONTENT_DATE),
  TRACT: keys(CONTENT),
  ASSESSMENT: keys(`
  00080012 DA 1
  00080013 TM 2
  00200013 IS 1`),
  RADIOTHERAPY: keys(`
  00200013 IS 1
  00700081 LO 2
  00700084 PN 2
  30100033 SH 3
  30100034 LO 3`),
  ANNOTATION: keys(CONTENT),
  'HANGING PROTOCOL': keys(`
  00720002 SH 1
  00720004 LO 1
  00720006 CS 1
  00720008 LO 1
  0072000A DT 1
  0072000C SQ 1
  0072000E SQ 2
  00720014 US 1`),
  PALETTE: keys(`
  00700080 CS 1
  00700081 LO 2`),
  IMPLANT: keys(`
  00080070 LO 1
  00221095 LO 1
  00221096 LO 3
  00221097 LO 1`),
  'IMPLANT ASSY': keys(`
  00080070 LO 1
  00760001 LO 1
  00760020 SQ 1`),
  'IMPLANT GROUP': keys(`
  00780001 LO 1
  00780010 LO 1`),
  PRIVATE: keys(`
  00200013 IS 3`),
}

/** Further elements that are read only to fill in a key that an instance lacks. */
export const STAND_INS: readonly number[] = [TAG.seriesDate, TAG.acquisitionDate, TAG.contentDate]

/** A key as a property name of JSON, and back. */
export const keyName = (tag: number): string => tag.toString(16).toUpperCase().padStart(8, '0')

function keys(table: string): readonly Key[] {
  return [...table.matchAll(/([0-9A-F]{8}) ([A-Z]{2}) ([123])/g)]
    .map(([, name = '', vr = '', type]) => ({
      tag: Number.parseInt(name, 16),
      name,
      vr,
      type: Number(type) as 1 | 2 | 3,
    }))
    .sort((a, b) => a.tag - b.tag)
}
