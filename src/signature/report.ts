import type { Node } from './asn1.ts'
import type { Certificate } from './certificate.ts'
import { type SignedData, type SignerInfo, signedData } from './cms.ts'
import { revocationOfPath } from './revocation.ts'
import type { SignatureReport, SignerReport, TimestampReport } from './signature.ts'
import { type SignedContent, signedContent, type Verified, verifySigner } from './signer.ts'
import { verifyTimestamp } from './timestamp.ts'
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
const MAX_TOKENS = 10
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
  const timestamp = signatureTimestamp(signer, options)
  const claimedAt = verified.claimedAt ?? claimedElsewhere
  const stampedAt = timestamp?.at && counts(timestamp) ? new Date(timestamp.at) : null
  const signedAt = stampedAt ?? claimedAt
  const path =
    certificate && findPath(certificate, data.certificates, options.trusted, signedAt ?? options.now)
  return {
    name: certificate?.name ?? null,
    taxCode: certificate?.taxCode ?? null,
    signedAt: signedAt?.toISOString() ?? null,
    signedAtSource: stampedAt ? 'timestamp' : claimedAt ? 'claimed' : null,
    timestamp,
    unaltered,
    trusted: isTrusted(verified, path, options.trusted),
    inValidity: certificate && signedAt ? within(certificate, signedAt) : null,
    certificate: certificate && {
      issuer: certificate.issuerName,
      serialNumber: Buffer.from(certificate.serialNumber).toString('hex'),
      validFrom: certificate.notBefore.toISOString(),
      validUntil: certificate.notAfter.toISOString(),
      expired: certificate.notAfter < options.now,
    },
    revocation: revocationOfPath(path ?? [], options.trusted.revocationLists, {
      provenAt: timestamp?.trusted ? stampedAt : null,
      now: options.now,
    }),
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

function isTrusted({ certificate, problem }: Verified, path: Certificate[] | null, trusted: TrustStore) {
  if (trusted.authorities.length === 0) return null
  return path !== null && certificate?.mayTestify === true && problem !== 'wrong-certificate'
}

// A timestamp counts where it is sound and nothing that is configured speaks against its authority.
const counts = ({ unaltered, trusted, revocation }: TimestampReport): boolean =>
  unaltered === true && trusted !== false && revocation !== 'revoked'

// The tokens stamp the signature's own value (RFC 3161 appendix A). There may be several, by several authorities
// (ETSI EN 319 122-1 §5.3): the first sound one counts.
function signatureTimestamp(signer: SignerInfo, options: Options): TimestampReport | null {
  const tokens = signer.unsignedAttributes
    .filter(({ type }) => type === TIMESTAMP_TOKEN)
    .flatMap(({ values }) => values)
    .slice(0, MAX_TOKENS)
    .map((token) => timestampOf(token, signedContent(signer.signature), options))
  return tokens.find(({ unaltered }) => unaltered) ?? tokens[0] ?? null
}

function timestampOf(token: Node, stamped: SignedContent, options: Options): TimestampReport {
  try {
    return verifyTimestamp(signedData(token), stamped, options)
  } catch {
    // It is no part of what was signed: a broken one takes nothing from the signature but the proof of its time.
    return { at: null, authority: null, unaltered: null, trusted: null, revocation: 'not-checked' }
  }
}

function timeProblem(timestamp: TimestampReport | null, signedAt: Date | null, now: Date) {
  if (timestamp?.unaltered === false) return 'timestamp-unsound'
  if (signedAt && signedAt.getTime() > now.getTime() + CLOCK_TOLERANCE_MS) return 'signed-in-the-future'
  return null
}
