import { dicomFile, type Elements, type Encoding, instance, type Value } from './dicom.ts'
import { code } from './structured-report.ts'

const STORAGE = '1.2.840.10008.5.1.4.1.1'
const CODE = code('126000', 'Imaging Measurement Report')
const REFERENCE: Elements = [
  [0x00081150, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
  [0x00081155, 'UI', '1.2.3.4'],
]
const CONTENT_IDENTIFICATION: Elements = [
  [0x00700080, 'CS', 'LABEL'],
  [0x00700081, 'LO', 'Descrizione'],
  [0x00700084, 'PN', 'BIANCHI^ANNA'],
]
const DOCUMENT: Elements = [
  [0x0040a043, 'SQ', CODE],
  [0x0040a491, 'CS', 'COMPLETE'],
  [0x0040a493, 'CS', 'VERIFIED'],
  [
    0x0040a073,
    'SQ',
    { items: [[[0x0040a030, 'DT', '20261123120000']], [[0x0040a030, 'DT', '20261124090000']]] },
  ],
  [
    0x0040a730,
    'SQ',
    {
      items: [
        [
          [0x0040a010, 'CS', 'CONTAINS'],
          [0x0040a040, 'CS', 'TEXT'],
          [0x0040a043, 'SQ', CODE],
          [0x0040a160, 'UT', 'Nulla da rilevare'],
        ],
        [
          [0x0040a010, 'CS', 'HAS CONCEPT MOD'],
          [0x0040a040, 'CS', 'TEXT'],
          [0x0040a043, 'SQ', CODE],
          [0x0040a160, 'UT', 'Italiano'],
        ],
      ],
    },
  ],
]

/** SOP Classes of every Directory Record type that a patient's study can hold (PS3.3 §F.5), with what they need. */
export const KINDS: readonly {
  readonly record: string
  readonly sopClass: string
  readonly modality: string
  readonly add?: Elements
  readonly pixels?: boolean
}[] = [
  { record: 'IMAGE', sopClass: `${STORAGE}.2`, modality: 'CT' },
  { record: 'IMAGE', sopClass: `${STORAGE}.4`, modality: 'MR' },
  { record: 'IMAGE', sopClass: `${STORAGE}.1.2`, modality: 'MG' },
  { record: 'IMAGE', sopClass: `${STORAGE}.66.4`, modality: 'SEG' },
  { record: 'IMAGE', sopClass: `${STORAGE}.30`, modality: 'OT' },
  {
    record: 'RT DOSE',
    sopClass: `${STORAGE}.481.2`,
    modality: 'RTDOSE',
    add: [[0x3004000a, 'CS', 'PLAN']],
  },
  {
    record: 'RT STRUCTURE SET',
    sopClass: `${STORAGE}.481.3`,
    modality: 'RTSTRUCT',
    add: [
      [0x30060002, 'SH', 'Contorni'],
      [0x30060008, 'DA', '20261101'],
      [0x30060009, 'TM', '0900'],
    ],
    pixels: false,
  },
  {
    record: 'RT PLAN',
    sopClass: `${STORAGE}.481.5`,
    modality: 'RTPLAN',
    add: [
      [0x300a0002, 'SH', 'Piano 1'],
      [0x300a0006, 'DA', '20261102'],
      [0x300a0007, 'TM', '0930'],
    ],
    pixels: false,
  },
  { record: 'RT TREAT RECORD', sopClass: `${STORAGE}.481.4`, modality: 'RTRECORD', pixels: false },
  {
    record: 'PRESENTATION',
    sopClass: `${STORAGE}.11.1`,
    modality: 'PR',
    add: [
      ...CONTENT_IDENTIFICATION,
      [0x00700082, 'DA', '20261123'],
      [0x00700083, 'TM', '1030'],
      [
        0x00081115,
        'SQ',
        {
          items: [
            [
              [0x00081140, 'SQ', { items: [REFERENCE] }],
              [0x0020000e, 'UI', '1.2.3'],
            ],
          ],
          undefinedLength: true,
        },
      ],
    ],
    pixels: false,
  },
  { record: 'WAVEFORM', sopClass: `${STORAGE}.9.1.1`, modality: 'ECG', pixels: false },
  { record: 'SR DOCUMENT', sopClass: `${STORAGE}.88.22`, modality: 'SR', add: DOCUMENT, pixels: false },
  { record: 'SR DOCUMENT', sopClass: `${STORAGE}.88.67`, modality: 'SR', add: DOCUMENT, pixels: false },
  { record: 'KEY OBJECT DOC', sopClass: `${STORAGE}.88.59`, modality: 'KO', add: DOCUMENT, pixels: false },
  {
    record: 'SPECTROSCOPY',
    sopClass: `${STORAGE}.4.2`,
    modality: 'MR',
    add: [
      [0x00080008, 'CS', 'ORIGINAL\\PRIMARY'],
      [0x00089092, 'SQ', { items: [REFERENCE] }],
      [0x00280008, 'IS', '1'],
      [0x00280010, 'US', [1]],
      [0x00280011, 'US', [1]],
      [0x00289001, 'UL', [1]],
      [0x00289002, 'UL', [512]],
    ],
    pixels: false,
  },
  { record: 'RAW DATA', sopClass: `${STORAGE}.66`, modality: 'MR', pixels: false },
  {
    record: 'REGISTRATION',
    sopClass: `${STORAGE}.66.1`,
    modality: 'REG',
    add: CONTENT_IDENTIFICATION,
    pixels: false,
  },
  {
    record: 'FIDUCIAL',
    sopClass: `${STORAGE}.66.2`,
    modality: 'FID',
    add: CONTENT_IDENTIFICATION,
    pixels: false,
  },
  {
    record: 'ENCAP DOC',
    sopClass: `${STORAGE}.104.1`,
    modality: 'DOC',
    add: [
      [0x0040a043, 'SQ', CODE],
      [0x00420010, 'ST', 'Lettera'],
      [0x00420011, 'OB', Buffer.from('%PDF-1.4 ')],
      [0x00420012, 'LO', 'application/pdf'],
    ],
    pixels: false,
  },
  {
    record: 'VALUE MAP',
    sopClass: `${STORAGE}.67`,
    modality: 'RWV',
    add: CONTENT_IDENTIFICATION,
    pixels: false,
  },
  {
    record: 'STEREOMETRIC',
    sopClass: `${STORAGE}.77.1.5.3`,
    modality: 'SMR',
    add: CONTENT_IDENTIFICATION,
    pixels: false,
  },
  { record: 'PLAN', sopClass: '1.2.840.10008.5.1.4.34.7', modality: 'PLAN', pixels: false },
  {
    record: 'MEASUREMENT',
    sopClass: `${STORAGE}.78.1`,
    modality: 'LEN',
    add: CONTENT_IDENTIFICATION,
    pixels: false,
  },
  {
    record: 'SURFACE',
    sopClass: `${STORAGE}.66.5`,
    modality: 'SEG',
    add: CONTENT_IDENTIFICATION,
    pixels: false,
  },
  { record: 'SURFACE SCAN', sopClass: `${STORAGE}.68.1`, modality: 'OSS', pixels: false },
  {
    record: 'TRACT',
    sopClass: `${STORAGE}.66.6`,
    modality: 'MR',
    add: CONTENT_IDENTIFICATION,
    pixels: false,
  },
  {
    record: 'ASSESSMENT',
    sopClass: `${STORAGE}.90.1`,
    modality: 'ASMT',
    add: [
      [0x00080012, 'DA', '20261123'],
      [0x00080013, 'TM', '1100'],
    ],
    pixels: false,
  },
  { record: 'RADIOTHERAPY', sopClass: `${STORAGE}.481.10`, modality: 'RTINTENT', pixels: false },
  { record: 'PRIVATE', sopClass: '1.3.12.2.1107.5.9.1', modality: 'OT', pixels: false },
]

/** One small file of every kind, each in a series of its own. */
export function everyKind(encoding: Encoding = 'explicit'): Buffer[] {
  return KINDS.map(({ sopClass, modality, add = [], pixels = true }, index) =>
    dicomFile(instance({ sopClass, modality, add, pixels, series: index + 1 }), { encoding }),
  )
}

/** Character sets of PS3.3 §C.12.1.1.2, with a name in each. */
export const NAMES: readonly (readonly [characterSet: string, name: Uint8Array])[] = [
  ['ISO_IR 100', latin1('Rossì^Niccolò')],
  ['ISO_IR 101', Buffer.from('a3ukasz^', 'latin1')],
  ['ISO_IR 109', Buffer.from([0xa1, 0x5e, 0x41])],
  ['ISO_IR 110', Buffer.from([0xa3, 0x5e, 0x41])],
  ['ISO_IR 126', Buffer.from('c4e9efedf5f3e9eff2', 'hex')],
  ['ISO_IR 127', Buffer.from('e2c8c7e6eac45eeac1', 'hex')],
  ['ISO_IR 138', Buffer.from('f9f8e5ef5ee3e1e5f8e4', 'hex')],
  ['ISO_IR 144', Buffer.from('bbeedac65edce1', 'hex')],
  ['ISO_IR 148', Buffer.from('c7fa5edd', 'hex')],
  ['ISO_IR 166', Buffer.from('a1a2a35ea4', 'hex')],
  ['ISO_IR 13', Buffer.from('d4cfc05ec0dbb3', 'hex')],
  ['ISO_IR 203', Buffer.from([0x41, 0xa4, 0x5e, 0xbd])],
  ['ISO_IR 192', Buffer.from('Łukasz^Ólafur 王小東')],
  ['GB18030', Buffer.from('cdf55ed0a1b6ab', 'hex')],
  ['GBK', Buffer.from('cdf55ed0a1b6ab', 'hex')],
  ['\\ISO 2022 IR 87', Buffer.from('Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'latin1')],
  ['\\ISO 2022 IR 149', Buffer.from('Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce', 'latin1')],
  ['\\ISO 2022 IR 58', Buffer.from('Wang^Xiao=\x1b$)A\xcd\xf5^', 'latin1')],
]

/** One file a character set, each another patient. */
export function everyCharacterSet(): Buffer[] {
  return NAMES.map(([characterSet, name], index) =>
    dicomFile(
      instance({
        patient: 100 + index,
        add: [
          [0x00080005, 'CS', characterSet],
          [0x00081030, 'LO', padded(name)],
          [0x00100010, 'PN', padded(name)],
        ],
      }),
    ),
  )
}

/** One file a Transfer Syntax: the four uncompressed, and what compressed ones look like from outside. */
export function everyTransferSyntax(): Buffer[] {
  const compressed = ['4.50', '4.51', '4.57', '4.70', '4.80', '4.81', '4.90', '4.91', '4.201', '5']
  const fragments: Value = { fragments: [Buffer.alloc(0), Buffer.from('ffd8fffeffd9ffff', 'hex')] }
  return [
    ...(['implicit', 'explicit', 'big', 'deflated'] as const).map((encoding, index) =>
      dicomFile(instance({ patient: 50, series: 1, number: index + 1 }), { encoding }),
    ),
    ...compressed.map((short, index) =>
      dicomFile(
        instance({ patient: 50, series: 2, number: index + 1, add: [[0x7fe00010, 'OB', fragments]] }),
        {
          transferSyntax: `1.2.840.10008.1.2.${short}`,
        },
      ),
    ),
  ]
}

/** A series of slices of `side` × `side` 16-bit pixels. */
export function series(slices: number, side = 64): Elements[] {
  return Array.from({ length: slices }, (_, index) =>
    instance({
      patient: 60,
      number: index + 1,
      add: [
        [0x00280010, 'US', [side]],
        [0x00280011, 'US', [side]],
        [0x7fe00010, 'OW', Buffer.alloc(side * side * 2, index % 251)],
      ],
    }),
  )
}

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

function padded(bytes: Uint8Array): Buffer {
  return bytes.byteLength % 2 ? Buffer.concat([bytes, Buffer.from(' ')]) : Buffer.from(bytes)
}
