import type { Viewer } from '../access/access.ts'
import { recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import type { Database } from '../database/database.ts'

// One line in the audit trail a session and study, not one a frame.
const VIEWING_PERIOD_MS = 8 * 60 * 60_000

/** Notes that images of a study were shown (S39), by whichever viewer. */
export function viewingNotes({ db, clock }: { db: Database; clock: () => Date }) {
  const noteOnce = oncePerPeriod(VIEWING_PERIOD_MS, clock)
  return (viewer: Viewer, studyInstanceUid: string, examId: string | null, source: string) =>
    noteOnce(`${viewer.tokenHash} ${studyInstanceUid}`, () =>
      recordAlone(db, clock(), {
        event: 'images.viewed',
        actor: viewer.actor,
        source,
        visitId: viewer.visit.id,
        examId,
      }),
    )
}
