import type { Database } from '../database/database.ts'
import type { studies } from '../database/schema.ts'
import { askForDerived, type Derived, type Deriver, findDerived } from '../derived/derived.ts'
import type { DerivedStore } from '../derived/store.ts'
import { isJpeg2000, isWithinProfiles } from '../disc/application-profile.ts'
import type { DerivedContent } from '../disc/content.ts'
import { TRANSFER_SYNTAX } from '../disc/dicom/transfer-syntax.ts'
import type { DiscPlan } from '../disc/disc.ts'
import { MANIFEST_VERSION, type Manifest, type ManifestInstance } from '../disc/manifest.ts'
import { asPlanned } from '../disc/write.ts'
import { AppError } from '../errors.ts'
import type { Codecs } from '../pixels/pixels.ts'

/** Kind and version of the compact instances; of another form of the disc they are made anew. */
const COMPACT = { kind: 'compact', version: MANIFEST_VERSION * 1000 + 1 } as const

type FetchFile = (orthancId: string, signal: AbortSignal) => Promise<Uint8Array | null>
type Study = Pick<typeof studies.$inferSelect, 'orthancId' | 'revision' | 'instanceCount'>

/**
 * Makes the instances of the compact disc when somebody asks for it: as JPEG lossless SV1, pixels compared with those
 * there were. An entry an instance, by Orthanc's id; those that cannot be compact, or are already, have none.
 */
export function compactDeriver(fetchFile: FetchFile, codecs: Codecs): Deriver<null> {
  return {
    ...COMPACT,
    made: 'asked',
    async derive({ manifest, write, progress, signal }) {
      const candidates = candidatesOf(manifest)
      const underWay: Promise<Uint8Array | null>[] = []
      let started = 0
      let held = 0
      // One is fetched while the others are coded, if memory allows.
      const startSome = () => {
        for (; underWay.length <= codecs.threads; started++) {
          const instance = candidates[started]
          if (!instance || (underWay.length > 0 && held + instance.length > LONGEST_COMPACT)) return
          held += instance.length
          const made = compactOf(instance, { fetchFile, codecs, signal })
          // It is awaited in its turn; until then a failure must not count as unhandled.
          made.catch(() => undefined)
          underWay.push(made)
        }
      }
      startSome()
      progress(0, candidates.length)
      for (const [index, { orthancId, length }] of candidates.entries()) {
        const bytes = await underWay.shift()
        signal.throwIfAborted()
        held -= length
        startSome()
        if (bytes) await write(orthancId, bytes)
        progress(index + 1, candidates.length)
      }
      return null
    },
  }
}

/** The compact disc of some studies: its instances, how far they are, or nobody has asked for them. */
export type Compact =
  | { state: 'ready'; instances: ReadonlyMap<string, DerivedContent>; preparedAt: Date }
  | { state: 'preparing'; done: number; total: number }
  | { state: 'not asked' }

/** How far the compact disc of these studies is. */
export async function findCompact(
  db: Database,
  store: DerivedStore,
  ofStudies: readonly Study[],
): Promise<Compact> {
  const found = await Promise.all(ofStudies.map((study) => findDerived<null>(db, store, COMPACT, study)))
  const ready = found.filter((one): one is Derived<null> => one.ready)
  if (ready.length === found.length) {
    const instances = new Map(ready.flatMap(contentsOf))
    return {
      state: 'ready',
      instances,
      preparedAt: new Date(Math.max(0, ...ready.map(({ preparedAt }) => preparedAt.getTime()))),
    }
  }
  if (!found.some((one) => one.ready || one.asked)) return { state: 'not asked' }
  let [done, total] = [0, 0]
  for (const [index, one] of found.entries()) {
    // Before its turn a study has no total of its own.
    const all = (one.ready ? 0 : one.total) || (ofStudies[index]?.instanceCount ?? 0)
    done += one.ready ? all : one.done
    total += all
  }
  return { state: 'preparing', done, total }
}

/** Asks for the compact disc of these studies; harmless where it is there or being made. */
export async function askForCompact(db: Database, ofStudies: readonly Study[]): Promise<void> {
  for (const study of ofStudies) await askForDerived(db, COMPACT, study)
}

/** Of CT and MR; measured: docs/disc.md. */
const USUAL_RATIO = 0.4
const LEAST_GAIN = 0.8

/** About how long the compact disc will be; null where it is not worth making. */
export function compactEstimate({ iso }: DiscPlan): number | null {
  let bytes = 0
  for (const { file } of iso.extents) if (file.instance && hasPixels(file.instance)) bytes += file.size
  const estimate = iso.size - Math.round(bytes * (1 - USUAL_RATIO))
  return estimate <= LEAST_GAIN * iso.size ? estimate : null
}

/** What is held while it is coded, of a file and of all that are coded at once: stored, coded, and decoded again to compare. */
const LONGEST_COMPACT = 64 * 2 ** 20

const isHeld = ({ streamed, length }: ManifestInstance): boolean =>
  length <= LONGEST_COMPACT && streamed !== 'as stored'

const hasPixels = (instance: ManifestInstance): boolean => {
  const { transferSyntaxUid, recordType } = instance
  return (
    isHeld(instance) &&
    transferSyntaxUid === TRANSFER_SYNTAX.explicitLittle &&
    (recordType === 'IMAGE' || recordType === 'RT DOSE')
  )
}

/**
 * What may become compact: images that go uncompressed on the full disc; and, as no profile allows JPEG 2000 beside the
 * JPEG that comes of them, that as well.
 */
function candidatesOf({ instances }: Manifest): ManifestInstance[] {
  const becomesJpeg = instances.some((instance) => hasPixels(instance) || isJpeg(instance))
  return instances.filter(
    (instance) =>
      hasPixels(instance) || (becomesJpeg && isHeld(instance) && isJpeg2000(instance.transferSyntaxUid)),
  )
}

const isJpeg = ({ transferSyntaxUid: uid }: ManifestInstance): boolean =>
  isWithinProfiles(uid) && uid !== TRANSFER_SYNTAX.explicitLittle && !isJpeg2000(uid)

async function compactOf(
  instance: ManifestInstance,
  { fetchFile, codecs, signal }: { fetchFile: FetchFile; codecs: Codecs; signal: AbortSignal },
): Promise<Uint8Array | null> {
  const stored = await fetchFile(instance.orthancId, signal)
  // Not what the manifest describes: a new revision is on its way.
  const file = stored && (await asPlanned(instance, stored, codecs.decodeFile))
  if (!file) throw new AppError('images.unavailable', 'An instance changed since the manifest was made.')
  return codecs.compactFile(file)
}

function contentsOf({ entries, stream }: Derived<null>): [string, DerivedContent][] {
  return [...entries].map(([name, { length, sha256, crc32 }]) => [
    name,
    {
      ...{ size: length, sha256, crc32 },
      open: (start, end, { allocate }) => stream(name, { start, end, allocate }),
    },
  ])
}
