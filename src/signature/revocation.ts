import { judgeKey, schemeOf, verifySignature } from './algorithms.ts'
import {
  child,
  children,
  integer,
  isContext,
  isUniversal,
  type Node,
  octets,
  oid,
  parseWhole,
  sequence,
  TAG,
  time,
  values,
} from './asn1.ts'
import type { Certificate } from './certificate.ts'

/** A certificate authority's list of certificates it has revoked (RFC 5280 §5). */
export type RevocationList = {
  issuer: Uint8Array
  issuedAt: Date
  nextUpdate: Date | null
  /** By serial number, in hexadecimal. */
  revoked: Map<string, Date>
  /** The distribution points it is for, as they stand; null: it is for all of the issuer's certificates. */
  distributionPoints: Buffer[] | null
  signed: Uint8Array
  algorithm: { oid: string; parameters: Node | null }
  signature: Uint8Array
}

const DISTRIBUTION_POINT = '2.5.29.28'

/** Reads a CRL. Throws where it cannot be read, or is of a kind we cannot use (delta, indirect, partial). */
export function readRevocationList(der: Uint8Array): RevocationList {
  const [list, signatureAlgorithm, signatureValue] = sequence(parseWhole(der))
  const [algorithm, parameters] = sequence(signatureAlgorithm)
  if (!list || !signatureValue) throw new Error('not a CRL')
  const fields = sequence(list)
  if (isUniversal(fields[0], TAG.integer)) fields.shift()
  const [, issuer, issuedAt, ...rest] = fields
  if (!issuer) throw new Error('no issuer')
  const nextUpdate = isContext(rest[0], 0) || isUniversal(rest[0], TAG.sequence) ? undefined : rest.shift()
  const entries = isUniversal(rest[0], TAG.sequence) ? rest.shift() : undefined
  const extensions = rest.find((node) => isContext(node, 0))
  return {
    issuer: issuer.raw,
    issuedAt: time(issuedAt),
    nextUpdate: nextUpdate ? time(nextUpdate) : null,
    revoked: new Map(entries ? [...values(entries)].map(entry) : []),
    distributionPoints: extensions ? scope(child(extensions, 0)) : null,
    signed: list.raw,
    algorithm: { oid: oid(algorithm), parameters: parameters ?? null },
    signature: signatureValue.contents.subarray(1),
  }
}

export type Revocation = 'not-checked' | 'not-revoked' | 'revoked'

/** When a signature was made, where that is proven, and when it is being checked. */
export type RevocationTimes = { provenAt: Date | null; now: Date }

/**
 * What the lists say of a signer and of every authority between it and the trusted one: the worst of it, for a path is
 * good where each of its certificates is (RFC 5280 §6.1.3 (a)(3)). The trusted one itself is vouched for by nobody.
 */
export function revocationOfPath(
  path: Certificate[],
  lists: RevocationList[],
  times: RevocationTimes,
): Revocation {
  const told = path.slice(0, -1).map((certificate, at) => {
    const issuer = path[at + 1]
    return issuer ? revocationOf(certificate, issuer, lists, times) : 'not-checked'
  })
  if (told.includes('revoked')) return 'revoked'
  return told.length > 0 && told.every((each) => each === 'not-revoked') ? 'not-revoked' : 'not-checked'
}

/**
 * What the lists say of a certificate. A revocation after the signature does not touch it only where the time of the
 * signature is proven; a list says nothing of times it does not reach, nor of certificates past their dates.
 */
function revocationOf(
  certificate: Certificate,
  issuer: Certificate,
  lists: RevocationList[],
  { provenAt, now }: RevocationTimes,
): Revocation {
  const telling = lists.filter((list) => isAbout(list, certificate) && isSignedBy(list, issuer))
  const serial = Buffer.from(certificate.serialNumber).toString('hex')
  const revokedAt = telling.flatMap((list) => list.revoked.get(serial) ?? [])
  if (revokedAt.some((at) => !provenAt || at <= provenAt)) return 'revoked'
  // A time that is only claimed may be any up to now: an old list would let a thief claim a day before the theft.
  const until = provenAt ?? now
  const reaches = ({ issuedAt, nextUpdate }: RevocationList) =>
    (issuedAt >= until || (nextUpdate !== null && nextUpdate >= until)) && issuedAt <= certificate.notAfter
  return telling.some(reaches) ? 'not-revoked' : 'not-checked'
}

function entry(node: Node): [string, Date] {
  const [serialNumber, revokedAt] = children(node)
  return [Buffer.from(integer(serialNumber)).toString('hex'), time(revokedAt)]
}

// A critical extension we do not process makes the list unusable (RFC 5280 §5.2).
function scope(extensions: Node): Buffer[] | null {
  let points: Buffer[] | null = null
  for (const extension of sequence(extensions)) {
    const [type, second, third] = sequence(extension)
    if (oid(type) === DISTRIBUTION_POINT) points = distributionPoint(parseWhole(octets(third ?? second)))
    else if (third && second?.contents[0] !== 0) throw new Error(`critical extension ${oid(type)}`)
  }
  return points
}

// IssuingDistributionPoint (RFC 5280 §5.2.5): its full name, and flags that narrow it to less than we need.
function distributionPoint(node: Node): Buffer[] | null {
  const fields = sequence(node)
  const flag = (number: number) => fields.some((field) => isContext(field, number))
  if (flag(2) || flag(3) || flag(4) || flag(5)) throw new Error('a partial or indirect CRL')
  const point = fields.find((field) => isContext(field, 0))
  if (!point) return null
  const name = child(point, 0)
  if (!isContext(name, 0)) throw new Error('a distribution point by relative name')
  return children(name).map(({ raw }) => Buffer.from(raw))
}

function isAbout(list: RevocationList, certificate: Certificate): boolean {
  if (Buffer.compare(list.issuer, certificate.issuer) !== 0) return false
  if (!list.distributionPoints) return true
  const own = Buffer.from(certificate.distributionPoints ?? [])
  return list.distributionPoints.some((point) => own.includes(point))
}

function isSignedBy(list: RevocationList, issuer: Certificate): boolean {
  const key = issuer.x509.publicKey
  const scheme = schemeOf(list.algorithm, 'sha256')
  if (!scheme || judgeKey(key, scheme) === 'unfit') return false
  return verifySignature(list.signed, list.signature, key, scheme)
}
