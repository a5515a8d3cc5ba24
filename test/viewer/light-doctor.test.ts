import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { violationsOf } from '../support/axe.ts'
import { screenshot } from '../support/browser.ts'
import { smallPdf } from './exams.ts'
import { writeForeignDisc } from './light-folder.ts'
import { lightViewer, shown } from './light-page.ts'
import { writeSheetFolder } from './light-sheets.ts'

let viewer: Awaited<ReturnType<typeof lightViewer>>
let directory: string
const openFolder = (name: string, options?: BrowserContextOptions) => viewer.openFolder(name, options)

beforeAll(async () => {
  viewer = await lightViewer()
  directory = viewer.directory
  for (const name of ['sheets', 'foreign']) await mkdir(join(directory, name))
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
  expect(await page.locator('.report iframe').getAttribute('src')).toMatch(/^blob:/)
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
