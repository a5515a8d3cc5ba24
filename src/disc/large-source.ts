import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { PREAMBLE_LENGTH } from './dicom/part10.ts'
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

/** A stored file that streams by. */
export type OpenedFile = {
  /** Where it begins: as was asked for, or 0 where it cannot be begun later or may be another file than planned. */
  readonly start: number
  readonly pieces: AsyncIterable<Uint8Array>
}

/**
 * The bytes `start` to `end` of a large instance. Where its bytes go on the disc as they are stored, and the archive can
 * begin in the middle of the very file that the manifest names, nothing before `start` is read. Else it is read from its
 * beginning to its end; the last piece is kept back until the whole was compared with the manifest, so what is wrong
 * never comes whole.
 */
export async function* streamAsPlanned(
  instance: Streamed,
  start: number,
  end: number,
  open: (start: number) => Promise<OpenedFile>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let sum = 0
  let last = 0
  let kept: Uint8Array | null = null
  // A part that ends before the file does is compared only if it is read from the file's beginning.
  let isCompared = true
  for await (const { at, piece } of steadily(instance, start, open, signal)) {
    if (at > last) isCompared = false
    if (isCompared) sum = crc32(piece, sum)
    last = at + piece.byteLength
    const wanted = piece.subarray(Math.max(0, start - at), Math.max(0, end - at))
    if (wanted.byteLength > 0) {
      if (kept) yield kept
      kept = wanted
    }
    if (!isCompared && last >= end) break
  }
  if (isCompared ? last !== instance.length || sum !== instance.crc32 : last < end) throw changed(instance)
  if (kept) yield kept
}

const changed = ({ orthancId }: ManifestInstance) =>
  new DiscSourceError(`instance ${orthancId} changed since the manifest was made`)

/** Whether the byte `at` of the file on the disc is the byte `at` of the stored file: only the preamble may differ. */
const isAsStored = ({ conversion }: ManifestInstance, at: number): boolean =>
  at >= PREAMBLE_LENGTH && (conversion === 'none' || conversion === 'preamble')

/** Openings in a row that bring nothing new. */
const MOST_ATTEMPTS = 3
const PAUSE_MS = 500

/**
 * The file as it goes on the disc, from `start` on or from its beginning. Where the archive breaks it off, as it does when a
 * client stalls for longer than the archive waits, it is opened anew where it was, or read up to there.
 */
async function* steadily(
  instance: Streamed,
  start: number,
  open: (start: number) => Promise<OpenedFile>,
  signal: AbortSignal,
): AsyncGenerator<{ at: number; piece: Uint8Array }> {
  let given = isAsStored(instance, start) ? start : 0
  let isBegun = false
  let isWhole = false
  let attempts = 0
  for (;;) {
    try {
      const opened = await open(isAsStored(instance, given) ? given : 0)
      if (opened.start === 0) {
        // What came was not read from the beginning, so nothing could tell whether this is the same file.
        if (isBegun && !isWhole) throw changed(instance)
        if (!isBegun) given = 0
        isWhole = true
      }
      let at = opened.start
      const isInside = opened.start > 0
      const pieces = isInside ? opened.pieces : (await openLargeFile(opened.pieces, instance.streamed)).pieces
      for await (const piece of pieces) {
        isBegun = true
        at += piece.byteLength
        if (at <= given) continue
        const fresh = piece.subarray(Math.max(0, piece.byteLength - (at - given)))
        const from = given
        given = at
        attempts = 0
        yield { at: from, piece: fresh }
      }
      return
    } catch (error) {
      if (error instanceof DiscSourceError || ++attempts >= MOST_ATTEMPTS || signal.aborted) throw error
      // It may be about to come back.
      await sleep(PAUSE_MS * attempts, undefined, { signal })
    }
  }
}
