import type { MiddlewareHandler } from 'hono'
import { AppError } from '../errors.ts'

const SAFE = ['GET', 'HEAD', 'OPTIONS']

/**
 * Refuses state changes that another site makes a browser send (S44), whatever their content type. Browsers say where
 * a request comes from by Sec-Fetch-Site or Origin; a request with neither is no browser's and carries no cookie of ours.
 * Sec-Fetch-Site goes first: our own forms come with `Origin: null`, as their pages say `no-referrer` (Fetch §3.2).
 */
export function refuseCrossOrigin(portalUrl: string): MiddlewareHandler {
  const own = new URL(portalUrl).host
  return async (c, next) => {
    if (SAFE.includes(c.req.method)) return next()
    const site = c.req.header('sec-fetch-site')
    if (site !== undefined) {
      if (site !== 'same-origin' && site !== 'none') throw new AppError('request.cross_origin')
      return next()
    }
    const origin = c.req.header('origin')
    if (origin === undefined) return next()
    const host = hostOf(origin)
    if (host === null || (host !== own && host !== c.req.header('host')))
      throw new AppError('request.cross_origin')
    return next()
  }
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null
}
