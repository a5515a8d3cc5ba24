import { crc32 } from 'node:zlib'
import { createBuffers } from '../disc/buffers.ts'
import { createReadAheadBudget } from '../disc/read-ahead.ts'
import type { Orthanc } from '../orthanc/orthanc.ts'

/** Frames of `length` bytes one after the other from `start` on, in a file of the archive's of `size` bytes. */
export type NativeFrames = {
  readonly orthancId: string
  readonly fileUuid: string
  readonly size: number
  readonly crc32: number
  readonly start: number
  readonly length: number
  readonly frames: number
}

export type NativeFrame = {
  readonly bytes: Uint8Array
  /** The kernel has taken the bytes: their memory may be used again. */
  readonly taken: () => void
  /** Nobody wants the frame any more. */
  readonly over: () => void
}

/** Longer files are not fetched for one frame; CT and MR are shorter. */
const LONGEST_FETCHED = 2 * 2 ** 20
/** What is fetched and not yet sent, of all viewers together; beyond it frames stream by from Orthanc's DICOMweb. */
const MOST_HELD = 32 * 2 ** 20
const MOST_KEPT = 8 * 2 ** 20

/**
 * Cuts native frames out of the archive's own files: from its storage folder, else from the file fetched whole, which costs
 * Orthanc a tenth of what its DICOMweb takes for the same frame. Null where neither can be.
 */
export function nativeFrames(orthanc: Orthanc) {
  const buffers = createBuffers(MOST_KEPT)
  const budget = createReadAheadBudget(MOST_HELD)

  return async (where: NativeFrames, number: number): Promise<NativeFrame | null> => {
    const { orthancId, size, length } = where
    if (number > where.frames) return null
    const start = where.start + (number - 1) * length
    const stored = await orthanc.storedBytes({ ...where, start })
    if (stored) return { bytes: stored, taken: () => undefined, over: () => undefined }
    if (size > LONGEST_FETCHED || !budget.tryTake(size)) return null
    const over = once(() => budget.giveBack(size))
    try {
      const file = await orthanc.instanceFile(orthancId, undefined, buffers.take)
      // Another file under the same UIDs has its frames elsewhere, or other ones.
      if (file?.byteLength === size && crc32(file) === where.crc32) {
        const taken = once(() => buffers.giveBack(file))
        return { bytes: file.subarray(start, start + length), taken, over }
      }
    } catch (error) {
      over()
      throw error
    }
    over()
    return null
  }
}

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) act()
    isDone = true
  }
}
