import type { Context } from 'hono'
import { parseRange } from '../disc/ranges.ts'

/** Bytes that are all there: with a validator (304), in parts for who wants a part (206, 416; RFC 9110 §14). */
export function whole(
  c: Context,
  bytes: Uint8Array,
  headers: Record<string, string>,
  etag?: string,
): Response {
  const common = {
    ...headers,
    ...(etag ? { etag } : {}),
    'cache-control': 'no-store',
    'accept-ranges': 'bytes',
  }
  if (etag && isUnchanged(c, etag)) return c.body(null, 304, common)
  const size = bytes.byteLength
  const range = partOf(c, size, etag)
  if (!range) return c.body(null, 416, { ...common, 'content-range': `bytes */${size}` })
  const part = new Uint8Array(bytes.subarray(range.start, range.end))
  return c.body(part, range.status, { ...common, ...range.headers })
}

/** What of `size` bytes is asked for: all, or a part of them; null where there are none such. */
export function partOf(
  c: Context,
  size: number,
  etag?: string,
): { status: 200 | 206; start: number; end: number; headers: Record<string, string> } | null {
  const ifRange = c.req.header('if-range')
  // RFC 9110 §14.2: Range is defined for GET alone.
  const isWhole = c.req.method !== 'GET' || (ifRange && ifRange !== etag)
  const wanted = isWhole ? { kind: 'all' as const } : parseRange(c.req.header('range') ?? null, size)
  if (wanted.kind === 'unsatisfiable') return null
  const [range, ...others] = wanted.kind === 'ranges' ? wanted.ranges : []
  // Several ranges of one frame or video: nobody asks for them, and all of it is a valid answer.
  if (!range || others.length > 0)
    return { status: 200, start: 0, end: size, headers: { 'content-length': `${size}` } }
  const { start, end } = range
  const headers = { 'content-range': `bytes ${start}-${end - 1}/${size}`, 'content-length': `${end - start}` }
  return { status: 206, start, end, headers }
}

/** Does the client have this already? */
export function isUnchanged(c: Context, etag: string): boolean {
  const known =
    c.req
      .header('if-none-match')
      ?.split(',')
      .map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return known.includes('*') || known.includes(etag.replace(/^W\//, ''))
}
