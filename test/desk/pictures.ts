import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { screenshot } from '../support/browser.ts'

/** Nothing cut off at 390 and 1280 pixels, and pictures of both. */
export async function pictures(page: Page, name: string): Promise<void> {
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect([name, width, overflow]).toEqual([name, width, 0])
    await screenshot(page, `desk-${name}-${width}`)
  }
}
