import { gunzipSync, gzipSync } from 'node:zlib'
import { isJpeg2000, isWithinProfiles } from './application-profile.ts'
import type { Conversion, DecodeFile } from './dicom/disc-file.ts'
import { DicomFormatError } from './dicom/element.ts'
import { type Digests, describeDiscFile, describeInstance, digestsOf, type Keys } from './dicom/instance.ts'
import { readPart10 } from './dicom/part10.ts'
import type { RecordType } from './dicom/record-type.ts'
import { describeStream, type LargeSource } from './large-description.ts'
import type { LargeForm } from './large-file.ts'

/**
 * What the disc of a study is made of: everything but the bytes of its files. Two gateways with the same
 * manifest write the same image.
 */
export type Manifest = {
  /** Of the conversion and of this form: a manifest of another version is to be prepared anew. */
  readonly version: typeof MANIFEST_VERSION
  /** Keys that several instances have in common, once each; instances refer to them by index. */
  readonly patients: readonly Keys[]
  readonly studies: readonly Keys[]
  readonly series: readonly Keys[]
  readonly instances: readonly ManifestInstance[]
  /** Orthanc's ids of what it calls an instance and is no DICOM. */
  readonly unreadable: readonly string[]
}

export type ManifestInstance = Digests & {
  readonly orthancId: string
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  /** Which file of its storage folder Orthanc keeps it in, where it told so. */
  readonly fileUuid?: string
  readonly conversion: Conversion
  /** A large file, which is sent as it streams by. */
  readonly streamed?: LargeForm
  /** Of JPEG 2000: the file with its pixels decoded, for a disc that holds JPEG as well. */
  readonly decoded?: Digests
  readonly recordType: RecordType
  readonly patient: number
  readonly study: number
  readonly series: number
  readonly keys: Keys
}

export const MANIFEST_VERSION = 7

/** A file of the archive: in hand, or so large that it is read as it streams by. */
export type StoredFile = { readonly orthancId: string; readonly fileUuid?: string | undefined } & (
  | { readonly bytes: Uint8Array; readonly large?: never }
  | { readonly large: LargeSource; readonly bytes?: never }
)

/** Files that are decoded at once: each is held in memory, stored and decoded. */
const IN_HAND = 4

/**
 * Reads each instance once, a few at a time, and keeps what the disc needs to know of it. Without `decode` what is
 * compressed stays so.
 */
export async function prepareManifest(
  files: AsyncIterable<StoredFile>,
  decode: DecodeFile = async () => null,
): Promise<Manifest> {
  const patients = interned()
  const studies = interned()
  const series = interned()
  const instances: ManifestInstance[] = []
  const unreadable: string[] = []
  const oneByOne = createQueue()

  const describe = async ({ orthancId, fileUuid, bytes, large }: StoredFile) => ({
    orthancId,
    fileUuid,
    description: await (large ? describeLarge(large, decode, oneByOne) : describeForDisc(bytes, decode)),
  })
  for await (const { orthancId, fileUuid, description } of inTurn(files, describe)) {
    if (!description) {
      unreadable.push(orthancId)
      continue
    }
    const { patient, study, series: ofSeries, instance, ...described } = description
    instances.push({
      orthancId,
      ...(fileUuid === undefined ? {} : { fileUuid }),
      ...described,
      patient: patients.index(patient),
      study: studies.index(study),
      series: series.index(ofSeries),
      keys: instance,
    })
  }
  return {
    version: MANIFEST_VERSION,
    patients: patients.all,
    studies: studies.all,
    series: series.all,
    instances,
    unreadable,
  }
}

/** An instance in the form it goes in; null for what is no DICOM at all. */
async function describeForDisc(bytes: Uint8Array, decode: DecodeFile) {
  try {
    const described = describeInstance(bytes)
    const { transferSyntaxUid } = described
    if (isWithinProfiles(transferSyntaxUid) && !isJpeg2000(transferSyntaxUid)) return described
    const decoded = await decode(bytes)
    if (!decoded) return described
    if (isJpeg2000(transferSyntaxUid)) return { ...described, decoded: digestsOf(decoded) }
    return describeDiscFile({ bytes: decoded, conversion: 'decoded' })
  } catch (error) {
    if (error instanceof DicomFormatError) return null
    throw error
  }
}

/**
 * The same of a large file, which is held only to decode it, if it is not too large for that; one after the other. JPEG
 * 2000 streams by on a disc of its own, and is decoded on one that holds JPEG as well.
 */
async function describeLarge(large: LargeSource, decode: DecodeFile, oneByOne: Queue) {
  const streams = (uid: string) => isWithinProfiles(uid) && !isJpeg2000(uid)
  try {
    const described = await describeStream(large, streams)
    if (described) return described
    return await oneByOne(async () => {
      const whole = await large.whole()
      if (!whole) return null
      const { transferSyntaxUid } = readPart10(whole)
      if (!isJpeg2000(transferSyntaxUid)) return describeForDisc(whole, decode)
      const streamed = await describeStream({ ...large, stream: async () => only(whole) }, isWithinProfiles)
      const decoded = streamed && (await decode(whole))
      return decoded ? { ...streamed, decoded: digestsOf(decoded) } : streamed
    })
  } catch (error) {
    if (error instanceof DicomFormatError) return null
    throw error
  }
}

type Queue = <T>(work: () => Promise<T>) => Promise<T>

/** Runs one after the other what it is given. */
function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work, work)
    last = done
    return done
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** What is made of each, in their order, a few under way at once. */
async function* inTurn<From, To>(
  all: AsyncIterable<From>,
  make: (one: From) => Promise<To>,
): AsyncGenerator<To> {
  const underWay: Promise<To>[] = []
  for await (const one of all) {
    const made = make(one)
    // It is awaited in its turn; until then a failure must not count as unhandled.
    made.catch(() => undefined)
    underWay.push(made)
    if (underWay.length < IN_HAND) continue
    const [first] = underWay.splice(0, 1)
    if (first) yield await first
  }
  for (const made of underWay) yield await made
}

/** A manifest as it is stored. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return gzipSync(JSON.stringify(manifest))
}

/** A stored manifest; null if it is of another version and must be prepared anew. */
export function decodeManifest(stored: Uint8Array): Manifest | null {
  const manifest: Pick<Manifest, 'version'> = JSON.parse(gunzipSync(stored).toString())
  return isCurrent(manifest) ? manifest : null
}

// What was stored is ours: the version is the only thing about it that can differ.
function isCurrent(manifest: Pick<Manifest, 'version'>): manifest is Manifest {
  return manifest.version === MANIFEST_VERSION
}

function interned() {
  const all: Keys[] = []
  const known = new Map<string, number>()
  return {
    all,
    index(keys: Keys): number {
      const text = JSON.stringify(keys)
      const found = known.get(text)
      if (found !== undefined) return found
      known.set(text, all.length)
      return all.push(keys) - 1
    },
  }
}
