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
  const ifRange = c.req.header('if-range')
  // RFC 9110 §14.2: Range is defined for GET alone.
  const isWhole = c.req.method !== 'GET' || (ifRange && ifRange !== etag)
  const wanted = isWhole ? { kind: 'all' as const } : parseRange(c.req.header('range') ?? null, size)
  if (wanted.kind === 'unsatisfiable')
    return c.body(null, 416, { ...common, 'content-range': `bytes */${size}` })
  const [range, ...others] = wanted.kind === 'ranges' ? wanted.ranges : []
  // Several ranges of one frame or video: nobody asks for them, and all of it is a valid answer.
  if (!range || others.length > 0)
    return c.body(new Uint8Array(bytes), 200, { ...common, 'content-length': `${size}` })
  return c.body(new Uint8Array(bytes.subarray(range.start, range.end)), 206, {
    ...common,
    'content-range': `bytes ${range.start}-${range.end - 1}/${size}`,
    'content-length': `${range.end - range.start}`,
  })
}

/** Does the client have this already? */
export function isUnchanged(c: Context, etag: string): boolean {
  const known =
    c.req
      .header('if-none-match')
      ?.split(',')
      .map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return known.includes('*') || known.includes(etag)
}
