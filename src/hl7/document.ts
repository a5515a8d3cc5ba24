import { recognise } from '../signature/recognise.ts'
import type { Inspection } from '../signature/signature.ts'
import { type Delimiters, repetitions, type Segment, unescapeText, valueIn } from './message.ts'
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
  if (segments.some((segment) => segment.name === 'OBX' && typeOf(segment) === 'RP'))
    throw new Hl7Refusal(
      'AE',
      102,
      'A pointer to a document (RP) is not followed: send the document itself (ED).',
      {
        location: 'OBX-2',
        reason: 'report.no_document',
      },
    )
  const decoded = joined(piecesOf(segments, d)).slice(0, MAX_ATTACHMENTS).map(decode)
  for (const wanted of ['cms', 'pdf'] as const) {
    const bytes = decoded.find((candidate) => recognise(candidate).kind === wanted)
    if (!bytes) continue
    if (bytes.byteLength > maxBytes)
      throw new Hl7Refusal('AE', 102, `The document is larger than ${Math.floor(maxBytes / 1_000_000)} MB.`, {
        location: 'OBX-5',
        reason: 'report.too_large',
      })
    return { bytes, inspection: await inspect(bytes) }
  }
  const [only, ...others] = decoded
  // A single document is meant as the report: what is wrong with it is said.
  return only && others.length === 0 ? { bytes: only, inspection: await inspect(only) } : null
}

/** Does an OBX hold a document, whether its type says so or only its encoding? */
export function isEncapsulated(segment: Segment, d: Delimiters): boolean {
  if (segment.name !== 'OBX') return false
  const type = typeOf(segment)
  return (
    type === 'ED' || (type === '' && /^(base64|hex)$/i.test(valueIn(segment.fields[5] ?? '', 4, 1, d).trim()))
  )
}

const typeOf = ({ fields }: Segment) => (fields[2] ?? '').trim().toUpperCase()

/** An ED value, or a part of one: source ^ type ^ subtype ^ encoding ^ data. */
type Piece = {
  /** Observation, source, type, subtype and encoding: parts of one document have them alike. */
  as: string
  encoding: string
  data: string
  /** Where its segment stands. */
  at: number
  /** A repetition of data alone, without what goes before it. */
  bare: boolean
}

function piecesOf(segments: readonly Segment[], d: Delimiters): Piece[] {
  return segments.flatMap((segment, at) => {
    if (!isEncapsulated(segment, d)) return []
    const { fields } = segment
    let before = { as: '', encoding: '' }
    return repetitions(fields[5] ?? '', d).map((value, index): Piece => {
      const start = nthIndex(value, d.component, 4)
      const bare = index > 0 && !value.includes(d.component)
      if (!bare)
        before = {
          as: JSON.stringify([fields[3], value.slice(0, Math.max(start, 0)).toUpperCase()]),
          encoding: valueIn(value, 4, 1, d).trim().toUpperCase(),
        }
      const data = bare ? value : start === -1 ? '' : value.slice(start + 1)
      return { ...before, data: unescapeText(data, d).replaceAll(/\s+/g, ''), at, bare }
    })
  })
}

/**
 * Some senders cut long data into repetitions, others into an OBX after the other with the same OBX-3: what goes on with
 * the document before it is joined to it. What begins as a document of its own is one.
 */
function joined(pieces: Piece[]): { encoding: string; parts: string[] }[] {
  const documents: { encoding: string; parts: string[] }[] = []
  let last: Piece | undefined
  for (const piece of pieces) {
    const before = documents.at(-1)
    const goesOn =
      piece.bare || (last && last.as === piece.as && piece.at - last.at <= 1 && !beginsDocument(piece))
    if (before && goesOn) before.parts.push(piece.data)
    else documents.push({ encoding: piece.encoding, parts: [piece.data] })
    last = piece
  }
  return documents
}

function beginsDocument({ encoding, data }: Piece): boolean {
  const head = Buffer.from(data.slice(0, 64), encoding === 'HEX' ? 'hex' : 'base64')
  return head.toString('latin1').startsWith('%PDF-') || recognise(head).kind === 'cms'
}

function decode({ encoding, parts }: { encoding: string; parts: string[] }): Uint8Array {
  const data = parts.join('')
  if (encoding === 'HEX') {
    if (/[^0-9A-Fa-f]/.test(data) || data.length % 2) throw unreadable('hexadecimal')
    return Buffer.from(data, 'hex')
  }
  if (encoding !== 'BASE64' && encoding !== '')
    throw new Hl7Refusal('AE', 103, 'The encoding of the document is neither Base64 nor Hex.', {
      location: 'OBX-5',
      reason: 'report.unrecognised',
    })
  const body = data.replace(/[\^&~]+$/, '')
  if (/[^A-Za-z0-9+/=]/.test(body)) throw unreadable('base64')
  // Parts may have been coded one by one: each then ends in its own padding.
  const runs = body.match(/[^=]+=*/g) ?? []
  // Cut off, base64 still decodes: its length gives it away.
  if (runs.some((run) => run.replace(/=+$/, '').length % 4 === 1)) throw unreadable('base64')
  return Buffer.concat(runs.map((run) => Buffer.from(run, 'base64')))
}

const unreadable = (what: string) =>
  new Hl7Refusal('AE', 102, `The document is not valid ${what}: it is damaged or cut off.`, {
    location: 'OBX-5',
    reason: 'report.unrecognised',
  })

function nthIndex(text: string, delimiter: string, count: number): number {
  let at = -1
  for (let found = 0; found < count; found++) {
    at = text.indexOf(delimiter, at + 1)
    if (at === -1) return -1
  }
  return at
}
