import type { SignedData, SignerInfo } from './cms.ts'
import { singleValue } from './cms.ts'
import type { SignatureReport, SignerReport, TimestampReport } from './signature.ts'
import { type SignedContent, signedContent, type Verified, verifySigner } from './signer.ts'
import { readTimestamp } from './timestamp.ts'
import { findPath, type TrustStore, within } from './trust.ts'

export type Options = { trusted: TrustStore; now: Date }

/** A signature of which nothing can be read. */
export const UNREADABLE_SIGNER: SignerReport = {
  name: null,
  taxCode: null,
  signedAt: null,
  signedAtSource: null,
  timestamp: null,
  unaltered: null,
  trusted: null,
  inValidity: null,
  certificate: null,
  revocation: 'not-checked',
  covers: 'document',
  problem: 'malformed',
}

const TIMESTAMP_TOKEN = '1.2.840.113549.1.9.16.2.14'
const CLOCK_TOLERANCE_MS = 24 * 60 * 60 * 1000

/** All that can be said of one signer, fact by fact (S19). */
export function reportSigner(
  signer: SignerInfo,
  data: SignedData,
  content: SignedContent,
  options: Options,
  /** When the signature says it was made, where that stands outside of it (a PDF's /M). */
  claimedElsewhere: Date | null = null,
): SignerReport {
  const verified = verifySigner(signer, data, content)
  const { certificate, unaltered } = verified
  const timestamp = signatureTimestamp(signer, options.trusted)
  const claimedAt = verified.claimedAt ?? claimedElsewhere
  // A timestamp counts where it is sound and nobody configured says otherwise.
  const stampedAt =
    timestamp?.unaltered && timestamp.trusted !== false && timestamp.at ? new Date(timestamp.at) : null
  const signedAt = stampedAt ?? claimedAt
  return {
    name: certificate?.name ?? null,
    taxCode: certificate?.taxCode ?? null,
    signedAt: signedAt?.toISOString() ?? null,
    signedAtSource: stampedAt ? 'timestamp' : claimedAt ? 'claimed' : null,
    timestamp,
    unaltered,
    trusted: isTrusted(verified, data, options, signedAt ?? options.now),
    inValidity: certificate && signedAt ? within(certificate, signedAt) : null,
    certificate: certificate && {
      issuer: certificate.issuerName,
      serialNumber: Buffer.from(certificate.serialNumber).toString('hex'),
      validFrom: certificate.notBefore.toISOString(),
      validUntil: certificate.notAfter.toISOString(),
      expired: certificate.notAfter < options.now,
    },
    revocation: 'not-checked',
    covers: 'document',
    problem: verified.problem ?? timeProblem(timestamp, signedAt, options.now),
  }
}

/** The whole from its parts: 'valid' only where every signature was checked, matches, and leaves no doubt. */
export function summarise(
  signers: SignerReport[],
  timestamps: TimestampReport[],
  now: Date,
): SignatureReport {
  return { status: statusOf(signers, timestamps), signers, timestamps, checkedAt: now.toISOString() }
}

function statusOf(signers: SignerReport[], timestamps: TimestampReport[]): SignatureReport['status'] {
  if ([...signers, ...timestamps].some(({ unaltered }) => unaltered === false)) return 'altered'
  if (signers.length === 0) return 'none'
  const sound = signers.every(({ unaltered, problem }) => unaltered === true && problem === null)
  return sound ? 'valid' : 'unverifiable'
}

function isTrusted(
  { certificate, problem }: Verified,
  data: SignedData,
  { trusted }: Options,
  at: Date,
): boolean | null {
  if (trusted.authorities.length === 0) return null
  if (!certificate?.mayTestify || problem === 'wrong-certificate') return false
  return findPath(certificate, data.certificates, trusted, at) !== null
}

// The token stamps the signature's own value (RFC 3161 appendix A).
function signatureTimestamp(signer: SignerInfo, trusted: TrustStore): TimestampReport | null {
  try {
    const token = singleValue(signer.unsignedAttributes, TIMESTAMP_TOKEN)
    return token && readTimestamp(token, signedContent(signer.signature), trusted)
  } catch {
    // It is no part of what was signed: a broken one takes nothing from the signature but the proof of its time.
    return { at: null, authority: null, unaltered: null, trusted: null }
  }
}

function timeProblem(timestamp: TimestampReport | null, signedAt: Date | null, now: Date) {
  if (timestamp && timestamp.unaltered !== true) return 'timestamp-unsound'
  if (signedAt && signedAt.getTime() > now.getTime() + CLOCK_TOLERANCE_MS) return 'signed-in-the-future'
  return null
}
