import { deflateRawSync } from 'node:zlib'
import { type CodedImage, codedFile } from './compressed.ts'
import {
  type Element,
  encode,
  file,
  header,
  type Identity,
  ITEM,
  identityOf,
  SYNTAX,
  texts,
  UNDEFINED,
  wrapped,
} from './encoding.ts'
import type { Dice } from './random.ts'
import { structuredFile } from './structured.ts'
import { hostileText } from './texts.ts'

export type DicomCase = { name: string; bytes: Buffer }
const VRS = 'AE AS AT CS DA DS DT FL FD IS LO LT OB OW PN SH SL SQ SS ST TM UC UI UL UN UR US UT ZZ'.split(
  ' ',
)

const CDA_PIECES = [
  '<a ',
  '<a "',
  "<a b='",
  '</',
  '<!--',
  '<![CDATA[',
  '<?',
  '&#x',
  '&a',
  '<text>',
  '> ',
  '</text>',
] as const

/** One hostile file; `identity` keeps it where an archive would file it, as far as it is left readable. */
export function dicomCase(dice: Dice, identity: Identity, images: readonly CodedImage[]): DicomCase {
  const kinds = Object.entries(KINDS) as [string, Make][]
  const [name, make] = kinds[identity.number % kinds.length] ?? ['plain', plain]
  return { name, bytes: make(dice, identity, images) }
}

/** Those that an archive takes: well formed as files, hostile in what they say. */
export function acceptableCase(dice: Dice, identity: Identity, images: readonly CodedImage[]): DicomCase {
  const kinds = [
    'coded',
    'codedFlipped',
    'structured',
    'names',
    'characterSets',
    'wrongVr',
    'duplicates',
    'missing',
    'longValues',
    'deflated',
    'privates',
    'cda',
  ] as const
  const name = kinds[identity.number % kinds.length] ?? 'names'
  return { name, bytes: (KINDS[name] as Make)(dice, identity, images) }
}

type Make = (dice: Dice, identity: Identity, images: readonly CodedImage[]) => Buffer

const KINDS = {
  plain,
  truncated: (dice: Dice, id: Identity) => {
    const file = plain(dice, id)
    return file.subarray(0, dice.below(file.byteLength))
  },
  flipped: (dice: Dice, id: Identity) => {
    const file = plain(dice, id)
    for (let flips = 1 + dice.below(40); flips > 0; flips--) {
      const at = 132 + dice.below(file.byteLength - 132)
      file[at] = (file[at] ?? 0) ^ (1 << dice.below(8))
    }
    return file
  },
  names: (dice: Dice, id: Identity) =>
    file([...texts(dice), ...identityOf(id), [0x00080005, 'CS', 'ISO_IR 192']]),
  characterSets: (dice: Dice, id: Identity) =>
    file([
      ...texts(dice),
      [
        0x00080005,
        'CS',
        dice.pick(['ISO 2022 IR 87', 'ISO_IR 13', 'GB18030', 'ISO_IR 666', '\\\\', hostileText(dice, 60)]),
      ],
      ...identityOf(id),
      [0x00100010, 'PN', Buffer.concat([Buffer.from('\x1b$B'), dice.bytes(40)])],
    ]),
  wrongVr: (dice: Dice, id: Identity) =>
    file([
      ...Array.from(
        { length: 8 },
        (): Element => [anyTag(dice), dice.pick(VRS as [string, ...string[]]), dice.bytes(dice.below(60))],
      ),
      ...identityOf(id),
    ]),
  duplicates: (dice: Dice, id: Identity) =>
    file([...identityOf(id), ...texts(dice), ...texts(dice)], { sorted: dice.chance(0.7) }),
  missing: (dice: Dice, id: Identity) => {
    const all = [...identityOf(id), ...texts(dice)]
    // Without a Patient ID it would be another study of the archive's.
    const spared = new Set([0x00080016, 0x00080018, 0x00080050, 0x00100020, 0x0020000d, 0x0020000e])
    return file(all.filter(([tag]) => spared.has(tag) || dice.chance(0.4)))
  },
  longValues: (dice: Dice, id: Identity) =>
    file([
      ...identityOf(id),
      [0x0008103e, 'LO', hostileText(dice, 60).repeat(300)],
      [0x00104000, 'UT', 'A'.repeat(200_000)],
    ]),
  absurdLength: (dice: Dice, id: Identity) => {
    const bytes = plain(dice, id)
    const at = 140 + dice.below(bytes.byteLength - 150)
    bytes.writeUInt32LE(dice.pick([0xffffffff, 0xfffffffe, 0x7fffffff, 0x80000000, 0x40000000, 0xffff]), at)
    return bytes
  },
  nested: (dice: Dice, id: Identity) => nested(id, 10_000, dice.chance(0.5)),
  nestedWide: (dice: Dice, id: Identity) => nestedWide(id, 90 + dice.below(20), 20_000 + dice.below(30_000)),
  deflated: (dice: Dice, id: Identity) => file([...identityOf(id), ...texts(dice)], { syntax: 'deflated' }),
  deflatedCut: (dice: Dice, id: Identity) => {
    const bytes = file([...identityOf(id), ...texts(dice)], { syntax: 'deflated' })
    return bytes.subarray(0, bytes.byteLength - dice.below(200))
  },
  implicit: (dice: Dice, id: Identity) => {
    const bytes = file([...identityOf(id), ...texts(dice)], { syntax: 'implicit' })
    for (let flips = dice.below(6); flips > 0; flips--)
      bytes[300 + dice.below(bytes.byteLength - 300)] = dice.below(256)
    return bytes
  },
  big: (dice: Dice, id: Identity) => file([...identityOf(id), ...texts(dice)], { syntax: 'big' }),
  bare: (dice: Dice, id: Identity) => plain(dice, id).subarray(132 + dice.below(300)),
  preamble: (dice: Dice, id: Identity) => {
    const bytes = plain(dice, id)
    Buffer.from(dice.pick(['MZ\x90', '\x7fELF', '<html><script>window.pwned=1</script>', '%PDF-1.7'])).copy(
      bytes,
    )
    return bytes
  },
  unknownSyntax: (dice: Dice, id: Identity) =>
    file(identityOf(id), {
      uid: dice.pick(['', '1.2.3', '1.2.840.10008.1.2.4.100', '<script>', '1'.repeat(300)]),
    }),
  /** As their encoders made them: what follows is that they can be shown, whatever stands in their texts. */
  coded: (dice: Dice, id: Identity, images: readonly CodedImage[]) => codedFile(dice, id, images, 'sound'),
  codedFlipped: (dice: Dice, id: Identity, images: readonly CodedImage[]) =>
    codedFile(dice, id, images, 'flipped'),
  codedCut: (dice: Dice, id: Identity, images: readonly CodedImage[]) => codedFile(dice, id, images, 'cut'),
  codedShape: (dice: Dice, id: Identity, images: readonly CodedImage[]) =>
    codedFile(dice, id, images, 'shape'),
  codedItems: (dice: Dice, id: Identity, images: readonly CodedImage[]) =>
    codedFile(dice, id, images, 'items'),
  structured: (dice: Dice, id: Identity) => structuredFile(dice, id, { depth: 1 + dice.below(40) }),
  structuredDeep: (dice: Dice, id: Identity) =>
    structuredFile(dice, id, { depth: 5_000, whole: dice.chance(0.5) }),
  structuredWide: (dice: Dice, id: Identity) => structuredFile(dice, id, { depth: 2, width: 20_000 }),
  privates: (dice: Dice, id: Identity) =>
    file([
      ...identityOf(id),
      [0x00090010, 'LO', hostileText(dice, 60)],
      [0x00091001, 'UN', dice.bytes(100)],
      [0x00091002, 'SQ', dice.bytes(dice.below(30))],
    ]),
  cda: (dice: Dice, id: Identity) => {
    const pieces = Array.from({ length: 4 }, () => dice.pick(CDA_PIECES).repeat(1 + dice.below(50_000)))
    // It never ends well, so that it takes no report's place.
    const document = Buffer.from(`<ClinicalDocument><text>${pieces.join('')}<`)
    return file([
      ...identityOf(id).filter(([tag]) => tag < 0x00280002 && tag !== 0x00080016),
      [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.104.2'],
      [0x00420011, 'OB', document],
    ])
  },
  noise: (dice: Dice) => dice.bytes(dice.below(3000)),
  noiseAfterDicm: (dice: Dice) =>
    Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), dice.bytes(dice.below(3000))]),
  empty: (dice: Dice) => Buffer.alloc(dice.below(140)),
} as const

/** A file of about 1 MB that inflates to `bytes`. */
export function deflateBomb(id: Identity, bytes: number): DicomCase {
  const chunk = 64 * 2 ** 20
  const head = encode(identityOf(id), 'explicit')
  const value = Buffer.alloc(Math.min(bytes, chunk))
  // Deflate is a stream: blocks of zeros, one after the other, are the same as one of all of them.
  const block = deflateRawSync(value, { level: 9, finishFlush: 3 })
  const open = deflateRawSync(Buffer.concat([head, header(0x7fe00010, 'OB', 0xfffffff0, 'explicit')]), {
    finishFlush: 3,
  })
  const blocks = Array.from({ length: Math.ceil(bytes / chunk) }, () => block)
  const end = deflateRawSync(Buffer.alloc(0))
  return {
    name: `deflate bomb of ${bytes / 2 ** 30} GiB`,
    bytes: wrapped(id, SYNTAX.deflated, Buffer.concat([open, ...blocks, end])),
  }
}

function plain(dice: Dice, id: Identity): Buffer {
  return file([...identityOf(id), ...texts(dice)])
}

const anyTag = (dice: Dice): number =>
  dice.pick([
    0x00080005, 0x00081030, 0x0008103e, 0x00100010, 0x00100040, 0x00200010, 0x00200011, 0x00280008,
    0x00321060,
  ])

/** Sequences in sequences, all of undefined length, closed or not. */
function nested(id: Identity, depth: number, closed: boolean): Buffer {
  const open = Buffer.concat([
    header(0x00081140, 'SQ', UNDEFINED, 'explicit'),
    header(ITEM, '', UNDEFINED, 'implicit'),
  ])
  const close = Buffer.concat([header(0xfffee00d, '', 0, 'implicit'), header(0xfffee0dd, '', 0, 'implicit')])
  const levels = (part: Buffer) => Buffer.concat(Array.from({ length: depth }, () => part))
  return wrapped(
    id,
    SYNTAX.explicit,
    Buffer.concat([
      encode(identityOf(id).slice(0, 2), 'explicit'),
      levels(open),
      ...(closed ? [levels(close)] : []),
    ]),
  )
}

/** As deep as readers go, with very many small elements inside: work that must not be done anew at each level. */
function nestedWide(id: Identity, depth: number, width: number): Buffer {
  const open = Buffer.concat([
    header(0x00081140, 'SQ', UNDEFINED, 'implicit'),
    header(ITEM, '', UNDEFINED, 'implicit'),
  ])
  const close = Buffer.concat([header(0xfffee00d, '', 0, 'implicit'), header(0xfffee0dd, '', 0, 'implicit')])
  const levels = (part: Buffer) => Buffer.concat(Array.from({ length: depth >> 1 }, () => part))
  const inside = Buffer.concat(Array.from({ length: width }, () => header(0x00081150, 'UI', 0, 'implicit')))
  const head = encode(identityOf(id).slice(0, 4), 'implicit')
  return wrapped(id, SYNTAX.implicit, Buffer.concat([head, levels(open), inside, levels(close)]))
}
