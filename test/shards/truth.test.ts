import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isDataScript } from '../../src/shards/script.ts'
import { launchBrowser, watchPage } from '../support/browser.ts'
import { dicomFile, instance } from '../support/dicom.ts'
import { kindsOfPixels } from './kinds.ts'
import { pageOf } from './page/bundle.ts'
import type { Shown } from './page/page.ts'

const run = promisify(execFile)
let folder: string
let browser: Browser

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ritiro-shards-'))
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  await rm(folder, { recursive: true, force: true })
})

test('each pixel of each kind of image is in Chromium, from file://, what dcmtk says it is', async () => {
  const kinds = kindsOfPixels()
  const shown = await showInChromium(
    'kinds',
    kinds.map(({ file }) => file),
  )
  expect(shown).toHaveLength(kinds.length)
  for (const [index, { name, file, expected }] of kinds.entries()) {
    const raw = await rawPixels(join(folder, `kind-${index}`), file)
    const uid = shown[index]?.uid
    expect(uid?.endsWith(`.${index + 1}`), name).toBe(true)
    expect(shown[index]?.frames.map(digestOf), name).toEqual(expected(raw).map(sha256))
  }
})

test('every data file is of the one form that a script may have', async () => {
  const data = join(folder, 'kinds', 'DATA')
  const names = await readdir(data)
  expect(names.length).toBeGreaterThan(3)
  for (const name of names) {
    expect(name).toMatch(/^[A-Z][A-Z0-9]{0,7}\.JS$/)
    expect(isDataScript(await readFile(join(data, name))), name).toBe(true)
  }
})

test('what cannot be shown is told frame by frame, and the rest is shown', async () => {
  const short = instance({
    number: 1,
    add: [
      [0x00280008, 'IS', '3'],
      [0x7fe00010, 'OW', new Uint8Array(300)],
    ],
  })
  const none = instance({ number: 2, omit: [0x7fe00010] })
  const unknown = dicomFile(
    instance({ number: 3, add: [[0x7fe00010, 'OB', { fragments: [new Uint8Array(), new Uint8Array(64)] }]] }),
    {
      transferSyntax: '1.2.840.10008.1.2.4.102',
    },
  )
  const shown = await showInChromium('broken', [dicomFile(short), dicomFile(none), unknown])
  const reasons = shown.map(({ frames }) =>
    frames.map((frame) => ('failed' in frame ? frame.failed : 'shown')),
  )
  expect(reasons).toEqual([['shown', 'shown', 'pixels-short'], ['pixels-missing'], ['syntax']])
})

test('a data file that was altered or cut off shows no picture at all, rather than a wrong one', async () => {
  const files = [1, 2].map((number) => dicomFile(instance({ number })))
  const page = await writePage('altered', files)
  const path = join(folder, 'altered', 'DATA', 'S0000000.JS')
  const whole = await readFile(path)
  // A byte of a frame, another one: the script is still one.
  const middle = whole.indexOf('/*') + 20
  const altered = Buffer.from(whole)
  altered[middle] = altered[middle] === 0x41 ? 0x42 : 0x41
  await writeFile(path, altered)
  expect((await shownBy(page)).flatMap(({ frames }) => frames)).toContainEqual({ failed: 'corrupt' })
  await writeFile(path, whole.subarray(0, whole.byteLength - 10))
  expect((await shownBy(page, ['error'])).flatMap(({ frames }) => frames)).toEqual([
    { failed: 'unreachable' },
    { failed: 'unreachable' },
  ])
})

const SAMPLES = join(import.meta.dirname, '../../../shared/samples')
// dcmtk decodes no JPEG 2000: of one there is the same image uncompressed, the other is compared below with OpenJPEG's.
const TWINS: Readonly<Record<string, string>> = { 'MR_small_jp2klossless.dcm': 'MR_small.dcm' }
const WITHOUT_REFERENCE = [
  'WG04_NM1_J2KR.dcm',
  'liver_deflate.dcm',
  'examples_ybr_color.dcm',
  'WG04_MG1_JPLY.dcm',
]

test.skipIf(!existsSync(SAMPLES))('each pixel of real images is what dcmtk says it is', async () => {
  const names = (await readdir(SAMPLES)).filter((name) => name.endsWith('.dcm')).sort()
  // Some are copies of one image: each gets a UID of its own, of the same length.
  const files = await Promise.all(names.map((name, index) => renamed(join(SAMPLES, name), index)))
  const shown = await showInChromium('samples', files)
  const compared: string[] = []
  for (const [index, name] of names.entries()) {
    const own = join(folder, `sample-${index}`)
    const { stdout } = await run('dcmdump', ['-q', '+P', '0028,0004', join(SAMPLES, name)])
    if (!stdout.includes('0028,0004')) continue
    const image = shown.find(({ uid }) => uid.endsWith(endOf(index)))
    expect(image, name).toBeDefined()
    expect(
      image?.frames.filter((frame) => 'failed' in frame),
      name,
    ).toEqual([])
    if (WITHOUT_REFERENCE.includes(name)) continue
    const raw = await rawPixels(own, await readFile(join(SAMPLES, TWINS[name] ?? name)))
    const frames = image?.frames ?? []
    const length = frames[0] && 'length' in frames[0] ? frames[0].length : 0
    const cells = name.startsWith('liver') ? unpacked(raw, length * frames.length) : raw
    const expected = frames.map((_, at) => sha256(cells.subarray(at * length, (at + 1) * length)))
    expect(frames.map(digestOf), name).toEqual(expected)
    compared.push(name)
  }
  expect(compared.length).toBeGreaterThan(15)
})

const endOf = (index: number): string => `.9${String(index).padStart(3, '0')}`

async function renamed(path: string, index: number): Promise<Buffer> {
  const { stdout } = await run('dcmdump', ['-q', '+P', '0008,0018', path])
  const uid = /\[([0-9.]+)\]/.exec(stdout)?.[1] ?? ''
  const text = (await readFile(path)).toString('latin1')
  return Buffer.from(text.replaceAll(uid, uid.slice(0, -5) + endOf(index)), 'latin1')
}

const unpacked = (raw: Buffer, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, at) => ((raw[at >> 3] ?? 0) >> (at & 7)) & 1))

const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')

const digestOf = (frame: Shown['frames'][number]): string => ('failed' in frame ? frame.failed : frame.sha256)

async function showInChromium(name: string, files: readonly Uint8Array[]): Promise<Shown[]> {
  return await shownBy(await writePage(name, files))
}

async function writePage(name: string, files: readonly Uint8Array[]): Promise<string> {
  const own = join(folder, name)
  await mkdir(own, { recursive: true })
  return (await pageOf(own, files)).url
}

async function shownBy(url: string, expectedComplaints: string[] = []): Promise<Shown[]> {
  const page = await browser.newPage()
  try {
    const { complaints } = watchPage(page, 'file://')
    await page.goto(url)
    const shown = await page.evaluate(() => window.shown)
    expect([...new Set(complaints.map((complaint) => complaint.split(':')[0]))]).toEqual(expectedComplaints)
    return shown ?? []
  } finally {
    await page.close()
  }
}

const DECODERS = [
  ['JPEGLS', 'dcmdjpls'],
  ['JPEG', 'dcmdjpeg'],
  ['RLE', 'dcmdrle'],
] as const

/** Pixel Data of a file in Explicit VR Little Endian, as dcmtk writes it out. */
async function rawPixels(at: string, file: Uint8Array): Promise<Buffer> {
  await mkdir(at)
  await writeFile(join(at, 'a.dcm'), file)
  const { stdout } = await run('dcmdump', ['-q', '+P', '0002,0010', join(at, 'a.dcm')])
  const tool = DECODERS.find(([name]) => stdout.includes(name))?.[1] ?? 'dcmconv'
  await run(tool, [...(tool === 'dcmconv' ? ['+te'] : []), join(at, 'a.dcm'), join(at, 'b.dcm')])
  await run('dcmdump', ['-q', '+W', at, join(at, 'b.dcm')])
  // The palettes are written out too: Pixel Data is the last.
  const raws = (await readdir(at)).filter((name) => name.endsWith('.raw')).sort()
  return await readFile(join(at, raws.at(-1) ?? 'none'))
}
