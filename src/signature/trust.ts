import { parseWhole } from './asn1.ts'
import { type Certificate, readCertificate } from './certificate.ts'
import { type RevocationList, readRevocationList } from './revocation.ts'
import { grantedAuthorities } from './trusted-list.ts'

/**
 * The authorities the operator trusts, and what they have revoked. Without authorities nothing is configured, and
 * nothing is called trusted or not.
 */
export type TrustStore = { authorities: Certificate[]; revocationLists: RevocationList[] }

/**
 * Reads the configured authorities and revocation lists from the contents of files: bundles of PEM certificates and
 * CRLs, and national trusted lists (XML). Throws on a certificate or CRL that cannot be used.
 */
export function loadTrustStore(...files: string[]): TrustStore {
  const blocks = files.flatMap((file) => [...file.matchAll(PEM)])
  const named = blocks.map(([, label = '', base64 = '']) => ({ label, der: Buffer.from(base64, 'base64') }))
  // A national list may hold certificates of kinds we cannot read: those few are no reason not to start.
  const listed = files.filter((file) => file.includes('TrustServiceStatusList')).flatMap(grantedAuthorities)
  return {
    authorities: unique([
      ...named.filter(({ label }) => label === 'CERTIFICATE').map(({ der }, at) => required(der, at)),
      ...listed.map(parsed).filter((certificate) => certificate !== null),
    ]),
    revocationLists: named
      .filter(({ label }) => label === 'X509 CRL')
      .map(({ der }) => readRevocationList(der)),
  }
}

const PEM = /-----BEGIN (CERTIFICATE|X509 CRL)-----([^-]*)-----END \1-----/g

function required(der: Buffer, at: number): Certificate {
  const certificate = parsed(der)
  if (!certificate) throw new Error(`trusted authorities: certificate ${at + 1} cannot be read`)
  return certificate
}

function parsed(der: Uint8Array): Certificate | null {
  try {
    return readCertificate(parseWhole(der))
  } catch {
    return null
  }
}

const unique = (certificates: Certificate[]): Certificate[] => [
  ...new Map(certificates.map((certificate) => [certificate.x509.fingerprint256, certificate])).values(),
]

const MAX_PATH = 8
const MAX_CHECKS = 100

/**
 * The certificates from the signer's up to a configured authority, or null where no such path exists. The
 * authorities between (taken from the document) must have been in their dates at that time.
 */
export function findPath(
  signer: Certificate,
  others: Certificate[],
  store: TrustStore,
  at: Date,
): Certificate[] | null {
  if (signer.unknownCritical) return null
  if (store.authorities.some(({ x509 }) => x509.raw.equals(signer.x509.raw))) return [signer]
  // A stranger chooses the other certificates: the work they can ask for is bounded.
  const budget = { checks: MAX_CHECKS }
  return climb([signer], others, store, at, budget)
}

function climb(
  path: Certificate[],
  others: Certificate[],
  store: TrustStore,
  at: Date,
  budget: { checks: number },
): Certificate[] | null {
  const subject = path.at(-1)
  if (!subject || path.length > MAX_PATH) return null
  // Authorities below the next one, the signer not counted (RFC 5280 §4.2.1.9).
  const below = path.length - 1
  const anchor = store.authorities.find((candidate) => issued(candidate, subject, below, budget))
  if (anchor) return [...path, anchor]
  for (const candidate of others) {
    if (path.includes(candidate) || candidate.unknownCritical || !within(candidate, at)) continue
    if (!issued(candidate, subject, below, budget)) continue
    const found = climb([...path, candidate], others, store, at, budget)
    if (found) return found
  }
  return null
}

/** Was the certificate within its dates at that time? */
export const within = ({ notBefore, notAfter }: Certificate, at: Date): boolean =>
  notBefore <= at && at <= notAfter

function issued(
  issuer: Certificate,
  subject: Certificate,
  below: number,
  budget: { checks: number },
): boolean {
  if (!issuer.isAuthority || issuer.pathLength < below) return false
  if (Buffer.compare(issuer.subject, subject.issuer) !== 0) return false
  if (budget.checks-- <= 0) return false
  try {
    // checkIssued compares names, key identifiers and keyUsage; verify looks at the signature itself.
    return subject.x509.checkIssued(issuer.x509) && subject.x509.verify(issuer.x509.publicKey)
  } catch {
    return false
  }
}
