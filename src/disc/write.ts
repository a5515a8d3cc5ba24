import { webcrypto } from 'node:crypto'
import { toDiscFile } from './dicom/disc-file.ts'
import type { DiscFile, PackedDisc } from './disc.ts'
import type { ManifestInstance } from './manifest.ts'
import { createReadAheadBudget, type ReadAheadBudget, readAhead } from './read-ahead.ts'

export type WriteOptions = {
  readonly start?: number
  readonly end?: number
  /** Ends the stream by an error, and what is being fetched for it. */
  readonly signal?: AbortSignal
  readonly concurrency?: number
  /** Shared by all streams of the process, so that many downloads take no more memory than a few. */
  readonly budget?: ReadAheadBudget
}

/** Which stored file of the archive an instance is. */
export type StoredInstance = Pick<ManifestInstance, 'orthancId' | 'fileUuid'>

/** Fetches a stored file whole. */
export type FetchInstance = (instance: StoredInstance, signal: AbortSignal) => Promise<Uint8Array>

/**
 * Writes the bytes `start` to `end` (exclusive) of a disc. Instances are fetched some ahead, and each must be what
 * the manifest promised: one that was deleted or overwritten since ends the stream by an error.
 */
export async function* writeDisc(
  disc: PackedDisc,
  fetchInstance: FetchInstance,
  {
    start = 0,
    end = disc.size,
    signal,
    concurrency = 6,
    budget = createReadAheadBudget(OWN_BUDGET),
  }: WriteOptions = {},
): AsyncGenerator<Uint8Array> {
  const wanted = disc.extents.flatMap(({ file, start: from, end: to }) =>
    file.instance && to > start && from < end && to > from ? [file.instance] : [],
  )
  const ahead = readAhead(
    wanted,
    ({ length }) => length,
    (instance, aborted) => fetchAsPlanned(instance, fetchInstance, aborted),
    { concurrency, budget },
  )
  const ended = new AbortController()
  const stop = () => {
    ended.abort()
    ahead.close()
  }
  signal?.addEventListener('abort', stop)
  try {
    // Files are opened in the order of `wanted`, each once: so the next result is the one that is asked for.
    const open = (file: DiscFile, from: number, to: number) => {
      if (file.bytes) return file.bytes.subarray(from, to)
      if (file.open) return file.open(from, to, ended.signal)
      return ahead.next().then((bytes) => bytes.subarray(from, to))
    }
    for await (const chunk of disc.write(open, { start, end })) {
      signal?.throwIfAborted()
      yield chunk
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    stop()
  }
}

/** Read ahead of one stream that shares no budget. */
const OWN_BUDGET = 16 * 2 ** 20

/** An instance of the archive is not what the manifest says: the disc can no longer be what it was planned to be. */
class DiscSourceError extends Error {
  override readonly name = 'DiscSourceError'
}

async function fetchAsPlanned(
  instance: ManifestInstance,
  fetchInstance: FetchInstance,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { orthancId, length, sha256 } = instance
  const { bytes } = toDiscFile(await fetchInstance(instance, signal))
  if (bytes.byteLength !== length || (await sha256Of(bytes)) !== sha256) {
    throw new DiscSourceError(`instance ${orthancId} changed since the manifest was made`)
  }
  return bytes
}

// In libuv's threads, not in ours: hashing takes as long as fetching.
async function sha256Of(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex')
}
