import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { openLargeFile } from './large-file.ts'
import type { ManifestInstance } from './manifest.ts'

/** An instance of the archive is not what the manifest says: the disc can no longer be what it was planned to be. */
export class DiscSourceError extends Error {
  override readonly name = 'DiscSourceError'
}

type Streamed = ManifestInstance & Required<Pick<ManifestInstance, 'streamed'>>

/** Whether an instance goes on the disc as it streams by. */
export const isStreamed = (instance: ManifestInstance): instance is Streamed =>
  instance.streamed !== undefined

/**
 * The bytes `start` to `end` of a large instance. Orthanc knows no Range, so it is always read from its beginning to its
 * end; the last piece is kept back until the whole was compared with the manifest, so what is wrong never comes whole.
 */
export async function* streamAsPlanned(
  instance: Streamed,
  start: number,
  end: number,
  open: () => Promise<AsyncIterable<Uint8Array>>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let at = 0
  let sum = 0
  let kept: Uint8Array | null = null
  for await (const piece of steadily(instance, open, signal)) {
    const from = at
    at += piece.byteLength
    sum = crc32(piece, sum)
    const wanted = piece.subarray(Math.max(0, start - from), Math.max(0, end - from))
    if (wanted.byteLength === 0) continue
    if (kept) yield kept
    kept = wanted
  }
  if (at !== instance.length || sum !== instance.crc32) throw changed(instance)
  if (kept) yield kept
}

const changed = ({ orthancId }: ManifestInstance) =>
  new DiscSourceError(`instance ${orthancId} changed since the manifest was made`)

/** Openings in a row that bring nothing new. */
const MOST_ATTEMPTS = 3
const PAUSE_MS = 500

/**
 * The file as it goes on the disc. Where the archive breaks it off, as it does when a client stalls for longer than the
 * archive waits, it is opened anew and read up to where it was.
 */
async function* steadily(
  { streamed }: Streamed,
  open: () => Promise<AsyncIterable<Uint8Array>>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let given = 0
  let attempts = 0
  for (;;) {
    let at = 0
    try {
      const { pieces } = await openLargeFile(await open(), streamed)
      for await (const piece of pieces) {
        at += piece.byteLength
        if (at <= given) continue
        const fresh = piece.subarray(Math.max(0, piece.byteLength - (at - given)))
        given = at
        attempts = 0
        yield fresh
      }
      return
    } catch (error) {
      if (++attempts >= MOST_ATTEMPTS || signal.aborted) throw error
      // It may be about to come back.
      await sleep(PAUSE_MS * attempts, undefined, { signal })
    }
  }
}
