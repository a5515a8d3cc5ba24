import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  commonAttributes,
  type DataSet,
  type DemoStudy,
  decimal,
  demoUid,
  dicomDate,
  dicomTime,
  encodeFile,
  type GeneratedStudy,
  MR_IMAGE_STORAGE,
  studyUid,
} from './dicom.ts'
import { createKnee } from './knee/knee.ts'
import { createScanner, type Plane } from './knee/scanner.ts'
import { signals } from './knee/tissues.ts'

const STUDY_DESCRIPTION = 'RM GINOCCHIO DX (ESAME DIRETTO)'

type Sequence = {
  description: string
  name: string
  planes: (Plane & { slices: number })[]
  size: number
  pixel: number
  thickness: number
  gap: number
  repetition: number
  echo: number
  train: number
  fatSaturated: boolean
  /** Deviation of the noise, in stored values. */
  noise: number
}

// Directions of a row and of a column, in the patient's coordinates (PS3.3 §C.7.6.2.1.1). The sagittal plane is
// turned a few degrees, along the anterior cruciate ligament, as it is in practice.
const TURN = (12 * Math.PI) / 180
const SAGITTAL: Plane = { row: [Math.sin(TURN), Math.cos(TURN), 0], column: [0, 0, -1] }
const CORONAL: Plane = { row: [1, 0, 0], column: [0, 0, -1] }
const AXIAL: Plane = { row: [1, 0, 0], column: [0, 1, 0] }
const STRAIGHT_SAGITTAL: Plane = { row: [0, 1, 0], column: [0, 0, -1] }

const SHARP = { size: 320, pixel: 0.5, thickness: 3, gap: 0.3 }
const SEQUENCES: Sequence[] = [
  {
    ...{ description: 'LOCALIZER', name: 'fl2d', size: 256, pixel: 0.66, thickness: 6, gap: 6 },
    ...{ repetition: 20, echo: 5, train: 1, fatSaturated: false, noise: 20 },
    planes: [
      { ...STRAIGHT_SAGITTAL, slices: 5 },
      { ...CORONAL, slices: 5 },
      { ...AXIAL, slices: 5 },
    ],
  },
  {
    ...{ description: 'PD TSE FS SAG', name: 'tse2d', ...SHARP, planes: [{ ...SAGITTAL, slices: 26 }] },
    ...{ repetition: 3200, echo: 33, train: 8, fatSaturated: true, noise: 13 },
  },
  {
    ...{ description: 'T1 TSE SAG', name: 'tse2d', ...SHARP, planes: [{ ...SAGITTAL, slices: 26 }] },
    ...{ repetition: 560, echo: 11, train: 3, fatSaturated: false, noise: 10 },
  },
  {
    ...{ description: 'T2 TSE COR', name: 'tse2d', ...SHARP, planes: [{ ...CORONAL, slices: 26 }] },
    ...{ repetition: 3600, echo: 76, train: 12, fatSaturated: false, noise: 11 },
  },
  {
    ...{ description: 'PD TSE FS ASS', name: 'tse2d', ...SHARP, planes: [{ ...AXIAL, slices: 28 }] },
    ...{ repetition: 3000, echo: 30, train: 8, fatSaturated: true, noise: 13 },
  },
]

/**
 * Writes a synthetic MR of a right knee: a localizer and four series in three planes, cut from one volume, so
 * that they agree with one another. `slices` caps those of each plane. Same arguments, same bytes.
 */
export async function generateKneeMr(study: DemoStudy & { slices?: number }): Promise<GeneratedStudy> {
  const { directory, slices = Infinity, seed = 'ritiro' } = study
  await mkdir(directory, { recursive: true })
  const scanner = createScanner(createKnee(seed), seed)
  const files: string[] = []
  const seriesInstanceUids: string[] = []
  for (const [number, sequence] of SEQUENCES.entries()) {
    const seriesUid = demoUid(studyUid(study), 'MR', number + 1)
    const common = seriesAttributes(study, sequence, number, seriesUid)
    seriesInstanceUids.push(seriesUid)
    const cuts = sequence.planes.flatMap((plane) => cutsOf(plane, sequence, slices))
    const table = signals(sequence)
    for (const [index, cut] of cuts.entries()) {
      const stored = scanner.scan({ ...cut, ...sequence, signals: table, key: `${number}/${index}` })
      const file = join(directory, `MR${number + 1}${String(index + 1).padStart(3, '0')}.dcm`)
      await writeFile(
        file,
        encodeFile({ ...common, ...placeAttributes(cut, seriesUid, index), PixelData: stored }),
      )
      files.push(file)
    }
  }
  return { studyInstanceUid: studyUid(study), description: STUDY_DESCRIPTION, seriesInstanceUids, files }
}

type Cut = Plane & { corner: number[]; location: number }

// Slices lie along the normal of the plane, the middle one through the middle of the joint.
function cutsOf(
  plane: Plane & { slices: number },
  { size, pixel, thickness, gap }: Sequence,
  most: number,
): Cut[] {
  const [rx, ry, rz] = plane.row
  const [cx, cy, cz] = plane.column
  const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx]
  const count = Math.min(plane.slices, most)
  const half = ((size - 1) / 2) * pixel
  return Array.from({ length: count }, (_, i) => {
    const location = (i - (count - 1) / 2) * (thickness + gap)
    const corner = [0, 1, 2].map(
      (axis) =>
        location * (normal[axis] ?? 0) - half * (plane.row[axis] ?? 0) - half * (plane.column[axis] ?? 0),
    )
    return { ...plane, corner, location }
  })
}

function placeAttributes(cut: Cut, seriesUid: string, index: number): DataSet {
  return {
    SOPInstanceUID: demoUid(seriesUid, index + 1),
    InstanceNumber: index + 1,
    ImagePositionPatient: cut.corner.map(decimal),
    ImageOrientationPatient: [...cut.row, ...cut.column].map(decimal),
    SliceLocation: decimal(cut.location),
  }
}

function seriesAttributes(study: DemoStudy, sequence: Sequence, number: number, seriesUid: string): DataSet {
  const date = dicomDate(study.studyDate)
  const time = minutesLater(study.studyTime ?? '09:30:00', number * 4)
  return {
    ...commonAttributes(study, STUDY_DESCRIPTION),
    SOPClassUID: MR_IMAGE_STORAGE,
    ImageType: ['ORIGINAL', 'PRIMARY', 'OTHER'],
    SeriesDate: date,
    AcquisitionDate: date,
    ContentDate: date,
    SeriesTime: time,
    AcquisitionTime: time,
    ContentTime: time,
    Modality: 'MR',
    SeriesDescription: `${sequence.description} (DATI SINTETICI)`,
    BodyPartExamined: 'KNEE',
    Laterality: 'R',
    ScanningSequence: 'SE',
    SequenceVariant: 'SK',
    ScanOptions: sequence.fatSaturated ? 'FS' : '',
    MRAcquisitionType: '2D',
    SequenceName: sequence.name,
    SliceThickness: decimal(sequence.thickness),
    SpacingBetweenSlices: decimal(sequence.thickness + sequence.gap),
    RepetitionTime: decimal(sequence.repetition),
    EchoTime: decimal(sequence.echo),
    EchoTrainLength: sequence.train,
    FlipAngle: '90',
    MagneticFieldStrength: '1.5',
    PatientPosition: 'FFS',
    SeriesInstanceUID: seriesUid,
    SeriesNumber: number + 1,
    AcquisitionNumber: 1,
    Rows: sequence.size,
    Columns: sequence.size,
    PixelSpacing: [decimal(sequence.pixel), decimal(sequence.pixel)],
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    BurnedInAnnotation: 'NO',
    WindowCenter: sequence.fatSaturated ? 330 : 420,
    WindowWidth: sequence.fatSaturated ? 660 : 840,
  }
}

function minutesLater(time: string, minutes: number): string {
  const [hours = 0, mins = 0, seconds = 0] = time.split(':').map(Number)
  const total = (hours * 60 + mins + minutes) % 1440
  const two = (value: number) => String(value).padStart(2, '0')
  return dicomTime(`${two(Math.floor(total / 60))}:${two(total % 60)}:${two(seconds)}`)
}
