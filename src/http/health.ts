import { sql } from 'drizzle-orm'
import { Hono } from 'hono'
import type { Database } from '../database/database.ts'
import type { Orthanc } from '../orthanc/orthanc.ts'

/** /health: is this gateway able to serve? The archive may be away: reports can still be read, so it is told but not fatal. */
export function healthRoutes({ db, orthanc }: { db: Database; orthanc: Orthanc }) {
  return new Hono().get('/health', async (c) => {
    const [database, pacs] = await Promise.all([works(db.execute(sql`select 1`)), works(orthanc.system())])
    return c.json(
      { database: database ? 'ok' : 'unavailable', pacs: pacs ? 'ok' : 'unavailable' },
      database ? 200 : 503,
    )
  })
}

const works = (attempt: PromiseLike<unknown>) =>
  attempt.then(
    () => true,
    () => false,
  )
