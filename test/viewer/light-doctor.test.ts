import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { violationsOf } from '../support/axe.ts'
import { bytesOf, screenshot } from '../support/browser.ts'
import { smallPdf } from './exams.ts'
import { madeValue, writeForeignDisc, writeKnownFolder } from './light-folder.ts'
import { lightViewer, PHONE, said, shown, tooSmall } from './light-page.ts'
import { writeSheetFolder } from './light-sheets.ts'

let viewer: Awaited<ReturnType<typeof lightViewer>>
let directory: string
const openFolder = (name: string, options?: BrowserContextOptions) => viewer.openFolder(name, options)

beforeAll(async () => {
  viewer = await lightViewer()
  directory = viewer.directory
  for (const name of ['sheets', 'foreign', 'known']) await mkdir(join(directory, name))
  await writeKnownFolder(join(directory, 'known'))
  await writeForeignDisc(join(directory, 'foreign'), smallPdf())
  await writeSheetFolder(join(directory, 'sheets'), smallPdf())
})

afterAll(() => viewer[Symbol.asyncDispose]())

test('an electrocardiogram is drawn on a grid of millimetres, 25 mm a second and 10 mm a millivolt', async () => {
  await using opened = await openFolder('sheets')
  const { page } = opened
  await page.locator('.ecg').waitFor()
  expect(await page.locator('.lead').allTextContents()).toEqual(
    'I II III aVR aVL aVF V1 V2 V3 V4 V5 V6'.split(' '),
  )
  // Lead I: naught until 0.5 s, a millivolt until 1 s, naught until 2 s.
  const corners = () =>
    page
      .locator('.trace:not(.calibration)')
      .first()
      .evaluate((path) => {
        const points = [...(path.getAttribute('d') ?? '').matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(
          ([, x, y]) => [Number(x), Number(y)] as const,
        )
        const [start, end] = [points[0] ?? [0, 0], points.at(-1) ?? [0, 0]]
        const high = points.filter(([, y]) => y < start[1])
        const round = (value: number) => Math.round(value * 100) / 100
        return {
          seconds: round(end[0] - start[0]),
          from: round((high[0]?.[0] ?? 0) - start[0]),
          until: round((high.at(-1)?.[0] ?? 0) - start[0]),
          height: round(start[1] - (high[0]?.[1] ?? 0)),
        }
      })
  expect(await corners()).toEqual({ seconds: 49.75, from: 12.5, until: 24.75, height: 10 })
  // A millimetre of the drawing is one of the paper.
  const [box, width] = await page
    .locator('.ecg')
    .evaluate((svg) => [svg.getAttribute('viewBox')?.split(' ')[2], svg.getAttribute('width')])
  expect(width).toBe(`${box}mm`)
  await page.getByLabel('Ampiezza').selectOption('20')
  await page.getByLabel('Velocità').selectOption('50')
  expect(await corners()).toEqual({ seconds: 99.5, from: 25, until: 49.5, height: 20 })
  await page.getByLabel('Disposizione').selectOption('sixByTwo')
  expect(await page.locator('.lead').allTextContents()).toEqual(
    'I V1 II V2 III V3 aVR V4 aVL V5 aVF V6 II'.split(' '),
  )
  expect(await page.locator('.sheets').textContent()).toContain('filtro 0,05–150 Hz')
  expect(await page.locator('.sheet-notes li').allTextContents()).toEqual(['Heart Rate: 72 /min'])
  await screenshot(page, 'light-ecg-1280', false)
  expect(opened.complaints).toEqual([])
  expect(await violationsOf(page)).toEqual([])
})

test('a structured report is text with its headings and numbers, scrolled by keys; a PDF of the study stands beside it', async () => {
  await using opened = await openFolder('sheets', { locale: 'en-GB' })
  const { page } = opened
  await page.locator('.series-item').first().waitFor()
  // Compare can be left again, whatever is looked at.
  for (const [key, views] of [
    ['d', 2],
    ['q', 1],
  ] as const) {
    await page.keyboard.press(key)
    expect(await page.locator('.viewport').count()).toBe(views)
  }
  await page.locator('.series-item', { hasText: 'Ecografia epatica' }).click()
  expect(await page.locator('.sheet h2').textContent()).toBe('Ecografia epatica')
  expect(await page.locator('.sheet-lines li').allTextContents()).toEqual([
    'Reperto: Non lesioni à 3\\4 del fegato',
    'Misure',
    'Diametro: 12.50 mm',
  ])
  expect(await page.locator('.sheet-state').textContent()).toContain('Not verified by a physician')
  await page.getByRole('button', { name: 'Report' }).click()
  expect(await page.locator('.report h3').textContent()).toBe('Scheda di dimissione · 04/05/2026')
  // This browser draws no PDF in a page, as on phones: the link is there. Others frame it (test/engines).
  expect(await page.locator('.report a').getAttribute('href')).toMatch(/^blob:/)
  expect(await page.locator('.report iframe').count()).toBe(
    await page.evaluate(() => Number(navigator.pdfViewerEnabled)),
  )
  // The PDF is no longer told to be something that cannot be shown.
  expect(await page.locator('.series-item').count()).toBe(2)
  await screenshot(page, 'light-sr-1280', false)
})

test('a disc that others made opens when it is dropped as a folder, offline, whatever lies between its images', async () => {
  await using opened = await viewer.open({ offline: true })
  const { page } = opened
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [join(directory, 'foreign')], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 640, y: 400, data })
  await expect.poll(() => shown(page)).toBe('7')
  // The unlisted file is shown in its place, the listed one that is not there is told.
  expect(await page.locator('.series-facts').allTextContents()).toEqual([
    '#2 · 12 immagini',
    '1 oggetto non mostrato',
  ])
  expect(await page.locator('.toast').textContent()).toMatch(/^\d file non DICOM ignorati$/)
  await page.locator('.series-item').nth(1).click()
  await expect.poll(() => page.locator('.tile-list').textContent()).toContain('SE000001/IM105')
  await page.keyboard.press('b')
  expect(await page.locator('.report h3').textContent()).toBe('REFERTO.PDF')
  expect(opened.complaints).toEqual([])
})

test('rectangle and ellipse tell mean, deviation and area of just the pixels they hold; an angle its degrees', async () => {
  await using opened = await openFolder('known')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('1')
  await page.locator('.stage').focus()
  // From the middle (32, 32) to (20, 24), by the centres of pixels.
  const measure = async (key: string) => {
    await page.keyboard.press(key)
    await page.keyboard.press('Enter')
    for (let n = 0; n < 12; n++) await page.keyboard.press('Control+ArrowLeft')
    for (let n = 0; n < 8; n++) await page.keyboard.press('Control+ArrowUp')
    await page.keyboard.press('Enter')
    await expect.poll(() => said(page)).toContain('Area')
    return said(page)
  }
  expect(await measure('r')).toBe(wordsOf(() => true, 12 * 2 * 8 * 2))
  await page.keyboard.press('Delete')
  const inEllipse = (x: number, y: number) => ((x - 26) / 6) ** 2 + ((y - 28) / 4) ** 2 <= 1
  expect(await measure('e')).toBe(wordsOf(inEllipse, Math.PI * 12 * 8))
  await page.keyboard.press('a')
  await page.keyboard.press('Enter')
  for (let n = 0; n < 5; n++) await page.keyboard.press('Control+ArrowRight')
  await page.keyboard.press('Enter')
  for (let n = 0; n < 5; n++) await page.keyboard.press('Control+ArrowDown')
  for (let n = 0; n < 5; n++) await page.keyboard.press('Control+ArrowLeft')
  await page.keyboard.press('Enter')
  await expect.poll(() => said(page)).toBe('45°')
  await page.keyboard.press('h')
  await page.keyboard.press('Enter')
  await expect.poll(() => said(page)).toBe(`${madeValue(32, 32) - 1024} HU (33, 33)`)
})

test('what is turned and flipped keeps its letters; the saved picture is the one seen; a shutter hides what it covers', async () => {
  await using opened = await openFolder('known')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('1')
  expect(await sides(page)).toEqual({ top: 'A', right: 'L', bottom: 'P', left: 'R', bright: 'top left' })
  await page.keyboard.press(']')
  await expect
    .poll(() => sides(page))
    .toEqual({ top: 'R', right: 'A', bottom: 'L', left: 'P', bright: 'top right' })
  await page.keyboard.press('v')
  await expect
    .poll(() => sides(page))
    .toEqual({ top: 'L', right: 'A', bottom: 'R', left: 'P', bright: 'bottom right' })
  await page.keyboard.press('j')
  await expect
    .poll(() => sides(page))
    .toEqual({ top: 'L', right: 'P', bottom: 'R', left: 'A', bright: 'bottom left' })
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('g')])
  const png = (await bytesOf(download)).toString('base64')
  expect(await page.evaluate(DIFFERENCES, png)).toEqual({ size: true, differing: 0, words: true })
  // Printed on white, with whose it is and that it is not for diagnosis, and nothing of the page around.
  await page.evaluate(() => Object.assign(window, { print: () => document.body.classList.add('printed') }))
  await page.keyboard.press('Control+p')
  await page.locator('body.printed').waitFor()
  await page.emulateMedia({ media: 'print' })
  expect(
    await page.locator('.print-sheet img').evaluate((image: HTMLImageElement) => image.naturalWidth),
  ).toBeGreaterThan(500)
  expect(await page.locator('.print-sheet').textContent()).toMatch(/Non destinato alla diagnosi.*Stampato il/)
  expect(await page.locator('#viewer').isVisible()).toBe(false)
  await page.emulateMedia({ media: 'screen' })
  await page.evaluate(() => dispatchEvent(new Event('afterprint')))
  await page.locator('.series-item').nth(1).click()
  await expect.poll(() => greyAt(page, 32, 32)).toBe(255)
  expect(await greyAt(page, 32, 20)).toBe(255)
  expect(await greyAt(page, 32, 10)).toBe(0)
  expect(await greyAt(page, 50, 50)).toBe(0)
})

test('on a phone two fingers zoom around themselves and move; menus, help and report fit the screen', async () => {
  await using opened = await openFolder('foreign', PHONE)
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  const zoom = async () =>
    Number(/Zoom (\d+)%/.exec((await page.locator('.corner-br').textContent()) ?? '')?.[1])
  const before = await zoom()
  const session = await page.context().newCDPSession(page)
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart: number, down = 0) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: apart ? [-1, 1].map((side, id) => ({ id, x: 195 + side * apart, y: 400 + down })) : [],
    })
  await touch('touchStart', 40)
  for (let step = 1; step <= 4; step++) await touch('touchMove', 40 + step * 10)
  await touch('touchEnd', 0)
  await expect.poll(zoom).toBeGreaterThan(before * 1.9)
  expect(await shown(page)).toBe('7')
  const fits = () =>
    page.evaluate(
      () =>
        document.documentElement.scrollWidth <= innerWidth &&
        [...document.querySelectorAll('.menu, .dialog, .report, .top')].every((one) => {
          const { left, right } = one.getBoundingClientRect()
          return left >= 0 && right <= innerWidth
        }),
    )
  await page.getByRole('button', { name: 'Vista', exact: true }).click()
  await page.getByRole('menuitem').first().waitFor()
  expect(await fits()).toBe(true)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Aiuto' }).click()
  expect(await fits()).toBe(true)
  await screenshot(page, 'light-help-390', false)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Referto' }).click()
  expect(await fits()).toBe(true)
  await page.locator('.report a').first().waitFor()
  expect(await tooSmall(page)).toEqual([])
  await screenshot(page, 'light-report-390', false)
})

/** What a region from (20, 24) to (32, 32) should say, of the pixels that are in it. */
function wordsOf(isIn: (x: number, y: number) => boolean, area: number): string {
  const values: number[] = []
  for (let y = 24; y <= 32; y++)
    for (let x = 20; x <= 32; x++) if (isIn(x, y)) values.push(madeValue(x, y) - 1024)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const deviation = Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1),
  )
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const written = (value: number) => String(Math.round(value * 10) / 10).replace('.', ',')
  return `Media ${written(mean)} HU  DS ${written(deviation)}. Min–Max ${least} / ${most}. Area ${written(area)} mm²`
}

/** The letters at the edges, and in which corner of the picture the bright one lies. */
async function sides(page: Page) {
  const letter = (side: string) => page.locator(`.corner-${side}`).textContent()
  const corners = {
    'top left': [3, 3],
    'top right': [60, 3],
    'bottom left': [3, 60],
    'bottom right': [60, 60],
  } as const
  let bright = ''
  for (const [name, [x, y]] of Object.entries(corners)) if ((await greyAt(page, x, y)) === 255) bright += name
  return {
    top: await letter('top'),
    right: await letter('right'),
    bottom: await letter('bottom'),
    left: await letter('left'),
    bright,
  }
}

/** The grey on the screen where a picture of 64 by 64 that fits the view has that place. */
const greyAt = (page: Page, x: number, y: number) =>
  page.evaluate(
    ([column, row]) => {
      const canvas = document.querySelector('.stage canvas') as HTMLCanvasElement
      const scale = Math.min(canvas.width, canvas.height) / 64
      const at = (place: number, whole: number) => whole / 2 + (place + 0.5 - 32) * scale
      const context = canvas.getContext('2d')
      return context?.getImageData(at(column, canvas.width), at(row, canvas.height), 1, 1).data[0]
    },
    [x, y] as const,
  )

/** A saved picture against the screen: of one size, alike where no words stand, with words in its corner. */
async function DIFFERENCES(base64: string) {
  const seen = document.querySelector('.stage canvas') as HTMLCanvasElement
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  const saved = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
  const canvas = new OffscreenCanvas(saved.width, saved.height)
  const context = canvas.getContext('2d')
  context?.drawImage(saved, 0, 0)
  const [x, y, side] = [(saved.width >> 1) - 100, (saved.height >> 1) - 100, 200]
  const a = context?.getImageData(x, y, side, side).data ?? []
  const b = seen.getContext('2d')?.getImageData(x, y, side, side).data ?? []
  const corner = context?.getImageData(0, 0, 120, 60).data ?? []
  return {
    size: saved.width === seen.width && saved.height === seen.height,
    differing: [...a].filter((value, at) => value !== b[at]).length,
    words: [...corner].filter((value, at) => at % 4 === 0 && value > 200).length > 50,
  }
}
