import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createCodecs, type Image, PixelError, readImage } from '../../src/pixels/pixels.ts'
import { dicomFile } from '../support/dicom.ts'
import { converted, nativePixels, picture, pictured, type Shape, seeded } from '../support/pixels.ts'

const codecs = createCodecs({ threads: 2 })
afterAll(() => codecs.close())

function imageIn(file: Uint8Array): Image {
  const image = readImage(file)
  if (!image) throw new Error('no pixels')
  return image
}
async function allFrames(file: Uint8Array): Promise<Buffer> {
  const image = imageIn(file)
  const frames = await Promise.all(image.frames.map((_, index) => codecs.decode(image, index)))
  return Buffer.concat(frames.map(({ bytes }) => bytes))
}
/** Without the byte that makes the length even. */
const sameBytes = (ours: Buffer, theirs: Buffer) =>
  theirs.byteLength - ours.byteLength <= 1 && ours.equals(theirs.subarray(0, ours.byteLength))

const SHAPES: Record<string, Shape> = {
  'grey 8': { allocated: 8 },
  'grey 12 of 16': { stored: 12 },
  'grey 16 signed': { signed: true },
  'grey 16, nothing but noise': { noise: 2 },
  RGB: { samples: 3, allocated: 8 },
  'RGB by plane, three frames': { samples: 3, allocated: 8, planar: 1, frames: 3 },
  'grey 12 of 16, four frames': { stored: 12, frames: 4 },
}
type Shapes = readonly (keyof typeof SHAPES)[]
const ALL: Shapes = Object.keys(SHAPES)

/** How a file is coded by others, and decoded by others again: what we decode must be what they do, to the bit. */
const CODERS: readonly [syntax: string, encode: string[], decode: string[], shapes: Shapes][] = [
  ['RLE', ['dcmcrle'], ['dcmdrle'], ALL],
  ['JPEG lossless SV1 (.70)', ['dcmcjpeg', '+e1', '+tl'], ['dcmdjpeg', '+cn'], ALL],
  ...[2, 3, 4, 5, 6, 7]
    .map(
      (predictor) =>
        [
          `JPEG lossless, predictor ${predictor} (.57)`,
          ['dcmcjpeg', '+el', '+sv', `${predictor}`],
          ['dcmdjpeg'],
          ['grey 12 of 16'],
        ] as const,
    )
    .map(([a, b, c, d]): [string, string[], string[], Shapes] => [a, [...b], [...c], [...d]]),
  ['JPEG baseline (.50)', ['dcmcjpeg', '+eb'], ['dcmdjpeg'], ['grey 8', 'RGB', 'RGB by plane, three frames']],
  ['JPEG baseline in RGB (.50)', ['dcmcjpeg', '+eb', '+cr'], ['dcmdjpeg'], ['RGB']],
  [
    'JPEG extended, 12 bits (.51)',
    ['dcmcjpeg', '+ee'],
    ['dcmdjpeg'],
    ['grey 12 of 16', 'grey 12 of 16, four frames'],
  ],
  ['JPEG-LS (.80)', ['dcmcjpls'], ['dcmdjpls'], ALL],
  ['JPEG-LS near-lossless (.81)', ['dcmcjpls', '+en'], ['dcmdjpls'], ['grey 8', 'grey 12 of 16']],
  [
    'JPEG 2000 (.90)',
    ['gdcmconv', '--j2k'],
    ['gdcmconv', '--raw'],
    ALL.filter((name) => !name.includes('plane')),
  ],
  ['JPEG 2000, lossy (.91)', ['gdcmconv', '--j2k', '--lossy', '-q', '30'], ['gdcmconv', '--raw'], ['grey 8']],
]

describe.each(CODERS)('%s is decoded to the bit as others do', (_, encode, decode, shapes) => {
  test.each(shapes)('%s', async (name) => {
    const [encoder = '', ...encoding] = encode
    const [decoder = '', ...decoding] = decode
    const coded = converted(picture(SHAPES[name]), encoder, ...encoding)
    const theirs = converted(coded, decoder, ...decoding, ...(decoder === 'gdcmconv' ? [] : ['+te']))
    const image = imageIn(coded)
    expect(image.transferSyntaxUid).not.toBe('1.2.840.10008.1.2.1')
    // By pixel, as ours are.
    expect(sameBytes(await allFrames(coded), Buffer.from(await allFrames(theirs)))).toBe(true)
    const { planar } = imageIn(theirs)
    if (planar === 0) expect(sameBytes(await allFrames(theirs), nativePixels(theirs))).toBe(true)
  })
})

test.each(['implicit', 'explicit', 'big', 'deflated'] as const)(
  'native pixels in %s are the same',
  async (encoding) => {
    const shape = { stored: 12, frames: 2 }
    // The big endian writer of the tests turns numbers round, not bytes: so these come from dcmtk.
    const file = encoding === 'big' ? converted(picture(shape), 'dcmconv', '+tb') : picture(shape, encoding)
    expect(await allFrames(file)).toEqual(nativePixels(picture(shape)))
  },
)

const SAMPLES = join(import.meta.dirname, '../../../shared/samples')
const DECODERS: Record<string, string[]> = {
  '4.50': ['dcmdjpeg'],
  '4.51': ['dcmdjpeg'],
  '4.70': ['dcmdjpeg'],
  '4.80': ['dcmdjpls'],
  '4.90': ['gdcmconv', '--raw'],
  '5': ['dcmdrle'],
}
test.skipIf(!existsSync(SAMPLES))(
  'real images of every coding are decoded to the bit as others do',
  async () => {
    const seen = new Set<string>()
    for (const name of readdirSync(SAMPLES).filter((name) => name.endsWith('.dcm'))) {
      const file = readFileSync(join(SAMPLES, name))
      const image = readImage(file)
      if (!image) continue
      const ours = await allFrames(file)
      const short = image.transferSyntaxUid.replace(/^1\.2\.840\.10008\.1\.2\.?/, '')
      const [decoder = '', ...options] = DECODERS[short] ?? []
      if (!decoder) continue
      expect(sameBytes(ours, await allFrames(converted(file, decoder, ...options))), name).toBe(true)
      seen.add(short)
    }
    expect([...seen].sort()).toEqual(Object.keys(DECODERS).sort())
  },
)

describe('what cannot be decoded is told, and never made up', () => {
  const fault = async (file: Uint8Array) => {
    try {
      await allFrames(file)
      return 'none'
    } catch (error) {
      expect(error).toBeInstanceOf(PixelError)
      return (error as PixelError).fault
    }
  }
  const jls = () => converted(picture({ stored: 12 }), 'dcmcjpls')

  test('an unknown Transfer Syntax, attributes that contradict each other or the frame, pixels cut short', async () => {
    const elements = pictured()
    const native = (tag: number, vr: string, value: number[]) =>
      fault(
        dicomFile(elements.map((element) => (element[0] === tag ? ([tag, vr, value] as const) : element))),
      )
    expect(await fault(dicomFile(elements, { transferSyntax: '1.2.840.10008.1.2.4.100' }))).toBe('corrupt')
    expect(await native(0x00280010, 'US', [4000])).toBe('corrupt')
    expect(await native(0x00280101, 'US', [17])).toBe('corrupt')
    const coded = jls()
    const rows = coded.indexOf(Buffer.from('2800100055530200', 'hex')) + 8
    coded.writeUInt16LE(38, rows)
    expect(await fault(coded)).toBe('mismatch')
  })

  test('every prefix of a code stream is refused', async () => {
    const coders: [string, ...string[]][] = [
      ['dcmcrle'],
      ['dcmcjpeg', '+e1'],
      ['dcmcjpls'],
      ['dcmcjpeg', '+ee'],
      ['gdcmconv', '--j2k'],
    ]
    for (const [program, ...options] of coders) {
      const image = imageIn(converted(picture({ stored: 12 }), program, ...options))
      const [frame = new Uint8Array()] = image.frames
      for (let part = 0; part < 0.97; part += 0.06) {
        const cut = { ...image, frames: [frame.subarray(0, Math.floor(frame.byteLength * part))] }
        await expect(codecs.decode(cut, 0), `${program} ${part}`).rejects.toThrow(PixelError)
      }
    }
  })

  test('frames altered at random are refused or decoded, and neither crash nor hang anything', async () => {
    const random = seeded(20261123)
    const coders: [string, ...string[]][] = [
      ['dcmcrle'],
      ['dcmcjpeg', '+e1'],
      ['dcmcjpls'],
      ['dcmcjpeg', '+ee'],
      ['gdcmconv', '--j2k'],
    ]
    const outcomes = { decoded: 0, refused: 0 }
    for (const [program, ...options] of coders) {
      const image = imageIn(converted(picture({ stored: 12 }), program, ...options))
      for (let round = 0; round < 60; round++) {
        const frame = Uint8Array.from(image.frames[0] ?? [])
        for (let hits = 1 + Math.floor(random() * 6); hits > 0; hits--) {
          // The header, where most can go wrong, is hit most often.
          frame[Math.floor(frame.byteLength * random() ** 3)] = Math.floor(random() * 256)
        }
        try {
          const { bytes } = await codecs.decode({ ...image, frames: [frame] }, 0)
          expect(bytes.byteLength).toBe(image.rows * image.columns * 2)
          outcomes.decoded++
        } catch (error) {
          expect(error).toBeInstanceOf(PixelError)
          outcomes.refused++
        }
      }
    }
    expect(outcomes.refused).toBeGreaterThan(50)
    // And the pool still works.
    expect(await allFrames(jls())).toEqual(nativePixels(picture({ stored: 12 })))
  })
})

test('frames are told apart by the offset tables, by their number, or by where code streams begin (PS3.5 §A.4)', async () => {
  const shape = { stored: 12, frames: 4 } as const
  const image = imageIn(converted(picture(shape), 'dcmcjpls'))
  const halves = image.frames.flatMap((frame) => {
    const even = frame.byteLength % 2 ? Buffer.concat([frame, Buffer.alloc(1)]) : frame
    const middle = Math.floor(even.byteLength / 4) * 2
    return [even.subarray(0, middle), even.subarray(middle)]
  })
  const offsets: number[] = []
  halves.reduce((at, half, index) => {
    if (index % 2 === 0) offsets.push(at)
    return at + 8 + half.byteLength
  }, 0)
  const basic = Buffer.from(Uint32Array.from(offsets).buffer)
  const extended = Buffer.from(BigUint64Array.from(offsets, BigInt).buffer)
  const wrong = Buffer.from(Uint32Array.from(offsets, (offset) => offset + 2).buffer)
  const file = (table: Uint8Array, more: readonly (readonly [number, string, Uint8Array])[] = []) =>
    dicomFile(pictured(shape, [...more, [0x7fe00010, 'OB', { fragments: [table, ...halves] }]]), {
      transferSyntax: '1.2.840.10008.1.2.4.80',
    })
  const expected = nativePixels(picture(shape))
  expect(await allFrames(file(basic))).toEqual(expected)
  expect(await allFrames(file(Buffer.alloc(0), [[0x7fe00001, 'OV', extended]]))).toEqual(expected)
  expect(await allFrames(file(Buffer.alloc(0)))).toEqual(expected)
  expect(await allFrames(file(wrong))).toEqual(expected)
  const three = pictured({ ...shape, frames: 3 }, [
    [0x7fe00010, 'OB', { fragments: [Buffer.alloc(0), ...halves] }],
  ])
  expect(() => readImage(dicomFile(three, { transferSyntax: '1.2.840.10008.1.2.4.80' }))).toThrow(PixelError)
})
