import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateChestCt } from '../../scripts/demo-data/ct.ts'
import { DEMO_VISITS } from '../../scripts/demo-data/visits.ts'
import { kindsOfPixels } from '../shards/kinds.ts'
import { pageOf } from '../shards/page/bundle.ts'
import type { Shown } from '../shards/page/page.ts'
import { dicomFile } from '../support/dicom.ts'
import { smallPdf } from '../viewer/exams.ts'
import { writeCtFolder } from '../viewer/light-folder.ts'
import { electrocardiogram, encapsulatedPdf, structuredReport } from '../viewer/light-sheets.ts'
import { startChromium } from './chromium.ts'
import { discPlaces, type Places } from './disc.ts'
import { type Engine, type EnginePage, waitFor } from './engine.ts'
import { startFirefox } from './firefox.ts'
import { type Mounted, mountIso } from './mounted.ts'
import { consoleOfWebKit, hasWebKit, startWebKit } from './webkit.ts'

const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }
const SLICES = 12
// Three browsers of other makers: on a busy machine each takes its time.
const LONG = 150_000

let folder: string
let places: Places
let truth: string
let mounted: Mounted
const openedMounted = new Set<string>()
/** Of Chromium, which test/shards compares with dcmtk. */
let expected: { pixels: string[]; picture: number[] } | null = null

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ritiro-engines-'))
  const [visit] = DEMO_VISITS
  if (!visit) throw new Error('the demo has no visit')
  const { files } = await generateChestCt({
    patient: visit.patient,
    accessionNumber: 'TC-1',
    studyDate: '2026-11-20',
    directory: join(folder, 'ct'),
    slices: SLICES,
  })
  const images = await Promise.all(files.map((file) => readFile(file)))
  const sheets = [electrocardiogram(), structuredReport(), encapsulatedPdf(smallPdf())]
  places = await discPlaces(folder, [...images, ...sheets.map((elements) => dicomFile(elements))])
  mounted = await mountIso(join(folder, 'disc.iso'), join(folder, 'mounted'))
  await mkdir(join(folder, 'truth'))
  truth = (
    await pageOf(
      join(folder, 'truth'),
      kindsOfPixels().map(({ file }) => file),
    )
  ).url
})

afterAll(async () => {
  if ('at' in mounted) await mounted.unmount()
  await rm(folder, { recursive: true, force: true })
})

describe.each([
  ['Chromium', startChromium, true],
  ['Firefox', startFirefox, true],
  ['WebKit', startWebKit, hasWebKit()],
] as const)('%s, from file://', (_name, start, isHere) => {
  test.skipIf(!isHere)(
    'opens the disc wherever it lies, shows the right pixels, complains of nothing',
    async () => {
      const engine = await start()
      try {
        const picture = await openViewer(engine, places.iso, DESKTOP)
        await openViewer(engine, places.zip, PHONE)
        if ('at' in mounted) {
          expect(await openViewer(engine, mounted.at, DESKTOP)).toEqual(picture)
          openedMounted.add(engine.name)
        }
        // What a reader without Joliet sees is a matter of names, not of engines.
        if (engine.name === 'chromium' || !('at' in mounted)) await openViewer(engine, places.plain, DESKTOP)
        const pixels = await pixelsOf(engine)
        // WebKit's driver answers no more now and then once files were chosen.
        if (engine.name !== 'webkit') await openFolder(engine)
        // The same picture everywhere, but for the window’s size and how each engine smooths it.
        expected ??= { pixels, picture }
        expect(pixels).toEqual(expected.pixels)
        expect(picture).toHaveLength(expected.picture.length)
        for (const [at, grey] of picture.entries()) {
          expect(Math.abs(grey - (expected.picture[at] ?? 0))).toBeLessThan(20)
        }
      } finally {
        await engine.close()
      }
    },
    LONG,
  )
})

test('the ISO itself is mounted: three engines opened it there, without extracting it', (context) => {
  if ('refused' in mounted) context.skip(`no engine read the ISO itself: ${mounted.refused}`)
  else
    expect(openedMounted).toEqual(
      new Set(hasWebKit() ? ['chromium', 'firefox', 'webkit'] : ['chromium', 'firefox']),
    )
})

test.skipIf(!hasWebKit())(
  'WebKit’s console has nothing to say of the disc, nor does the page ask for anything but files',
  async () => {
    const place = join(places.iso, 'VIEWER')
    const page = await readFile(join(place, 'INDEX.HTM'), 'utf8')
    // The page itself with a watcher, under its own policy.
    await writeFile(
      join(place, 'WATCHED.HTM'),
      page.replace('</body>', '<script src="WATCH.JS"></script></body>'),
    )
    await writeFile(join(place, 'WATCH.JS'), WATCH)
    expect(await consoleOfWebKit(`file://${join(place, 'WATCHED.HTM')}`, 'all is there')).toEqual([
      expect.stringContaining('CONSOLE ERROR heard'),
    ])
  },
  LONG,
)

/** Says one thing to prove that it is heard; then tells of requests that leave the disc, and when all is there. */
const WATCH = `console.error('heard')
const watch = setInterval(() => {
  if (!document.querySelector('.slider-loaded.is-whole')) return
  clearInterval(watch)
  for (const { name } of performance.getEntriesByType('resource'))
    if (!/^(file|blob|data):/.test(name)) console.error('request: ' + name)
  console.log('all is there')
}, 50)
`

/** Files of a stick, chosen as a person would, in the viewer that stands on the disc. */
async function openFolder(engine: Engine): Promise<void> {
  const page = await engine.open(`file://${join(places.zip, 'VIEWER/INDEX.HTM')}`, DESKTOP)
  await waitFor(page, `document.querySelector('.stage')?.dataset.shown`)
  const stick = join(folder, 'stick')
  await mkdir(stick, { recursive: true })
  await writeCtFolder(stick)
  const files = (await readdir(stick)).map((name) => join(stick, name))
  await page.setFiles('input[type=file]:not([webkitdirectory])', files)
  await waitFor(page, `document.querySelector('.patient').textContent.includes('Verdi Anna')`)
  expect(await waitFor(page, `document.querySelector('.stage')?.dataset.shown`)).toBe('7')
  expect(page.complaints).toEqual([])
}

/** Opens the viewer from the start page's link, waits until the whole series is there; its picture as mean greys. */
async function openViewer(engine: Engine, place: string, size: typeof DESKTOP): Promise<number[]> {
  const index = await readFile(join(place, 'INDEX.HTM'), 'utf8')
  const link = /href="(VIEWER\/INDEX\.HTM)"/.exec(index)?.[1] ?? ''
  expect(await readdir(join(place, 'VIEWER'))).toContain('INDEX.HTM')
  const page = await engine.open(`file://${join(place, link)}`, size)
  expect(await waitFor(page, `document.querySelector('.stage')?.dataset.shown`)).toBe(
    String((SLICES >> 1) + 1),
  )
  await waitFor(page, `Boolean(document.querySelector('.slider-loaded.is-whole'))`)
  // The thumbnail is drawn by another way, from the preview.
  await waitFor(page, `document.querySelectorAll('canvas').length > 2`)
  // WebKit's driver now and then never answers when asked for a picture of a narrow window.
  if (engine.name !== 'webkit' || size === DESKTOP)
    await keepPicture(page, `engine-${engine.name}-${size.width}`)
  const picture = (await page.evaluate(MEAN_GREYS)) as number[]
  expect(Math.max(...picture) - Math.min(...picture)).toBeGreaterThan(60)
  await readSheets(page)
  expect(page.complaints).toEqual([])
  return picture
}

/** What of the disc is no image: the tracing is drawn, the words are read, the PDF and the report's signature stand beside it. */
async function readSheets(page: EnginePage): Promise<void> {
  await page.evaluate(press('.series-item', 'Ecografia epatica'))
  await waitFor(page, `document.querySelector('.sheet-lines')?.textContent.includes('Non lesioni')`)
  await page.evaluate(press('.top-actions button', 'Referto', 'Report'))
  await waitFor(page, `document.querySelector('.report iframe')?.src.startsWith('blob:')`)
  await page.evaluate(press('.series-item', 'ECG'))
  expect(await waitFor(page, `document.querySelectorAll('.ecg .lead').length`)).toBe(12)
  await page.evaluate(press('.series-item', 'CT'))
  const facts = await waitFor(page, `document.querySelector('.signature-facts li')?.textContent`)
  expect(facts).toBe('Il documento è integro.')
}

const press = (selector: string, ...words: string[]): string =>
  `[...document.querySelectorAll(${JSON.stringify(selector)})].find((one) => ${JSON.stringify(words)}.some((word) => one.textContent.includes(word))).click()`

/** Means of 8 by 8 blocks of the picture in the middle of the view: where no text stands. */
const MEAN_GREYS = `(() => {
  const canvas = document.querySelector('.stage canvas')
  const side = Math.min(canvas.width, canvas.height) * 0.7
  const full = canvas.getContext('2d').getImageData((canvas.width - side) >> 1, (canvas.height - side) >> 1, side & ~7, side & ~7)
  const block = full.width / 8
  return Array.from({ length: 64 }, (_, at) => {
    let sum = 0
    for (let y = 0; y < block; y++) for (let x = 0; x < block; x++)
      sum += full.data[(((at >> 3) * block + y) * full.width + (at & 7) * block + x) * 4]
    return Math.round(sum / block / block)
  })
})()`

/** Digests of every frame of every kind of image, decoded by this engine. */
async function pixelsOf(engine: Engine): Promise<string[]> {
  const page = await engine.open(truth, DESKTOP)
  const shown = (await waitFor(page, 'window.shown')) as Shown[]
  expect(page.complaints).toEqual([])
  return shown.flatMap(({ frames }) =>
    frames.map((frame) => ('failed' in frame ? frame.failed : frame.sha256)),
  )
}

/** In var/screenshots, to be looked at: not in CI, where nobody does. */
async function keepPicture(page: EnginePage, name: string): Promise<void> {
  if (process.env.CI) return
  await mkdir('var/screenshots', { recursive: true })
  await writeFile(join('var/screenshots', `${name}.png`), await page.screenshot())
}
