import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { buildViewer, type ViewerManifest } from '../../viewer/build.ts'
import { launchBrowser, screenshot } from '../support/browser.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { writeExams } from './exams.ts'
import { startSite } from './stand.ts'

const DESKTOP = { viewport: { width: 1280, height: 800 } }
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }

const root = resolve(import.meta.dirname, '../../var/viewer')

let browser: Browser
let orthanc: TestOrthanc
let site: Awaited<ReturnType<typeof startSite>>
let exams: Awaited<ReturnType<typeof writeExams>>
let manifest: ViewerManifest
let folder = ''

beforeAll(async () => {
  manifest = await buildViewer({ out: root })
  folder = await mkdtemp(join(tmpdir(), 'ritiro-ohif-'))
  orthanc = await testOrthanc()
  exams = await writeExams(join(folder, 'exams'))
  await orthanc.send({ directory: join(folder, 'exams') })
  site = await startSite(root, orthanc)
  browser = await launchBrowser()
}, 400_000)

afterAll(async () => {
  await browser?.close()
  await site?.[Symbol.asyncDispose]()
  await orthanc?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true, force: true })
})

describe('S20: an exam in the browser, at 1280 px', () => {
  let tab: Tab
  beforeAll(async () => {
    tab = await open(exams.exam, DESKTOP)
    await drawn(tab)
  })
  afterAll(() => tab?.[Symbol.asyncDispose]())

  test('the image is drawn, all from our origin, without an error, in Italian', async () => {
    const { page } = tab
    await page.getByText('CORONALE').first().waitFor()
    await screenshot(page, 'viewer-1280', false)

    const words = await wordsOn(page)
    expect(words).toContain('Torna ai referti')
    expect(words).toContain('Serie dell’esame')
    expect(words).toContain('23/11/2026')
    expect(words).not.toMatch(/\b(Studies|Series|Measurements|Primary|Recent|Loading|Patient|Preferences)\b/)
    expect(await page.locator('html').getAttribute('lang')).toBe('it')
    expect(await page.locator('.shepherd-element, [data-cy="work-list"]').count()).toBe(0)
    expect(tab.problems).toEqual([])
    expect(tab.requests.filter((url) => !url.startsWith(`${site.origin}/`))).toEqual([])
  })

  test('the tools’ menus are in Italian', async () => {
    const { page } = tab
    const seen: string[] = []
    for (const name of [
      'MeasurementTools-split-button-secondary',
      'MoreTools-split-button-secondary',
      'Layout',
    ]) {
      await page.locator(`[data-cy="${name}"]`).first().click()
      await page.waitForTimeout(500)
      seen.push(...(await wordsOn(page)).split('\n'))
      await screenshot(page, `viewer-menu-${name.toLowerCase()}`, false)
      await page.keyboard.press('Escape')
    }
    expect(seen).toContain('Lunghezza')
    expect(seen).toContain('Ruota a destra')
    expect(seen).toContain('Comuni')
    expect(seen.filter((line) => ENGLISH.test(line))).toEqual([])
  })

  test('one click opens another series', async () => {
    const { page } = tab
    await expect.poll(() => wordsOn(page)).toContain('(1/4)')
    await page.locator('[data-cy="study-browser-thumbnail"]', { hasText: 'CORONALE' }).click()
    await expect.poll(() => wordsOn(page)).toContain('(1/2)')
    expect(tab.problems).toEqual([])
  })

  test('no other exam of the patient is asked for, nor shown, by all of this', async () => {
    const dicomweb = tab.requests.filter((url) => url.includes('/dicomweb/'))
    expect(dicomweb.length).toBeGreaterThan(3)
    for (const url of dicomweb) expect(url).toContain(exams.exam)
    expect(dicomweb.join()).not.toMatch(/00100020|PatientID/)
    expect(await wordsOn(tab.page)).not.toContain('PRECEDENTE')
  })
})

describe('S20: an exam in the browser, at 390 px', () => {
  let tab: Tab
  beforeAll(async () => {
    tab = await open(exams.exam, PHONE)
    await drawn(tab)
  })
  afterAll(() => tab?.[Symbol.asyncDispose]())

  test('the image has the whole width, tools and series are within reach', async () => {
    const { page } = tab
    const image = await page
      .locator('[data-cy="viewport-pane"], .cornerstone-viewport-element')
      .last()
      .boundingBox()
    expect(image?.width).toBeGreaterThan(370)
    expect(image?.height).toBeGreaterThan(650)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await screenshot(page, 'viewer-390', false)

    await page.locator('#seriesList-btn').tap()
    await screenshot(page, 'viewer-390-series', false)
    await page.locator('[data-cy="study-browser-thumbnail"]', { hasText: 'CORONALE' }).tap()
    await expect.poll(() => wordsOn(page)).toContain('(1/2)')
    await page.locator('#seriesList-btn').waitFor()
    await page.locator('[data-cy="MeasurementTools-split-button-secondary"]').tap()
    await page.getByText('Regione a mano libera').waitFor()
    await page.keyboard.press('Escape')
    expect(tab.problems).toEqual([])
  })

  test('S12: an answer refused, as the session has ended, says so and takes the images away', async () => {
    const { page } = tab
    try {
      site.state.session = 'ended'
      await page.evaluate(() => fetch('/dicomweb/studies'))
      await page.getByRole('alert').getByText('La sessione è terminata').waitFor()
      await screenshot(page, 'viewer-390-ended', false)
      const link = page.getByRole('link', { name: 'Vai alla pagina di accesso' })
      expect(await link.getAttribute('href')).toBe('/referti')
      expect(await page.locator('#root').isVisible()).toBe(false)
    } finally {
      site.state.session = 'open'
    }
  })
})

test('S16: the way back is there before OHIF, and leads to the reports in the same page', async () => {
  await using tab = await open(exams.exam, PHONE)
  await tab.page.getByRole('link', { name: 'Torna ai referti' }).click()
  await tab.page.getByRole('heading', { name: 'Referti' }).waitFor()
  expect(tab.context.pages()).toHaveLength(1)
})

const ENGLISH =
  /\b(the|and|of|to|Length|Rotate|Flip|Magnify|Image|Reference|Layout|Common|Advanced|Custom|Click|Hover|Tool|Window|Level|Zoom|Show|Hide|Only|Primary|View)\b/

describe('S47: however the address is changed', () => {
  test('language, token and configuration of the address are not taken over', async () => {
    const query = `StudyInstanceUIDs=${exams.exam}&lng=en&token=secret&customization=x&configUrl=https://example.org/x`
    await using tab = await openAt(`/viewer/viewer?${query}`, DESKTOP)
    await expect.poll(() => greys(tab.page), { timeout: 20_000 }).toBeGreaterThan(20)
    expect(await wordsOn(tab.page)).toContain('Serie dell’esame')
    expect(new URL(tab.page.url()).search).toBe(`?StudyInstanceUIDs=${exams.exam}`)
    expect(tab.authorised).toEqual([])
    expect(tab.problems).toEqual([])
  })

  test('without an exam it leads back to the reports', async () => {
    await using tab = await openAt('/viewer/viewer', DESKTOP)
    await tab.page.getByRole('heading', { name: 'Referti' }).waitFor()
  })

  test('an exam that is not there is said to be so, in Italian', async () => {
    await using tab = await open('1.2.3.4.5', DESKTOP)
    await tab.page.getByText('Le immagini di questo esame non sono disponibili').waitFor()
  })
})

test('S12: whoever is idle is warned; a movement is a sign of life; without one the images go', async () => {
  await using tab = await openAt(`/viewer/viewer?StudyInstanceUIDs=${exams.exam}#inattivita=8`, DESKTOP)
  const { page } = tab
  await page.getByText('Tra poco la sessione si chiude').waitFor({ timeout: 15_000 })
  const before = site.state.signsOfLife
  await page.mouse.move(600, 400)
  await expect.poll(() => site.state.signsOfLife).toBeGreaterThan(before)
  await page.getByRole('alert').waitFor({ state: 'hidden' })
  await page.getByText('La sessione è terminata').waitFor({ timeout: 15_000 })
  expect(await page.locator('#root').isVisible()).toBe(false)
})

// All samples of other kinds are opened in online.test.ts, through the gateway.
describe('other objects', () => {
  test('a PDF document is shown within the page', async () => {
    await using tab = await open(exams.document, DESKTOP)
    const shown = tab.page.locator('object[type="application/pdf"]')
    await shown.waitFor({ timeout: 20_000 })
    expect(await shown.getAttribute('data')).toMatch(/^blob:/)
    await tab.page.waitForTimeout(1000)
    await screenshot(tab.page, 'viewer-1280-pdf', false)
    expect(tab.problems).toEqual([])
  })
})

test('the first load stays small: what is sent compressed, without the image', () => {
  const sent = manifest.start.reduce((sum, path) => {
    const entry = manifest.files[path]
    return sum + (entry?.encodings.br ?? entry?.size ?? 0)
  }, 0)
  expect(sent).toBeLessThan(2_600_000)
})

test('a second build with nothing changed builds nothing', async () => {
  const built = async () => (await stat(join(root, 'manifest.json'))).mtimeMs
  const before = await built()
  expect((await buildViewer({ out: root })).version).toBe(manifest.version)
  expect(await built()).toBe(before)
})

const open = (studyInstanceUid: string, options: BrowserContextOptions) =>
  openAt(`/viewer/viewer?StudyInstanceUIDs=${studyInstanceUid}`, options)

type Tab = Awaited<ReturnType<typeof openAt>>

async function openAt(path: string, options: BrowserContextOptions) {
  const context = await contextOf(options)
  const page = await context.newPage()
  const problems: string[] = []
  const requests: string[] = []
  const authorised: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('request', (request) => {
    const url = request.url()
    if (!/^(blob|data):/.test(url)) requests.push(url)
    if (request.headers().authorization) authorised.push(url)
  })
  await page.goto(`${site.origin}${path}`)
  return { page, context, problems, requests, authorised, [Symbol.asyncDispose]: () => page.close() }
}

// One for each device: the second page has the viewer's files in the cache, as the second exam of a person.
const contexts = new Map<BrowserContextOptions, BrowserContext>()
async function contextOf(options: BrowserContextOptions): Promise<BrowserContext> {
  const context = contexts.get(options) ?? (await browser.newContext({ ...options, locale: 'en-GB' }))
  contexts.set(options, context)
  return context
}

// biome-ignore lint/performance/useDomNodeTextContent: what is seen counts, not what is hidden in the page
const wordsOn = (page: Page) => page.innerText('body')

/** Waits for the image, before the tests. */
const drawn = (tab: Tab) => vi.waitUntil(async () => (await greys(tab.page)) > 20, { timeout: 30_000 })

/** How many different greys or colours the drawn image has: a blank one has one or two. */
function greys(page: Page): Promise<number> {
  return page.evaluate(() => {
    const counts = [...document.querySelectorAll<HTMLCanvasElement>('.cornerstone-canvas')].map((canvas) => {
      const { width, height } = canvas
      if (width === 0 || height === 0) return 0
      const data = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? []
      const seen = new Set<number>()
      for (let at = 0; at < data.length; at += 4 * 37) seen.add((data[at] ?? 0) * 256 + (data[at + 1] ?? 0))
      return seen.size
    })
    return Math.max(0, ...counts)
  })
}
