import { expect, test } from 'vitest'
import type { Attributes, InstanceRecord } from '../../src/shards/attributes.ts'
import type { DicomFile } from '../../viewer/light/dicom/file.ts'
import { frameOf } from '../../viewer/light/dicom/frame.ts'
import { decodeText } from '../../viewer/light/dicom/text.ts'
import { m } from '../../viewer/light/messages/messages.ts'
import type { Frame, FrameSource, Image, Series } from '../../viewer/light/model/model.ts'
import { personName, type Slice, slicesOf, studiesOf, windowKeyOf } from '../../viewer/light/model/studies.ts'
import { reslicedSeries, reslicing, volumeOf } from '../../viewer/light/mpr/volume.ts'
import { paintGrey } from '../../viewer/light/pixels/gray.ts'
import { isPartlyPresented } from '../../viewer/light/pixels/presentation.ts'
import { fileVois } from '../../viewer/light/pixels/voi.ts'
import { wordsOf } from '../../viewer/light/render/marks.ts'
import { shuttersOf } from '../../viewer/light/render/shutter.ts'
import { referenceLine } from '../../viewer/light/tools/geometry.ts'
import { angleOf, lengthOf, type MarkTool, probe } from '../../viewer/light/tools/measure.ts'
import { presetsOf } from '../../viewer/light/tools/presets.ts'
import { spacingOf } from '../../viewer/light/tools/spacing.ts'

test('PS3.4 N.2: the window of a presentation state comes before the file’s, for the image it names', () => {
  const state = presentationState('1', {
    '00283110': [{ '00281050': [300], '00281051': [600], '00281055': ['ANGIO'] }],
  })
  const [study] = studiesOf([slice(1), slice(2), state])
  const [first, second] = slicesOf(study?.series[0] ?? never())
  expect(study?.series).toHaveLength(1)
  expect(first && fileVois(first.image, 0).map(({ voi, presented }) => [voi, presented])).toEqual([
    [{ kind: 'window', center: 300, width: 600, shape: 'LINEAR' }, true],
    [{ kind: 'window', center: 40, width: 400, shape: 'LINEAR' }, false],
  ])
  expect(second && fileVois(second.image, 0)).toHaveLength(1)
})

test('a stack lies along its normal, however its files and numbers are mixed; a volume over time by its numbers', () => {
  const order = (records: InstanceRecord[]) =>
    studiesOf(records)[0]?.series[0]?.images.map(({ instanceNumber }) => instanceNumber)
  const at = (number: number, z: number) => slice(number, { '00200032': [0, 0, z] })
  expect(order([at(1, 0), at(3, 5), at(2, 10)])).toEqual([1, 3, 2])
  // Numbered from the other end: the scanner's way round is kept.
  expect(order([at(1, 10), at(2, 5), at(3, 0)])).toEqual([1, 2, 3])
  expect(order([at(4, 5), at(1, 0), at(2, 5), at(3, 0)])).toEqual([1, 2, 3, 4])
})

test('PS3.3 10.7: spacing is the patient’s, calibrated, at the detector, or unknown', () => {
  const kindOf = (modality: string, others: Attributes) => {
    const [study] = studiesOf([slice(1, { '00080060': [modality], ...others })])
    const [found] = slicesOf(study?.series[0] ?? never())
    return found && spacingOf(found.image, 0, [{ x: 1, y: 1 }])
  }
  expect(kindOf('MR', { '00280030': [2, 0.5] })).toEqual({ x: 0.5, y: 2, kind: 'patient' })
  expect(kindOf('DX', { '00181164': [0.2, 0.2] })?.kind).toBe('detector')
  expect(kindOf('DX', { '00181164': [0.2, 0.2], '00280030': [0.2, 0.2] })?.kind).toBe('detector')
  expect(kindOf('DX', { '00181164': [0.2, 0.2], '00280030': [0.15, 0.15] })?.kind).toBe('calibrated')
  expect(kindOf('XA', { '00181164': [0.2, 0.2], '00181114': [2] })).toEqual({
    x: 0.1,
    y: 0.1,
    kind: 'calibrated',
  })
  expect(kindOf('SC', {})).toBeNull()
  expect(kindOf('US', { '00186011': [region(0, 100, 3)] })).toEqual({ x: 0.5, y: 0.4, kind: 'patient' })
})

test('PS3.3 C.8.5.5: no millimetres in regions of seconds or velocities, nor from one region into another', () => {
  // A picture above, an M-mode of seconds below, and a spacing of the whole image that is about the picture alone.
  const image = only(
    slice(1, {
      '00080060': ['US'],
      '00280030': [0.4, 0.4],
      '00186011': [region(0, 99, 3), region(100, 199, 4), region(200, 299, 3)],
    }),
  ).image
  const spacing = (...rows: number[]) =>
    spacingOf(
      image,
      0,
      rows.map((y) => ({ x: 5, y })),
    )
  expect(spacing(10, 99.5)).toEqual({ x: 0.5, y: 0.4, kind: 'patient' })
  expect(spacing(150, 160)).toBeNull()
  expect(spacing(10, 150)).toBeNull()
  expect(spacing(10, 250)).toBeNull()
  expect(spacing(10, 350)).toBeNull()
  expect(spacing(350, 360)).toEqual({ x: 0.4, y: 0.4, kind: 'patient' })
  const words = (tool: MarkTool, ...rows: number[]) =>
    wordsOf({ tool, points: rows.map((y) => ({ x: 5, y })) }, { image, index: 0 }, null)
  const { none } = m().calibration
  expect(words('length', 10, 20)).toEqual(['4 mm'])
  expect(words('length', 10, 110)).toEqual([`100 px (${none})`])
  expect(words('angle', 110, 120, 130)).toEqual([`180° (${none})`])
})

test('PS3.4 N.2.3: black and white are those of a greyscale state that says so, for the frames it names; others change nothing', () => {
  const state = (sopClass: string, others: Attributes, frames: number[] = []) =>
    presentationState(sopClass, others, frames)
  const greysOf = (states: InstanceRecord[], index = 0) => {
    const negative = slice(1, { '00280004': ['MONOCHROME1'], '00280008': [2] })
    const image = studiesOf([negative, ...states])[0]?.series[0]?.images[0] ?? never()
    // The least value of the window, and the greatest.
    const frame: Frame = { cells: Uint16Array.of(0, 239), planar: false, photometric: 'MONOCHROME1' }
    const target = new Uint32Array(2)
    const voi = { kind: 'window', center: 120, width: 240, shape: 'LINEAR' } as const
    paintGrey(frame, image, index, { voi, invert: false }, target)
    return { greys: [...target].map((word) => word & 255), partly: isPartlyPresented(image, index) }
  }
  expect(greysOf([])).toEqual({ greys: [255, 0], partly: false })
  expect(greysOf([state('1', { '20500020': ['IDENTITY'] })])).toEqual({ greys: [0, 255], partly: false })
  expect(greysOf([state('1', { '20500020': ['INVERSE'] })])).toEqual({ greys: [255, 0], partly: false })
  // Another frame's, one of colours, and one of windows alone: MONOCHROME1 it is.
  expect(greysOf([state('1', { '20500020': ['IDENTITY'] }, [2])])).toEqual({
    greys: [255, 0],
    partly: false,
  })
  expect(greysOf([state('1', { '20500020': ['IDENTITY'] }, [2])], 1).greys).toEqual([0, 255])
  expect(greysOf([state('2', { '20500020': ['IDENTITY'] })])).toEqual({ greys: [255, 0], partly: true })
  expect(greysOf([state('1', {})])).toEqual({ greys: [255, 0], partly: false })
  // A table in place of a shape (§C.11.6), from 64 up to 192.
  const entries = Uint8Array.from({ length: 256 }, (_, at) => 64 + (at >> 1))
  const table = { '00283002': [256, 0, 8], '00283006': [Buffer.from(entries).toString('base64')] }
  expect(greysOf([state('1', { '20500010': [table] })])).toEqual({ greys: [64, 191], partly: false })
  expect(greysOf([state('1', { '20500020': ['IDENTITY'], '00181600': ['BITMAP'] })]).partly).toBe(true)
})

test('PS3.3 C.7.6.11: shutters of several shapes are all closed; a presentation state’s stand for the image’s', () => {
  const shuttered = slice(1, {
    '00181600': ['RECTANGULAR', 'CIRCULAR'],
    '00181602': [2],
    '00181604': [14],
    '00181606': [3],
    '00181608': [13],
    '00181610': [8, 9],
    '00181612': [5],
  })
  const shapes = (records: InstanceRecord[]) =>
    shuttersOf(studiesOf(records)[0]?.series[0]?.images[0] ?? never(), 0)
  expect(shapes([shuttered])).toEqual([
    { kind: 'rectangle', left: 2, top: 3, width: 11, height: 9 },
    { kind: 'circle', x: 8.5, y: 7.5, radius: 5 },
  ])
  const state = presentationState('1', { '00181600': ['POLYGONAL'], '00181620': [1, 1, 1, 9, 9, 9] })
  expect(shapes([shuttered, state])).toEqual([
    {
      kind: 'polygon',
      points: [
        { x: 0.5, y: 0.5 },
        { x: 8.5, y: 0.5 },
        { x: 8.5, y: 8.5 },
      ],
    },
  ])
})

test('without a window in the file, the images of a volume share one, and projections have each their own', () => {
  const keys = (others: Attributes) => {
    const series = studiesOf([slice(1, others), slice(2, others)])[0]?.series[0] ?? never()
    return new Set(slicesOf(series).map((one) => windowKeyOf(one, series))).size
  }
  expect(keys({})).toBe(1)
  expect(keys({ '00080060': ['DX'], '00200032': [], '00200037': [] })).toBe(2)
  expect(keys({ '00080060': ['XA'], '00200032': [], '00200037': [], '00280008': [30] })).toBe(1)
})

test('PS3.3 C.7.6.3.1.2: YBR_FULL_422 is read by its length, as shared colours or, as some write it, with all of them', async () => {
  const [columns, rows, frames] = [4, 2, 2]
  const probed = async (samplesPerPixel: number) => {
    const values = Uint8Array.from({ length: columns * rows * samplesPerPixel * frames }, (_, at) => at)
    const image = only(
      slice(1, {
        '00280002': [3],
        '00280004': ['YBR_FULL_422'],
        '00280006': [0],
        '00280008': [frames],
        '00280010': [rows],
        '00280011': [columns],
        '00280100': [8],
        '00280101': [8],
        '00280102': [7],
      }),
    ).image
    const blob = new Blob([values])
    const pixels = { start: 0, length: values.length, littleEndian: true, kind: 'integer' } as const
    const data = await frameOf({ blob, pixels } as unknown as DicomFile, image, 1)
    const frame = 'cells' in data ? data : never()
    return [probe({ x: 1, y: 0 }, frame, image, 1)?.values, probe({ x: 2, y: 1 }, frame, image, 1)?.values]
  }
  // The second frame begins at 16: Y Y Cb Cr.
  expect(await probed(2)).toEqual([
    [17, 18, 19],
    [28, 30, 31],
  ])
  // At 24: Y Cb Cr.
  expect(await probed(3)).toEqual([
    [27, 28, 29],
    [42, 43, 44],
  ])
})

test('lengths and angles count pixels as large as they are', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 3, y: 4 },
  ]
  expect(lengthOf(points, { x: 2, y: 1, kind: 'patient' })).toBeCloseTo(Math.hypot(6, 4))
  expect(lengthOf(points, null)).toBe(5)
  const corner = [
    { x: 1, y: 0 },
    { x: 0, y: 0 },
    { x: 1, y: 1 },
  ]
  expect(angleOf(corner, 1)).toBeCloseTo(45)
  expect(angleOf(corner, 2)).toBeCloseTo((Math.atan(2) * 180) / Math.PI)
})

test('a reference line lies where the two planes meet, and is none between parallel planes or other spaces', () => {
  // Axial at z = 30, pixels of 2 mm from (-16, -16); coronal at y = 4, from x = -8 and z = 60 downwards.
  const axial = only(slice(1, { '00200032': [-16, -16, 30], '00280030': [2, 2], '00200052': ['1.9'] }))
  const coronal = only(
    slice(2, {
      '00200032': [-8, 4, 60],
      '00200037': [1, 0, 0, 0, 0, -1],
      '00280030': [3, 1],
      '00200052': ['1.9'],
    }),
  )
  // x from -8.5 to 7.5 mm: the coronal's edges; y = 4 mm is 10 pixels below the first pixel's centre.
  expect(
    referenceLine(axial, coronal)
      ?.map(({ x, y }) => [x, y])
      .sort(byFirst),
  ).toEqual([
    [4.25, 10.5],
    [12.25, 10.5],
  ])
  // The other way round: z = 30 is 10 rows of 3 mm down, x from -17 to 15 mm.
  expect(
    referenceLine(coronal, axial)
      ?.map(({ x, y }) => [x, y])
      .sort(byFirst),
  ).toEqual([
    [-8.5, 10.5],
    [23.5, 10.5],
  ])
  expect(referenceLine(axial, axial)).toBeNull()
  expect(
    referenceLine(axial, only(slice(3, { '00200037': [1, 0, 0, 0, 0, -1], '00280030': [1, 1] }))),
  ).toBeNull()
})

test('MPR gives the very values of the volume, voxel by voxel, head up, and their millimetres', async () => {
  const [columns, rows, depth] = [16, 16, 5]
  const value = (x: number, y: number, z: number) => x + 16 * y + 256 * z
  const records = Array.from({ length: depth }, (_, z) =>
    slice(z + 1, { '00200032': [0, 0, z * 3], '00280030': [2, 1], '00200052': ['1.9'] }),
  )
  const series = studiesOf(records)[0]?.series[0] ?? never()
  const volume = volumeOf(series)
  if (typeof volume === 'string') throw new Error(volume)
  const frames = volume.slices.map(
    (_, z): Frame => ({
      cells: Uint16Array.from({ length: columns * rows }, (_unused, at) => value(at % columns, at >> 4, z)),
      planar: false,
      photometric: 'MONOCHROME2',
    }),
  )
  const source: FrameSource = { frame: never, preview: async () => null, onProgress: () => () => {} }
  const resliced = reslicing(source, new Map([[series.uid, frames]]))
  const cut = async (image: Image | undefined) => {
    const frame = await resliced.frame(image ?? never(), 0, 0, new AbortController().signal)
    return 'cells' in frame ? [...frame.cells] : never()
  }
  const planes = reslicedSeries(volume, (plane) => plane)
  expect([planes.rows.description, planes.columns.description]).toEqual(['coronal', 'sagittal'])
  const upside = Array.from({ length: depth }, (_, row) => depth - 1 - row)
  expect(await cut(planes.rows.images[6])).toEqual(
    upside.flatMap((z) => Array.from({ length: columns }, (_, x) => value(x, 6, z))),
  )
  expect(await cut(planes.columns.images[11])).toEqual(
    upside.flatMap((z) => Array.from({ length: rows }, (_, y) => value(11, y, z))),
  )
  const spacing = ({ images }: Series) => images[0] && spacingOf(images[0], 0, [{ x: 0, y: 0 }])
  expect(spacing(planes.rows)).toMatchObject({ x: 1, y: 3 })
  expect(spacing(planes.columns)).toMatchObject({ x: 2, y: 3 })
})

test('presets: a CT has those of its tissues, others their file’s, all values and the automatic one; colours only light', () => {
  const namesOf = (others: Attributes) => {
    const { image } = only(slice(1, others))
    return presetsOf(image, 0, null).map(({ name }) => name)
  }
  expect(namesOf({ '00281052': [-1024], '00281053': [1] })).toHaveLength(10)
  expect(namesOf({ '00080060': ['MR'] })).toHaveLength(1)
  expect(namesOf({ '00080060': ['US'], '00280002': [3], '00280004': ['RGB'] })).toHaveLength(2)
})

test('presets by modality: parts of the image’s own pixels where no scale is shared, parts of the greatest for counts', () => {
  const frame: Frame = {
    cells: Uint16Array.from({ length: 1001 }, (_, at) => at),
    planar: false,
    photometric: 'MONOCHROME2',
  }
  const own: Attributes = { '00281050': [], '00281051': [] }
  const rangesOf = (modality: string) => {
    const { image } = only(slice(1, { '00080060': [modality], ...own }))
    return presetsOf(image, 0, frame)
      .slice(1)
      .map(({ voi }) =>
        voi.kind === 'window' ? ([voi.center - voi.width / 2, voi.center + voi.width / 2] as const) : never(),
      )
  }
  const auto = [10, 990]
  expect(rangesOf('MR')).toEqual([auto, [50, 950], [10, 750], [500, 999]])
  expect(rangesOf('MG')).toEqual([auto, [200, 990], [1, 800], [700, 999]])
  for (const modality of ['CR', 'DX', 'XA', 'RF'])
    expect(rangesOf(modality)).toEqual([auto, [50, 950], [1, 600], [400, 999]])
  for (const modality of ['PT', 'NM'])
    expect(rangesOf(modality)).toEqual([auto, [0, 1000], [0, 500], [0, 250], [0, 100]])
  expect(rangesOf('OT')).toEqual([auto])
  // A mask: nearly all pixels are alike, and a window between two that are has no width.
  frame.cells.fill(0).set([1], 500)
  for (const modality of ['MR', 'OT', 'NM'])
    for (const [low, high] of rangesOf(modality)) expect(high).toBeGreaterThan(low)
  expect(rangesOf('MR')).toEqual([])
})

test('PS3.5 6.1.2.5: names in mixed character sets, after the examples of PS3.5 H.3 and I.2', () => {
  const bytes = (...parts: (string | number)[]) =>
    Uint8Array.from(
      parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part, 'latin1')])),
    )
  const japanese = bytes('Yamada^Tarou=', 0x1b, '$B;3ED', 0x1b, '(B^', 0x1b, '$BB@O:', 0x1b, '(B=')
  expect(decodeText(japanese, ['', 'ISO 2022 IR 87'])).toBe('Yamada^Tarou=山田^太郎=')
  const korean = bytes('Hong^Gildong=', 0x1b, '$)C', 0xfb, 0xf3, '^', 0x1b, '$)C', 0xd1, 0xce, 0xd4, 0xd7)
  expect(decodeText(korean, ['', 'ISO 2022 IR 149'])).toBe('Hong^Gildong=洪^吉洞')
  expect(decodeText(bytes('Nicol', 0xf2), ['ISO_IR 100'])).toBe('Nicolò')
  expect(decodeText(new TextEncoder().encode('Łukasz'), ['ISO_IR 192'])).toBe('Łukasz')
  expect(personName('Rossi^Maria Lucia^^Dott.ssa')).toBe('Dott.ssa Rossi Maria Lucia')
})

// A part of an ultrasound picture, 101 columns wide, from one row to another, in a unit of §C.8.5.5.1.15.
const region = (from: number, to: number, unit: number): Attributes => ({
  '00186018': [0],
  '0018601A': [from],
  '0018601C': [100],
  '0018601E': [to],
  '00186024': [unit],
  '00186026': [3],
  '0018602C': [0.05],
  '0018602E': [0.04],
})

/** A presentation state of a SOP Class of PS3.4 N for the first slice: of the image as a whole, or of the frames it names. */
function presentationState(sopClass: string, others: Attributes, frames?: number[]): InstanceRecord {
  const image = { '00081155': ['1.1'], ...(frames && { '00081160': frames }) }
  return {
    key: 'pr',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    attributes: {
      '00080016': [`1.2.840.10008.5.1.4.1.1.11.${sopClass}`],
      '0020000D': ['1.2'],
      '00081115': [{ '00081140': [image] }],
      ...others,
    },
  }
}

function slice(number: number, others: Attributes = {}): InstanceRecord {
  return {
    key: String(number),
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    attributes: {
      '00080016': ['1.2.840.10008.5.1.4.1.1.2'],
      '00080018': [`1.${number}`],
      '00080060': ['CT'],
      '0020000D': ['1.2'],
      '0020000E': ['1.2.3'],
      '00200013': [number],
      '00200032': [0, 0, number],
      '00200037': [1, 0, 0, 0, 1, 0],
      '00280002': [1],
      '00280004': ['MONOCHROME2'],
      '00280010': [16],
      '00280011': [16],
      '00280100': [16],
      '00280101': [12],
      '00280102': [11],
      '00280103': [0],
      '00281050': [40],
      '00281051': [400],
      ...others,
    },
  }
}

const only = (record: InstanceRecord): Slice =>
  slicesOf(studiesOf([record])[0]?.series[0] ?? never())[0] ?? never()
const byFirst = ([a = 0]: number[], [b = 0]: number[]): number => a - b

const never = (): never => {
  throw new Error('no series')
}
