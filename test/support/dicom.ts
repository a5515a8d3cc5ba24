import { deflateRawSync } from 'node:zlib'

/** How a test file is written; independent of the code under test. */
export type Encoding = 'implicit' | 'explicit' | 'big' | 'deflated'

/** A value: text in latin1, numbers for numeric VRs, bytes as they are, items of a sequence, or fragments. */
export type Value =
  | string
  | readonly number[]
  | Uint8Array
  | { readonly items: readonly Elements[]; readonly undefinedLength?: boolean }
  | { readonly fragments: readonly Uint8Array[] }
export type Elements = readonly (readonly [tag: number, vr: string, value: Value])[]

const TRANSFER_SYNTAX_OF: Readonly<Record<Encoding, string>> = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  big: '1.2.840.10008.1.2.2',
  deflated: '1.2.840.10008.1.2.1.99',
}

const LONG = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '))
const NUMBER_SIZE: Readonly<Record<string, number>> = {
  US: 2,
  SS: 2,
  AT: 2,
  OW: 2,
  UL: 4,
  SL: 4,
  FL: 4,
  OF: 4,
  OL: 4,
  FD: 8,
  OD: 8,
}
const UNDEFINED = 0xffffffff

/** A whole DICOM File: preamble, File Meta Information, Data Set. */
export function dicomFile(
  dataSet: Elements,
  {
    encoding = 'explicit',
    transferSyntax = TRANSFER_SYNTAX_OF[encoding],
    preamble = Buffer.alloc(128),
    meta,
  }: { encoding?: Encoding; transferSyntax?: string; preamble?: Uint8Array; meta?: Elements } = {},
): Buffer {
  const find = (tag: number) => String(dataSet.find(([found]) => found === tag)?.[2] ?? '')
  const group2 = encode(
    meta ?? [
      [0x00020001, 'OB', Uint8Array.of(0, 1)],
      [0x00020002, 'UI', find(0x00080016)],
      [0x00020003, 'UI', find(0x00080018)],
      [0x00020010, 'UI', transferSyntax],
      [0x00020012, 'UI', '1.2.3.4'],
    ],
    'explicit',
  )
  const length = encode([[0x00020000, 'UL', [group2.byteLength]]], 'explicit')
  const encoded = encode(dataSet, encoding)
  const body = encoding === 'deflated' ? evened(deflateRawSync(encoded)) : encoded
  return Buffer.concat([preamble, Buffer.from('DICM'), length, group2, body])
}

/** A Data Set alone. */
export function encode(dataSet: Elements, encoding: Encoding): Buffer {
  return Buffer.concat(dataSet.map((element) => encodeElement(element, encoding)))
}

function encodeElement([tag, vr, value]: Elements[number], encoding: Encoding): Buffer {
  const content = encodeValue(vr, value, encoding)
  const undefinedLength =
    typeof value === 'object' && (('items' in value && value.undefinedLength) || 'fragments' in value)
  const length = undefinedLength ? UNDEFINED : content.byteLength
  return Buffer.concat([
    tagBytes(tag, encoding),
    ...headerOf(vr, length, encoding),
    content,
    ...(undefinedLength ? [tagBytes(0xfffee0dd, encoding), Buffer.alloc(4)] : []),
  ])
}

function headerOf(vr: string, length: number, encoding: Encoding): Buffer[] {
  if (encoding === 'implicit') return [uint(length, 4, encoding)]
  if (LONG.has(vr)) return [Buffer.from(vr), Buffer.alloc(2), uint(length, 4, encoding)]
  return [Buffer.from(vr), uint(length, 2, encoding)]
}

function encodeValue(vr: string, value: Value, encoding: Encoding): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'latin1')
    return bytes.byteLength % 2 ? Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]) : bytes
  }
  if (value instanceof Uint8Array) return Buffer.from(value)
  if ('items' in value) {
    return Buffer.concat(
      value.items.map((item) => {
        const content = encode(item, encoding)
        const length = value.undefinedLength ? UNDEFINED : content.byteLength
        const end = value.undefinedLength ? [tagBytes(0xfffee00d, encoding), Buffer.alloc(4)] : []
        return Buffer.concat([tagBytes(0xfffee000, encoding), uint(length, 4, encoding), content, ...end])
      }),
    )
  }
  if ('fragments' in value) {
    return Buffer.concat(
      value.fragments.map((fragment) =>
        Buffer.concat([tagBytes(0xfffee000, encoding), uint(fragment.byteLength, 4, encoding), fragment]),
      ),
    )
  }
  return Buffer.concat(value.map((number) => encodeNumber(vr, number, encoding)))
}

function encodeNumber(vr: string, number: number, encoding: Encoding): Buffer {
  const size = NUMBER_SIZE[vr] ?? 1
  const bytes = Buffer.alloc(size)
  const little = encoding !== 'big'
  const view = new DataView(bytes.buffer, bytes.byteOffset, size)
  if (vr === 'AT') {
    view.setUint16(0, number, little)
  } else if (vr === 'FL' || vr === 'OF') view.setFloat32(0, number, little)
  else if (vr === 'FD' || vr === 'OD') view.setFloat64(0, number, little)
  else if (size === 2) view.setUint16(0, number & 0xffff, little)
  else if (size === 4) view.setUint32(0, number >>> 0, little)
  else bytes[0] = number
  return bytes
}

function tagBytes(tag: number, encoding: Encoding): Buffer {
  return Buffer.concat([uint(tag >>> 16, 2, encoding), uint(tag & 0xffff, 2, encoding)])
}

function uint(value: number, size: 2 | 4, encoding: Encoding): Buffer {
  const bytes = Buffer.alloc(size)
  if (encoding === 'big') bytes.writeUIntBE(value, 0, size)
  else bytes.writeUIntLE(value, 0, size)
  return bytes
}

const evened = (bytes: Buffer): Buffer =>
  bytes.byteLength % 2 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes

const ROOT = '1.2.826.0.1.3680043.8.498.1'

/** A small image of some SOP Class; `add` and `more` replace elements of the same tag, `omit` takes some out. */
export function instance({
  sopClass = '1.2.840.10008.5.1.4.1.1.2',
  patient = 1,
  study = 1,
  series = 1,
  number = 1,
  modality = 'CT',
  add = [],
  omit = [],
  more = {},
  pixels = true,
}: {
  sopClass?: string
  patient?: number
  study?: number
  series?: number
  number?: number
  modality?: string
  add?: Elements
  omit?: readonly number[]
  more?: Readonly<Record<number, readonly [vr: string, value: Value]>>
  pixels?: boolean
} = {}): Elements {
  const studyUid = `${ROOT}.${patient}.${study}`
  const elements = new Map<number, readonly [string, Value]>([
    [0x00080016, ['UI', sopClass]],
    [0x00080018, ['UI', `${studyUid}.${series}.${number}`]],
    [0x00080020, ['DA', '20261123']],
    [0x00080023, ['DA', '20261123']],
    [0x00080030, ['TM', '101500']],
    [0x00080033, ['TM', '101501']],
    [0x00080050, ['SH', `ACC${study}`]],
    [0x00080060, ['CS', modality]],
    [0x00081030, ['LO', 'TC TORACE']],
    [0x0008103e, ['LO', `Serie ${series}`]],
    [0x00100010, ['PN', `ROSSI^MARIO ${patient}`]],
    [0x00100020, ['LO', `PID${patient}`]],
    [0x00100030, ['DA', '19600201']],
    [0x00100040, ['CS', 'M']],
    [0x0020000d, ['UI', studyUid]],
    [0x0020000e, ['UI', `${studyUid}.${series}`]],
    [0x00200010, ['SH', `S${study}`]],
    [0x00200011, ['IS', String(series)]],
    [0x00200013, ['IS', String(number)]],
    ...(pixels ? PIXELS : []),
  ])
  for (const [tag, element] of Object.entries(more)) elements.set(Number(tag), element)
  for (const [tag, vr, value] of add) elements.set(tag, [vr, value])
  for (const tag of omit) elements.delete(tag)
  return [...elements].sort(([a], [b]) => a - b).map(([tag, [vr, value]]) => [tag, vr, value] as const)
}

const PIXELS: [number, readonly [string, Value]][] = [
  [0x00280002, ['US', [1]]],
  [0x00280004, ['CS', 'MONOCHROME2']],
  [0x00280010, ['US', [8]]],
  [0x00280011, ['US', [8]]],
  [0x00280100, ['US', [16]]],
  [0x00280101, ['US', [12]]],
  [0x00280102, ['US', [11]]],
  [0x00280103, ['US', [0]]],
  [0x7fe00010, ['OW', Array.from({ length: 64 }, (_, index) => index * 37)]],
]
