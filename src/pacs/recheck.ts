import { and, eq } from 'drizzle-orm'
import { transact } from '../audit/audit.ts'
import { pacsCursor, studies } from '../database/schema.ts'
import { type Follower, noteStudy, publishMatching } from './follow.ts'

type KnownStudy = Pick<typeof studies.$inferSelect, 'orthancId' | 'revision' | 'instanceCount'>

/**
 * Looks whether the archive still has what a stable study is known to have, and says which of them changed. Orthanc's
 * /changes never tell of a deletion: without this a manifest would go on promising what is gone. `certain`: an instance
 * was found to be missing or another one, whatever the numbers say. A changed study is the next revision, and prepared anew.
 */
export async function recheckStudies(
  { db, orthanc, rules, clock }: Follower,
  known: readonly KnownStudy[],
  { certain = false } = {},
): Promise<{ changed: boolean }> {
  let changed = false
  for (const { orthancId, revision, instanceCount } of known) {
    const found = await orthanc.study(orthancId)
    // More than is known are late ones, of which /changes do tell.
    if (!certain && found && found.instanceCount >= instanceCount) continue
    changed = true
    await transact(db, async (tx) => {
      // Who follows the changes holds this row: what they wrote meanwhile is newer than what we asked.
      await tx.select().from(pacsCursor).where(eq(pacsCursor.id, 1)).for('update')
      const isKnown = and(eq(studies.orthancId, orthancId), eq(studies.revision, revision))
      const [now] = await tx.select().from(studies).where(isKnown)
      // Another request was faster: fifty broken downloads are one change.
      if (now?.state !== 'stable') return
      const touched = await noteStudy(tx, orthancId, found, found?.stable ?? false, clock())
      await publishMatching(tx, touched, rules, clock())
    })
  }
  return { changed }
}
