import type { Context, MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { AppError } from '../errors.ts'

const SAFE = ['GET', 'HEAD', 'OPTIONS']
const OWN_PAGE = 'ritiro-pagina'

/**
 * Refuses state changes that another site makes a browser send (S44), whatever their content type. Browsers say where
 * a request comes from by Sec-Fetch-Site or Origin; a request with neither is no browser's and carries no cookie of ours.
 * Sec-Fetch-Site goes first: our own forms come with `Origin: null`, as their pages say `no-referrer` (Fetch §3.2).
 * Browsers from before it (Safari until 16.3, so every iPhone left at iOS 15) prove a form of ours by a cookie that
 * `SameSite=Strict` keeps from other sites' requests.
 */
export function refuseCrossOrigin(portalUrl: string): MiddlewareHandler {
  const own = new URL(portalUrl).host
  return async (c, next) => {
    const site = c.req.header('sec-fetch-site')
    if (SAFE.includes(c.req.method)) {
      await next()
      if (site === undefined && isPage(c)) markOwnPage(c)
      return
    }
    if (site !== undefined) {
      if (site !== 'same-origin' && site !== 'none') throw new AppError('request.cross_origin')
      return next()
    }
    const origin = c.req.header('origin')
    if (origin === undefined) return next()
    if (origin === 'null' && getCookie(c, OWN_PAGE, 'host') === '1') return next()
    const host = hostOf(origin)
    if (host === null || (host !== own && host !== c.req.header('host')))
      throw new AppError('request.cross_origin')
    return next()
  }
}

const isPage = (c: Context): boolean => c.res.headers.get('content-type')?.startsWith('text/html') ?? false

function markOwnPage(c: Context): void {
  setCookie(c, OWN_PAGE, '1', {
    prefix: 'host',
    httpOnly: true,
    secure: true,
    sameSite: 'Strict',
    path: '/',
  })
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null
}
