import type { Deriver, Work } from '../derived/derived.ts'
import { arrangeFileSet, type PlacedInstance } from '../disc/file-set.ts'
import { jsonDataFile } from './data-file.ts'
import { type Encoder, startEncoder } from './encoder.ts'
import { DATA_VERSION, INDEX_NAME } from './format.ts'
import { createIndexer } from './indexer.ts'

/** Fetches a stored file whole; null where the archive has it no more. */
export type FetchFile = (orthancId: string, signal: AbortSignal) => Promise<Uint8Array | null>

/**
 * Makes the light viewer's data of a study: every frame coded without loss, in data files of some 600 kB, and an
 * index of them (docs/viewer.md). Each file of the archive is fetched once.
 */
export function viewerDeriver(fetchFile: FetchFile): Deriver<null> {
  return {
    ...VIEWER_DATA,
    made: 'always',
    async derive(work) {
      const encoder = startEncoder()
      try {
        await encodeStudy(work, fetchFile, encoder)
      } finally {
        await encoder.close()
      }
      return null
    },
  }
}

/** Kind and version of what `viewerDeriver()` makes. */
export const VIEWER_DATA = { kind: 'viewer', version: DATA_VERSION } as const

async function encodeStudy(
  { manifest, write, progress, signal }: Work,
  fetchFile: FetchFile,
  encoder: Encoder,
) {
  const { patients, others } = arrangeFileSet([manifest])
  const series = [
    ...patients.flatMap(({ studies }) =>
      studies.flatMap((study) => study.series.map((one) => one.instances)),
    ),
    others,
  ]
  const total = series.reduce((sum, instances) => sum + instances.length, 0)
  const indexer = createIndexer(write, manifest.unreadable.length)
  const files = fetchedAhead(series.flat(), fetchFile, signal)
  let done = 0
  progress(done, total)
  for (const instances of series) {
    const shown = previewed(instances.length)
    for (const [position] of instances.entries()) {
      const { value: file } = await files.next()
      signal.throwIfAborted()
      await indexer.add(file ? await encoder.encode(file, { preview: shown.has(position) }) : null)
      progress(++done, total)
    }
    indexer.endSeries()
  }
  const index = await indexer.finish()
  await write(INDEX_NAME, jsonDataFile(INDEX_NAME, index))
}

// The stack may be turned round by the viewer, so both that can be its middle.
const previewed = (count: number): Set<number> => new Set([0, (count - 1) >> 1, count >> 1, count - 1])

/** The next file is fetched while one is coded. */
async function* fetchedAhead(
  instances: readonly PlacedInstance[],
  fetchFile: FetchFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array | null, null> {
  let next: Promise<Uint8Array | null> | null = null
  for (const [position] of instances.entries()) {
    const file: Promise<Uint8Array | null> = next ?? fetchAt(position)
    const bytes = await file
    next = fetchAt(position + 1)
    // It is awaited in its turn; until then a failure must not count as unhandled.
    next.catch(() => undefined)
    yield bytes
  }
  return null

  async function fetchAt(position: number): Promise<Uint8Array | null> {
    const instance = instances[position]?.instance
    return instance ? await fetchFile(instance.orthancId, signal) : null
  }
}
