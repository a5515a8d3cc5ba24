import { crc32 } from 'node:zlib'
import type { Buffers } from './buffers.ts'
import { type DecodeFile, toDiscFile } from './dicom/disc-file.ts'
import { DicomFormatError } from './dicom/element.ts'
import type { DiscFile, PackedDisc } from './disc.ts'
import { DiscSourceError, isStreamed, type OpenedFile, streamAsPlanned } from './large-source.ts'
import type { ManifestInstance } from './manifest.ts'
import { createReadAheadBudget, type ReadAheadBudget, readAhead } from './read-ahead.ts'

export type WriteOptions = {
  readonly start?: number
  readonly end?: number
  /** Ends the stream by an error, and what is being fetched for it. */
  readonly signal?: AbortSignal
  /** A faster way that may not lead there: what it does not give, or gives other than planned, is fetched. */
  readonly shortcut?: Shortcut | undefined
  /** Decodes what the manifest says was decoded. */
  readonly decode?: DecodeFile | undefined
  /** Opens a stored file that is too large to be held; without it such a one is held all the same. */
  readonly streamInstance?: StreamInstance
  /**
   * Where the memory of instances comes from. What is given out is to be given back by who sent it; what is fetched and not
   * given out is given back here.
   */
  readonly buffers?: Buffers | undefined
  readonly concurrency?: number
  /** Shared by all streams of the process, so that many downloads take no more memory than a few. */
  readonly budget?: ReadAheadBudget
}

/** Which stored file of the archive an instance is. */
export type StoredInstance = Pick<ManifestInstance, 'orthancId' | 'fileUuid'>

/** Fetches a stored file whole. */
export type FetchInstance = (instance: StoredInstance, signal: AbortSignal) => Promise<Uint8Array>

/**
 * Opens a stored file as it streams by. It may begin at `start` only where it is the file of that name, and as long as it
 * should be (`length` is that of the stored file then): what comes before it is not there to be compared.
 */
type StreamInstance = (
  instance: StoredInstance & Pick<ManifestInstance, 'length'>,
  start: number,
  signal: AbortSignal,
) => Promise<OpenedFile>

type Shortcut = (instance: StoredInstance, signal: AbortSignal) => Promise<Uint8Array | null>

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
    shortcut,
    decode,
    streamInstance = async (instance, _, aborted) => ({
      start: 0,
      pieces: pieces(await fetchInstance(instance, aborted)),
    }),
    buffers,
    concurrency = CONCURRENCY,
    budget = createReadAheadBudget(OWN_BUDGET),
  }: WriteOptions = {},
): AsyncGenerator<Uint8Array> {
  const wanted = disc.extents.flatMap(({ file, start: from, end: to }) =>
    file.instance && !isStreamed(file.instance) && to > start && from < end && to > from
      ? [file.instance]
      : [],
  )
  const ahead = readAhead(
    wanted,
    ({ length }) => length,
    (instance, aborted) => fetchAsPlanned(instance, { fetchInstance, shortcut, decode, buffers }, aborted),
    { concurrency, budget, forget: buffers?.giveBack },
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
      if (file.open) return file.open(from, to, { signal: ended.signal, allocate: buffers?.take })
      const { instance } = file
      if (!isStreamed(instance)) return ahead.next().then((bytes) => bytes.subarray(from, to))
      const { signal: aborted } = ended
      return streamAsPlanned(instance, from, to, (at) => streamInstance(instance, at, aborted), aborted)
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

/** Instances of one stream that are fetched at once. */
export const CONCURRENCY = 4

/** Read ahead of one stream that shares no budget. */
const OWN_BUDGET = 16 * 2 ** 20

async function fetchAsPlanned(
  instance: ManifestInstance,
  {
    fetchInstance,
    shortcut,
    decode,
    buffers,
  }: Pick<WriteOptions, 'shortcut' | 'decode' | 'buffers'> & { fetchInstance: FetchInstance },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const planned = async (stored: Uint8Array) => {
    const bytes = await asPlanned(instance, stored, decode)
    if (bytes?.buffer !== stored.buffer) buffers?.giveBack(stored)
    return bytes
  }
  const stored = shortcut && (await shortcut(instance, signal).catch(() => null))
  const bytes = (stored && (await planned(stored))) ?? (await planned(await fetchInstance(instance, signal)))
  if (!bytes) {
    throw new DiscSourceError(`instance ${instance.orthancId} changed since the manifest was made`)
  }
  return bytes
}

/** A stored file as it goes on the disc; null if it is not what the manifest says (ADR 14: why a CRC-32 is enough). */
export async function asPlanned(
  { length, crc32: expected, conversion }: ManifestInstance,
  stored: Uint8Array,
  decode: DecodeFile | undefined,
): Promise<Uint8Array | null> {
  try {
    const bytes = conversion === 'decoded' ? await decode?.(stored) : toDiscFile(stored).bytes
    return bytes && bytes.byteLength === length && crc32(bytes) === expected ? bytes : null
  } catch (error) {
    // No DICOM at all, though it once was.
    if (error instanceof DicomFormatError) return null
    throw error
  }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
