import { AppError } from '../errors.ts'

/** The body of the only part of a multipart/related answer (RFC 2387), by its boundary. */
export function singlePart(bytes: Uint8Array, contentType: string): Uint8Array<ArrayBuffer> {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1]
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = body.indexOf('\r\n\r\n')
  const end = boundary ? body.lastIndexOf(`\r\n--${boundary}`) : -1
  if (start < 0 || end < start + 4)
    throw new AppError('images.unavailable', 'Orthanc’s multipart answer cannot be read.')
  return new Uint8Array(body.subarray(start + 4, end))
}
