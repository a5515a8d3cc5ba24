import { X509Certificate } from 'node:crypto'
import {
  child,
  integer,
  isContext,
  isUniversal,
  type Node,
  octets,
  oid,
  parseWhole,
  sequence,
  set,
  smallInteger,
  TAG,
  text,
  time,
} from './asn1.ts'

/** A certificate as we need it: node:crypto's for keys and signatures, the rest read from its bytes. */
export type Certificate = {
  x509: X509Certificate
  /** The issuer's and the subject's Name as they stand, for comparison. */
  issuer: Uint8Array
  subject: Uint8Array
  serialNumber: Uint8Array
  subjectKeyIdentifier: Uint8Array | null
  notBefore: Date
  notAfter: Date
  /** Who the certificate speaks of: 'Mario Rossi', or an organisation's or machine's name. */
  name: string | null
  taxCode: string | null
  issuerName: string | null
  isAuthority: boolean
  /** How many authorities may stand between this one and the signer (RFC 5280 §4.2.1.9). */
  pathLength: number
  /** keyUsage allows signatures on documents (RFC 5280 §4.2.1.3), or says nothing. */
  mayTestify: boolean
  mayTimestamp: boolean
  /** A critical extension we do not process: such a certificate must not be relied on (RFC 5280 §4.2). */
  unknownCritical: boolean
  /** cRLDistributionPoints as it stands, where there is one. */
  distributionPoints: Uint8Array | null
}

/** Takes a certificate from its SEQUENCE; null: it is not one, or not one that can be used. */
export function readCertificate(node: Node): Certificate | null {
  try {
    return certificate(new X509Certificate(node.raw), node)
  } catch {
    return null
  }
}

const KEY_IDENTIFIER = '2.5.29.14'
const KEY_USAGE = '2.5.29.15'
const BASIC_CONSTRAINTS = '2.5.29.19'
const DISTRIBUTION_POINTS = '2.5.29.31'
const POLICIES = '2.5.29.32'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const QC_STATEMENTS = '1.3.6.1.5.5.7.1.3'
const TIMESTAMPING = '1.3.6.1.5.5.7.3.8'
// Policies are read by nobody here: we promise no more than a path to a configured authority.
const PROCESSED = [KEY_USAGE, BASIC_CONSTRAINTS, POLICIES, EXTENDED_KEY_USAGE, QC_STATEMENTS]

// TBSCertificate (RFC 5280 §4.1).
function certificate(x509: X509Certificate, node: Node): Certificate {
  const fields = [...sequence(child(node, 0))]
  if (isContext(fields[0], 0)) fields.shift()
  const [serialNumber, , issuer, validity, subject, , ...optional] = fields
  if (!issuer || !subject) throw new Error('no names')
  const [notBefore, notAfter] = sequence(validity)
  const extensions = readExtensions(optional.find((node) => isContext(node, 3)))
  const extension = (type: string) => extensions.find((candidate) => candidate.type === type)?.value
  const keyIdentifier = extension(KEY_IDENTIFIER)
  const names = readName(subject)
  return {
    x509,
    issuer: issuer.raw,
    subject: subject.raw,
    serialNumber: integer(serialNumber),
    subjectKeyIdentifier: keyIdentifier ? octets(parseWhole(keyIdentifier)) : null,
    notBefore: time(notBefore),
    notAfter: time(notAfter),
    name: displayName(names),
    taxCode: taxCode(names),
    issuerName: displayName(readName(issuer)),
    isAuthority: x509.ca,
    pathLength: pathLength(extension(BASIC_CONSTRAINTS)),
    mayTestify: mayTestify(extension(KEY_USAGE)),
    mayTimestamp: purposes(extension(EXTENDED_KEY_USAGE)).includes(TIMESTAMPING),
    unknownCritical: extensions.some(({ type, critical }) => critical && !PROCESSED.includes(type)),
    distributionPoints: extension(DISTRIBUTION_POINTS) ?? null,
  }
}

function readExtensions(tagged: Node | undefined): { type: string; critical: boolean; value: Uint8Array }[] {
  if (!tagged) return []
  return sequence(child(tagged, 0)).map((node) => {
    const fields = sequence(node)
    return {
      type: oid(fields[0]),
      critical: fields.length === 3 && fields[1] !== undefined && fields[1].contents[0] !== 0,
      value: octets(fields.at(-1)),
    }
  })
}

function pathLength(extension: Uint8Array | undefined): number {
  const limit = extension && sequence(parseWhole(extension)).find((node) => isUniversal(node, TAG.integer))
  return limit ? smallInteger(limit) : Number.POSITIVE_INFINITY
}

// Bit 0 is digitalSignature, bit 1 nonRepudiation: an Italian qualified certificate has the second alone.
function mayTestify(extension: Uint8Array | undefined): boolean {
  if (!extension) return true
  const [, firstBits = 0] = parseWhole(extension).contents
  return (firstBits & 0b1100_0000) !== 0
}

const purposes = (extension: Uint8Array | undefined): string[] =>
  extension ? sequence(parseWhole(extension)).map(oid) : []

type Names = Map<string, string>

const COMMON_NAME = '2.5.4.3'
const SURNAME = '2.5.4.4'
const SERIAL_NUMBER = '2.5.4.5'
const ORGANIZATION = '2.5.4.10'
const GIVEN_NAME = '2.5.4.42'
const MAX_NAME_LENGTH = 200

function readName(name: Node): Names {
  const pairs = sequence(name).flatMap((rdn) => set(rdn).map((pair) => sequence(pair)))
  return new Map(pairs.map(([type, value]) => [oid(type), value ? printable(text(value)) : '']))
}

// A name is shown to people: nothing in it may break the line or turn its direction.
const printable = (value: string) =>
  value
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .trim()
    .slice(0, MAX_NAME_LENGTH)

function displayName(names: Names): string | null {
  const [given, surname] = [names.get(GIVEN_NAME), names.get(SURNAME)]
  // Smart cards write the tax code and the card's number as common name: the person's own name says more.
  if (given && surname) return `${given} ${surname}`
  return names.get(COMMON_NAME) || names.get(ORGANIZATION) || null
}

// With the letters that stand for digits where two people would share a code (omocodia).
const TAX_CODE = /[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]/

// ETSI EN 319 412-1 §5.1.3 writes 'TINIT-…', older Italian certificates 'IT:…', cards put it first in the name.
function taxCode(names: Names): string | null {
  const serial = /^(?:(?:TINIT-|IT:)\s*)?(.{16})$/.exec(names.get(SERIAL_NUMBER) ?? '')?.[1]
  const common = /^([A-Z0-9]{16})\//.exec(names.get(COMMON_NAME) ?? '')?.[1]
  return [serial, common].find((code) => code !== undefined && TAX_CODE.test(code)) ?? null
}
