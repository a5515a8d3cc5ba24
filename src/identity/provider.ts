import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import * as oidc from 'openid-client'

export type IdentitySettings = {
  issuer: string
  clientId: string
  /** By which we show ourselves to the provider: a shared secret, or a private key (PEM) of ours (private_key_jwt). */
  clientSecret: string | undefined
  privateKey: string | undefined
  scopes: string
  /** The claim that holds the tax code. */
  claim: string
  /** Levels (acr) that are accepted, the one to ask for first. */
  levels: readonly string[]
  /** What the button calls it. */
  name: string
}

const FRESH_MS = 60 * 60_000
const TIMEOUT_S = 10

/** The provider as it describes itself: asked for at the first login, hourly, and again after a failure. */
export function createProvider(settings: IdentitySettings, clock: () => Date) {
  let asked: { at: number; configuration: Promise<oidc.Configuration> } | null = null
  let latest: oidc.Configuration | null = null
  return {
    async ask(): Promise<oidc.Configuration> {
      const now = clock().getTime()
      if (!asked || Math.abs(now - asked.at) > FRESH_MS)
        asked = { at: now, configuration: discover(settings) }
      const mine = asked
      try {
        latest = await mine.configuration
        return latest
      } catch (error) {
        if (asked === mine) asked = null
        throw error
      }
    },
    /** What it said last, without asking. */
    latest: () => latest,
  }
}

async function discover({
  issuer,
  clientId,
  clientSecret,
  privateKey,
}: IdentitySettings): Promise<oidc.Configuration> {
  const proof = privateKey
    ? oidc.PrivateKeyJwt(await signingKey(privateKey))
    : oidc.ClientSecretBasic(clientSecret ?? '')
  return oidc.discovery(new URL(issuer), clientId, undefined, proof, {
    timeout: TIMEOUT_S,
    execute: [
      // Who the person is hangs on the ID token: its signature is checked although it came by TLS.
      oidc.enableNonRepudiationChecks,
      // Plain http is for a provider on this machine; config.ts refuses it in production.
      ...(issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []),
    ],
  })
}

/** A key as the assertions are signed with it: RS256, or ES256 on P-256. Its id is the thumbprint that SPID and CIE ask for. */
async function signingKey(pem: string): Promise<oidc.PrivateKey> {
  const key = createPrivateKey(pem)
  const algorithm =
    key.asymmetricKeyType === 'rsa'
      ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
      : { name: 'ECDSA', namedCurve: 'P-256' }
  return { key: key.toCryptoKey(algorithm, false, ['sign']) as oidc.CryptoKey, kid: thumbprint(key) }
}

/** RFC 7638: SHA-256 of the required members in alphabetical order. */
export function thumbprint(key: KeyObject): string {
  const { crv, e, kty, n, x, y } = createPublicKey(key).export({ format: 'jwk' })
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y }
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}
