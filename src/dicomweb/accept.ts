/** A form in which a resource can be sent. `transferSyntaxUid` where the bytes depend on it. */
export type Offer = {
  readonly multipart: boolean
  readonly type: string
  readonly transferSyntaxUid?: string
}

type MediaRange = {
  readonly multipart: boolean
  readonly type: string
  readonly transferSyntaxUid: string | null
  readonly quality: number
}

const LONGEST = 1024

/** Transfer Syntax of a media type that names none (PS3.18 §8.7.3.3, tables 8.7.3-2 and 8.7.3-5). */
const DEFAULT_TRANSFER_SYNTAX: Readonly<Record<string, string>> = {
  'application/dicom': '1.2.840.10008.1.2.1',
  'application/octet-stream': '1.2.840.10008.1.2.1',
  'image/jpeg': '1.2.840.10008.1.2.4.70',
  'image/x-dicom-rle': '1.2.840.10008.1.2.5',
  'image/dicom-rle': '1.2.840.10008.1.2.5',
  'image/jls': '1.2.840.10008.1.2.4.80',
  'image/x-jls': '1.2.840.10008.1.2.4.80',
  'image/jp2': '1.2.840.10008.1.2.4.90',
  'image/jphc': '1.2.840.10008.1.2.4.201',
}

/** What a client accepts, by its Accept header (RFC 9110 §12.5.1); without one, or with one beyond reading, everything. */
export function acceptedBy(header: string | undefined): (offer: Offer) => number {
  const ranges =
    !header?.trim() || header.length > LONGEST ? [ANYTHING] : splitOutsideQuotes(header, ',').map(rangeOf)
  return (offer) => {
    const matching = ranges.filter((range) => matches(range, offer))
    const closest = Math.max(...matching.map(specificity))
    return Math.max(
      0,
      ...matching.filter((range) => specificity(range) === closest).map((range) => range.quality),
    )
  }
}

/** The offer the client likes best, of several it likes equally the first; null where it accepts none: 406. */
export function choose<Offered extends Offer>(
  accepted: (offer: Offer) => number,
  offers: readonly Offered[],
): Offered | null {
  let best: Offered | null = null
  for (const offer of offers)
    if (accepted(offer) > 0 && (!best || accepted(offer) > accepted(best))) best = offer
  return best
}

const ANYTHING: MediaRange = { multipart: false, type: '*/*', transferSyntaxUid: null, quality: 1 }

function rangeOf(text: string): MediaRange {
  const [name = '', ...rest] = splitOutsideQuotes(text, ';').map((part) => part.trim())
  const parameters = new Map(rest.map(parameterOf))
  const type = name.toLowerCase()
  const q = Number(parameters.get('q') ?? 1)
  const quality = q >= 0 && q <= 1 ? q : 0
  const transferSyntaxUid = parameters.get('transfer-syntax') ?? null
  // RFC 2387: the type of the parts is a parameter of the whole.
  return type === 'multipart/related'
    ? { multipart: true, type: (parameters.get('type') ?? '*/*').toLowerCase(), transferSyntaxUid, quality }
    : {
        multipart: type === 'multipart/*',
        type: type === 'multipart/*' ? '*/*' : type,
        transferSyntaxUid,
        quality,
      }
}

function parameterOf(text: string): [string, string] {
  const at = text.indexOf('=')
  const value = text.slice(at + 1).trim()
  return [text.slice(0, at).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1')]
}

function matches(range: MediaRange, offer: Offer): boolean {
  if (range.type === '*/*' && !range.multipart) return true
  if (range.multipart !== offer.multipart) return false
  const [kind] = range.type.split('/')
  if (range.type !== '*/*' && range.type !== `${kind}/*` && range.type !== offer.type) return false
  if (range.type === `${kind}/*` && range.type !== '*/*' && !offer.type.startsWith(`${kind}/`)) return false
  if (offer.transferSyntaxUid === undefined || range.transferSyntaxUid === '*') return true
  if (range.transferSyntaxUid !== null) return range.transferSyntaxUid === offer.transferSyntaxUid
  return range.type.includes('*') || DEFAULT_TRANSFER_SYNTAX[range.type] === offer.transferSyntaxUid
}

const specificity = ({ type, multipart, transferSyntaxUid }: MediaRange): number =>
  (type === '*/*' ? 0 : type.endsWith('/*') ? 2 : 4) + (multipart ? 1 : 0) + (transferSyntaxUid ? 0.5 : 0)

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let part = ''
  let quoted = false
  for (const character of text) {
    if (character === '"') quoted = !quoted
    if (character === separator && !quoted) {
      parts.push(part)
      part = ''
    } else part += character
  }
  return [...parts, part].filter((one) => one.trim() !== '')
}
