import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'

/** The two viewers, by the words of their addresses: the light one, and OHIF. */
export type View = 'rapida' | 'completa'

const NAME = 'vista'
const OPTIONS = { prefix: 'host', httpOnly: true, secure: true, sameSite: 'Lax', path: '/' } as const

/**
 * Which viewer a request is for: the one that is asked for by name, which is remembered until the browser closes; the
 * remembered one; else by the screen, which the page's script measured or the browser tells something of.
 */
export function chosenView(c: Context): View {
  const asked = viewNamed(c.req.query('vista'))
  if (asked) {
    setCookie(c, NAME, asked, OPTIONS)
    return asked
  }
  return viewNamed(getCookie(c, NAME, 'host')) ?? (isSmallScreen(c) ? 'rapida' : 'completa')
}

const viewNamed = (name: string | undefined): View | null =>
  name === 'rapida' || name === 'completa' ? name : null

function isSmallScreen(c: Context): boolean {
  const measured = c.req.query('schermo')
  if (measured) return measured === 'piccolo'
  // UA-CH, a hint that Chromium sends unasked; the others say it in the User-Agent.
  const hint = c.req.header('sec-ch-ua-mobile')
  if (hint) return hint === '?1'
  return /Mobi|Android|iPhone|iPad/.test(c.req.header('user-agent') ?? '')
}
