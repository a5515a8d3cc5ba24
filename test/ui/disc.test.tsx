import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DiscPage } from '../../src/portal/pages/disc-page.tsx'
import { bytesOf } from '../support/browser.ts'
import { discProps, readyDisc, withCompact } from './samples.tsx'
import { openPage, sampleSite, startChromium, startSite } from './support.tsx'

const site = await sampleSite()
const texts = site.messages.disc
const IMAGE = randomBytes(50_000)
const PIECES = 20

let browser: Awaited<ReturnType<typeof startChromium>>
let server: Awaited<ReturnType<typeof startSite>>
let preparing: { done: number; total: number } | undefined
let probed = 0
let compact: 'not asked' | 'preparing' | 'ready' = 'not asked'

beforeAll(async () => {
  browser = await startChromium()
  server = await startSite((app, show) => {
    show('/disco', () => <DiscPage {...discProps(site)} />)
    show('/lenta', () => <DiscPage {...discProps(site, { ready: readyDisc(60_000_000) })} />)
    show('/pronta', () => (
      <DiscPage {...discProps(site, { ready: preparing ? null : readyDisc(5_000_000), preparing })} />
    ))
    show('/compatta', () => <DiscPage {...discProps(site, { ready: withCompact(compact, 60_000_000) })} />)
    app.post('/referti/1/disco-compatto', (c) => {
      compact = 'preparing'
      return c.redirect('/compatta#compact', 303)
    })
    app.get('/referti/1/disco.iso', (c) =>
      c.body(new Uint8Array(IMAGE), 200, { 'Content-Type': 'application/x-iso9660-image' }),
    )
    // A line of 500 kB/s: 1 MB in two seconds.
    app.get('/lenta/linea', (c) => {
      probed += 1
      return c.body(slowly(new Uint8Array(1_000_000), 2000))
    })
  })
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

describe('the disc page', () => {
  test('tells the size and the time on this person’s own line (S22)', async () => {
    const { page, complaints, close } = await openPage(browser)
    await page.route('**/linea', async (route) => route.continue({ url: `${server.url}/lenta/linea` }))
    await page.goto(`${server.url}/lenta`)
    expect(await page.locator('#disc').textContent()).toContain('60 MB')
    // 60 MB at 500 kB/s are two minutes; a busy machine makes it slower.
    await page
      .getByText(/Sulla tua linea, in questo momento: circa [2-9] minuti/)
      .waitFor({ timeout: 15_000 })
    expect(probed).toBe(1)
    expect(complaints).toEqual([])
    await close()
  })

  test('offers the compact disc, and tells its size and its time on this line, by itself when it is ready', async () => {
    const { page, complaints, close } = await openPage(browser)
    await page.route('**/linea', async (route) => route.continue({ url: `${server.url}/lenta/linea` }))
    await page.goto(`${server.url}/compatta`)
    const part = page.locator('#compact')
    await part.getByText('circa 24 MB invece di 60 MB').waitFor()
    await page.getByRole('row', { name: 'ADSL (7 Mbit/s) circa 1 minuto circa 30 secondi' }).waitFor()
    await part.getByRole('button', { name: 'Prepara la versione compatta' }).click()
    await part.getByText('120 immagini su 500').waitFor()
    // 24 MB at 500 kB/s, once the line is measured; a busy machine makes it slower.
    const onThisLine = /Sulla tua linea, in questo momento: circa (50 secondi|[1-9] minut)/
    await part.getByText(onThisLine).waitFor({ timeout: 15_000 })
    compact = 'ready'
    await part
      .getByRole('link', { name: 'Scarica versione compatta (.zip, 24 MB)' })
      .waitFor({ timeout: 15_000 })
    expect(await part.textContent()).toMatch(onThisLine)
    expect(complaints).toEqual([])
    await close()
  })

  test('without JavaScript tells the times of typical lines, and downloads (S22)', async () => {
    const { page, close } = await openPage(browser, { javaScriptEnabled: false })
    await page.goto(`${server.url}/disco`)
    // 271 MB at 7 Mbit/s.
    await page.getByRole('row', { name: 'ADSL (7 Mbit/s) circa 5 minuti' }).waitFor()
    await close()
  })

  test('says so when the line cannot be measured, and leaves the typical times open', async () => {
    const { page, close } = await openPage(browser)
    await page.route('**/linea', (route) => route.fulfill({ status: 503 }))
    await page.goto(`${server.url}/disco`)
    await page.getByText(texts.measureFailed).waitFor()
    expect(await page.getByRole('table').isVisible()).toBe(true)
    await close()
  })

  test('downloads by a plain link, byte for byte under its name, and says where to look (S21, S22)', async () => {
    const { page, close } = await openPage(browser)
    await page.goto(`${server.url}/disco`)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Scarica immagini (.iso, 271 MB)' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('esame-2026-11-20.iso')
    expect(await bytesOf(download)).toEqual(IMAGE)
    await page.getByText(texts.started).waitFor()
    await close()
  })

  test('a tablet that says it is a Mac is recommended the ZIP', async () => {
    const { page, close } = await openPage(browser)
    await page.addInitScript(() => {
      Object.defineProperty(navigator, 'maxTouchPoints', { get: () => 5 })
      const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15'
      Object.defineProperty(navigator, 'userAgent', { get: () => mac })
    })
    await page.goto(`${server.url}/disco`)
    const first = page.locator('#packings > li').first()
    await first.getByText(texts.recommended).waitFor()
    expect(await first.getAttribute('data-packing')).toBe('zip')
    expect(await page.getByText(texts.recommended).filter({ visible: true }).count()).toBe(1)
    await close()
  })

  test('while the study is prepared shows how far it is, and becomes the download by itself', async () => {
    const { page, complaints, close } = await openPage(browser)
    preparing = { done: 100, total: 500 }
    await page.goto(`${server.url}/pronta`)
    await page.getByText('100 immagini su 500').waitFor()
    preparing = { done: 300, total: 500 }
    await page.getByText('300 immagini su 500').waitFor({ timeout: 10_000 })
    preparing = undefined
    await page.getByRole('link', { name: 'Scarica immagini (.iso, 5 MB)' }).waitFor({ timeout: 10_000 })
    await page.getByText('Sulla tua linea, in questo momento: pochi secondi').waitFor()
    expect(complaints).toEqual([])
    await close()
  })
})

function slowly(bytes: Uint8Array, ms: number): ReadableStream<Uint8Array> {
  let sent = 0
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, ms / PIECES))
      const piece = bytes.length / PIECES
      controller.enqueue(bytes.subarray(sent, sent + piece))
      sent += piece
      if (sent >= bytes.length) controller.close()
    },
  })
}
