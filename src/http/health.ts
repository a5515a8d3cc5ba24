import { setTimeout as sleep } from 'node:timers/promises'
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

const PATIENCE_MS = 3_000

/** What hangs does not work either: whoever asks for our health waits for an answer. */
async function works(attempt: PromiseLike<unknown>): Promise<boolean> {
  const late = new AbortController()
  const tooLate = sleep(PATIENCE_MS, false, { signal: late.signal }).catch(() => false)
  const answered = attempt.then(
    () => true,
    () => false,
  )
  const works = await Promise.race([answered, tooLate])
  late.abort()
  return works
}
