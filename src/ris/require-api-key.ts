import type { MiddlewareHandler } from 'hono'
import type { Actor } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { AppError } from '../errors.ts'
import { sourceOf } from '../http/source.ts'
import { findApiKey } from './keys.ts'

export type RisEnv = { Variables: { actor: Actor } }

/** Lets a system of the hospital in by its bearer API key, and tells the routes who it is; anybody else gets 401. */
export function requireApiKey(db: Database, trustedProxies: readonly string[]): MiddlewareHandler<RisEnv> {
  return async (c, next) => {
    const key = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    const name = key && (await findApiKey(db, key))
    if (!name) {
      c.header('www-authenticate', 'Bearer realm="ritiro"')
      throw new AppError('api.unauthorized', 'Send `Authorization: Bearer <API key>`.')
    }
    c.set('actor', { kind: 'ris', name, source: sourceOf(c, trustedProxies) })
    c.header('cache-control', 'no-store')
    return next()
  }
}
