import { COMMON, slice } from '../dicomweb/online.ts'
import { type Elements, instance, type Value } from '../support/dicom.ts'

type Element = readonly [tag: number, vr: string, value: Value]
const sequence = (tag: number, ...items: Elements[]): Element => [tag, 'SQ', { items }]

const uidOf = (elements: Elements, wanted: number) => String(elements.find(([tag]) => tag === wanted)?.[2])
const SLICE = slice(1)
const CT = '1.2.840.10008.5.1.4.1.1.2'
const FRAME_OF_REFERENCE = '1.2.3.1'
const SIDE = 32

/** What hospitals seldom send and no sample is of: contours over the slices, a video, a map of numbers. */
export const UNUSUAL: readonly { elements: Elements; transferSyntax?: string }[] = [
  { elements: contours() },
  { elements: video(), transferSyntax: '1.2.840.10008.1.2.4.102' },
  { elements: map() },
]

function contours(): Elements {
  const image: Elements = [
    [0x00081150, 'UI', CT],
    [0x00081155, 'UI', uidOf(SLICE, 0x00080018)],
  ]
  const series: Elements = [[0x0020000e, 'UI', uidOf(SLICE, 0x0020000e)], sequence(0x30060016, image)]
  const study: Elements = [
    [0x00081150, 'UI', '1.2.840.10008.3.1.2.3.1'],
    [0x00081155, 'UI', uidOf(SLICE, 0x0020000d)],
    sequence(0x30060014, series),
  ]
  return instance({
    sopClass: '1.2.840.10008.5.1.4.1.1.481.3',
    series: 20,
    modality: 'RTSTRUCT',
    pixels: false,
    more: COMMON,
    add: [
      [0x30060002, 'SH', 'Contorni'],
      [0x30060008, 'DA', '20261101'],
      [0x30060009, 'TM', '0900'],
      sequence(0x30060010, [[0x00200052, 'UI', FRAME_OF_REFERENCE], sequence(0x30060012, study)]),
      sequence(0x30060020, [
        [0x30060022, 'IS', '1'],
        [0x30060024, 'UI', FRAME_OF_REFERENCE],
        [0x30060026, 'LO', 'Fegato'],
        [0x30060036, 'CS', 'MANUAL'],
      ]),
      sequence(0x30060039, [
        [0x3006002a, 'IS', '255\\0\\0'],
        sequence(0x30060040, [
          sequence(0x30060016, image),
          [0x30060042, 'CS', 'CLOSED_PLANAR'],
          [0x30060046, 'IS', '4'],
          [0x30060050, 'DS', '20\\20\\5\\120\\20\\5\\120\\120\\5\\20\\120\\5'],
        ]),
        [0x30060084, 'IS', '1'],
      ]),
      sequence(0x30060080, [
        [0x30060082, 'IS', '1'],
        [0x30060084, 'IS', '1'],
        [0x300600a4, 'CS', 'ORGAN'],
        [0x300600a6, 'PN', ''],
      ]),
    ],
  })
}

/** A film's header without a film: no browser plays it, as it plays no MPEG-2. */
function video(): Elements {
  const bytes = Buffer.concat([
    Buffer.from([0, 0, 0, 24]),
    Buffer.from('ftypisom\0\0\x02\0isomiso2', 'latin1'),
    Buffer.alloc(1000),
  ])
  return instance({
    sopClass: '1.2.840.10008.5.1.4.1.1.77.1.1.1',
    series: 21,
    modality: 'ES',
    more: {
      ...COMMON,
      2621442: ['US', [3]],
      2621444: ['CS', 'YBR_PARTIAL_420'],
      2621446: ['US', [0]],
      2621448: ['IS', '10'],
      2621456: ['US', [SIDE]],
      2621457: ['US', [SIDE]],
      2621696: ['US', [8]],
      2621697: ['US', [8]],
      2621698: ['US', [7]],
      2145386512: ['OB', { fragments: [new Uint8Array(), Uint8Array.from(bytes)] }],
    },
  })
}

function map(): Elements {
  const values = Float32Array.from({ length: SIDE * SIDE }, (_, index) => index / 7)
  const measures: Elements = [
    [0x00280030, 'DS', '2\\2'],
    [0x00180050, 'DS', '5'],
  ]
  return instance({
    sopClass: '1.2.840.10008.5.1.4.1.1.30',
    series: 22,
    modality: 'MR',
    more: {
      ...COMMON,
      2621448: ['IS', '1'],
      2621456: ['US', [SIDE]],
      2621457: ['US', [SIDE]],
      2621696: ['US', [32]],
      2097234: ['UI', FRAME_OF_REFERENCE],
      2145386504: ['OF', Uint8Array.from(Buffer.from(values.buffer))],
    },
    add: [
      sequence(0x52009229, [
        sequence(0x00209116, [[0x00200037, 'DS', '1\\0\\0\\0\\1\\0']]),
        sequence(0x00289110, measures),
        sequence(0x00409096, [
          [0x00409211, 'FD', [0]],
          [0x00409212, 'FD', [200]],
          [0x00409224, 'FD', [0]],
          [0x00409225, 'FD', [1]],
        ]),
      ]),
      sequence(0x52009230, [sequence(0x00209113, [[0x00200032, 'DS', '0\\0\\5']])]),
    ],
    omit: [0x7fe00010, 0x00280101, 0x00280102, 0x00280103],
  })
}
