/**
 * Reads BER and DER (X.690) where they lie: nothing is copied, and nothing is read that nobody asks for. A library
 * that builds the tree of a whole file needs about 1.3 kB a value: with a 60 MB document cut in pieces, or a
 * certificate authority's revocation list inside a signature, that is either a danger or a file refused.
 */
export type Node = {
  tagClass: number
  tag: number
  constructed: boolean
  /** The value as it stands in the file: identifier, length and content. */
  raw: Uint8Array
  /** The content octets. */
  contents: Uint8Array
}

/** The bytes are not the structure they claim to be. Caught where a stranger's bytes enter (signature.ts). */
export class Asn1Error extends Error {
  override readonly name = 'Asn1Error'
}

/** Universal tags used here (X.680 §8.6). */
export const TAG = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  oid: 6,
  utf8String: 12,
  sequence: 16,
  set: 17,
  utcTime: 23,
  generalizedTime: 24,
  bmpString: 30,
} as const

const UNIVERSAL = 0
const CONTEXT = 2
const MAX_DEPTH = 40
// BER writers cut content in pieces of 1,000 bytes (BouncyCastle) or 4,096 (OpenSSL): anything much denser is refused.
const mostValues = (bytes: Uint8Array) => 10_000 + bytes.byteLength / 500

/** Reads one value; what follows it is handed back, for the caller to judge. */
export function parse(bytes: Uint8Array): { node: Node; rest: Uint8Array } {
  const node = readValue(bytes)
  return { node, rest: bytes.subarray(node.raw.byteLength) }
}

/** Reads bytes that are one value and nothing else. */
export function parseWhole(bytes: Uint8Array): Node {
  const { node, rest } = parse(bytes)
  if (rest.byteLength > 0) throw new Asn1Error('bytes after the value')
  return node
}

/** The values inside a constructed one, one after the other. */
export function* values(node: Node): Generator<Node> {
  if (!node.constructed) throw new Asn1Error('not constructed')
  for (let rest = node.contents; rest.byteLength > 0; ) {
    const inner = readValue(rest)
    yield inner
    rest = rest.subarray(inner.raw.byteLength)
  }
}

/** The same as an array. */
export function children(node: Node): Node[] {
  const most = mostValues(node.contents)
  const found: Node[] = []
  for (const inner of values(node)) {
    if (found.push(inner) > most) throw new Asn1Error('too many values')
  }
  return found
}

export function child(node: Node, index: number): Node {
  const found = children(node)[index]
  if (!found) throw new Asn1Error(`no element ${index}`)
  return found
}

/** Is this the tagged value [number]? */
export const isContext = (node: Node | undefined, number: number): boolean =>
  node?.tagClass === CONTEXT && node.tag === number

export const isUniversal = (node: Node | undefined, number: number): boolean =>
  node?.tagClass === UNIVERSAL && node.tag === number

export const sequence = (node: Node | undefined): Node[] => children(expect(node, TAG.sequence))

export const set = (node: Node | undefined): Node[] => children(expect(node, TAG.set))

/** An OBJECT IDENTIFIER in dotted form (X.690 §8.19). */
export function oid(node: Node | undefined): string {
  const { contents } = expect(node, TAG.oid)
  const arcs: number[] = []
  let arc = 0
  for (const byte of contents) {
    arc = arc * 128 + (byte & 0x7f)
    if (arc > Number.MAX_SAFE_INTEGER) throw new Asn1Error('arc too large')
    if (byte & 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const [first, ...others] = arcs
  if (first === undefined || (contents.at(-1) ?? 0) & 0x80) throw new Asn1Error('not an OBJECT IDENTIFIER')
  const root = Math.min(Math.floor(first / 40), 2)
  return [root, first - root * 40, ...others].join('.')
}

/** An INTEGER's content octets: serial numbers are compared, never counted with. */
export const integer = (node: Node | undefined): Uint8Array => expect(node, TAG.integer).contents

/** A small INTEGER as a number. */
export function smallInteger(node: Node | undefined): number {
  const bytes = integer(node)
  if (bytes.byteLength === 0 || bytes.byteLength > 4) throw new Asn1Error('not a small INTEGER')
  return Buffer.from(bytes).readIntBE(0, bytes.byteLength)
}

/** An OCTET STRING's bytes; in BER it may come in pieces, and pieces of pieces (X.690 §8.7.3). */
export function octets(node: Node | undefined): Uint8Array {
  const string = expect(node, TAG.octetString)
  return string.constructed ? Buffer.concat(pieces(string, 0)) : string.contents
}

/** A UTCTime or GeneralizedTime as an instant (X.680 §46, §47; the offset form is BER only). */
export function time(node: Node | undefined): Date {
  if (!node) throw new Asn1Error('no time')
  const form = isUniversal(node, TAG.utcTime)
    ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?()(Z|[+-]\d{4})$/
    : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,](\d{1,9}))?(Z|[+-]\d{4})$/
  const written = Buffer.from(node.contents).toString('latin1')
  const [, year = '', month, day, hour, minute, second = '00', fraction = '', zone = 'Z'] =
    form.exec(written) ?? []
  // RFC 5280 §4.1.2.5.1: two digits from 50 on are of the 20th century.
  const fullYear = year.length === 2 ? `${Number(year) >= 50 ? '19' : '20'}${year}` : year
  const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0')
  const at = new Date(`${fullYear}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}${offset}`)
  if (Number.isNaN(at.getTime())) throw new Asn1Error('not a time')
  return at
}

/** A character string of any of the types that names are written in (RFC 5280 §4.1.2.4). */
export function text(node: Node): string {
  const bytes = Buffer.from(node.contents)
  if (isUniversal(node, TAG.utf8String)) return bytes.toString('utf8')
  if (isUniversal(node, TAG.bmpString)) {
    return bytes
      .subarray(0, bytes.byteLength & ~1)
      .swap16()
      .toString('utf16le')
  }
  // PrintableString, IA5String, and TeletexString as everyone writes it.
  return bytes.toString('latin1')
}

function expect(node: Node | undefined, tag: number): Node {
  if (!node || !isUniversal(node, tag)) throw new Asn1Error(`not of universal tag ${tag}`)
  return node
}

function pieces(string: Node, depth: number): Uint8Array[] {
  if (depth > MAX_DEPTH) throw new Asn1Error('too deep')
  return children(string).flatMap((piece) => {
    expect(piece, TAG.octetString)
    return piece.constructed ? pieces(piece, depth + 1) : [piece.contents]
  })
}

/** How many values may yet be passed over in search of the end of one. */
type Budget = { values: number }

// Identifier, length and content octets (X.690 §8.1). A value never reaches beyond the bytes it is read from.
function readValue(bytes: Uint8Array, depth = 0, budget: Budget = { values: mostValues(bytes) }): Node {
  if (depth > MAX_DEPTH) throw new Asn1Error('too deep')
  const identifier = byteAt(bytes, 0)
  let at = 1
  let tag = identifier & 0x1f
  if (tag === 0x1f) {
    tag = 0
    for (let more = true; more; at++) {
      const byte = byteAt(bytes, at)
      tag = tag * 128 + (byte & 0x7f)
      more = (byte & 0x80) !== 0
      if (at > 4) throw new Asn1Error('tag too large')
    }
  }
  const constructed = (identifier & 0x20) !== 0
  const first = byteAt(bytes, at++)
  let start = at
  let end: number
  let closing = 0
  if (first === 0x80) {
    if (!constructed) throw new Asn1Error('indefinite length of a primitive value')
    end = start + indefiniteLength(bytes.subarray(start), depth, budget)
    closing = 2
  } else {
    let length = first
    if (first > 0x80) {
      length = 0
      start = at + (first & 0x7f)
      for (; at < start; at++) length = length * 256 + byteAt(bytes, at)
    }
    end = start + length
  }
  if (end + closing > bytes.byteLength) throw new Asn1Error('value reaches beyond its bytes')
  return {
    tagClass: identifier >> 6,
    tag,
    constructed,
    raw: bytes.subarray(0, end + closing),
    contents: bytes.subarray(start, end),
  }
}

// Up to the end-of-contents octets that close it (X.690 §8.1.5).
function indefiniteLength(bytes: Uint8Array, depth: number, budget: Budget): number {
  let at = 0
  while (byteAt(bytes, at) !== 0 || byteAt(bytes, at + 1) !== 0) {
    if (--budget.values < 0) throw new Asn1Error('too many values')
    at += readValue(bytes.subarray(at), depth + 1, budget).raw.byteLength
  }
  return at
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new Asn1Error('the bytes end too early')
  return byte
}
