import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import loadOpenJph from '@cornerstonejs/codec-openjph/wasmjs'
import { afterAll, expect, test } from 'vitest'
import { createCodecs, readImage } from '../../src/pixels/pixels.ts'
import { dicomFile } from '../support/dicom.ts'
import { nativePixels, picture, pictured, type Shape } from '../support/pixels.ts'

const codecs = createCodecs({ threads: 1 })
afterAll(() => codecs.close())

const evened = (bytes: Uint8Array) => (bytes.byteLength % 2 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes)
const decoded = async (file: Uint8Array) => {
  const image = readImage(file)
  if (!image) throw new Error('no pixels')
  const frames = await Promise.all(image.frames.map((_, index) => codecs.decode(image, index)))
  return { bytes: Buffer.concat(frames.map(({ bytes }) => bytes)), photometric: frames[0]?.photometric }
}

const SHAPES: [string, Shape, string][] = [
  ['grey 8', { allocated: 8, columns: 52 }, 'MONOCHROME2'],
  ['grey 12 of 16', { stored: 12 }, 'MONOCHROME2'],
  ['grey 16 signed', { signed: true }, 'MONOCHROME2'],
  ['RGB, by the reversible transform', { samples: 3, allocated: 8, columns: 52 }, 'RGB'],
]
test.each(SHAPES)(
  'HTJ2K of %s is decoded to the bit, here and by OpenJPEG',
  async (_, shape, photometric) => {
    const { HTJ2KEncoder } = await loadOpenJph()
    const encoder = new HTJ2KEncoder()
    const { rows = 37, columns = 51, samples = 1, allocated = 16, signed = false } = shape
    const original = nativePixels(picture(shape))
    const info = {
      ...{ width: columns, height: rows, bitsPerSample: shape.stored ?? allocated, componentCount: samples },
      ...{ isSigned: signed, isUsingColorTransform: samples === 3 },
    }
    encoder.getDecodedBuffer(info).set(original.subarray(0, (rows * columns * samples * allocated) / 8))
    encoder.setQuality(true, 0)
    encoder.encode()
    const coded = new Uint8Array(encoder.getEncodedBuffer())
    encoder.delete()
    const add = [
      [0x00280004, 'CS', samples === 3 ? 'YBR_RCT' : 'MONOCHROME2'],
      [0x7fe00010, 'OB', { fragments: [Buffer.alloc(0), evened(coded)] }],
    ] as const
    const ours = await decoded(dicomFile(pictured(shape, add), { transferSyntax: '1.2.840.10008.1.2.4.201' }))
    expect(ours.photometric).toBe(photometric)
    expect(ours.bytes.equals(original.subarray(0, ours.bytes.byteLength))).toBe(true)
    if (!signed) expect(byOpenJpeg(coded, allocated)).toEqual(ours.bytes)
  },
)

/** What opj_decompress makes of it: raw samples, most significant byte first, component by component. */
function byOpenJpeg(coded: Uint8Array, allocated: number): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-htj2k-'))
  try {
    const [from, to] = [join(directory, 'a.j2c'), join(directory, 'a.rawl')]
    writeFileSync(from, coded)
    execFileSync('opj_decompress', ['-i', from, '-o', to], { stdio: 'pipe' })
    const planes = readFileSync(to)
    const components = planes.byteLength % 3 === 0 && allocated === 8 ? 3 : 1
    const pixels = planes.byteLength / components
    if (components === 1) return planes
    return Buffer.from(planes.map((__, index) => planes[(index % 3) * pixels + Math.floor(index / 3)] ?? 0))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('deflated frames are inflated one by one, single bits too (PS3.5 §A.4.13)', async () => {
  const transferSyntax = '1.2.840.10008.1.2.8.1'
  const bits = [0b10110001, 0b11, 0b01011100, 0b01]
  // Ten pixels a frame: each frame begins with a byte of its own.
  const frames = [bits.slice(0, 2), bits.slice(2)].map((frame) =>
    evened(deflateRawSync(Uint8Array.from(frame))),
  )
  const single = pictured({ rows: 2, columns: 5, frames: 2 }, [
    [0x00280100, 'US', [1]],
    [0x00280101, 'US', [1]],
    [0x00280102, 'US', [0]],
    [0x7fe00010, 'OB', { fragments: [Buffer.alloc(0), ...frames] }],
  ])
  expect([...(await decoded(dicomFile(single, { transferSyntax }))).bytes]).toEqual(bits)
  const shape = { stored: 12 }
  const deflated = evened(deflateRawSync(nativePixels(picture(shape))))
  const grey = pictured(shape, [[0x7fe00010, 'OB', { fragments: [Buffer.alloc(0), deflated] }]])
  const { bytes } = await decoded(dicomFile(grey, { transferSyntax }))
  expect(bytes).toEqual(nativePixels(picture(shape)))
})
