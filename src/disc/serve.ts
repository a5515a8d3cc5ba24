import { evaluateConditions, rangeHolds, type Validators } from './conditions.ts'
import type { Body } from './pour.ts'
import { type ByteRange, parseRange } from './ranges.ts'

/** A file that can be sent from any byte on; a PackedDisc is one. */
export type Downloadable = Validators & {
  readonly size: number
  readonly fileName: string
  readonly mediaType: string
}

/** Opens the bytes of a range; `signal` is aborted when nobody wants them any more. */
export type OpenRange = (range: ByteRange, signal: AbortSignal) => AsyncGenerator<Uint8Array>

/** An answer to GET or HEAD; without a body where there is none to send. */
export type DiscAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body | null
}

/**
 * Answers GET and HEAD for a packed disc: length, validators, Range, If-Range, several ranges. If the source fails, so does
 * the body: the connection is to be broken then, so that no browser takes the file for whole.
 */
export function answerDisc(
  { method, headers }: { method: string; headers: Headers },
  disc: Downloadable,
  open: OpenRange,
): DiscAnswer {
  const common = {
    etag: disc.etag,
    'last-modified': disc.lastModified.toUTCString(),
    'accept-ranges': 'bytes',
    // S44; and no proxy on the way may change the bytes that the length and the ranges count.
    'cache-control': 'private, no-store, no-transform',
    'x-content-type-options': 'nosniff',
  }
  const condition = evaluateConditions(headers, disc)
  if (condition === 'failed') return { status: 412, headers: common, body: null }
  if (condition === 'not modified') return { status: 304, headers: common, body: null }

  // RFC 9110 §14.2: Range is defined for GET alone; a HEAD tells of the whole.
  const wanted =
    method === 'GET' && rangeHolds(headers, disc)
      ? parseRange(headers.get('range'), disc.size)
      : { kind: 'all' as const }
  if (wanted.kind === 'unsatisfiable') {
    const contentRange = { 'content-range': `bytes */${disc.size}`, 'content-length': '0' }
    return { status: 416, headers: { ...common, ...contentRange }, body: null }
  }
  const named = { ...common, 'content-disposition': contentDisposition(disc.fileName) }
  const respond = (status: number, own: Record<string, string>, parts: readonly Part[]): DiscAnswer => {
    const length = parts.reduce((sum, part) => sum + lengthOf(part), 0)
    return {
      status,
      headers: { ...named, ...own, 'content-length': String(length) },
      body: method === 'HEAD' ? null : (signal) => inTurn(parts, open, signal),
    }
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

/** The answer for a server that speaks fetch; one of Node is faster with `pour()`. */
export function responseOf({ status, headers, body }: DiscAnswer): Response {
  return new Response(body && streamOf(body), { status, headers })
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
function streamOf(body: Body): ReadableStream<Uint8Array> {
  const abort = new AbortController()
  const chunks = body(abort.signal)[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        abort.abort()
        await chunks.return?.()
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
