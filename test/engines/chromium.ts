import { launchChromium, watchPage } from '../support/browser.ts'
import type { Engine } from './engine.ts'

/** Debian's Chromium. */
export async function startChromium(): Promise<Engine> {
  const browser = await launchChromium()
  return {
    name: 'chromium',
    async open(url, size) {
      const page = await browser.newPage({ viewport: size })
      const { complaints } = watchPage(page, 'file://')
      await page.goto(url)
      return {
        evaluate: (expression) => page.evaluate(expression),
        setFiles: (selector, paths) => page.locator(selector).setInputFiles([...paths]),
        screenshot: () => page.screenshot(),
        complaints,
      }
    },
    close: () => browser.close(),
  }
}
