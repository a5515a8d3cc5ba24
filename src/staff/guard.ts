import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Database } from '../database/database.ts'
import { AppError } from '../errors.ts'
import { AUDIENCES } from '../http/audience.ts'
import { sourceOf } from '../http/source.ts'
import { readStaffCookie } from './cookie.ts'
import { inNetworks } from './networks.ts'
import { type Act, may } from './permissions.ts'
import { findStaff, type StaffMember } from './sessions.ts'

export type StaffEnv = { Variables: { staff: StaffMember; source: string } }

type Guard = {
  db: Database
  clock: () => Date
  trustedProxies: readonly string[]
  /** Where the console may be used from; empty: from everywhere. Null: nowhere, it is switched off. */
  networks: readonly string[] | null
}

/**
 * The one place where a request to the console proves that it may be made: from an allowed network, by a session of the
 * staff, with a role that may do the act its route is declared for in src/http/audience.ts. What is not declared is
 * refused. Outside the allowed networks there is no console: the same 404 as for any path that is not there.
 */
export function guardDesk({ db, clock, trustedProxies, networks }: Guard): MiddlewareHandler<StaffEnv> {
  const allowed = networks === null ? () => false : inNetworks(networks)
  return async (c, next) => {
    const source = sourceOf(c, trustedProxies)
    if (!allowed(source)) throw new AppError('not_found')
    c.set('source', source)
    c.header('cache-control', 'no-store')
    const audience = audienceOf(c)
    if (audience === 'public' || audience === 'sign-in') return next()
    const token = readStaffCookie(c)
    const staff = token === null ? null : await findStaff(db, token, clock())
    if (!staff) throw new AppError('staff.required')
    c.set('staff', staff)
    // Roles that were taken at the provider end here, without the person noticing where they were not.
    if (staff.isRecheckDue && c.req.method === 'GET' && c.req.header('sec-fetch-dest') !== 'empty')
      return c.redirect(recheckPath(c.req.url), 303)
    if (audience === undefined) throw new AppError('not_found')
    if (audience !== 'staff') {
      const act = audience.startsWith('staff:') ? (audience.slice('staff:'.length) as Act) : null
      if (act === null || !may(staff.roles, act)) throw new AppError('staff.forbidden')
    }
    return next()
  }
}

/** Through the provider, and back to the page that was asked for. */
function recheckPath(url: string): string {
  const { pathname, search } = new URL(url)
  return `/desk/oidc?${new URLSearchParams({ torna: pathname + search })}`
}

/** For whom the route in charge is declared; undefined where there is none. */
function audienceOf(c: Context): string | undefined {
  const route = matchedRoutes(c).find(({ method }) => method !== 'ALL')
  return route && AUDIENCES[`${route.method} ${route.path}`]
}
