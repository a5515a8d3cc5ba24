import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { violationsOf } from '../support/axe.ts'
import { samplePages } from './samples.tsx'
import { shareSamples } from './share-samples.tsx'
import {
  keepScreenshot,
  openPage,
  samplePdf,
  sampleSite,
  startChromium,
  startSite,
  type Watched,
} from './support.tsx'

const site = await sampleSite()
const pages = { ...samplePages(site), ...shareSamples(site) }
const COMPUTER = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }
/** WCAG 1.4.10: the width of a page enlarged four times on a small screen. */
const NARROWEST = { width: 320, height: 700 }

let browser: Awaited<ReturnType<typeof startChromium>>
let server: Awaited<ReturnType<typeof startSite>>
let watched: Watched

beforeAll(async () => {
  const pdf = new Uint8Array(await samplePdf(3))
  browser = await startChromium()
  server = await startSite((app, show) => {
    app.get('/documento.pdf', (c) => c.body(pdf, 200, { 'Content-Type': 'application/pdf' }))
    for (const [name, page] of Object.entries(pages)) show(`/${name}`, page)
  })
  watched = await openPage(browser)
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

describe.each(Object.keys(pages))('page %s', (name) => {
  test('has no WCAG violation, nothing the strict CSP refuses, no sideways scroll, on computer and phone (S40, S44)', async () => {
    const { page, complaints } = watched
    complaints.length = 0
    await page.setViewportSize(COMPUTER)
    await page.goto(`${server.url}/${name}`)
    for (const size of [COMPUTER, PHONE, NARROWEST]) {
      await page.setViewportSize(size)
      await settled(name)
      expect(await shownPage(), `${size.width}`).toEqual({
        overflow: 0,
        lang: 'it',
        mode: 'CSS1Compat',
        headings: 1,
      })
      if (size === NARROWEST) continue
      await keepScreenshot(page, `${name}-${size.width}`)
      expect(await violationsOf(page), `${size.width}`).toEqual([])
    }
    expect(complaints).toEqual([])
  })
})

test('while late images arrive those that are there can be looked at; the disc waits for all of them (S8)', async () => {
  const text = await (await fetch(`${server.url}/list`)).text()
  const [, complete = '', arriving = ''] = text.split('<article')
  for (const card of [complete, arriving]) expect(card).toContain('Visualizza immagini')
  expect(complete).toContain('Scarica immagini')
  expect(arriving).not.toContain('Scarica immagini')
  expect(arriving).toContain('Stanno arrivando altre immagini')
})

test('what is wrong is found: a picture and a field without words, pale letters (S40)', async () => {
  const { page } = watched
  // Without our policy, which would refuse the style.
  await page.goto('about:blank')
  await page.setContent(
    '<html lang="it"><title>Prova</title><main><h1>Prova</h1><img src="data:,"><input><p style="color:#bbb">pallido</p></main>',
  )
  const found = (await violationsOf(page)).map((violation) => violation.split(':')[0])
  expect(found).toEqual(['color-contrast', 'image-alt', 'label'])
})

/** Waits for what the page's scripts draw, and opens all answers so that they are looked at too. */
async function settled(name: string) {
  const { page } = watched
  if (name === 'report-pdf') await page.locator('#pdf-pages canvas').first().waitFor()
  if (name === 'disc' || name === 'doctor-disc')
    await page.getByText('Sulla tua linea, in questo momento').waitFor()
  await page.evaluate(async () => {
    if (/^\/(help|share-list)/.test(location.pathname))
      for (const details of document.querySelectorAll('details')) details.open = true
    await document.fonts.ready
  })
}

const shownPage = () =>
  watched.page.evaluate(() => ({
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    lang: document.documentElement.lang,
    mode: document.compatMode,
    headings: document.querySelectorAll('h1').length,
  }))
