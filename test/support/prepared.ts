import { sql } from 'drizzle-orm'
import { expect, vi } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { IS_WANTED } from '../../src/preparation/preparation.ts'

/** Waits until everything for the viewer online was made of all studies: from then on the gateway asks nothing by itself. */
export async function untilPrepared(db: Database): Promise<void> {
  const left = async () => {
    const [row] = await db.execute<{ left: number }>(sql`
      select count(*)::int as left from studies s where s.state <> 'gone' and ${IS_WANTED} and not exists (
        select 1 from derivations d where d.orthanc_id = s.orthanc_id and d.kind = 'online'
          and d.revision = s.revision and d.prepared_at is not null)`)
    return row?.left
  }
  await vi.waitFor(async () => expect(await left()).toBe(0), { timeout: 90_000, interval: 100 })
}
