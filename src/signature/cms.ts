import {
  Asn1Error,
  child,
  children,
  integer,
  isContext,
  isUniversal,
  type Node,
  octets,
  oid,
  sequence,
  set,
  TAG,
} from './asn1.ts'
import { type Certificate, readCertificate } from './certificate.ts'

/** SignedData (RFC 5652 §5.1), as far as a verifier needs it. */
export type SignedData = {
  contentType: string
  /** null: the signature is detached. */
  content: Uint8Array | null
  certificates: Certificate[]
  signers: SignerInfo[]
}

/** SignerInfo (RFC 5652 §5.3). */
export type SignerInfo = {
  sid: { issuer: Uint8Array; serialNumber: Uint8Array } | { subjectKeyIdentifier: Uint8Array }
  digestAlgorithm: string
  signedAttributes: Attribute[]
  /** The bytes the signature may have been made over; empty: over the content itself. */
  signedAttributesEncodings: Uint8Array[]
  signatureAlgorithm: { oid: string; parameters: Node | null }
  signature: Uint8Array
  unsignedAttributes: Attribute[]
}

export type Attribute = { type: string; values: Node[] }

const SIGNED_DATA = '1.2.840.113549.1.7.2'
const MAX_CERTIFICATES = 100
// Each one may cost a pass over the content.
const MAX_SIGNERS = 10

/** Reads a ContentInfo that holds SignedData. Throws Asn1Error. */
export function signedData(contentInfo: Node): SignedData {
  const [contentType, content] = sequence(contentInfo)
  if (oid(contentType) !== SIGNED_DATA || !content || !isContext(content, 0)) {
    throw new Asn1Error('not SignedData')
  }
  const [, , encapContentInfo, ...rest] = sequence(child(content, 0))
  const [eContentType, eContent] = sequence(encapContentInfo)
  const certificates = rest.find((node) => isContext(node, 0))
  const signers = set(rest.at(-1))
  if (signers.length > MAX_SIGNERS) throw new Asn1Error('too many signers')
  return {
    contentType: oid(eContentType),
    content: eContent && isContext(eContent, 0) ? octets(child(eContent, 0)) : null,
    certificates: certificates ? plainCertificates(certificates) : [],
    signers: signers.map(signerInfo),
  }
}

/** The one value of an attribute that must stand there once (RFC 5652 §11); null: it does not stand there. */
export function singleValue(attributes: Attribute[], type: string): Node | null {
  const [first, ...others] = attributes.filter((attribute) => attribute.type === type)
  if (!first) return null
  const [value, ...more] = first.values
  if (!value || more.length > 0 || others.length > 0) throw new Asn1Error(`attribute ${type} is not single`)
  return value
}

// CertificateChoices (RFC 5652 §10.2.2): the others are obsolete or attribute certificates.
function plainCertificates(node: Node): Certificate[] {
  const found = children(node).filter((choice) => isUniversal(choice, TAG.sequence))
  if (found.length > MAX_CERTIFICATES) throw new Asn1Error('too many certificates')
  return found.map(readCertificate).filter((certificate) => certificate !== null)
}

function signerInfo(node: Node): SignerInfo {
  const [, sid, digestAlgorithm, ...rest] = sequence(node)
  const signedAttrs = isContext(rest[0], 0) ? rest.shift() : undefined
  const [signatureAlgorithm, signature, unsignedAttrs] = rest
  const [algorithm, parameters] = sequence(signatureAlgorithm)
  return {
    sid: signerIdentifier(sid),
    digestAlgorithm: oid(sequence(digestAlgorithm)[0]),
    signedAttributes: signedAttrs ? children(signedAttrs).map(attribute) : [],
    signedAttributesEncodings: signedAttrs ? setEncodings(signedAttrs) : [],
    signatureAlgorithm: { oid: oid(algorithm), parameters: parameters ?? null },
    signature: octets(signature),
    unsignedAttributes:
      unsignedAttrs && isContext(unsignedAttrs, 1) ? children(unsignedAttrs).map(attribute) : [],
  }
}

function signerIdentifier(node: Node | undefined): SignerInfo['sid'] {
  if (node && isContext(node, 0)) return { subjectKeyIdentifier: node.contents }
  const [issuer, serialNumber] = sequence(node)
  if (!issuer) throw new Asn1Error('no issuer')
  return { issuer: issuer.raw, serialNumber: integer(serialNumber) }
}

function attribute(node: Node): Attribute {
  const [type, values] = sequence(node)
  return { type: oid(type), values: set(values) }
}

// RFC 5652 §5.4: the signature is over the DER encoding of SET OF Attribute, whatever the file holds under [0].
// Some signers sign the attributes in the order they wrote them, so that order is tried too.
function setEncodings(signedAttrs: Node): Uint8Array[] {
  const attributes = children(signedAttrs).map((node) => Buffer.from(node.raw))
  const asWritten = derSet(attributes)
  const sorted = derSet(attributes.toSorted(Buffer.compare))
  return asWritten.equals(sorted) ? [sorted] : [sorted, asWritten]
}

function derSet(elements: Buffer[]): Buffer {
  const content = Buffer.concat(elements)
  const size = content.byteLength
  const length = Buffer.alloc(5)
  length.writeUInt32BE(size, 1)
  if (size < 0x80) return Buffer.concat([Buffer.from([0x31, size]), content])
  const digits = length.subarray(length.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.from([0x31, 0x80 | digits.byteLength]), digits, content])
}
