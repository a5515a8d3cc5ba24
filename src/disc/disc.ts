import { hash, webcrypto } from 'node:crypto'
import { applicationProfile } from './application-profile.ts'
import type { DiscContent, ExtraFile } from './content.ts'
import { toDiscFile } from './dicom/disc-file.ts'
import { encodeDicomdir } from './dicomdir.ts'
import { arrangeFileSet, placedInstances, summariseSeries } from './file-set.ts'
import { type ImageFile, type ImagePlan, planImage, writeImage } from './iso9660/iso9660.ts'
import type { Manifest, ManifestInstance } from './manifest.ts'
import { discPages } from './pages.ts'
import { createReadAheadBudget, type ReadAheadBudget, readAhead } from './read-ahead.ts'

/** A disc ready to be sent: same plan, same bytes, on every gateway. */
export type DiscPlan = {
  readonly image: ImagePlan<DiscFile>
  /** Bytes of the whole image. */
  readonly size: number
  /** Strong validator (RFC 9110 §8.8.3), with its quotes: it follows from every byte of the image. */
  readonly etag: string
  readonly lastModified: Date
  readonly fileName: string
  readonly medium: Medium
  /** Of PS3.11; null where the images' encodings are in none. */
  readonly profile: string | null
  readonly instanceCount: number
}

type DiscFile = ImageFile &
  (
    | { readonly bytes: Uint8Array; readonly instance?: never }
    | { readonly bytes?: never; readonly instance: ManifestInstance }
  )

/**
 * Lays out the disc of some studies. `date` is that of all files and of the volume: it must be fixed with the
 * manifests and the reports, not be taken from the clock.
 */
export function planDisc({
  manifests,
  content,
  extras = [],
  date,
}: {
  manifests: readonly Manifest[]
  content: DiscContent
  extras?: readonly ExtraFile[]
  date: Date
}): DiscPlan {
  const fileSet = arrangeFileSet(manifests)
  const placed = [...placedInstances(fileSet)]
  const profile = applicationProfile(placed.map(({ instance }) => instance.transferSyntaxUid))
  const summary = { instanceCount: placed.length, profile, series: summariseSeries(fileSet) }
  // The day of the exam, and nothing that tells whose it is: the volume's name shows on every desktop.
  const day =
    content.exams
      .map((exam) => exam.date)
      .sort()
      .at(-1) ?? date.toISOString().slice(0, 10)
  const volumeId = `ESAME_${day.replaceAll('-', '')}`

  const instanceFiles = placed.map(({ instance, fileId }): DiscFile => {
    const path = fileId.join('/')
    return { path, isoPath: path, size: instance.length, instance }
  })
  // PS3.10 §8.6: a File-set has one DICOMDIR, at its root. PS3.12 §F.1.1: its ID is the volume's.
  const dicomdir = { path: 'DICOMDIR', isoPath: 'DICOMDIR', bytes: encodeDicomdir(fileSet, volumeId) }
  const small = [dicomdir, ...discPages(content, summary, date), ...extras].map((file) => ({
    ...file,
    size: file.bytes.byteLength,
  }))
  const image = planImage(
    [...small, checksumFile([...small, ...instanceFiles]), ...instanceFiles],
    { volumeId, application: 'RITIRO' },
    date,
  )
  return {
    image,
    size: image.size,
    etag: etagOf(image),
    lastModified: new Date(Math.floor(date.getTime() / 1000) * 1000),
    fileName: `esame-${day}.iso`,
    medium: mediumFor(image.size),
    profile,
    instanceCount: placed.length,
  }
}

export type WriteOptions = {
  readonly start?: number
  readonly end?: number
  /** Ends the stream by an error, and what is being fetched for it. */
  readonly signal?: AbortSignal
  readonly concurrency?: number
  /** Shared by all streams of the process, so that many downloads take no more memory than a few. */
  readonly budget?: ReadAheadBudget
}

/** Fetches a stored file whole. */
export type FetchInstance = (orthancId: string, signal: AbortSignal) => Promise<Uint8Array>

/**
 * Writes the bytes `start` to `end` (exclusive) of a disc. Instances are fetched some ahead, and each must be what
 * the manifest promised: one that was deleted or overwritten since ends the stream by an error.
 */
export async function* writeDisc(
  { image }: DiscPlan,
  fetchInstance: FetchInstance,
  {
    start = 0,
    end = image.size,
    signal,
    concurrency = 6,
    budget = createReadAheadBudget(OWN_BUDGET),
  }: WriteOptions = {},
): AsyncGenerator<Uint8Array> {
  const wanted = image.extents.flatMap(({ file, start: from, end: to }) =>
    file.instance && to > start && from < end && to > from ? [file.instance] : [],
  )
  const ahead = readAhead(
    wanted,
    ({ length }) => length,
    (instance, aborted) => fetchAsPlanned(instance, fetchInstance, aborted),
    { concurrency, budget },
  )
  const stop = () => ahead.close()
  signal?.addEventListener('abort', stop)
  try {
    // writeImage opens files in the order of `wanted`, each once: so the next result is the one it asks for.
    const open = (file: DiscFile, from: number, to: number) =>
      file.instance ? ahead.next().then((bytes) => bytes.subarray(from, to)) : file.bytes.subarray(from, to)
    for await (const chunk of writeImage(image, open, { start, end })) {
      signal?.throwIfAborted()
      yield chunk
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    ahead.close()
  }
}

/** Read ahead of one stream that shares no budget. */
const OWN_BUDGET = 16 * 2 ** 20

/** An instance of the archive is not what the manifest says: the disc can no longer be what it was planned to be. */
class DiscSourceError extends Error {
  override readonly name = 'DiscSourceError'
}

async function fetchAsPlanned(
  { orthancId, length, sha256 }: ManifestInstance,
  fetchInstance: FetchInstance,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { bytes } = toDiscFile(await fetchInstance(orthancId, signal))
  if (bytes.byteLength !== length || (await sha256Of(bytes)) !== sha256) {
    throw new DiscSourceError(`instance ${orthancId} changed since the manifest was made`)
  }
  return bytes
}

// In libuv's threads, not in ours: hashing takes as long as fetching.
async function sha256Of(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex')
}

/** For `sha256sum -c SHA256.TXT`, run at the root of the disc. */
function checksumFile(files: readonly DiscFile[]): DiscFile {
  const lines = files.map((file) => {
    const digest = file.instance ? file.instance.sha256 : hash('sha256', file.bytes, 'hex')
    return `${digest}  ${file.path}\n`
  })
  const bytes = Buffer.from(lines.join(''))
  return { path: 'SHA256.TXT', isoPath: 'SHA256.TXT', size: bytes.byteLength, bytes }
}

// The head says where each file lies and what it is called; SHA256.TXT, a file, what each holds.
function etagOf({ head, extents }: ImagePlan<DiscFile>): string {
  const checksums = extents.find(({ file }) => file.path === 'SHA256.TXT')?.file
  const parts = [hash('sha256', head, 'hex'), checksums?.bytes ? hash('sha256', checksums.bytes, 'hex') : '']
  return `"${hash('sha256', parts.join(''), 'hex').slice(0, 32)}"`
}

type Medium = 'CD' | 'DVD' | 'DVD-DL' | 'BD' | 'USB'

const CAPACITY: readonly (readonly [Medium, number])[] = [
  ['CD', 360_000 * 2048], // 80 minutes
  ['DVD', 2_295_104 * 2048],
  ['DVD-DL', 4_171_712 * 2048],
  ['BD', 12_219_392 * 2048],
]

/** The smallest medium that an image fits on. */
function mediumFor(size: number): Medium {
  return CAPACITY.find(([, capacity]) => size <= capacity)?.[0] ?? 'USB'
}
