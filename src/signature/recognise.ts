/** What the bytes are by their own look: neither name nor declared type is asked (S17). */
export type Recognised =
  | { kind: 'cms'; bytes: Uint8Array }
  | { kind: 'pdf' }
  | { kind: 'empty' }
  | { kind: 'unrecognised' }

const HEAD_BYTES = 1024

export function recognise(bytes: Uint8Array): Recognised {
  if (bytes.byteLength === 0) return { kind: 'empty' }
  // A .p7m around a PDF has '%PDF-' in its first bytes too: CMS is asked first.
  if (startsAsSignedData(bytes)) return { kind: 'cms', bytes }
  const decoded = unarmour(bytes)
  if (decoded) return { kind: 'cms', bytes: decoded }
  if (latin1(bytes, 0, HEAD_BYTES).includes('%PDF-')) return { kind: 'pdf' }
  return { kind: 'unrecognised' }
}

// ContentInfo ::= SEQUENCE { contentType id-signedData, … } (RFC 5652 §3), its length in any form.
const SIGNED_DATA_OID = '06092a864886f70d010702'

function startsAsSignedData(bytes: Uint8Array): boolean {
  const [tag, length = 0] = bytes
  if (tag !== 0x30) return false
  const start = 2 + (length > 0x80 ? length & 0x7f : 0)
  return Buffer.from(bytes.subarray(start, start + 11)).toString('hex') === SIGNED_DATA_OID
}

// PEM (RFC 7468 §8, §9), or the same base64 without its dashes, as many Italian signing tools write it.
function unarmour(bytes: Uint8Array): Uint8Array | null {
  const head = latin1(bytes, 0, HEAD_BYTES).replace(/^\xef\xbb\xbf/, '')
  if (!/^\s*(-----BEGIN |MI)/.test(head)) return null
  const body = latin1(bytes, 0, bytes.byteLength)
    .replace(/^\xef\xbb\xbf/, '')
    .replace(/^\s*-----BEGIN [A-Z0-9 #]{1,40}-----/, '')
    .replace(/-----END [A-Z0-9 #]{1,40}-----\s*$/, '')
  if (/[^A-Za-z0-9+/=\s]/.test(body)) return null
  const decoded = Buffer.from(body, 'base64')
  return startsAsSignedData(decoded) ? decoded : null
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end)
}
