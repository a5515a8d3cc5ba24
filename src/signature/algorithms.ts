import { constants, type KeyObject, verify } from 'node:crypto'
import { child, isContext, type Node, oid, sequence, smallInteger } from './asn1.ts'

export type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512'

const HASHES: Record<string, Hash> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** The hash of a digest algorithm's identifier; null: none that we compute. */
export const hashOf = (identifier: string): Hash | null => HASHES[identifier] ?? null

/** SHA-1 collisions can be bought: a signature over it proves no particular document. */
export const isWeak = (hash: Hash): boolean => hash === 'sha1'

/** How a signature was made: with which kind of key, over which hash. */
export type Scheme = { kind: 'rsa' | 'rsa-pss' | 'ecdsa'; hash: Hash; saltLength: number }

const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
const RSASSA_PSS = '1.2.840.113549.1.1.10'
const MGF1 = '1.2.840.113549.1.1.8'

const SCHEMES: Record<string, [Scheme['kind'], Hash]> = {
  '1.2.840.113549.1.1.5': ['rsa', 'sha1'],
  '1.2.840.113549.1.1.11': ['rsa', 'sha256'],
  '1.2.840.113549.1.1.12': ['rsa', 'sha384'],
  '1.2.840.113549.1.1.13': ['rsa', 'sha512'],
  '1.2.840.10045.4.1': ['ecdsa', 'sha1'],
  '1.2.840.10045.4.3.2': ['ecdsa', 'sha256'],
  '1.2.840.10045.4.3.3': ['ecdsa', 'sha384'],
  '1.2.840.10045.4.3.4': ['ecdsa', 'sha512'],
}

/** What a SignatureAlgorithmIdentifier asks for (RFC 3370 §3, RFC 4056, RFC 5754); null: not one of ours. */
export function schemeOf(algorithm: { oid: string; parameters: Node | null }, digest: Hash): Scheme | null {
  // The plain key's identifier leaves the hash to the digest algorithm (RFC 3370 §3.2).
  if (algorithm.oid === RSA_ENCRYPTION) return { kind: 'rsa', hash: digest, saltLength: 0 }
  if (algorithm.oid === RSASSA_PSS) return pssScheme(algorithm.parameters)
  const [kind, hash] = SCHEMES[algorithm.oid] ?? []
  return kind && hash ? { kind, hash, saltLength: 0 } : null
}

const CURVES = [
  'prime256v1',
  'secp384r1',
  'secp521r1',
  'brainpoolP256r1',
  'brainpoolP384r1',
  'brainpoolP512r1',
]
const MAX_RSA_BITS = 8192
const MIN_RSA_BITS = 2048

/** Can the key make such signatures, and is it strong enough to mean something? */
export function judgeKey(key: KeyObject, { kind }: Scheme): 'fit' | 'weak' | 'unfit' {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  if (kind === 'ecdsa') return key.asymmetricKeyType === 'ec' && CURVES.includes(namedCurve) ? 'fit' : 'unfit'
  const type = key.asymmetricKeyType
  if (type !== 'rsa' && !(type === 'rsa-pss' && kind === 'rsa-pss')) return 'unfit'
  if (modulusLength > MAX_RSA_BITS) return 'unfit'
  return modulusLength < MIN_RSA_BITS ? 'weak' : 'fit'
}

/** Does the signature over these bytes verify with the key? */
export function verifySignature(
  data: Uint8Array,
  signature: Uint8Array,
  key: KeyObject,
  scheme: Scheme,
): boolean {
  try {
    if (scheme.kind === 'ecdsa') return verify(scheme.hash, data, { key, dsaEncoding: 'der' }, signature)
    if (scheme.kind === 'rsa') {
      return verify(scheme.hash, data, { key, padding: constants.RSA_PKCS1_PADDING }, signature)
    }
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return verify(scheme.hash, data, { key, padding, saltLength: scheme.saltLength }, signature)
  } catch {
    // OpenSSL throws where a value cannot be a signature of that key at all.
    return false
  }
}

// RSASSA-PSS-params (RFC 4055 §3.1). OpenSSL's verify takes one hash for both uses, as RFC 4055 recommends.
function pssScheme(parameters: Node | null): Scheme | null {
  const fields = parameters ? sequence(parameters) : []
  const field = (number: number) => {
    const tagged = fields.find((node) => isContext(node, number))
    return tagged && child(tagged, 0)
  }
  const [hashField, maskField, saltField] = [field(0), field(1), field(2)]
  const hash = hashField ? hashOf(oid(sequence(hashField)[0])) : 'sha1'
  const [maskFunction, maskHash] = maskField ? sequence(maskField) : []
  if (maskFunction && oid(maskFunction) !== MGF1) return null
  const mask = maskHash ? hashOf(oid(sequence(maskHash)[0])) : 'sha1'
  if (!hash || mask !== hash) return null
  return { kind: 'rsa-pss', hash, saltLength: saltField ? smallInteger(saltField) : 20 }
}
