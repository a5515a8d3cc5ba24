import type { Elements } from '../support/dicom.ts'

const SIZE = 64
const COUNT = SIZE * SIZE

/** What makes an image differ from one of 12 bits, unsigned, MONOCHROME2, by its windows of 2048/4096. */
export const MADE: Readonly<Record<string, Elements>> = {
  'twelve bits, unsigned': [],
  MONOCHROME1: [[0x00280004, 'CS', 'MONOCHROME1']],
  'signed, with junk in the unused bits': [
    [0x00280103, 'US', [1]],
    [0x00281050, 'DS', '0'],
    [0x7fe00010, 'OW', words((value) => value | 0xa000)],
  ],
  'the high bit is the highest': [
    [0x00280102, 'US', [15]],
    [0x7fe00010, 'OW', words((value) => (value << 4) | 5)],
  ],
  'a rescale with fractions': [
    [0x00281052, 'DS', '-1000.5'],
    [0x00281053, 'DS', '0.73'],
    [0x00281050, 'DS', '40'],
    [0x00281051, 'DS', '400'],
  ],
  'a narrow window': [
    [0x00281050, 'DS', '1000'],
    [0x00281051, 'DS', '37'],
    [0x7fe00010, 'OW', words((value) => 950 + (value % 100))],
  ],
  SIGMOID: [[0x00281056, 'CS', 'SIGMOID']],
  'a modality table': [[0x00283000, 'SQ', { items: [table(4096, 0, (entry) => 4095 - entry)] }]],
  'a VOI table alone': [
    [0x00283010, 'SQ', { items: [table(4096, 0, (entry) => Math.round((entry * entry) / 256))] }],
    [0x00281050, 'DS', ''],
    [0x00281051, 'DS', ''],
  ],
  'a VOI table that begins at 1000 and ends before the values do': [
    [0x00283010, 'SQ', { items: [table(1024, 1000, (entry) => entry * 64)] }],
    [0x00281050, 'DS', ''],
    [0x00281051, 'DS', ''],
  ],
  'an overlay of its own, off the edge': [
    [0x60000010, 'US', [32]],
    [0x60000011, 'US', [32]],
    [0x60000040, 'CS', 'G'],
    [0x60000050, 'SS', [40, 50]],
    [0x60000100, 'US', [1]],
    [0x60000102, 'US', [0]],
    [0x60003000, 'OW', Uint8Array.from({ length: 128 }, (_, at) => (at * 37) & 255)],
  ],
  'an overlay in an unused bit': [
    [0x60000010, 'US', [SIZE]],
    [0x60000011, 'US', [SIZE]],
    [0x60000040, 'CS', 'G'],
    [0x60000050, 'SS', [1, 1]],
    [0x60000100, 'US', [16]],
    [0x60000102, 'US', [13]],
    [0x7fe00010, 'OW', words((value, at) => value | (at % 7 === 0 ? 0x2000 : 0))],
  ],
  'RGB, pixel by pixel': colour('RGB', 0, COUNT * 3),
  'RGB, colour by colour': colour('RGB', 1, COUNT * 3),
  YBR_FULL: colour('YBR_FULL', 0, COUNT * 3),
  YBR_FULL_422: colour('YBR_FULL_422', 0, COUNT * 2),
  'presentation LUT shape INVERSE': [[0x20500020, 'CS', 'INVERSE']],
  'PALETTE COLOR of 16 bits': [
    ...bytes8(1),
    [0x00280004, 'CS', 'PALETTE COLOR'],
    ...[0, 1, 2].flatMap(
      (channel): Elements => [
        [0x00281101 + channel, 'US', [256, 0, 16]],
        [
          0x00281201 + channel,
          'OW',
          new Uint8Array(
            Uint16Array.from({ length: 256 }, (_, at) => ((at * (channel + 3)) & 255) * 257).buffer,
          ),
        ],
      ],
    ),
    [0x7fe00010, 'OW', noise(COUNT)],
  ],
}

/** The data set of one of them. */
export function madeImage(others: Elements): Elements {
  const elements: Elements = [
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.7'],
    [0x00080018, 'UI', '1.2.3.4'],
    [0x00080060, 'CS', 'OT'],
    [0x0020000d, 'UI', '1.2.3'],
    [0x0020000e, 'UI', '1.2.3.1'],
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', [SIZE]],
    [0x00280011, 'US', [SIZE]],
    [0x00280100, 'US', [16]],
    [0x00280101, 'US', [12]],
    [0x00280102, 'US', [11]],
    [0x00280103, 'US', [0]],
    [0x00281050, 'DS', '2048'],
    [0x00281051, 'DS', '4096'],
    [0x7fe00010, 'OW', words((value) => value)],
  ]
  const replaced = new Set(others.map(([tag]) => tag))
  return [...elements.filter(([tag]) => !replaced.has(tag)), ...others].sort(([a], [b]) => a - b)
}

/** Every value of twelve bits once. */
function words(of: (value: number, at: number) => number): Uint8Array {
  return new Uint8Array(Uint16Array.from({ length: COUNT }, (_, at) => of(at, at)).buffer)
}

function table(count: number, first: number, of: (entry: number) => number): Elements {
  const values = Uint16Array.from({ length: count }, (_, entry) => Math.min(65535, of(entry)))
  return [
    [0x00283002, 'US', [count, first, 16]],
    [0x00283004, 'LO', 'US'],
    [0x00283006, 'OW', new Uint8Array(values.buffer)],
  ]
}

function colour(photometric: string, planar: number, length: number): Elements {
  return [
    ...bytes8(3),
    [0x00280004, 'CS', photometric],
    [0x00280006, 'US', [planar]],
    [0x7fe00010, 'OB', noise(length)],
  ]
}

function bytes8(samples: number): Elements {
  return [
    [0x00280002, 'US', [samples]],
    [0x00280100, 'US', [8]],
    [0x00280101, 'US', [8]],
    [0x00280102, 'US', [7]],
  ]
}

// The same numbers at every run.
function noise(length: number): Uint8Array {
  let state = 1
  return Uint8Array.from({ length }, () => {
    state = (state * 48271) % 2147483647
    return state & 255
  })
}
