import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { type Browser, type BrowserServer, chromium, type Download, type Page } from 'playwright-core'
import { inject } from 'vitest'
import { CHROMIUM, CHROMIUM_FLAGS } from '../../scripts/chromium.ts'

const SHELL = '/usr/bin/chromium-headless-shell'
const SCREENSHOTS = 'var/screenshots'

/** Debian's Chromium as people have it, without a window: for the tests of the whole way. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS })
}

/**
 * Debian's Chromium without what draws windows, which halves a page's cost: the run's one, started when a test first asks
 * for it, with profiles of this test's own.
 */
export async function launchBrowser(): Promise<Browser> {
  const address = await fetch(inject('chromium'))
  if (!address.ok) throw new Error(await address.text())
  return chromium.connect(await address.text())
}

/** What was downloaded. */
export async function bytesOf(download: Download): Promise<Buffer> {
  return buffer(await download.createReadStream())
}

/** For the run as a whole: a start of Chromium takes as long as many a test. */
export function startBrowser(): Promise<BrowserServer> {
  return chromium.launchServer({ executablePath: existsSync(SHELL) ? SHELL : CHROMIUM, args: CHROMIUM_FLAGS })
}

/** Notes what a page does that it must not: console errors, uncaught errors, requests to other origins. */
export function watchPage(page: Page, origin: string): { complaints: string[] } {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('request', (request) => {
    const url = request.url()
    // Chromium's own PDF viewer is such an extension, with resources of the browser; no other is here.
    if (!url.startsWith(`${origin}/`) && !/^(?:blob|data|chrome|chrome-extension):/.test(url))
      complaints.push(`request: ${url}`)
  })
  return { complaints }
}

/** Keeps a picture of the page in var/screenshots, to be looked at: not in CI, where nobody does. */
export async function screenshot(page: Page, name: string, fullPage = true): Promise<void> {
  if (process.env.CI) return
  await mkdir(SCREENSHOTS, { recursive: true })
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage })
}
