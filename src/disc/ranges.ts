/** Bytes `start` to `end`, the end not among them. */
export type ByteRange = { readonly start: number; readonly end: number }

/** What a request wants of a representation: all of it, some ranges, or ranges that are not there. */
export type Wanted =
  | { readonly kind: 'all' }
  | { readonly kind: 'ranges'; readonly ranges: readonly ByteRange[] }
  | { readonly kind: 'unsatisfiable' }

/** More ranges than this in one request are an attack, not a resumed download (RFC 9110 §17.15). */
const MOST_RANGES = 16

/** The Range header (RFC 9110 §14.2). What is not understood is ignored, as the RFC says: all is sent. */
export function parseRange(header: string | null, size: number): Wanted {
  const set = /^bytes=(.*)$/i.exec(header?.trim() ?? '')?.[1]
  if (set === undefined) return { kind: 'all' }
  const specs = set.split(',').map((spec) => spec.trim())
  if (specs.length > MOST_RANGES) return { kind: 'all' }

  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const parts = /^(\d*)-(\d*)$/.exec(spec)
    const [first = '', last = ''] = parts?.slice(1) ?? []
    if (!parts || (first === '' && last === '')) return { kind: 'all' }
    if (first !== '' && last !== '' && Number(last) < Number(first)) return { kind: 'all' }
    const range =
      first === ''
        ? { start: Math.max(0, size - Number(last)), end: size }
        : { start: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) }
    if (range.start < range.end) ranges.push(range)
  }
  return ranges.length === 0 ? { kind: 'unsatisfiable' } : { kind: 'ranges', ranges: coalesced(ranges) }
}

// RFC 9110 §15.3.7.2: overlapping ranges may be put together, so that no byte is sent twice.
function coalesced(ranges: readonly ByteRange[]): ByteRange[] {
  const overlap = ranges.some((a, i) => ranges.some((b, j) => i < j && a.start <= b.end && b.start <= a.end))
  if (!overlap) return [...ranges]
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}
