import { evaluateConditions, ifRangeHolds, type Validators } from './conditions.ts'
import { type ByteRange, parseRange } from './ranges.ts'

/** A file that can be sent from any byte on; a PackedDisc is one. */
export type Downloadable = Validators & {
  readonly size: number
  readonly fileName: string
  readonly mediaType: string
}

/** Opens the bytes of a range; `signal` is aborted when nobody wants them any more. */
export type OpenRange = (range: ByteRange, signal: AbortSignal) => AsyncGenerator<Uint8Array>

/**
 * Answers GET and HEAD for a packed disc: length, validators, Range, If-Range, several ranges. If the source
 * fails, the body ends in an error and the connection breaks, so that no browser takes the file for whole.
 */
export function serveDisc(
  { method, headers }: { method: string; headers: Headers },
  disc: Downloadable,
  open: OpenRange,
): Response {
  const common = {
    etag: disc.etag,
    'last-modified': disc.lastModified.toUTCString(),
    'accept-ranges': 'bytes',
    // S44; and no proxy on the way may change the bytes that the length and the ranges count.
    'cache-control': 'private, no-store, no-transform',
    'x-content-type-options': 'nosniff',
  }
  const condition = evaluateConditions(headers, disc)
  if (condition === 'failed') return new Response(null, { status: 412, headers: common })
  if (condition === 'not modified') return new Response(null, { status: 304, headers: common })

  const wanted = ifRangeHolds(headers, disc)
    ? parseRange(headers.get('range'), disc.size)
    : { kind: 'all' as const }
  if (wanted.kind === 'unsatisfiable') {
    const contentRange = { 'content-range': `bytes */${disc.size}`, 'content-length': '0' }
    return new Response(null, { status: 416, headers: { ...common, ...contentRange } })
  }
  const named = { ...common, 'content-disposition': contentDisposition(disc.fileName) }
  const respond = (status: number, own: Record<string, string>, parts: readonly Part[]) => {
    const length = parts.reduce((sum, part) => sum + lengthOf(part), 0)
    return new Response(method === 'HEAD' ? null : streamOf(parts, open), {
      status,
      headers: { ...named, ...own, 'content-length': String(length) },
    })
  }

  if (wanted.kind === 'all')
    return respond(200, { 'content-type': disc.mediaType }, [{ start: 0, end: disc.size }])
  const [first, ...more] = wanted.ranges
  if (first && more.length === 0) {
    const own = { 'content-type': disc.mediaType, 'content-range': contentRangeOf(first, disc.size) }
    return respond(206, own, [first])
  }
  const boundary = `ritiro-${disc.etag.replace(/[^0-9a-z]/gi, '')}`
  const own = { 'content-type': `multipart/byteranges; boundary=${boundary}` }
  return respond(206, own, multipart(wanted.ranges, boundary, disc))
}

/** RFC 6266: a name in ASCII for all, and the true one where it differs. */
export function contentDisposition(fileName: string): string {
  const plain = fileName
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^\w.-]/g, '_')
  const encoded = encodeURIComponent(fileName).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${plain}"${plain === fileName ? '' : `; filename*=UTF-8''${encoded}`}`
}

type Part = ByteRange | { readonly text: Uint8Array }

const lengthOf = (part: Part): number => ('text' in part ? part.text.byteLength : part.end - part.start)

const contentRangeOf = ({ start, end }: ByteRange, size: number): string =>
  `bytes ${start}-${end - 1}/${size}`

/** RFC 9110 §14.6. The boundary cannot stand in the file, which does not hold its own ETag. */
function multipart(
  ranges: readonly ByteRange[],
  boundary: string,
  { size, mediaType }: Downloadable,
): Part[] {
  const parts = ranges.flatMap((range): Part[] => {
    const head = `\r\n--${boundary}\r\nContent-Type: ${mediaType}\r\nContent-Range: ${contentRangeOf(range, size)}\r\n\r\n`
    return [{ text: Buffer.from(head) }, range]
  })
  return [...parts, { text: Buffer.from(`\r\n--${boundary}--\r\n`) }]
}

/** One pull, one chunk: nothing is read that nobody asked for, and cancelling ends what is being fetched. */
function streamOf(parts: readonly Part[], open: OpenRange): ReadableStream<Uint8Array> {
  const abort = new AbortController()
  const chunks = inTurn(parts, open, abort.signal)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        abort.abort()
        await chunks.return()
      },
    },
    { highWaterMark: 0 },
  )
}

async function* inTurn(
  parts: readonly Part[],
  open: OpenRange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  for (const part of parts) {
    if ('text' in part) yield part.text
    else yield* open(part, signal)
  }
}
