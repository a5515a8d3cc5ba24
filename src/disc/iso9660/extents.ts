/** What a source may give: all bytes asked for at once, or piece by piece. */
export type FileBytes = Uint8Array | Promise<Uint8Array> | AsyncIterable<Uint8Array>

/** The bytes of a source, which must be `length`: one that gives fewer or more ends the stream by an error that names `path`. */
export async function* readExactly(
  path: string,
  opened: FileBytes,
  length: number,
): AsyncGenerator<Uint8Array> {
  const chunks = Symbol.asyncIterator in opened ? opened : [await opened]
  let given = 0
  for await (const chunk of chunks) {
    given += chunk.byteLength
    if (given > length) break
    if (chunk.byteLength > 0) yield chunk
  }
  if (given !== length) {
    throw new Error(`${path}: ${length} bytes planned, the source gives ${given > length ? 'more' : given}`)
  }
}

/** Binary search in extents of ascending order: the first that ends after the byte `at`. */
export function firstEndingAfter(extents: readonly { readonly end: number }[], at: number): number {
  let low = 0
  let high = extents.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((extents[middle]?.end ?? 0) > at) high = middle
    else low = middle + 1
  }
  return low
}
