import { DEFLATED, type Head, NeedsMoreError, readDataSet, readMeta } from './part10.ts'

/** A DICOM File as far as it was read, and where its pixels are fetched from. */
export interface DicomFile extends Head {
  /** The file, or what inflating it gave. */
  readonly blob: Blob
}

/**
 * Reads the head of a file, in growing pieces, up to the pixels. Throws NotDicomError where it is none, and
 * NeedsMoreError where it ends within an element.
 */
export async function readFile(file: Blob): Promise<DicomFile> {
  for (const size of PIECES) {
    const bytes = new Uint8Array(await file.slice(0, size).arrayBuffer())
    try {
      const { transferSyntaxUid, start } = readMeta(bytes)
      if (transferSyntaxUid === DEFLATED) return await readDeflated(file, start)
      return { ...readDataSet(bytes, start, transferSyntaxUid), blob: file }
    } catch (error) {
      if (!(error instanceof NeedsMoreError) || size >= file.size) throw error
    }
  }
  throw new NeedsMoreError()
}

/** The bytes, inflated (RFC 1951), up to a limit that keeps a small file from filling the memory. */
export async function inflated(bytes: Blob, most: number): Promise<Uint8Array<ArrayBuffer>> {
  return await inflatedExactly(bytes, most).catch(async (error) => {
    // DICOM makes lengths even by a zero, which is junk to the browser.
    const [last] = new Uint8Array(await bytes.slice(-1).arrayBuffer())
    if (last !== 0 || !(error instanceof TypeError)) throw error
    return inflatedExactly(bytes.slice(0, -1), most)
  })
}

async function inflatedExactly(bytes: Blob, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = bytes.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const parts: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer())
    length += value.byteLength
    if (length > most) throw new RangeError('inflates to more than it may')
    parts.push(value)
  }
}

const KIB = 1024
const PIECES = [16 * KIB, 128 * KIB, 2048 * KIB, 64 * KIB * KIB, Number.MAX_SAFE_INTEGER]
const MOST_INFLATED = 1024 * KIB * KIB

// The Data Set is deflated as a whole (PS3.5 §A.5); inside it is Explicit VR Little Endian.
async function readDeflated(file: Blob, start: number): Promise<DicomFile> {
  const bytes = await inflated(file.slice(start), MOST_INFLATED)
  return { ...readDataSet(bytes, 0, '1.2.840.10008.1.2.1'), blob: new Blob([bytes]) }
}
