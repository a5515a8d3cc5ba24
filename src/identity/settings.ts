import { createPrivateKey } from 'node:crypto'
import type { IdentitySettings } from './provider.ts'

type Given = {
  mode: 'production' | 'development'
  identityIssuer?: string | undefined
  identityClientId?: string | undefined
  identityClientSecret?: string | undefined
  identityPrivateKey?: string | undefined
  identityScopes: string
  identityClaim: string
  identityLevels: string[]
  identityName: string
}

/** The provider of SPID and CIE as configured; null where there is none. What does not fit together is told to `complain`. */
export function identitySettings(given: Given, complain: (problem: string) => void): IdentitySettings | null {
  const { identityIssuer: issuer, identityClientId: clientId } = given
  const { identityClientSecret: clientSecret, identityPrivateKey: privateKey } = given
  if (!issuer) {
    if (clientId || clientSecret || privateKey)
      complain('IDENTITY_ISSUER is not set, but other settings of the provider are')
    return null
  }
  if (given.mode === 'production' && !issuer.startsWith('https://'))
    complain('IDENTITY_ISSUER: must be https:// in production')
  if (!clientId) complain('IDENTITY_CLIENT_ID is not set, but IDENTITY_ISSUER is')
  if (!clientSecret === !privateKey)
    complain('Set one of IDENTITY_CLIENT_SECRET and IDENTITY_PRIVATE_KEY, by which the provider knows us')
  if (privateKey && !isSigningKey(privateKey))
    complain('IDENTITY_PRIVATE_KEY: must be a private key in PEM, RSA of 2048 bits or more, or EC P-256')
  // Others that are wrong have been told of already.
  const { identityScopes = 'openid', identityLevels = [], identityClaim = '', identityName = '' } = given
  if (!identityScopes.split(' ').includes('openid')) complain('IDENTITY_SCOPES: must hold openid')
  return {
    issuer,
    clientId: clientId ?? '',
    clientSecret,
    privateKey,
    scopes: identityScopes,
    claim: identityClaim,
    levels: identityLevels,
    name: identityName,
  }
}

function isSigningKey(pem: string): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem)
    if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
    return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
  } catch {
    return false
  }
}
