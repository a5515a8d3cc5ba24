const PREAMBLE = 128
const HEADER_END = '\r\n\r\n'
const LONGEST_HEADER = 4096

/**
 * Zeroes the 128-byte preamble of each DICOM file in a multipart/related body as it passes (S48): a preamble can carry an
 * executable (CVE-2019-11687). Parts are told by their Content-Length, which Orthanc always writes; a body that is made
 * otherwise is broken off.
 */
export async function* withoutPreambles(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let header = ''
  // Bytes of the present part still to come, and how many of them are still preamble.
  let left = 0
  let preamble = 0
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk)
    let at = 0
    while (at < bytes.length) {
      if (left > 0) {
        const end = Math.min(bytes.length, at + left)
        const zeroes = Math.min(preamble, end - at)
        bytes.fill(0, at, at + zeroes)
        preamble -= zeroes
        left -= end - at
        at = end
        continue
      }
      header += String.fromCharCode(bytes[at] ?? 0)
      at += 1
      if (!header.endsWith(HEADER_END)) {
        if (header.length > LONGEST_HEADER) throw new Error('a part without an end to its header')
        continue
      }
      left = lengthOf(header)
      preamble = Math.min(PREAMBLE, left)
      header = ''
    }
    yield bytes
  }
}

/** The same of a file alone. */
export async function* withoutPreamble(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let left = PREAMBLE
  for await (const chunk of file) {
    const bytes = left > 0 ? Buffer.from(chunk).fill(0, 0, Math.min(left, chunk.byteLength)) : chunk
    left -= Math.min(left, chunk.byteLength)
    yield bytes
  }
}

function lengthOf(header: string): number {
  const length = /^content-length: *(\d+) *$/im.exec(header)?.[1]
  if (length === undefined) throw new Error('a part that does not tell its length')
  return Number(length)
}
