import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import loadOpenJph from '@cornerstonejs/codec-openjph/wasmjs'
import {
  type Element,
  encode,
  file,
  header,
  type Identity,
  ITEM,
  identityOf,
  short,
  texts,
  UNDEFINED,
  wrapped,
} from './encoding.ts'
import { type Dice, diceOf } from './random.ts'

/** One frame as an encoder made it. */
export type CodedImage = { name: string; transferSyntaxUid: string; codestream: Buffer }
export type Spoilt = 'sound' | 'flipped' | 'cut' | 'shape' | 'items'

const [ROWS, COLUMNS] = [48, 64]

/** The same picture by every encoder there is: dcmtk, gdcm, OpenJPH and zlib. */
export async function codedImages(): Promise<CodedImage[]> {
  const pixels = picture()
  const id = { root: '1.2.826.0.1.3680043.8.498.90', accessionNumber: 'F0', number: 0 }
  const plain = file([...shaped(id), [0x7fe00010, 'OB', pixels]])
  const folder = mkdtempSync(join(tmpdir(), 'ritiro-fuzz-'))
  try {
    writeFileSync(join(folder, 'plain.dcm'), plain)
    const by = (
      name: string,
      transferSyntaxUid: string,
      program: string,
      ...options: string[]
    ): CodedImage => {
      const to = join(folder, 'coded.dcm')
      execFileSync(program, [...options, join(folder, 'plain.dcm'), to], { stdio: 'pipe' })
      return { name, transferSyntaxUid, codestream: fragmentOf(readFileSync(to)) }
    }
    return [
      by('JPEG', '1.2.840.10008.1.2.4.50', 'dcmcjpeg', '+eb'),
      by('JPEG lossless', '1.2.840.10008.1.2.4.70', 'dcmcjpeg', '+e1'),
      by('JPEG-LS', '1.2.840.10008.1.2.4.80', 'dcmcjpls'),
      by('JPEG 2000', '1.2.840.10008.1.2.4.90', 'gdcmconv', '--j2k'),
      by('RLE', '1.2.840.10008.1.2.5', 'dcmcrle'),
      { name: 'HTJ2K', transferSyntaxUid: '1.2.840.10008.1.2.4.201', codestream: await htj2k(pixels) },
      {
        name: 'deflated frame',
        transferSyntaxUid: '1.2.840.10008.1.2.8.1',
        codestream: deflateRawSync(pixels),
      },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A file with one of these images, spoilt where its decoder reads. */
export function codedFile(dice: Dice, id: Identity, images: readonly CodedImage[], spoilt: Spoilt): Buffer {
  const image = images[dice.below(images.length)]
  if (!image) throw new Error('no image to spoil')
  const codestream = Buffer.from(image.codestream)
  const flips = spoilt === 'flipped' ? 1 + dice.below(30) : 0
  for (let flip = 0; flip < flips; flip++) {
    // A decoder believes its first bytes: they tell it how large the picture is.
    const at = dice.below(dice.chance(0.5) ? Math.min(120, codestream.byteLength) : codestream.byteLength)
    codestream[at] = (codestream[at] ?? 0) ^ (1 << dice.below(8))
  }
  const body = spoilt === 'cut' ? codestream.subarray(0, dice.below(codestream.byteLength)) : codestream
  const elements = [...shaped(id, spoilt === 'shape' ? anyShape(dice) : {}), ...texts(dice)].toSorted(
    ([a], [b]) => a - b,
  )
  const fragments =
    spoilt === 'items' ? oddItems(dice, body) : [fragment(Buffer.alloc(0)), fragment(body), END]
  return wrapped(
    id,
    image.transferSyntaxUid,
    Buffer.concat([
      encode(elements, 'explicit'),
      header(0x7fe00010, 'OB', UNDEFINED, 'explicit'),
      ...fragments,
    ]),
  )
}

const fragment = (bytes: Buffer, length = bytes.byteLength + (bytes.byteLength % 2)): Buffer =>
  Buffer.concat([header(ITEM, '', length, 'implicit'), bytes, Buffer.alloc(bytes.byteLength % 2)])
const END = header(0xfffee0dd, '', 0, 'implicit')

/** Offset tables that point anywhere, fragments of absurd lengths, none, or thousands (PS3.5 §A.4). */
function oddItems(dice: Dice, body: Buffer): Buffer[] {
  const half = body.byteLength >> 1
  return dice.pick<() => Buffer[]>([
    () => [fragment(dice.bytes(4 * dice.below(20))), fragment(body), END],
    () => [
      fragment(Buffer.alloc(0)),
      fragment(body, dice.pick([0xffffffff, 0x7ffffffe, 0x40000000, 2])),
      END,
    ],
    () => [fragment(Buffer.alloc(0)), END],
    () => [fragment(body)],
    () => [
      fragment(Buffer.alloc(0)),
      ...Array.from({ length: 5_000 }, () => fragment(Buffer.alloc(0))),
      fragment(body),
      END,
    ],
    () => [fragment(Buffer.alloc(0)), fragment(body.subarray(half)), fragment(body.subarray(0, half)), END],
  ])()
}

/** What the header says of the picture is not what the codestream says. */
const anyShape = (dice: Dice) => ({
  rows: dice.pick([0, 1, ROWS, 65_535]),
  columns: dice.pick([0, 1, COLUMNS, 65_535]),
  allocated: dice.pick([1, 8, 16, 32, 64, 65_535]),
  samples: dice.pick([0, 1, 3, 4, 65_535]),
  frames: dice.pick(['1', '2', '99999', '2147483647', '-1', '1e9', '<b>']),
})

type Picture = { rows?: number; columns?: number; allocated?: number; samples?: number; frames?: string }

function shaped(
  id: Identity,
  { rows = ROWS, columns = COLUMNS, allocated = 8, samples = 1, frames }: Picture = {},
): Element[] {
  const told = new Map<number, Element>([
    [0x00280002, [0x00280002, 'US', short(samples)]],
    [0x00280010, [0x00280010, 'US', short(rows)]],
    [0x00280011, [0x00280011, 'US', short(columns)]],
    [0x00280100, [0x00280100, 'US', short(allocated)]],
  ])
  const elements = identityOf(id).flatMap((element): Element[] =>
    element[0] === 0x7fe00010 ? [] : [told.get(element[0]) ?? element],
  )
  return frames === undefined ? elements : [...elements, [0x00280008, 'IS', frames]]
}

/** Slopes, an edge and noise, so that coders have something to do. */
function picture(): Buffer {
  const dice = diceOf('picture')
  return Buffer.from(
    Array.from({ length: ROWS * COLUMNS }, (_, index) => {
      const [x, y] = [index % COLUMNS, Math.floor(index / COLUMNS)]
      return Math.min(255, x * 2 + (x > y ? 60 : 0) + dice.below(12))
    }),
  )
}

/** The one fragment after the offset table. */
function fragmentOf(coded: Buffer): Buffer {
  const at = coded.indexOf(header(0x7fe00010, 'OB', UNDEFINED, 'explicit'))
  if (at < 0) throw new Error('the encoder left no fragments')
  const first = at + 12
  const second = first + 8 + coded.readUInt32LE(first + 4)
  const length = coded.readUInt32LE(second + 4)
  return coded.subarray(second + 8, second + 8 + length)
}

async function htj2k(pixels: Buffer): Promise<Buffer> {
  const { HTJ2KEncoder } = await loadOpenJph()
  const encoder = new HTJ2KEncoder()
  const info = { width: COLUMNS, height: ROWS, bitsPerSample: 8, componentCount: 1 }
  encoder.getDecodedBuffer({ ...info, isSigned: false, isUsingColorTransform: false }).set(pixels)
  encoder.setQuality(true, 0)
  encoder.encode()
  const coded = Buffer.from(encoder.getEncodedBuffer())
  encoder.delete()
  return coded
}
