import { afterAll, expect, test } from 'vitest'
import { createCodecs, PixelError, readImage, type Samples } from '../../src/pixels/pixels.ts'
import { dicomFile } from '../support/dicom.ts'
import { converted, nativePixels, picture, pictured, type Shape } from '../support/pixels.ts'

const codecs = createCodecs({ threads: 2 })
afterAll(() => codecs.close())

const SHAPES: readonly [name: string, shape: Shape][] = [
  ['grey 8', { allocated: 8 }],
  ['grey 12 of 16', { stored: 12 }],
  ['grey 10 of 16, one line', { stored: 10, rows: 1 }],
  ['grey 9 of 16, one column', { stored: 9, columns: 1, rows: 40 }],
  ['grey 16', {}],
  ['grey 16 signed', { signed: true }],
  ['grey 12 of 16 signed', { stored: 12, signed: true }],
  ['grey 16, nothing but noise', { noise: 3 }],
  ['flat', { noise: 0, stored: 12, rows: 8, columns: 8 }],
  ['RGB', { samples: 3, allocated: 8 }],
  ['RGB, nothing but noise', { samples: 3, allocated: 8, noise: 3 }],
]

const CODERS = [
  ['JPEG lossless SV1', 'encodeLosslessJpeg', '1.2.840.10008.1.2.4.70', 'dcmdjpeg'],
  ['JPEG-LS', 'encodeJpegLs', '1.2.840.10008.1.2.4.80', 'dcmdjpls'],
] as const

test.each(CODERS.flatMap((coder) => SHAPES.map((shape) => [...coder, ...shape] as const)))(
  '%s: what others decode is what was encoded, to the bit',
  async (_, encode, transferSyntax, decoder, __, shape) => {
    const image = readImage(picture(shape))
    if (!image) throw new Error('no pixels')
    const samples = await codecs.decode(image, 0)
    const before = Buffer.from(samples.bytes)
    const coded = await codecs[encode](samples)
    // What was handed in stays the caller's.
    expect(Buffer.from(samples.bytes)).toEqual(before)
    expect(Buffer.from(await codecs[encode](samples))).toEqual(Buffer.from(coded))
    const even = coded.byteLength % 2 ? Buffer.concat([coded, Buffer.alloc(1)]) : coded
    const file = dicomFile(pictured(shape, [[0x7fe00010, 'OB', { fragments: [Buffer.alloc(0), even] }]]), {
      transferSyntax,
    })
    expect(nativePixels(converted(file, decoder, '+te'))).toEqual(nativePixels(picture(shape)))
  },
)

test('differences of 32768, and all others, survive JPEG lossless (ISO/IEC 10918-1 §H.1.2.2)', async () => {
  const values = Uint16Array.from({ length: 256 * 256 }, (_, index) =>
    index % 2 ? (index * 40_503) & 0xffff : 32_768 * (index & 2),
  )
  const picture = {
    rows: 256,
    columns: 256,
    samplesPerPixel: 1,
    bitsAllocated: 16,
    bitsStored: 16,
    highBit: 15,
  }
  const grey = { ...picture, signed: false, planar: 0, photometric: 'MONOCHROME2', float: false } as const
  const samples: Samples = { ...grey, bytes: new Uint8Array(values.buffer) }
  const coded = await codecs.encodeLosslessJpeg(samples)
  const again = await codecs.decode(
    { ...grey, transferSyntaxUid: '1.2.840.10008.1.2.4.70', frames: [coded] },
    0,
  )
  expect(Buffer.from(again.bytes)).toEqual(Buffer.from(values.buffer))
})

test('what no lossless coder takes is refused', async () => {
  const wide = { rows: 2, columns: 2, samplesPerPixel: 1, bitsAllocated: 32, bitsStored: 32, highBit: 31 }
  const samples: Samples = {
    ...{ ...wide, signed: false, planar: 0, photometric: 'MONOCHROME2', float: false },
    bytes: new Uint8Array(16),
  }
  await expect(codecs.encodeLosslessJpeg(samples)).rejects.toThrow(PixelError)
  await expect(codecs.encodeJpegLs(samples)).rejects.toThrow(PixelError)
})
