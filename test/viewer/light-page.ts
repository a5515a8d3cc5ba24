import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { buildLight } from '../../viewer/light-build.ts'
import { launchBrowser } from '../support/browser.ts'

export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
}

/** The light viewer as built, in a folder of its own, and a browser to open folders in it. */
export async function lightViewer() {
  const directory = await mkdtemp(join(tmpdir(), 'ritiro-light-'))
  for (const { name, content } of await buildLight()) await writeFile(join(directory, name), content)
  const browser = await launchBrowser()

  /** The page from file://, with nothing opened yet. */
  async function open(options: BrowserContextOptions = {}) {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: 'it-IT',
      ...options,
    })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.text().includes('Content Security Policy'))
        complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => {
      // The last two are Chromium’s own PDF viewer.
      if (!/^(file|blob|data|chrome|chrome-extension):/.test(request.url()))
        complaints.push(`request: ${request.url()}`)
    })
    await page.goto(pathToFileURL(join(directory, 'LIGHT.HTM')).href)
    return { page, complaints, [Symbol.asyncDispose]: () => context.close() }
  }

  /** Opens a folder inside `directory`. */
  async function openFolder(name: string, options: BrowserContextOptions = {}) {
    const opened = await open(options)
    await opened.page.locator('input[webkitdirectory]').setInputFiles(join(directory, name))
    return opened
  }

  return {
    directory,
    open,
    openFolder,
    async [Symbol.asyncDispose]() {
      await browser.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** The number of the image that is seen, or empty. */
export const shown = (page: Page) => page.locator('.stage').first().getAttribute('data-shown')

/** What a screen reader was told last. */
export const said = (page: Page) => page.locator('[aria-live=polite]').textContent()

/** The colour in the middle of the first view. */
export const centre = (page: Page) =>
  page.evaluate(() => {
    const stage = document.querySelector('.stage canvas') as HTMLCanvasElement
    const data = stage.getContext('2d')?.getImageData(stage.width / 2, stage.height / 2, 1, 1).data
    return [...(data ?? [])].slice(0, 3)
  })

/** What one taps and is smaller than a finger, of all that is to be seen; a box is tapped by its label too. */
export const tooSmall = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('a, button, input, select, summary, [role=slider]')]
      .filter((element) => element.checkVisibility())
      .map((element) => ({ element, box: (element.closest('label') ?? element).getBoundingClientRect() }))
      .filter(({ box }) => box.width < 44 || box.height < 44)
      .map(({ element }) => element.outerHTML.slice(0, 80)),
  )
