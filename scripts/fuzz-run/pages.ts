import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, chromium } from 'playwright-core'
import { CHROMIUM, CHROMIUM_FLAGS } from '../chromium.ts'

export type Pages = {
  /** What a page holds that its harmless sister does not: elements, attributes, scripts. Counted rows may differ. */
  strangers: (html: string, harmless: string, options?: { exactly?: boolean }) => Promise<string[]>
  /** What speaks against a page that was really opened, its scripts and all: something of a stranger's ran, or came in. */
  opened: (url: string, cookie: string) => Promise<string[]>
  /** The page's text, as a reader sees it. */
  textOf: (html: string) => Promise<string>
  close: () => Promise<void>
}

type Shape = { kinds: string[]; order: string; links: string[] }

const LONGEST_MS = 10_000

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
    async opened(url, cookie) {
      const wrong: string[] = []
      const context = await browser.newContext()
      const [name = '', value = ''] = cookie.split('=')
      await context.addCookies([{ name, value, domain: new URL(url).hostname, path: '/', secure: true }])
      await context.route('**/*', (route) => {
        const asked = route.request().url()
        if (asked.startsWith(new URL(url).origin) || asked.startsWith('blob:')) return route.continue()
        wrong.push(`asks for ${asked.slice(0, 200)}`)
        return route.abort()
      })
      const tab = await context.newPage()
      tab.on('dialog', (dialog) => {
        wrong.push(`opens a dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      await tab.goto(url, { waitUntil: 'networkidle', timeout: 30_000 }).catch((error: unknown) => {
        wrong.push(`does not come to rest: ${String(error).slice(0, 200)}`)
      })
      if (tab.url() !== url) wrong.push(`leads to ${tab.url()}`)
      const found = tab.evaluate(strangersHere).catch((error: unknown) => [String(error)])
      const hangs = sleep(LONGEST_MS, ['hangs'])
      wrong.push(...(await Promise.race([found, hangs])))
      await context.close()
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

/** Runs in a page: what its own scripts would never have put there. */
function strangersHere(): string[] {
  const isStranger = (name: string, value: string) =>
    /^on|^srcdoc$/.test(name) || /^\s*(?:javascript|vbscript|data:text)/i.test(value)
  const found = [...document.querySelectorAll('*')].filter((element) =>
    [...element.attributes].some(({ name, value }) => isStranger(name, value)),
  )
  const ran = 'pwned' in window ? ['ran a script of a stranger'] : []
  return [...found.map(({ outerHTML }) => `holds ${outerHTML.slice(0, 200)}`), ...ran]
}
