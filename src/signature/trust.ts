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
 * CRLs, one certificate or CRL in DER (as authorities publish them), and national trusted lists (XML). Throws on one that
 * cannot be used, and on a file that holds none of them: nobody is told later that a list was not read.
 */
export function loadTrustStore(...files: (Uint8Array | string)[]): TrustStore {
  const stores = files.map((file) => trustIn(Buffer.from(file)))
  return {
    authorities: unique(stores.flatMap(({ authorities }) => authorities)),
    revocationLists: stores.flatMap(({ revocationLists }) => revocationLists),
  }
}

function trustIn(file: Buffer): TrustStore {
  const text = file.toString('latin1')
  const store = file[0] === DER_SEQUENCE ? trustInDer(file) : trustInText(text)
  if (store.authorities.length === 0 && store.revocationLists.length === 0)
    throw new Error('holds no certificate: PEM, DER, CRLs and national trusted lists (XML) are read')
  return store
}

const DER_SEQUENCE = 0x30

// A certificate and a CRL differ from their first field on (RFC 5280 §4.1, §5.1): what is not the one may be the other.
function trustInDer(der: Buffer): TrustStore {
  const certificate = parsed(der)
  return certificate
    ? { authorities: [certificate], revocationLists: [] }
    : { authorities: [], revocationLists: [listIn(der)] }
}

function listIn(der: Buffer): RevocationList {
  try {
    return readRevocationList(der)
  } catch (error) {
    throw new Error('cannot be read as a certificate or CRL', { cause: error })
  }
}

function trustInText(text: string): TrustStore {
  const named = [...text.matchAll(PEM)].map(([, label = '', base64 = '']) => ({
    label,
    der: Buffer.from(base64, 'base64'),
  }))
  // A national list may hold certificates of kinds we cannot read: those few are no reason not to start.
  const listed = text.includes('TrustServiceStatusList') ? grantedAuthorities(text) : []
  return {
    authorities: [
      ...named.filter(({ label }) => label === 'CERTIFICATE').map(({ der }, at) => required(der, at)),
      ...listed.map(parsed).filter((certificate) => certificate !== null),
    ],
    revocationLists: named.filter(({ label }) => label === 'X509 CRL').map(({ der }) => listIn(der)),
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
