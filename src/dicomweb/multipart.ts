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
  if (start < 0 || end < start + 4)
    throw new AppError('images.unavailable', 'Orthanc’s multipart answer cannot be read.')
  const header = body.toString('latin1', 0, start)
  const [type = 'application/octet-stream', ...parameters] = (
    /^content-type: *(.*)$/im.exec(header)?.[1] ?? ''
  ).split(/; */)
  const syntax = parameters.find((parameter) => parameter.startsWith('transfer-syntax='))
  return {
    type: type.trim() || 'application/octet-stream',
    transferSyntaxUid: syntax ? syntax.slice('transfer-syntax='.length).replaceAll('"', '').trim() : null,
    bytes: body.subarray(start + 4, end),
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
