import { parseWhole } from './asn1.ts'
import { type Certificate, readCertificate } from './certificate.ts'

/** The authorities the operator trusts. Empty: nothing is configured, and nothing is called trusted or not. */
export type TrustStore = { authorities: Certificate[] }

/** Reads the configured authorities: a bundle of PEM certificates. Throws on what is no certificate. */
export function loadTrustStore(pem: string): TrustStore {
  const blocks = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)]
  return {
    authorities: blocks.map(([, base64 = ''], index) => {
      const certificate = parsed(Buffer.from(base64, 'base64'))
      if (!certificate) throw new Error(`trusted authorities: certificate ${index + 1} cannot be read`)
      return certificate
    }),
  }
}

function parsed(der: Uint8Array): Certificate | null {
  try {
    return readCertificate(parseWhole(der))
  } catch {
    return null
  }
}

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
