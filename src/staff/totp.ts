import { Secret, TOTP } from 'otpauth'

const PERIOD_S = 30
// A clock half a minute wrong, or a code typed slowly (RFC 6238 §5.2).
const WINDOW = 1

/** A new secret, 160 bits (RFC 4226 §4), in base32. */
export function makeTotpSecret(): string {
  return new Secret({ size: 20 }).base32
}

/** What an authenticator application reads from the QR code. SHA-1 and six digits: what all of them can. */
export function totpUri(secret: string, username: string, issuer: string): string {
  return totp(secret, username, issuer).toString()
}

/** The time step whose code this is; null where it is wrong, or of a step up to `lastStep`, which has been used. */
export function totpStep(secret: string, code: string, lastStep: number, now: Date): number | null {
  const timestamp = now.getTime()
  const delta = totp(secret).validate({ token: code, timestamp, window: WINDOW })
  if (delta === null) return null
  const step = Math.floor(timestamp / 1000 / PERIOD_S) + delta
  return step > lastStep ? step : null
}

/** The code of an instant, as the authenticator shows it. */
export function totpCode(secret: string, now: Date): string {
  return totp(secret).generate({ timestamp: now.getTime() })
}

const totp = (secret: string, label = 'ritiro', issuer = 'Ritiro') =>
  new TOTP({
    issuer,
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD_S,
    secret: Secret.fromBase32(secret),
  })
