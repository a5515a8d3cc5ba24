import { mkdir } from 'node:fs/promises'
import { type Browser, chromium, type Page } from 'playwright-core'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const SCREENSHOTS = 'var/screenshots'

/** Debian's Chromium, headless. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS })
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
    // Chromium's own PDF viewer is such an extension; no other is here.
    if (!url.startsWith(`${origin}/`) && !/^(?:blob|data|chrome-extension):/.test(url))
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
