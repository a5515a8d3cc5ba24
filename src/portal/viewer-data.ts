import type { Database } from '../database/database.ts'
import type { studies } from '../database/schema.ts'
import { type Derived, findDerived } from '../derived/derived.ts'
import type { DerivedStore } from '../derived/store.ts'
import { VIEWER_DATA } from '../shards/shards.ts'

type Study = Pick<typeof studies.$inferSelect, 'orthancId' | 'revision' | 'instanceCount'>

export type ViewerData =
  | { ready: true; studies: readonly Derived[]; preparedAt: Date }
  | { ready: false; done: number; total: number }

/** The light viewer's data of some studies, in their order, or how far it is. */
export async function findViewerData(
  db: Database,
  store: DerivedStore,
  ofStudies: readonly Study[],
): Promise<ViewerData> {
  const found = await Promise.all(ofStudies.map((study) => findDerived(db, store, VIEWER_DATA, study)))
  const ready = found.filter((one) => one.ready)
  if (ready.length === found.length) {
    const preparedAt = new Date(Math.max(0, ...ready.map((one) => one.preparedAt.getTime())))
    return { ready: true, studies: ready, preparedAt }
  }
  const images = (at: number) => ofStudies[at]?.instanceCount ?? 0
  return {
    ready: false,
    done: found.reduce((sum, one, at) => sum + (one.ready ? images(at) : one.done), 0),
    total: ofStudies.reduce((sum, { instanceCount }) => sum + instanceCount, 0),
  }
}
