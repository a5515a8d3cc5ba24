import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Chest, createChest, drawChestSlice } from './chest/chest.ts'
import { CHEST_LENGTH } from './chest/shape.ts'
import {
  CT_IMAGE_STORAGE,
  commonAttributes,
  type DataSet,
  type DemoStudy,
  decimal,
  demoUid,
  dicomDate,
  dicomTime,
  encodeFile,
  type GeneratedStudy,
  studyUid,
} from './dicom.ts'
import { type Canvas, createCanvas } from './raster.ts'

const SIZE = 512
const PIXEL_MM = 0.742188
const INTERCEPT = -1024
const STUDY_DESCRIPTION = 'TC TORACE CON MDC'

/**
 * Writes a synthetic chest CT: from the neck to the upper abdomen in `slices` slices of 1 mm. Same arguments,
 * same bytes.
 */
export async function generateChestCt(study: DemoStudy & { slices?: number }): Promise<GeneratedStudy> {
  const { directory, slices = 500, seed = 'ritiro' } = study
  await mkdir(directory, { recursive: true })
  const chest = createChest(seed)
  const canvas = createCanvas(SIZE, PIXEL_MM)
  const seriesUid = demoUid(studyUid(study), 'CT')
  const common = seriesAttributes(study, seriesUid)
  const files: string[] = []
  for (let index = 0; index < slices; index++) {
    const file = join(directory, `CT${String(index + 1).padStart(4, '0')}.dcm`)
    await writeFile(file, encodeSlice(common, chest, canvas, index, slices))
    files.push(file)
  }
  return {
    studyInstanceUid: studyUid(study),
    description: STUDY_DESCRIPTION,
    seriesInstanceUids: [seriesUid],
    files,
  }
}

function encodeSlice(common: DataSet, chest: Chest, canvas: Canvas, index: number, slices: number): Buffer {
  const depth = (index * CHEST_LENGTH) / slices
  drawChestSlice(canvas, chest, depth)
  const corner = (-SIZE / 2 + 0.5) * PIXEL_MM
  // Patient coordinates grow towards the head (PS3.3 §C.7.6.2.1.1), our depth away from it.
  const z = 120 - depth
  return encodeFile({
    ...common,
    SOPInstanceUID: demoUid(String(common.SeriesInstanceUID), index + 1),
    InstanceNumber: index + 1,
    ImagePositionPatient: [decimal(corner), decimal(corner), decimal(z)],
    SliceLocation: decimal(z),
    PixelData: storedValues(canvas),
  })
}

// 12 bits, as scanners store them; Float32 → Uint16 with the rescale intercept taken off.
function storedValues({ data }: Canvas): Uint8Array {
  const stored = new Uint16Array(data.length)
  for (let i = 0; i < data.length; i++) {
    stored[i] = Math.min(4095, Math.max(0, Math.round((data[i] ?? 0) - INTERCEPT)))
  }
  return new Uint8Array(stored.buffer)
}

function seriesAttributes(study: DemoStudy, seriesUid: string): DataSet {
  const date = dicomDate(study.studyDate)
  const time = dicomTime(study.studyTime ?? '09:30:00')
  return {
    ...commonAttributes(study, STUDY_DESCRIPTION),
    SOPClassUID: CT_IMAGE_STORAGE,
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    SeriesDate: date,
    AcquisitionDate: date,
    ContentDate: date,
    SeriesTime: time,
    AcquisitionTime: time,
    ContentTime: time,
    Modality: 'CT',
    SeriesDescription: 'TORACE VENOSA 1.0 (DATI SINTETICI)',
    BodyPartExamined: 'CHEST',
    ContrastBolusAgent: 'Mezzo di contrasto iodato (simulato)',
    ContrastBolusRoute: 'INTRAVENOUS',
    ScanOptions: 'HELICAL MODE',
    SliceThickness: '1.0',
    KVP: '120',
    ReconstructionDiameter: decimal(SIZE * PIXEL_MM),
    ConvolutionKernel: 'STANDARD',
    PatientPosition: 'HFS',
    SeriesInstanceUID: seriesUid,
    SeriesNumber: 2,
    AcquisitionNumber: 1,
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    Rows: SIZE,
    Columns: SIZE,
    PixelSpacing: [decimal(PIXEL_MM), decimal(PIXEL_MM)],
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    BurnedInAnnotation: 'NO',
    WindowCenter: [40, -600],
    WindowWidth: [400, 1500],
    WindowCenterWidthExplanation: ['MEDIASTINO', 'POLMONE'],
    RescaleIntercept: INTERCEPT,
    RescaleSlope: 1,
    RescaleType: 'HU',
  }
}
