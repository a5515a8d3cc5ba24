import { type BaseBlock, type Constructed, fromBER, ObjectIdentifier } from 'asn1js'

/** One BER value: its identifier, its bytes and, where it is constructed, what it holds. */
export type Node = BaseBlock

/** The bytes are not the structure they claim to be. Caught where a stranger's bytes enter (signature.ts). */
export class Asn1Error extends Error {
  override readonly name = 'Asn1Error'
}

/** Universal tags used here (X.680 §8.6). */
export const TAG = { integer: 2, bitString: 3, octetString: 4, oid: 6, sequence: 16, set: 17 } as const

const CONTEXT = 3
const UNIVERSAL = 1

// A node costs about 1.3 kB of memory, so their number follows the input's size: BER writers cut the content in
// pieces of 1,000 bytes (BouncyCastle) or 4,096 (OpenSSL), anything much denser is no document.
const maxNodes = (length: number) => Math.min(10_000 + length / 500, 150_000)

/** Reads one BER or DER value; what follows it is handed back, for the caller to judge. */
export function parse(bytes: Uint8Array): { node: Node; rest: Uint8Array } {
  if (bytes.byteLength === 0) throw new Asn1Error('nothing to read')
  const { offset, result } = fromBER(bytes as Uint8Array<ArrayBuffer>, {
    maxDepth: 40,
    maxNodes: maxNodes(bytes.byteLength),
    maxContentLength: bytes.byteLength,
    // Guessing at structures inside strings would parse the document itself.
    parseEmbedded: false,
    copyInput: false,
  })
  if (offset < 0) throw new Asn1Error(result.error)
  requireNesting(result)
  return { node: result, rest: bytes.subarray(offset) }
}

/** Reads bytes that are one value and nothing else. */
export function parseWhole(bytes: Uint8Array): Node {
  const { node, rest } = parse(bytes)
  if (rest.byteLength > 0) throw new Asn1Error('bytes after the value')
  return node
}

/** The value as it stands in the file: identifier, length and content. */
export const raw = (node: Node): Uint8Array => node.valueBeforeDecodeView

/** The content octets of a primitive value. */
export function contents(node: Node): Uint8Array {
  return raw(node).subarray(node.idBlock.blockLength + node.lenBlock.blockLength)
}

export function children(node: Node): Node[] {
  if (!node.idBlock.isConstructed) throw new Asn1Error('not constructed')
  // asn1js keeps children in the same place for sequences, sets, tagged values and constructed strings.
  return (node as Constructed).valueBlock.value
}

export function child(node: Node, index: number): Node {
  const found = children(node)[index]
  if (!found) throw new Asn1Error(`no element ${index}`)
  return found
}

/** Is this the tagged value [number]? */
export const isContext = (node: Node | undefined, number: number): boolean =>
  node?.idBlock.tagClass === CONTEXT && node.idBlock.tagNumber === number

export const isUniversal = (node: Node | undefined, number: number): boolean =>
  node?.idBlock.tagClass === UNIVERSAL && node.idBlock.tagNumber === number

export function sequence(node: Node | undefined): Node[] {
  if (!node || !isUniversal(node, TAG.sequence)) throw new Asn1Error('not a SEQUENCE')
  return children(node)
}

export function set(node: Node | undefined): Node[] {
  if (!node || !isUniversal(node, TAG.set)) throw new Asn1Error('not a SET')
  return children(node)
}

export function oid(node: Node | undefined): string {
  if (!(node instanceof ObjectIdentifier)) throw new Asn1Error('not an OBJECT IDENTIFIER')
  return node.getValue()
}

/** An INTEGER's content octets: serial numbers are compared, never counted with. */
export function integer(node: Node | undefined): Uint8Array {
  if (!node || !isUniversal(node, TAG.integer)) throw new Asn1Error('not an INTEGER')
  return contents(node)
}

/** A small INTEGER as a number. */
export function smallInteger(node: Node | undefined): number {
  const bytes = integer(node)
  if (bytes.byteLength === 0 || bytes.byteLength > 4) throw new Asn1Error('not a small INTEGER')
  return Buffer.from(bytes).readIntBE(0, bytes.byteLength)
}

/** An OCTET STRING's bytes; in BER it may come in pieces, and pieces of pieces (X.690 §8.7.3). */
export function octets(node: Node | undefined): Uint8Array {
  if (!node || !isUniversal(node, TAG.octetString)) throw new Asn1Error('not an OCTET STRING')
  if (!node.idBlock.isConstructed) return contents(node)
  return Buffer.concat(pieces(node))
}

/** A UTCTime or GeneralizedTime as an instant (X.680 §46, §47; the offset form is BER only). */
export function time(node: Node | undefined): Date {
  if (!node) throw new Asn1Error('no time')
  const text = Buffer.from(contents(node)).toString('latin1')
  const form = isUniversal(node, 23)
    ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?()(Z|[+-]\d{4})$/
    : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,](\d{1,9}))?(Z|[+-]\d{4})$/
  const [, year = '', month, day, hour, minute, second = '00', fraction = '', zone = 'Z'] =
    form.exec(text) ?? []
  // RFC 5280 §4.1.2.5.1: two digits from 50 on are of the 20th century.
  const fullYear = year.length === 2 ? `${Number(year) >= 50 ? '19' : '20'}${year}` : year
  const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`
  const at = new Date(
    `${fullYear}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`,
  )
  if (Number.isNaN(at.getTime())) throw new Asn1Error('not a time')
  return at
}

/** A character string of any of the types that names are written in (RFC 5280 §4.1.2.4). */
export function text(node: Node): string {
  const bytes = Buffer.from(contents(node))
  const tag = node.idBlock.tagNumber
  if (tag === 12) return bytes.toString('utf8')
  if (tag === 30)
    return bytes
      .subarray(0, bytes.byteLength & ~1)
      .swap16()
      .toString('utf16le')
  // PrintableString, IA5String, and TeletexString as everyone writes it.
  return bytes.toString('latin1')
}

function pieces(node: Node): Uint8Array[] {
  return children(node).flatMap((piece) => {
    if (!isUniversal(piece, TAG.octetString)) throw new Asn1Error('a piece is not an OCTET STRING')
    return piece.idBlock.isConstructed ? pieces(piece) : [contents(piece)]
  })
}

// asn1js lets a value reach beyond the one that holds it: two readers could then see two contents.
function requireNesting(node: Node): void {
  if (!node.idBlock.isConstructed || !('value' in node.valueBlock)) return
  let held = 0
  for (const inner of children(node)) {
    held += raw(inner).byteLength
    requireNesting(inner)
  }
  if (!node.lenBlock.isIndefiniteForm && held !== node.lenBlock.length) {
    throw new Asn1Error('lengths do not nest')
  }
}
