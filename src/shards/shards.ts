import type { Deriver, Work } from '../derived/derived.ts'
import { TRANSFER_SYNTAX } from '../disc/dicom/transfer-syntax.ts'
import { arrangeFileSet, type PlacedInstance } from '../disc/file-set.ts'
import type { LargeForm } from '../disc/large-file.ts'
import type { ManifestInstance } from '../disc/manifest.ts'
import { jsonDataFile } from './data-file.ts'
import { type Encoder, startEncoder } from './encoder.ts'
import { DATA_VERSION, INDEX_NAME } from './format.ts'
import { createIndexer } from './indexer.ts'
import { openLarge } from './large.ts'

/** Fetches a stored file whole; null where the archive has it no more. */
export type FetchFile = (orthancId: string, signal: AbortSignal) => Promise<Uint8Array | null>

/** The same as it comes, for files that are too large to be held. */
export type StreamFile = (orthancId: string, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array> | null>

/**
 * Makes the light viewer's data of a study: every frame coded without loss, in data files of some 600 kB, and an
 * index of them (docs/viewer.md). Each file of the archive is fetched once, and a large one is never held.
 */
export function viewerDeriver(fetchFile: FetchFile, streamFile: StreamFile): Deriver<null> {
  return {
    ...VIEWER_DATA,
    made: 'always',
    async derive(work) {
      const encoder = startEncoder()
      try {
        await encodeStudy(work, { fetchFile, streamFile, encoder })
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
  { fetchFile, streamFile, encoder }: { fetchFile: FetchFile; streamFile: StreamFile; encoder: Encoder },
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
    for (const [position, { instance }] of instances.entries()) {
      const { value: file } = await files.next()
      signal.throwIfAborted()
      const preview = shown.has(position)
      if (instance.streamed && !isHeld(instance)) await addLarge(instance, instance.streamed, preview)
      else await indexer.add(file ? await encoder.encode(file, { preview }) : null)
      progress(++done, total)
    }
    indexer.endSeries()
  }
  const index = await indexer.finish()
  await write(INDEX_NAME, jsonDataFile(INDEX_NAME, index))

  async function addLarge({ orthancId }: ManifestInstance, form: LargeForm, preview: boolean) {
    const stored = await streamFile(orthancId, signal)
    if (!stored) return await indexer.add(null)
    const { instance, sample, close } = await openLarge(stored, form, encoder, { preview })
    try {
      await indexer.add(instance ?? (await encoder.encode(sample, { preview: false })))
    } finally {
      await close()
    }
  }
}

// The stack may be turned round by the viewer, so both that can be its middle.
const previewed = (count: number): Set<number> => new Set([0, (count - 1) >> 1, count >> 1, count - 1])

/** Compressed frames, and documents, are found in the whole file alone; what is longer is not shown. */
const LONGEST_HELD = { native: 16 * 2 ** 20, whole: 128 * 2 ** 20 }

function isHeld({ streamed, transferSyntaxUid, recordType, length }: ManifestInstance): boolean {
  const isNative = transferSyntaxUid === TRANSFER_SYNTAX.explicitLittle && recordType !== 'ENCAP DOC'
  return !streamed || length <= LONGEST_HELD[isNative ? 'native' : 'whole']
}

/** The next file is fetched while one is coded, if both are small; null in the place of one that is not held. */
async function* fetchedAhead(
  instances: readonly PlacedInstance[],
  fetchFile: FetchFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array | null, null> {
  let next: Promise<Uint8Array | null> | null = null
  for (const [position, { instance }] of instances.entries()) {
    const bytes = isHeld(instance) ? await (next ?? fetchFile(instance.orthancId, signal)) : null
    const following = instances[position + 1]?.instance
    next =
      following && isSmall(instance) && isSmall(following) ? fetchFile(following.orthancId, signal) : null
    // It is awaited in its turn; until then a failure must not count as unhandled.
    next?.catch(() => undefined)
    yield bytes
  }
  return null
}

const isSmall = ({ length }: ManifestInstance): boolean => length <= LONGEST_HELD.native
