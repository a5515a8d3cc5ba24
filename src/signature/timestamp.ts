import { hashOf } from './algorithms.ts'
import { octets, oid, parseWhole, sequence, time } from './asn1.ts'
import type { SignedData } from './cms.ts'
import { revocationOfPath } from './revocation.ts'
import type { TimestampReport } from './signature.ts'
import { type SignedContent, signedContent, verifySigner } from './signer.ts'
import { findPath, type TrustStore, within } from './trust.ts'

const TST_INFO = '1.2.840.113549.1.9.16.1.4'

export const isTimestampToken = (data: SignedData): boolean => data.contentType === TST_INFO

/** A timestamp token (RFC 3161 §2.4.2) checked against what it says it stamps. Throws Asn1Error. */
export function verifyTimestamp(
  data: SignedData,
  stamped: SignedContent,
  { trusted, now }: { trusted: TrustStore; now: Date },
): TimestampReport {
  const [signer, ...others] = data.signers
  const content = data.content
  if (!isTimestampToken(data) || !content || !signer || others.length > 0) return NOTHING
  const [, , messageImprint, , genTime] = sequence(parseWhole(content))
  const at = time(genTime)
  const [algorithm, hashedMessage] = sequence(messageImprint)
  const hash = hashOf(oid(sequence(algorithm)[0]))
  const { certificate, unaltered } = verifySigner(signer, data, signedContent(content))
  const matches = hash ? stamped.digest(hash).equals(octets(hashedMessage)) : null
  const path = certificate && findPath(certificate, data.certificates, trusted, at)
  return {
    at: at.toISOString(),
    authority: certificate?.name ?? null,
    unaltered: matches === null || unaltered === null ? null : matches && unaltered,
    trusted:
      trusted.authorities.length === 0
        ? null
        : Boolean(path && certificate?.mayTimestamp && within(certificate, at)),
    // Nothing but its own word tells when a token was made: whoever stole the key can claim any time.
    revocation: revocationOfPath(path ?? [], trusted.revocationLists, { provenAt: null, now }),
  }
}

const NOTHING: TimestampReport = {
  at: null,
  authority: null,
  unaltered: null,
  trusted: null,
  revocation: 'not-checked',
}
