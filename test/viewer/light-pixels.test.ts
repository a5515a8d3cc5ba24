import { execFile } from 'node:child_process'
import { existsSync, openAsBlob, readdirSync } from 'node:fs'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { decodeFrame } from '../../viewer/light/decode/decode.ts'
import { neededCodec } from '../../viewer/light/decode/syntax.ts'
import { readFile } from '../../viewer/light/dicom/file.ts'
import { frameOf } from '../../viewer/light/dicom/frame.ts'
import { imageOf, isImage } from '../../viewer/light/model/image.ts'
import type { Frame, Image } from '../../viewer/light/model/model.ts'
import { defaultVoi } from '../../viewer/light/pixels/gray.ts'
import { isColour, paint } from '../../viewer/light/pixels/picture.ts'
import { dicomFile } from '../support/dicom.ts'
import { codecFor } from './codecs.ts'
import { MADE, madeImage } from './light-made.ts'

const SAMPLES = resolve(import.meta.dirname, '../../../shared/samples')

/** What dcmtk does not render, so that there is nothing to compare with (docs/viewer.md). */
const NOT_RENDERED: Readonly<Record<string, string>> = {
  'MR_small_jp2klossless.dcm': 'dcmtk has no JPEG 2000: compared with MR_small.dcm instead',
  'WG04_NM1_J2KR.dcm': 'dcmtk has no JPEG 2000',
  'liver_deflate.dcm':
    'dcmtk does not know Deflated Image Frame Compression: compared with liver.dcm instead',
  'rtplan.dcm': 'no pixels',
  'test-SR.dcm': 'no pixels',
  'waveform_ecg.dcm': 'no pixels',
}
/** The same picture in a syntax that dcmtk reads. */
const TWINS: Readonly<Record<string, string>> = {
  'MR_small_jp2klossless.dcm': 'MR_small.dcm',
  'liver_deflate.dcm': 'liver.dcm',
}

describe.skipIf(!existsSync(SAMPLES))('our picture of a real image is that of dcmtk', () => {
  for (const name of existsSync(SAMPLES)
    ? readdirSync(SAMPLES).filter((file) => file.endsWith('.dcm'))
    : []) {
    const twin = NOT_RENDERED[name] === undefined ? name : TWINS[name]
    if (twin === undefined) continue
    test(`${name}, at its default window, within a grey level (two where colours are converted)`, async () => {
      const { image, frameAt } = await open(join(SAMPLES, name))
      const frames = [...new Set([0, image.frameCount >> 1, image.frameCount - 1])]
      for (const index of frames) {
        const frame = await frameAt(index)
        const voi = isColour(image) ? null : defaultVoi(frame, image, index)
        const ours = new Uint32Array(image.pixel.rows * image.pixel.columns)
        paint(frame, image, index, { voi, invert: false, overlays: true }, ours)
        const theirs = await dcmtkPicture(join(SAMPLES, twin), index, image)
        expect([theirs.columns, theirs.rows]).toEqual([image.pixel.columns, image.pixel.rows])
        const most = frame.photometric.startsWith('YBR') ? 2 : 1
        expect(greatestDifference(ours, theirs), `frame ${index}`).toBeLessThanOrEqual(most)
      }
    })
  }
})

describe('our picture of a made image is that of dcmtk', () => {
  for (const [name, elements] of Object.entries(MADE)) {
    test(name, async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'ritiro-pixels-'))
      const path = join(folder.path, 'made.dcm')
      await writeFile(path, dicomFile(madeImage(elements)))
      const { image, frameAt } = await open(path)
      const frame = await frameAt(0)
      const voi = isColour(image) ? null : defaultVoi(frame, image, 0)
      const ours = new Uint32Array(image.pixel.rows * image.pixel.columns)
      paint(frame, image, 0, { voi, invert: false, overlays: true }, ours)
      const theirs = await dcmtkPicture(path, 0, image)
      expect(new Set(ours).size).toBeGreaterThan(20)
      expect(greatestDifference(ours, theirs)).toBeLessThanOrEqual(
        frame.photometric.startsWith('YBR') ? 2 : 1,
      )
    })
  }
})

async function open(path: string): Promise<{ image: Image; frameAt(index: number): Promise<Frame> }> {
  const file = await readFile(await openAsBlob(path))
  const image = imageOf({ key: path, transferSyntaxUid: file.transferSyntaxUid, attributes: file.attributes })
  if (!isImage(image)) throw new Error(`${path}: ${image.reason} ${image.detail}`)
  return {
    image,
    async frameAt(index) {
      const data = await frameOf(file, image, index)
      if ('cells' in data) return data
      const needed = neededCodec(data.transferSyntaxUid)
      const codec = needed && (await codecFor(needed))
      return decodeFrame(data.bytes, data.transferSyntaxUid, image.pixel, codec)
    },
  }
}

interface Picture {
  readonly columns: number
  readonly rows: number
  readonly channels: number
  readonly levels: Uint8Array
}

const run = promisify(execFile)

// The window is the one that dcmtk finds in the file, not the one that we found: a wrong default must show.
async function dcmtkPicture(path: string, index: number, image: Image): Promise<Picture> {
  const args = ['+F', String(index + 1), ...windowOptions(image), path]
  const options = { encoding: 'buffer', maxBuffer: 2 ** 28 } as const
  // Each program of dcmtk decodes one family of syntaxes.
  const first = await run('dcmj2pnm', args, options).catch(() => null)
  const { stdout } = first?.stdout.length ? first : await run('dcml2pnm', args, options)
  return readPnm(stdout)
}

// The file's first window, else its first table, else all values; dcmtk counts padding among them, which it can only
// leave out with the highest value.
function windowOptions(image: Image): string[] {
  if (isColour(image)) return []
  if (image.attributes['00281050']) return ['+Wi', '1']
  if (image.attributes['00283010']) return ['+Wl', '1']
  return [image.attributes['00280120'] ? '+Wn' : '+Wm']
}

/** Netpbm's P5 and P6. */
function readPnm(bytes: Buffer): Picture {
  const head = /^P([56])\s+(?:#[^\n]*\n)*(\d+)\s+(\d+)\s+(\d+)\s/.exec(
    bytes.subarray(0, 200).toString('latin1'),
  )
  if (head?.[4] !== '255')
    throw new Error(`not a picture of 8 bits: ${bytes.subarray(0, 20).toString('latin1')}`)
  return {
    columns: Number(head[2]),
    rows: Number(head[3]),
    channels: head[1] === '6' ? 3 : 1,
    levels: bytes.subarray(head[0].length),
  }
}

function greatestDifference(ours: Uint32Array, { channels, levels }: Picture): number {
  let greatest = 0
  for (let at = 0; at < ours.length; at++) {
    const word = ours[at] ?? 0
    for (let channel = 0; channel < 3; channel++) {
      const theirs = levels[at * channels + (channels === 3 ? channel : 0)] ?? -1
      greatest = Math.max(greatest, Math.abs(((word >> (8 * channel)) & 255) - theirs))
    }
  }
  return greatest
}
