import { deflateRawSync } from 'node:zlib'
import type { Dice } from './random.ts'
import { hostileText } from './texts.ts'

export type Element = [tag: number, vr: string, value: Buffer | string]
/** Where an archive files it: a study, and the number of the instance. */
export type Identity = { root: string; accessionNumber: string; number: number }

/** A DICOM File of those elements, in the order of their tags unless told. */
export function file(
  elements: Element[],
  {
    syntax = 'explicit',
    uid = SYNTAX[syntax],
    sorted = true,
  }: { syntax?: keyof typeof SYNTAX; uid?: string; sorted?: boolean } = {},
): Buffer {
  const ordered = sorted ? elements.toSorted(([a], [b]) => a - b) : elements
  const body = encode(ordered, syntax === 'deflated' ? 'explicit' : syntax)
  const find = (wanted: number) => String(elements.find(([tag]) => tag === wanted)?.[2] ?? '')
  return wrapped(
    { root: '', accessionNumber: '', number: 0 },
    uid,
    syntax === 'deflated' ? deflateRawSync(body) : body,
    find(0x00080018),
  )
}

/** Preamble and File Meta Information around a Data Set. */
export function wrapped(
  id: Identity,
  uid: string,
  body: Buffer,
  instance = `${id.root}.1.${id.number + 1}`,
): Buffer {
  const meta = encode(
    [
      [0x00020001, 'OB', Buffer.from([0, 1])],
      [0x00020002, 'UI', '1.2.840.10008.5.1.4.1.1.7'],
      [0x00020003, 'UI', instance],
      [0x00020010, 'UI', uid],
      [0x00020012, 'UI', '1.2.3.4'],
    ],
    'explicit',
  )
  const length = Buffer.alloc(4)
  length.writeUInt32LE(meta.byteLength)
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    encode([[0x00020000, 'UL', length]], 'explicit'),
    meta,
    body,
  ])
}

type Plain = 'explicit' | 'implicit' | 'big'

/** A Data Set, whatever it says. */
export const encode = (elements: Element[], syntax: Plain): Buffer =>
  Buffer.concat(
    elements.map(([tag, vr, value]) => {
      const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value
      const even =
        bytes.byteLength % 2 ? Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]) : bytes
      return Buffer.concat([header(tag, vr, even.byteLength, syntax), even])
    }),
  )

/** Tag, VR and length of an element. */
export function header(tag: number, vr: string, length: number, syntax: Plain): Buffer {
  const long = syntax !== 'implicit' && LONG.has(vr)
  const bytes = Buffer.alloc(long ? 12 : 8)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = syntax !== 'big'
  view.setUint16(0, tag >>> 16, little)
  view.setUint16(2, tag & 0xffff, little)
  if (syntax === 'implicit') view.setUint32(4, length, true)
  else {
    bytes.write(vr, 4, 'latin1')
    if (long) view.setUint32(8, length, little)
    else view.setUint16(6, Math.min(length, 0xffff), little)
  }
  return bytes
}

/** The value of a US element, little endian. */
export const short = (value: number) => Buffer.from([value & 255, (value >> 8) & 255])

export const ITEM = 0xfffee000
export const UNDEFINED = 0xffffffff

/** A sound image of 4 × 4 pixels. */
export function identityOf({ root, accessionNumber, number }: Identity): Element[] {
  return [
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.7'],
    [0x00080018, 'UI', `${root}.1.${number + 1}`],
    [0x00080020, 'DA', '20200518'],
    [0x00080050, 'SH', accessionNumber],
    [0x00080060, 'CS', 'OT'],
    [0x00100020, 'LO', 'FUZZ'],
    [0x00100030, 'DA', '19800423'],
    [0x0020000d, 'UI', root],
    [0x0020000e, 'UI', `${root}.1`],
    [0x00200013, 'IS', String(number)],
    [0x00280002, 'US', short(1)],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', short(4)],
    [0x00280011, 'US', short(4)],
    [0x00280100, 'US', short(8)],
    [0x00280101, 'US', short(8)],
    [0x00280102, 'US', short(7)],
    [0x00280103, 'US', short(0)],
    [0x7fe00010, 'OB', Buffer.alloc(16, 100)],
  ]
}

/** The words that are shown of an object, none of them a word. */
export const texts = (dice: Dice): Element[] => [
  [0x00081030, 'LO', hostileText(dice, 64)],
  [0x0008103e, 'LO', hostileText(dice, 64)],
  [0x00100010, 'PN', hostileText(dice, 64)],
  [0x00080060, 'CS', dice.chance(0.3) ? hostileText(dice, 16) : 'OT'],
  [0x00200011, 'IS', dice.chance(0.3) ? hostileText(dice, 12) : '1'],
]

/** Transfer Syntaxes of plain Data Sets (PS3.5 §10). */
export const SYNTAX = {
  explicit: '1.2.840.10008.1.2.1',
  implicit: '1.2.840.10008.1.2',
  deflated: '1.2.840.10008.1.2.1.99',
  big: '1.2.840.10008.1.2.2',
} as const
const LONG = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '))
