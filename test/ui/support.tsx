import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import PDFDocument from 'pdfkit'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { html } from '../../src/http/html.ts'
import { it } from '../../src/messages/it.ts'
import { assetRoutes, loadAssets } from '../../src/ui/assets.ts'
import type { Site } from '../../src/ui/site.ts'
import { launchBrowser, screenshot } from '../support/browser.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** The policy of our own pages (S44): whatever they need beyond it must fail here. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"

/** Builds the assets (at once, if nothing changed) and reads their manifest. */
export async function builtAssets() {
  execFileSync(process.execPath, ['scripts/build.ts', 'public'], { cwd: ROOT })
  return await loadAssets(join(ROOT, 'dist/public'))
}

export async function sampleSite(): Promise<Site> {
  const { asset } = await builtAssets()
  return {
    organisation: 'Azienda Ospedaliera di Esempio',
    contacts: {
      phone: '051 000 0000',
      email: 'assistenza.referti@ospedale.example',
      openingHours: 'dal lunedì al venerdì, 8:00–18:00',
      address: 'Via dell’Esempio 1, Bologna',
    },
    availableDays: 45,
    messages: it,
    asset,
    features: { sharing: false, removal: false },
    privacy: { controller: 'Azienda Ospedaliera di Esempio', dataProtectionOfficer: 'dpo@ospedale.example' },
    accessibility: { feedbackEmail: 'accessibilita@ospedale.example' },
  }
}

/** Draws a page's component. */
export type Draw = () => Parameters<typeof html>[0]
type Routes = (app: Hono, show: (path: string, page: Draw) => void) => void

/** A tiny server with the portal's own policy, in front of the pages under test. */
export async function startSite(routes: Routes) {
  const assets = await builtAssets()
  const app = new Hono()
  const requests: string[] = []
  app.use(async (c, next) => {
    requests.push(`${c.req.method} ${c.req.url} ${JSON.stringify(c.req.header())}`)
    await next()
    c.header('Content-Security-Policy', CSP)
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('Referrer-Policy', 'no-referrer')
  })
  app.route('/', assetRoutes(assets))
  routes(app, (path, page) => app.get(path, () => html(page())))
  app.get('/linea', (c) =>
    c.body(new Uint8Array(randomBytes(1_000_000)), 200, { 'Cache-Control': 'no-store' }),
  )
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await new Promise((ready) => server.once('listening', ready))
  return {
    /** All that browsers sent so far but bodies. */
    requests,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>((done) => {
        server.close(() => done())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

export const startChromium = launchBrowser

export type Watched = { page: Page; complaints: string[]; close: () => Promise<void> }

/** A page in which every refused resource, script error and console error is noted. */
export async function openPage(
  browser: Awaited<ReturnType<typeof startChromium>>,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({
    locale: 'it-IT',
    viewport: { width: 1280, height: 800 },
    ...options,
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`))
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText
    // What was still being read when the test went to another page is nobody's fault.
    if (reason !== 'net::ERR_ABORTED') complaints.push(`request: ${request.url()} ${reason}`)
  })
  return { page, complaints, close: () => context.close() }
}

/** Keeps what a page looks like, for people to look at. */
export const keepScreenshot = (page: Page, name: string, fullPage = true) =>
  screenshot(page, `ui-${name}`, fullPage)

/** A report as a hospital's system writes it, with as many pages as wanted. */
export function samplePdf(pages: number): Promise<Buffer> {
  const pdf = new PDFDocument({ size: 'A4', margin: 60, info: { Title: 'Referto' } })
  const done = new Promise<Buffer>((resolvePdf) => {
    const chunks: Buffer[] = []
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
    pdf.on('end', () => resolvePdf(Buffer.concat(chunks)))
  })
  for (let number = 1; number <= pages; number += 1) {
    if (number > 1) pdf.addPage()
    pdf.font('Helvetica-Bold').fontSize(15).text('AZIENDA OSPEDALIERA DI ESEMPIO')
    pdf.font('Helvetica').fontSize(10).text('Dipartimento di Diagnostica per Immagini').moveDown(2)
    pdf.text('Cognome e Nome: PROVA MARIA        Data Nascita: 01/02/1960')
    pdf.text('Numero Accettazione: DEMO0001        Data Esame: 20/11/2026').moveDown()
    pdf.font('Helvetica-Bold').fontSize(12).text('TC TORACE SENZA MDC').moveDown()
    pdf.font('Helvetica').fontSize(11)
    for (let line = 0; line < 6; line += 1)
      pdf
        .text(
          'Non si osservano lesioni pleuro-parenchimali a focolaio in atto. Non versamento pleurico. ' +
            'Regolare calibro delle strutture vascolari mediastiniche. Non linfoadenomegalie.',
        )
        .moveDown(0.5)
    pdf.moveDown().text(`Il Medico Refertante: Dott.ssa Anna Esempio (pagina ${number} di ${pages})`)
  }
  pdf.end()
  return done
}
