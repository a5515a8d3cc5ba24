import { existsSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildViewer } from '../../viewer/build.ts'
import { colourImage, type Online, online, pixelsOf, slice } from '../dicomweb/online.ts'
import { launchBrowser, screenshot, watchPage } from '../support/browser.ts'
import { UNUSUAL } from './unusual.ts'

const PATIENCE = { timeout: 60_000, interval: 200 }
// Real servers, a real browser: on a busy machine OHIF alone takes ten seconds to start.
const LONG = 150_000

let o: Online
let browser: Browser
let viewer = ''

beforeAll(async () => {
  await buildViewer()
  o = await online()
  await o.send(colourImage())
  await o.prepared()
  browser = await launchBrowser()
  const list = await (await o.patient.get('/referti')).text()
  viewer = /\/referti\/[0-9a-f-]{36}\/immagini/.exec(list)?.[0] ?? ''
}, 400_000)
afterAll(async () => {
  await browser?.close()
  await o?.[Symbol.asyncDispose]()
})

/** A browser in which the person has signed in, by the page itself. */
async function signedIn() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'it-IT' })
  const page = await context.newPage()
  const { complaints } = watchPage(page, o.gateway.url)
  await page.goto(o.gateway.url)
  await enter(page)
  return { context, page, complaints, [Symbol.asyncDispose]: () => context.close() }
}

async function enter(page: Page): Promise<void> {
  await page.getByLabel('PIN1').fill(o.pins.pin1)
  await page.getByLabel('PIN2').fill(o.pins.pin2)
  await page.getByRole('button', { name: 'Entra' }).click()
}

test(
  'the viewer’s files are brought while the list is read; its frames come prepared and are the stored ones to the bit; nothing leaves the origin',
  async () => {
    await using person = await signedIn()
    const { page, complaints } = person
    const brought = new Set<string>()
    page.on('requestfinished', (request) => void brought.add(new URL(request.url()).pathname))
    await page.waitForURL('**/referti')
    await expect
      .poll(() => [...brought].some((path) => /\/viewer\/.*\/app\.bundle\..*\.js$/.test(path)), PATIENCE)
      .toBe(true)
    const types = new Set<string>()
    page.on('response', (response) => {
      // Series 7 is in colour, whose frames are not compressed.
      if (/\/frames\/\d+$/.test(response.url()) && !response.url().includes('.7/instances/'))
        types.add(response.headers()['content-type']?.split('; boundary')[0] ?? '')
    })
    const asked: string[] = []
    page.on('request', (request) => void asked.push(new URL(request.url()).pathname))
    await open(page)
    await expect.poll(() => shownSlice(page), PATIENCE).toBeGreaterThan(0)
    // Asked ahead, and not once more by OHIF.
    const searches = asked.filter((path) =>
      /\/dicomweb\/.*(?:studies|series|series\/[0-9.]+\/metadata)$/.test(path),
    )
    expect(searches.length).toBeGreaterThan(2)
    expect(searches).toEqual([...new Set(searches)])
    expect([...types]).toEqual([
      'multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80',
    ])
    await page.getByRole('button', { name: 'Referto' }).click()
    const report = page.frameLocator('#ritiro-report-frame')
    await report.locator('canvas').first().waitFor({ timeout: 60_000 })
    const image = await page.locator('.cornerstone-viewport-element').first().boundingBox()
    expect((image?.x ?? 0) + (image?.width ?? 0)).toBeLessThanOrEqual(1280 - 440)
    await screenshot(page, 'viewer-online-1280', false)
    expect(complaints).toEqual([])
  },
  LONG,
)

test(
  'an archive that is away, before or in mid-view, is waited for: a message in words, and the images without a reload',
  async () => {
    await using person = await signedIn()
    const { page } = person
    await page.waitForURL('**/referti')
    await o.orthanc.kill()
    try {
      await page.goto(o.gateway.url + viewer, { waitUntil: 'commit' })
      await page.getByRole('alert').getByText('non risponde').waitFor(PATIENCE)
      await page.evaluate(() => Object.assign(window, { notReloaded: true }))
      await screenshot(page, 'viewer-online-away', false)
    } finally {
      await o.orthanc.start()
    }
    // Unless it has tried by itself the moment the archive was there.
    const again = page.getByRole('link', { name: 'Riprova adesso' })
    await again.click({ timeout: 5_000 }).catch(async () => expect(await again.isVisible()).toBe(false))
    await expect.poll(() => shownSlice(page), PATIENCE).toBeGreaterThan(0)
    await page.getByRole('alert').waitFor({ state: 'hidden' })

    // In mid-view: what is prepared goes on coming, colours are not prepared and are waited for.
    await o.orthanc.kill()
    try {
      await openSeries(page, 'Serie 9')
      await expect.poll(() => shownSeries(page), PATIENCE).toMatch(/\.9$/)
      await openSeries(page, 'Serie 7')
      await page.getByRole('alert').getByText('non risponde').waitFor(PATIENCE)
    } finally {
      await o.orthanc.start()
    }
    // By itself this time.
    await expect.poll(() => shownSeries(page), PATIENCE).toMatch(/\.7$/)
    await page.getByRole('alert').waitFor({ state: 'hidden' })
    expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true)
  },
  LONG,
)

test(
  'S12: a session that ends while one looks: a message, the login, and the same series again',
  async () => {
    await using person = await signedIn()
    const { page, context } = person
    await page.waitForURL('**/referti')
    await open(page)
    await openSeries(page, 'Serie 9')
    await expect.poll(() => wordsOn(page), PATIENCE).toContain('(1/3)')
    await endSession(context)
    await page.evaluate(() => window.fetch('/dicomweb/studies').catch(() => undefined))
    await page.getByRole('alert').getByText('La sessione è terminata').waitFor(PATIENCE)
    await page.getByRole('link', { name: 'Vai alla pagina di accesso' }).click()
    await page.waitForURL('**/?fine=sessione')
    await enter(page)
    await page.waitForURL('**/viewer/viewer?*')
    expect(page.url()).toContain('initialSeriesInstanceUID=')
    await expect.poll(() => wordsOn(page), PATIENCE).toContain('(1/3)')
  },
  LONG,
)

test(
  'what OHIF cannot show is said in words; S8: images that come while one looks are told of, and shown when one wants',
  async () => {
    await using person = await signedIn()
    const { page } = person
    await page.waitForURL('**/referti')
    for (const { elements, transferSyntax } of UNUSUAL) await o.send(elements, transferSyntax)
    await open(page)
    // Contours are drawn over their images; of a film and of a map of numbers it is said that they cannot be shown here.
    for (const [series, wanted] of [
      ['.20', /RTSTRUCT.*\(2\/2\)/s],
      ['.21', /Questa serie non si può mostrare da sola/],
      ['.22', /Quello che il visualizzatore non sa mostrare/],
    ] as const) {
      await expect.poll(() => uidOfSeries(page, series), PATIENCE).not.toBe('')
      await page.evaluate(showDisplaySet, await uidOfSeries(page, series))
      await expect.poll(() => wordsOn(page), PATIENCE).toMatch(wanted)
      await screenshot(page, `viewer-unusual${series}`, false)
    }
    await openSeries(page, 'Serie 1')
    await expect.poll(() => wordsOn(page), PATIENCE).toContain('/2)')
    await look(page)
    await o.send(slice(3))
    await expect
      .poll(async () => {
        await look(page)
        return page.getByRole('alert').isVisible()
      }, PATIENCE)
      .toBe(true)
    await page.getByRole('alert').getByText('Sono arrivate altre immagini').waitFor()
    await page.getByRole('link', { name: 'Mostra anche le nuove' }).click()
    await expect.poll(() => wordsOn(page), PATIENCE).toContain('/3)')
  },
  LONG,
)

// biome-ignore lint/performance/useDomNodeTextContent: what is seen counts, not what is hidden in the page
const wordsOn = (page: Page) => page.innerText('body')

const uidOfSeries = async (page: Page, ending: string): Promise<string> =>
  (await displaySets(page)).find(({ series }) => series.endsWith(ending))?.uid ?? ''

// What it does by itself every quarter of a minute while someone is there.
const look = (page: Page) =>
  page.evaluate(() => (window as unknown as { ritiro: { look: () => Promise<void> } }).ritiro.look())

const openSeries = (page: Page, name: string) =>
  page.locator('[data-cy="study-browser-thumbnail"]', { hasText: name }).click()

/** Which of our slices, to the bit, OHIF's own decoder made of what came; 0 where it is none of them. */
async function shownSlice(page: Page): Promise<number> {
  const shown = (await shownPixels(page)).join()
  return [1, 2, 3].find((number) => pixelsOf(number).join() === shown) ?? 0
}

async function open(page: Page): Promise<void> {
  await page.goto(o.gateway.url + viewer)
  await page.locator('.cornerstone-canvas').first().waitFor({ timeout: 60_000 })
  await expect.poll(async () => (await shownPixels(page)).length, PATIENCE).toBeGreaterThan(0)
}

/** Ends the session as if at another window, so that this page does not know. */
async function endSession(context: BrowserContext): Promise<void> {
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
  const ended = await fetch(`${o.gateway.url}/uscita`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, 'sec-fetch-site': 'same-origin' },
  })
  expect(ended.status).toBe(303)
}

/** Series Instance UID of the image that is drawn; '' where there is none. */
function shownSeries(page: Page): Promise<string> {
  return page.evaluate(() => {
    type Viewport = { getCornerstoneImage?: () => { imageId?: string } | undefined }
    const { services } = window as unknown as {
      services: {
        viewportGridService: { getActiveViewportId: () => string }
        cornerstoneViewportService: { getCornerstoneViewport: (id: string) => Viewport | null }
      }
    }
    const id = services.viewportGridService.getActiveViewportId()
    const image = services.cornerstoneViewportService.getCornerstoneViewport(id)?.getCornerstoneImage?.()
    return /\/series\/([0-9.]+)\//.exec(image?.imageId ?? '')?.[1] ?? ''
  })
}

/** The stored values of the image that is shown, as OHIF's own decoder made them. */
function shownPixels(page: Page): Promise<number[]> {
  return page.evaluate(() => {
    type Viewport = { getCornerstoneImage?: () => { getPixelData: () => Uint16Array } | undefined }
    type Services = {
      viewportGridService: { getActiveViewportId: () => string }
      cornerstoneViewportService: { getCornerstoneViewport: (id: string) => Viewport | null }
    }
    const { services } = window as unknown as { services?: Services }
    const id = services?.viewportGridService.getActiveViewportId()
    const viewport = id ? services?.cornerstoneViewportService.getCornerstoneViewport(id) : null
    return [...(viewport?.getCornerstoneImage?.()?.getPixelData() ?? [])]
  })
}

test.skipIf(!existsSync('../shared/samples'))(
  'every sample is opened: drawn, or said in words why not; no error in the console, no request elsewhere',
  async () => {
    await using all = await online({ samples: true })
    await all.prepared()
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'it-IT' })
    const [name = '', value = ''] = all.patient.cookie.split('=')
    await context.addCookies([{ name, value, domain: 'localhost', path: '/', secure: true, httpOnly: true }])
    const page = await context.newPage()
    const { complaints } = watchPage(page, all.gateway.url)
    const list = await (await all.patient.get('/referti')).text()
    await page.goto(all.gateway.url + (/\/referti\/[0-9a-f-]{36}\/immagini/.exec(list)?.[0] ?? ''))
    await page.locator('.cornerstone-canvas').first().waitFor({ timeout: 60_000 })
    await expect.poll(() => displaySets(page).then((sets) => sets.length), PATIENCE).toBeGreaterThan(23)
    const shown: Record<string, string> = {}
    for (const [index, { uid, modality, series }] of (await displaySets(page)).entries()) {
      await page.evaluate(showDisplaySet, uid)
      const key = `${index} ${modality}`
      await expect
        .poll(async () => (shown[key] = await page.evaluate(whatIsShown, { series, modality })), PATIENCE)
        .not.toBe('nothing')
    }
    await context.close()
    expect(Object.keys(shown).length).toBeGreaterThan(23)
    const of = (kind: string) =>
      Object.keys(shown)
        .filter((key) => shown[key] === kind)
        .map((key) => key.split(' ')[1])
    // A plan draws nothing, and the segmentation's images are not among the samples; a structured report is text.
    expect(of('words').toSorted()).toEqual(['RTPLAN', 'SEG', 'SR'])
    expect(of('image')).toContain('ECG')
    expect(complaints).toEqual([])
  },
  LONG,
)

type DisplaySets = { displaySetInstanceUID: string; Modality: string; SeriesInstanceUID: string }[]
type Ohif = {
  services: {
    displaySetService: { getActiveDisplaySets: () => DisplaySets }
    cornerstoneViewportService: {
      getCornerstoneViewport: (id: string) => { getCurrentImageId?: () => string | undefined } | null
    }
    viewportGridService: {
      getActiveViewportId: () => string
      setDisplaySetsForViewport: (what: { viewportId: string; displaySetInstanceUIDs: string[] }) => void
    }
  }
}

const displaySets = (page: Page) =>
  page.evaluate(() =>
    (window as unknown as Ohif).services.displaySetService
      .getActiveDisplaySets()
      .map(({ displaySetInstanceUID: uid, Modality: modality, SeriesInstanceUID: series }) => ({
        uid,
        modality,
        series,
      })),
  )

/** In the page: opens a series as a click on it does. */
function showDisplaySet(uid: string): void {
  // What the one before left must not be taken for this one.
  for (const canvas of document.querySelectorAll<HTMLCanvasElement>('.cornerstone-canvas'))
    canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height)
  const { viewportGridService: grid } = (window as unknown as Ohif).services
  grid.setDisplaySetsForViewport({ viewportId: grid.getActiveViewportId(), displaySetInstanceUIDs: [uid] })
}

/** In the page: is there an image of more than a few greys, or are there words? */
function whatIsShown({
  series,
  modality,
}: {
  series: string
  modality: string
}): 'image' | 'words' | 'nothing' {
  const { viewportGridService: grid, cornerstoneViewportService: viewports } = (window as unknown as Ohif)
    .services
  const imageId = viewports.getCornerstoneViewport(grid.getActiveViewportId())?.getCurrentImageId?.()
  // The one before is drawn until this one is here.
  if (imageId?.startsWith('wadors:') && !imageId.includes(series)) return 'nothing'
  // Of a viewport that is gone the canvas may still be there; an ECG's names no image.
  const draws = imageId !== undefined || modality === 'ECG'
  for (const canvas of draws ? document.querySelectorAll<HTMLCanvasElement>('.cornerstone-canvas') : []) {
    const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width || 1, canvas.height || 1).data ?? []
    const seen = new Set<number>()
    for (let at = 0; at < data.length; at += 4 * 37) seen.add((data[at] ?? 0) * 256 + (data[at + 1] ?? 0))
    if (seen.size > 10) return 'image'
  }
  const pane = document.querySelector('[data-cy="viewport-pane"]')
  const said = pane?.querySelector('canvas') ? '' : (pane?.textContent ?? '')
  return said.trim().length > 20 ? 'words' : 'nothing'
}
