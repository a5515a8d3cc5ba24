import { createHash, type KeyObject } from 'node:crypto'
import { type Hash, hashOf, isWeak, judgeKey, schemeOf, verifySignature } from './algorithms.ts'
import { isUniversal, octets, oid, sequence, TAG, time } from './asn1.ts'
import type { Certificate } from './certificate.ts'
import { type SignedData, type SignerInfo, singleValue } from './cms.ts'
import type { SignatureProblem } from './signature.ts'

/** What a signature is over: one or more pieces of a file, hashed once per algorithm. */
export type SignedContent = { parts: Uint8Array[]; digest: (hash: Hash) => Buffer }

export function signedContent(...parts: Uint8Array[]): SignedContent {
  const known = new Map<Hash, Buffer>()
  return {
    parts,
    digest(hash) {
      const digest = known.get(hash) ?? digestOf(parts, hash)
      known.set(hash, digest)
      return digest
    },
  }
}

/** What the mathematics says of one signature, before anyone is believed. */
export type Verified = {
  certificate: Certificate | null
  claimedAt: Date | null
  unaltered: boolean | null
  problem: SignatureProblem | null
}

const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
const SIGNING_TIME = '1.2.840.113549.1.9.5'
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12'
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47'
const DATA = '1.2.840.113549.1.7.1'

/** Checks one signer's signature over the content (RFC 5652 §5.6). Throws Asn1Error on a broken structure. */
export function verifySigner(signer: SignerInfo, data: SignedData, content: SignedContent): Verified {
  const named = data.certificates.filter((candidate) => isNamed(candidate, signer.sid))
  const certificate = named.find((candidate) => vouchedFor(candidate, signer) !== false) ?? named[0] ?? null
  const signingTime = singleValue(signer.signedAttributes, SIGNING_TIME)
  const claimedAt = signingTime ? time(signingTime) : null
  return { certificate, claimedAt, ...verdict(signer, data, content, certificate) }
}

type Verdict = Pick<Verified, 'unaltered' | 'problem'>

function verdict(
  signer: SignerInfo,
  data: SignedData,
  content: SignedContent,
  certificate: Certificate | null,
): Verdict {
  const digestHash = hashOf(signer.digestAlgorithm)
  if (!digestHash) return { unaltered: null, problem: 'unsupported-algorithm' }
  // The digest needs no certificate: a changed document is told even where the signer cannot be.
  const digest = digestAgrees(signer, data, content, digestHash)
  if (digest === 'malformed') return { unaltered: null, problem: 'malformed' }
  if (digest === 'differs') return { unaltered: false, problem: null }
  if (!certificate) return { unaltered: null, problem: 'certificate-missing' }

  const scheme = schemeOf(signer.signatureAlgorithm, digestHash)
  const key = publicKey(certificate)
  const fitness = scheme && key ? judgeKey(key, scheme) : 'unfit'
  if (!scheme || !key || fitness === 'unfit') return { unaltered: null, problem: 'unsupported-algorithm' }
  const signed = signer.signedAttributes.length > 0 ? signer.signedAttributesEncodings : [whole(content)]
  // Some signers write one hash in the signature's algorithm and use the digest's; OpenSSL takes the latter.
  const schemes = scheme.kind === 'rsa-pss' ? [scheme] : [scheme, { ...scheme, hash: digestHash }]
  const verified = schemes.find((candidate) =>
    signed.some((bytes) => verifySignature(bytes, signer.signature, key, candidate)),
  )
  if (!verified) return { unaltered: false, problem: null }
  if (vouchedFor(certificate, signer) === false) return { unaltered: true, problem: 'wrong-certificate' }
  if (fitness === 'weak' || isWeak(digestHash) || isWeak(verified.hash)) {
    return { unaltered: true, problem: 'weak-algorithm' }
  }
  return { unaltered: true, problem: null }
}

function digestAgrees(
  signer: SignerInfo,
  data: SignedData,
  content: SignedContent,
  hash: Hash,
): 'agrees' | 'differs' | 'malformed' {
  if (signer.signedAttributes.length === 0) {
    // RFC 5652 §5.3: without signed attributes the content must be plain data, or it could be passed off
    // as a set of attributes.
    return data.contentType === DATA ? 'agrees' : 'malformed'
  }
  const type = singleValue(signer.signedAttributes, CONTENT_TYPE)
  const digest = singleValue(signer.signedAttributes, MESSAGE_DIGEST)
  if (!type || !digest || oid(type) !== data.contentType) return 'malformed'
  return content.digest(hash).equals(octets(digest)) ? 'agrees' : 'differs'
}

function isNamed(certificate: Certificate, sid: SignerInfo['sid']): boolean {
  if ('subjectKeyIdentifier' in sid) {
    const own = certificate.subjectKeyIdentifier
    return own !== null && Buffer.compare(own, sid.subjectKeyIdentifier) === 0
  }
  return (
    Buffer.compare(certificate.issuer, sid.issuer) === 0 &&
    Buffer.compare(certificate.serialNumber, sid.serialNumber) === 0
  )
}

// The signed attribute that names the signer's certificate by its hash (RFC 5035 §3, §4), which keeps another
// certificate for the same key from taking its place. null: there is none.
function vouchedFor(certificate: Certificate, signer: SignerInfo): boolean | null {
  const second = singleValue(signer.signedAttributes, SIGNING_CERTIFICATE_V2)
  const attribute = second ?? singleValue(signer.signedAttributes, SIGNING_CERTIFICATE)
  if (!attribute) return null
  const [first] = sequence(sequence(attribute)[0])
  const fields = sequence(first)
  const named = fields[0] && isUniversal(fields[0], TAG.sequence) ? hashOf(oid(sequence(fields[0])[0])) : null
  const hash = second ? (named ?? 'sha256') : 'sha1'
  const expected = octets(fields.find((node) => isUniversal(node, TAG.octetString)))
  return digestOf([certificate.x509.raw], hash).equals(expected)
}

function digestOf(parts: Uint8Array[], hash: Hash): Buffer {
  const running = createHash(hash)
  for (const part of parts) running.update(part)
  return running.digest()
}

const whole = ({ parts }: SignedContent): Uint8Array =>
  parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)

function publicKey(certificate: Certificate): KeyObject | null {
  try {
    return certificate.x509.publicKey
  } catch {
    return null
  }
}
