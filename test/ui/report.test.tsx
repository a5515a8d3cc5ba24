import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ReportPage } from '../../src/portal/pages/report-page.tsx'
import { reportProps, signed } from './samples.tsx'
import { keepScreenshot, openPage, samplePdf, sampleSite, startChromium, startSite } from './support.tsx'

const site = await sampleSite()
const texts = site.messages.report
const PAGES = 12
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true }

let browser: Awaited<ReturnType<typeof startChromium>>
let server: Awaited<ReturnType<typeof startSite>>
let alive = true

beforeAll(async () => {
  const pdf = new Uint8Array(await samplePdf(PAGES))
  browser = await startChromium()
  server = await startSite((app, show) => {
    app.get('/documento.pdf', (c) => c.body(pdf, 200, { 'Content-Type': 'application/pdf' }))
    app.get('/rotto.pdf', (c) => c.html('<h1>Accesso</h1>'))
    app.post('/sessione/attiva', (c) => c.body(null, alive ? 204 : 401))
    show('/referto', () => <ReportPage {...reportProps(site)} />)
    show('/rotto', () => <ReportPage {...reportProps(site, { pdfUrl: '/rotto.pdf' })} />)
    show('/testo', () => <ReportPage {...reportProps(site, { pdfUrl: null })} />)
    show('/dubbia', () => (
      <ReportPage
        {...reportProps(site, {
          signature: signed('unverifiable', { unaltered: null, problem: 'unsupported-algorithm' }),
        })}
      />
    ))
    show('/parziale', () => (
      <ReportPage {...reportProps(site, { signature: signed('valid', { trusted: null }) })} />
    ))
  })
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

describe('the report page', () => {
  test('draws the delivered PDF itself, its words readable by machines, under the strict CSP (S16, S17, S44)', async () => {
    const { page, complaints, close } = await openPage(browser)
    await page.goto(`${server.url}/referto`)
    await page.locator('#pdf-pages canvas').first().waitFor()
    expect(await darkPixels(page)).toBeGreaterThan(2000)
    await page
      .getByRole('group', { name: `Pagina 1 di ${PAGES}` })
      .getByText('TC TORACE SENZA MDC')
      .waitFor()
    expect(complaints).toEqual([])
    await close()
  })

  test('draws on a phone as sharp as its screen, without sideways scroll (S17)', async () => {
    const { page, complaints, close } = await openPage(browser, PHONE)
    await page.goto(`${server.url}/referto`)
    const canvas = page.locator('#pdf-pages canvas').first()
    await canvas.waitFor()
    const { pixels, shown } = await canvas.evaluate((element) => ({
      pixels: (element as HTMLCanvasElement).width,
      shown: element.getBoundingClientRect().width,
    }))
    expect(shown).toBeGreaterThan(370)
    expect(pixels / shown).toBeCloseTo(3, 1)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await keepScreenshot(page, 'report-phone', false)
    expect(complaints).toEqual([])
    await close()
  })

  test('draws only the pages near the window, and the last one when one gets there', async () => {
    const { page, close } = await openPage(browser)
    await page.goto(`${server.url}/referto`)
    await page.locator('#pdf-pages canvas').first().waitFor()
    expect(await page.locator('#pdf-pages canvas').count()).toBeLessThan(5)
    await page.getByRole('group', { name: `Pagina ${PAGES} di ${PAGES}` }).scrollIntoViewIfNeeded()
    await page.getByText(`(pagina ${PAGES} di ${PAGES})`).waitFor()
    await expect.poll(() => page.locator('#pdf-pages canvas').count()).toBeLessThan(6)
    expect(await page.locator('#pdf-position').textContent()).toBe(`Pagina ${PAGES} di ${PAGES}`)
    await close()
  })

  test('is enlarged by its buttons, sharp again at the new size', async () => {
    const { page, complaints, close } = await openPage(browser)
    await page.goto(`${server.url}/referto`)
    await page.locator('#pdf-pages canvas').first().waitFor()
    const width = () =>
      page
        .locator('#pdf-pages canvas')
        .first()
        .evaluate((element) => (element as HTMLCanvasElement).width)
    const before = await width()
    await page.getByRole('button', { name: texts.pdf.zoomIn }).click()
    await page.getByRole('button', { name: texts.pdf.zoomIn }).click()
    expect(await page.locator('#pdf-zoom').textContent()).toBe('150%')
    await expect.poll(width).toBeGreaterThan(before * 1.45)
    await page.getByRole('button', { name: texts.pdf.fit }).click()
    await expect.poll(width).toBe(before)
    expect(complaints).toEqual([])
    await close()
  })

  test('says so when the document cannot be shown, and leaves a link to it', async () => {
    const { page, close } = await openPage(browser)
    await page.goto(`${server.url}/rotto`)
    await page.getByText(texts.pdf.failed).waitFor()
    expect(await page.locator('#pdf-fallback a').getAttribute('href')).toBe('/rotto.pdf')
    await close()
  })

  test('says that the session is over rather than that the document is broken', async () => {
    const { page, close } = await openPage(browser)
    alive = false
    await page.goto(`${server.url}/rotto`)
    await page.getByText(texts.pdf.sessionOver).waitFor()
    alive = true
    await close()
  })

  test('without JavaScript leaves the link to the document', async () => {
    const { page, close } = await openPage(browser, { javaScriptEnabled: false })
    await page.goto(`${server.url}/referto`)
    expect(await page.locator('#pdf-fallback a').isVisible()).toBe(true)
    expect(await page.locator('#pdf-toolbar').isVisible()).toBe(false)
    await close()
  })

  test('bears the fields of S17 where no PDF was delivered', async () => {
    const { page, close } = await openPage(browser)
    await page.goto(`${server.url}/testo`)
    const sheet = await page.getByRole('article').textContent()
    for (const words of [
      'Azienda Ospedaliera di Esempio',
      'Cognome e NomePROVA MARIA',
      'Luogo NascitaBologna',
      'Data Nascita01/02/1960',
      'Codice FiscalePRVMRA60B41A944X',
      'N° Paziente0012345',
      'Numero AccettazioneDEMO0001',
      'Data Esame20/11/2026',
      'EsameRM GINOCCHIO DX (ESAME DIRETTO)',
      'Conclusioni: esame nei limiti.',
      'Il Medico RefertanteDott.ssa Anna Esempio',
    ])
      expect(sheet).toContain(words)
    await close()
  })

  test('tells of the signature only what was checked (S19)', async () => {
    const { page, close } = await openPage(browser)
    const told = async (path: string) => {
      await page.goto(server.url + path)
      await page.locator('.portal-signature summary').click()
      return await page.locator('.portal-signature').textContent()
    }
    const whole = await told('/referto')
    expect(whole).toContain('Firma digitale verificata')
    expect(whole).toContain('Firmato digitalmente da ESEMPIO ANNA')
    expect(whole).toContain('20/11/2026, ore 16:42')
    const partly = await told('/parziale')
    expect(partly).not.toContain('Firma digitale verificata')
    expect(partly).toContain('L’autorità che ha rilasciato il certificato non è stata verificata.')
    const unsure = await told('/dubbia')
    expect(unsure).toContain('Firma digitale non verificata')
    expect(unsure).not.toContain('Il documento è integro')
    await close()
  })
})

/** Pixels of ink in the first page's picture. */
function darkPixels(page: Awaited<ReturnType<typeof openPage>>['page']) {
  return page
    .locator('#pdf-pages canvas')
    .first()
    .evaluate((element) => {
      const canvas = element as HTMLCanvasElement
      const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
      let dark = 0
      for (let at = 0; at < data.length; at += 4) if ((data[at] ?? 255) < 100) dark += 1
      return dark
    })
}
