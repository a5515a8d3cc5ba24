import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContext, Page, Request } from 'playwright-core'
import { type Line, openLine, type Speed } from './line.ts'

/** A viewer to be looked at: where it answers, and how one is let in. */
export type Side = { name: string; port: number; address: string; cookie: string | null }

/** What one look at a study took. `seriesS` is NaN where it was not waited for. */
export type View = {
  firstImageS: number
  seriesS: number
  megabytes: number
  requests: number
  phases: string
}

const FIRST_IMAGE_WITHIN_MS = 3 * 60_000
// No byte in so long: all is here, or nothing more will come.
const QUIET_MS = 1000
const NOTHING_FOR_MS = 60_000
const PICTURE = 'var/bench/what-is-wrong.png'

/** Two looks by one person over one line: with an empty cache, and then again. With `slices`, the first until so many frames are here. */
export async function lookTwice(browser: Browser, side: Side, speed: Speed, slices: number) {
  const line = await openLine(side.port, speed)
  const context = await browser.newContext({ locale: 'it-IT', viewport: { width: 1280, height: 800 } })
  try {
    const [name = '', value = ''] = (side.cookie ?? '').split('=')
    if (side.cookie)
      await context.addCookies([
        { name, value, domain: 'localhost', path: '/', secure: true, httpOnly: true, sameSite: 'Strict' },
      ])
    const address = `http://localhost:${line.port}${side.address}`
    const cold = await look(context, line, address, slices)
    // Frames are kept by no cache, theirs or ours: the series comes as slowly again.
    return { cold, warm: await look(context, line, address, 0) }
  } finally {
    await context.close()
    await line.close()
  }
}

async function look(context: BrowserContext, line: Line, address: string, slices: number): Promise<View> {
  const page = await context.newPage()
  try {
    const traffic = watch(page)
    // Before any script of the page, and by the browser itself: no policy of the page forbids that.
    await page.addInitScript(noteFirstImage)
    line.taken()
    const started = performance.now()
    await page.goto(address, { waitUntil: 'commit', timeout: FIRST_IMAGE_WITHIN_MS })
    // Not waitForFunction(): it makes its function from text, which our policy refuses.
    while (!(await page.evaluate(() => 'firstImageAt' in window))) {
      if (performance.now() - started > FIRST_IMAGE_WITHIN_MS)
        throw new Error(`no image was drawn in three minutes: ${await whatIsWrong(page, traffic)}`)
      await sleep(100)
    }
    const told = await page.evaluate(phases)
    const quietMs = () => performance.now() - line.lastByteAt()
    while (slices > 0 && (traffic.frames.size < slices || quietMs() < QUIET_MS)) {
      if (quietMs() > NOTHING_FOR_MS)
        throw new Error(
          `${traffic.frames.size} of ${slices} frames, then nothing for a minute: ${await whatIsWrong(page, traffic)}`,
        )
      await sleep(50)
    }
    const seriesS = slices > 0 ? (line.lastByteAt() - started) / 1000 : Number.NaN
    const { requests } = traffic
    return { ...told, seriesS, megabytes: line.taken() / 1e6, requests }
  } finally {
    await page.close()
  }
}

type Traffic = { requests: number; frames: Set<string>; failed: string[] }

/**
 * What the page asks for. A frame counts once its answer begins, and the series once the line is quiet after the last: OHIF does
 * not read an answer of known length to its end, which Chromium then calls aborted.
 */
function watch(page: Page): Traffic {
  const traffic: Traffic = { requests: 0, frames: new Set(), failed: [] }
  const pathOf = (request: Request) => new URL(request.url()).pathname
  page.on('request', () => void traffic.requests++)
  page.on('requestfailed', (request) => {
    if (!request.failure()?.errorText.includes('ERR_ABORTED'))
      traffic.failed.push(`${request.failure()?.errorText} ${pathOf(request)}`)
  })
  page.on('response', (response) => {
    const path = pathOf(response.request())
    if (response.status() === 200 && /\/frames\/\d+$/.test(path)) traffic.frames.add(path)
    if (response.status() >= 400) traffic.failed.push(`${response.status()} ${pathOf(response.request())}`)
  })
  page.on('pageerror', (error) => void traffic.failed.push(error.message))
  return traffic
}

async function whatIsWrong(page: Page, { requests, frames, failed }: Traffic): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: what is seen counts, not what is hidden in the page
  const words = await page.innerText('body').catch(() => '')
  const shown = words.replace(/\s+/g, ' ').slice(0, 200)
  await page.screenshot({ path: PICTURE }).catch(() => undefined)
  return `${requests} requests, ${frames.size} frames; it shows "${shown}" (${PICTURE}); failed: ${failed.slice(0, 3).join(', ') || 'none'}`
}

/**
 * In the page: when an image is first seen, in ms since the navigation. By the canvas itself, the same for every build of
 * OHIF: its events come in one order here and in another there. What is drawn into it is the image alone.
 */
function noteFirstImage(): void {
  const small = new OffscreenCanvas(16, 16)
  const context = small.getContext('2d', { willReadFrequently: true })
  const look = () => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas.cornerstone-canvas')
    if (canvas && canvas.width > 0 && context) {
      context.drawImage(canvas, 0, 0, 16, 16)
      const { data } = context.getImageData(0, 0, 16, 16)
      if (new Set(data.filter((_, index) => index % 4 === 0)).size > 3) {
        Object.assign(window, { firstImageAt: performance.now() })
        return
      }
    }
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

/** In the page: where the time to the first image went, by the browser's own marks. */
function phases(): { firstImageS: number; phases: string } {
  const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[]
  const of = (pattern: RegExp) => entries.filter(({ name }) => pattern.test(name))
  const scripts = Math.max(...of(/\/app\.bundle\.[^/]*js$/).map(({ responseEnd }) => responseEnd))
  const frames = of(/\/frames\/1$/)
  const asked = Math.min(...frames.map(({ startTime }) => startTime))
  const frame = Math.min(...frames.map(({ responseEnd }) => responseEnd))
  const seconds = (from: number, to: number) => (Math.max(0, to - from) / 1000).toFixed(2)
  const drawn = (window as unknown as { firstImageAt: number }).firstImageAt
  // Asked for while the scripts ran, it is not told apart from them.
  if (!(frame < drawn))
    return {
      firstImageS: drawn / 1000,
      phases: `scripts ${seconds(0, scripts)}, running them and all else ${seconds(scripts, drawn)}`,
    }
  return {
    firstImageS: drawn / 1000,
    phases: `scripts ${seconds(0, scripts)}, running them and metadata ${seconds(scripts, asked)}, frame ${seconds(asked, frame)}, decoding and drawing ${seconds(frame, drawn)}`,
  }
}
