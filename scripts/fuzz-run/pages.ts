import { type Browser, chromium } from 'playwright-core'
import { CHROMIUM, CHROMIUM_FLAGS } from '../chromium.ts'

export type Pages = {
  /** What a page holds that its harmless sister does not: elements, attributes, scripts. Counted rows may differ. */
  strangers: (html: string, harmless: string, options?: { exactly?: boolean }) => Promise<string[]>
  /** The page's text, as a reader sees it. */
  textOf: (html: string) => Promise<string>
  close: () => Promise<void>
}

type Shape = { kinds: string[]; order: string; links: string[] }

/** Chromium's own HTML parser, without running or loading anything. */
export async function openPages(): Promise<Pages> {
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS })
  const page = await browser.newPage()
  const shapeOf = (html: string): Promise<Shape> =>
    page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, 'text/html')
      const elements = [...parsed.querySelectorAll('*')]
      const named = elements.map(
        (element) => `${element.localName}[${element.getAttributeNames().toSorted().join(' ')}]`,
      )
      const links = elements.flatMap((element) =>
        ['href', 'src', 'action', 'formaction', 'srcdoc'].flatMap((name) => element.getAttribute(name) ?? []),
      )
      return { kinds: [...new Set(named)], order: named.join('\n'), links }
    }, html)
  return {
    async strangers(html, harmless, { exactly = false } = {}) {
      const [found, expected] = [await shapeOf(html), await shapeOf(harmless)]
      const wrong = found.kinds
        .filter((kind) => !expected.kinds.includes(kind))
        .map((kind) => `holds ${kind}`)
      if (exactly && wrong.length === 0 && found.order !== expected.order) wrong.push('is built otherwise')
      for (const link of found.links)
        if (/^\s*(?:javascript|data:text|vbscript)/i.test(link) || link.includes('evil.example'))
          wrong.push(`leads to ${link}`)
      return wrong
    },
    textOf: (html) =>
      page.evaluate(
        (text) => new DOMParser().parseFromString(text, 'text/html').documentElement.textContent,
        html,
      ),
    close: () => browser.close(),
  }
}
