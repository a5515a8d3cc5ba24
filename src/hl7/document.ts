import { recognise } from '../signature/recognise.ts'
import type { Inspection } from '../signature/signature.ts'
import { type Delimiters, type Segment, unescapeText, valueIn } from './message.ts'
import { Hl7Refusal } from './refusal.ts'

export type Document = { bytes: Uint8Array; inspection: Inspection }

const MAX_ATTACHMENTS = 10

/**
 * The report's document among the encapsulated data of OBX-5 (type ED, HL7 v2.5 §2.A.24): a .p7m rather than the PDF
 * beside it. Other attachments are passed over; null where there is none.
 */
export async function documentIn(
  segments: readonly Segment[],
  d: Delimiters,
  { maxBytes, inspect }: { maxBytes: number; inspect: (document: Uint8Array) => Promise<Inspection> },
): Promise<Document | null> {
  const attachments = segments.filter((segment) => isEncapsulated(segment, d)).slice(0, MAX_ATTACHMENTS)
  const decoded = attachments.map(({ fields }) => decode(fields[5] ?? '', d))
  for (const wanted of ['cms', 'pdf'] as const) {
    const bytes = decoded.find((candidate) => recognise(candidate).kind === wanted)
    if (!bytes) continue
    if (bytes.byteLength > maxBytes)
      throw new Hl7Refusal('AE', 102, `The document is larger than ${Math.floor(maxBytes / 1_000_000)} MB.`, {
        location: 'OBX-5',
      })
    return { bytes, inspection: await inspect(bytes) }
  }
  const [only, ...others] = decoded
  // A single document is meant as the report: what is wrong with it is said.
  return only && others.length === 0 ? { bytes: only, inspection: await inspect(only) } : null
}

function isEncapsulated({ name, fields }: Segment, d: Delimiters): boolean {
  if (name !== 'OBX') return false
  const type = (fields[2] ?? '').trim().toUpperCase()
  if (type === 'RP')
    throw new Hl7Refusal(
      'AE',
      102,
      'A pointer to a document (RP) is not followed: send the document itself (ED).',
      {
        location: 'OBX-2',
      },
    )
  return type === 'ED' || (type === '' && /^(base64|hex)$/i.test(valueIn(fields[5] ?? '', 4, 1, d)))
}

/** The bytes of an ED value: source ^ type ^ subtype ^ encoding ^ data. */
function decode(field: string, d: Delimiters): Uint8Array {
  const encoding = valueIn(field, 4, 1, d).trim().toUpperCase()
  // Some senders cut long data into repetitions, others into lines.
  const start = nthIndex(field, d.component, 4)
  const data = start === -1 ? '' : unescapeText(field.slice(start + 1), d).replaceAll(/\s+/g, '')
  if (encoding === 'HEX') {
    if (/[^0-9A-Fa-f]/.test(data) || data.length % 2) throw unreadable('hexadecimal')
    return Buffer.from(data, 'hex')
  }
  if (encoding !== 'BASE64' && encoding !== '')
    throw new Hl7Refusal('AE', 103, 'The encoding of the document is neither Base64 nor Hex.', {
      location: 'OBX-5',
    })
  const body = data.replace(/[\^&~]+$/, '')
  if (/[^A-Za-z0-9+/=]/.test(body)) throw unreadable('base64')
  const bytes = Buffer.from(body, 'base64')
  // Cut off, base64 still decodes: its length gives it away.
  if (body.replace(/=+$/, '').length % 4 === 1) throw unreadable('base64')
  return bytes
}

const unreadable = (what: string) =>
  new Hl7Refusal('AE', 102, `The document is not valid ${what}: it is damaged or cut off.`, {
    location: 'OBX-5',
  })

function nthIndex(text: string, delimiter: string, count: number): number {
  let at = -1
  for (let found = 0; found < count; found++) {
    at = text.indexOf(delimiter, at + 1)
    if (at === -1) return -1
  }
  return at
}
