import { randomBytes } from 'node:crypto'
import { AppError } from '../errors.ts'

export type Part = {
  readonly type: string
  readonly transferSyntaxUid: string | null
  readonly bytes: Uint8Array
}

/** The only part of a multipart/related answer (RFC 2387), by its boundary. */
export function singlePart(bytes: Uint8Array, contentType: string): Part {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1]
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = body.indexOf('\r\n\r\n')
  const end = boundary ? body.lastIndexOf(`\r\n--${boundary}`) : -1
  if (start < 0 || end < start + 4) throw unreadable()
  return { ...toldIn(body.toString('latin1', 0, start)), bytes: body.subarray(start + 4, end) }
}

/** A part whose bytes are still to come: exactly `length` of them, or an error. */
export type OpenedPart = Omit<Part, 'bytes'> & {
  readonly length: number
  readonly chunks: AsyncIterable<Uint8Array>
}

const HEADER_END = '\r\n\r\n'
const LONGEST_HEADER = 4096

/** The same of an answer that streams by: Orthanc writes the Content-Length of each part. */
export async function openPart(body: AsyncIterable<Uint8Array>): Promise<OpenedPart> {
  const chunks = body[Symbol.asyncIterator]()
  let head: Buffer = Buffer.alloc(0)
  for (;;) {
    const at = head.indexOf(HEADER_END)
    if (at >= 0) {
      const header = head.toString('latin1', 0, at)
      const length = Number(/^content-length: *(\d+) *$/im.exec(header)?.[1] ?? Number.NaN)
      if (Number.isNaN(length)) throw unreadable()
      return {
        ...toldIn(header),
        length,
        chunks: exactly(length, head.subarray(at + HEADER_END.length), chunks),
      }
    }
    const { done, value } = await chunks.next()
    if (done || head.byteLength > LONGEST_HEADER) throw unreadable()
    head = Buffer.concat([head, value])
  }
}

async function* exactly(
  length: number,
  first: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let left = length
  for (let chunk = first; ; ) {
    const wanted = chunk.subarray(0, left)
    left -= wanted.byteLength
    if (wanted.byteLength > 0) yield wanted
    const { done, value } = await chunks.next()
    // Read to the end of the envelope, so that the connection can be used again.
    if (done && left === 0) return
    if (done) throw unreadable()
    chunk = value
  }
}

const unreadable = () => new AppError('images.unavailable', 'Orthanc’s multipart answer cannot be read.')

function toldIn(header: string): Omit<Part, 'bytes'> {
  const [type = '', ...parameters] = (/^content-type: *(.*)$/im.exec(header)?.[1] ?? '').split(/; */)
  const syntax = parameters.find((parameter) => parameter.startsWith('transfer-syntax='))
  return {
    type: type.trim() || 'application/octet-stream',
    transferSyntaxUid: syntax ? syntax.slice('transfer-syntax='.length).replaceAll('"', '').trim() : null,
  }
}

/** How parts are framed: what stands before each, and after the last. */
export function framing(type: string) {
  const boundary = randomBytes(16).toString('hex')
  return {
    contentType: (transferSyntaxUid: string | null) =>
      `multipart/related; type="${type}"; ${transferSyntaxUid ? `transfer-syntax=${transferSyntaxUid}; ` : ''}boundary=${boundary}`,
    before: (part: { type: string; transferSyntaxUid: string | null; length: number; location?: string }) =>
      Buffer.from(
        [
          `--${boundary}`,
          `Content-Type: ${part.type}${part.transferSyntaxUid ? `; transfer-syntax=${part.transferSyntaxUid}` : ''}`,
          `Content-Length: ${part.length}`,
          ...(part.location ? [`Content-Location: ${part.location}`] : []),
          'MIME-Version: 1.0',
          '\r\n',
        ].join('\r\n'),
        'latin1',
      ),
    after: Buffer.from('\r\n', 'latin1'),
    end: Buffer.from(`--${boundary}--\r\n`, 'latin1'),
  }
}
