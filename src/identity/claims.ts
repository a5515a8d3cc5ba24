/** What the provider says of a person: the ID token's claims, or the userinfo endpoint's. */
export type Claims = Readonly<Record<string, unknown>>

// Sixteen characters, the last a letter; in seven places letters may stand for digits (omocodia, DM 12 marzo 1974).
const TAX_CODE = /^[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-EHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/

/** The tax code in a claim, which SPID and CIE write with the prefix `TINIT-` (ETSI EN 319 412-1 §5.1.3); null where there is none. */
export function taxCodeIn(claims: Claims, claim: string): string | null {
  const value = claims[claim]
  if (typeof value !== 'string') return null
  const code = value
    .trim()
    .toUpperCase()
    .replace(/^TINIT-/, '')
  return TAX_CODE.test(code) ? code : null
}

/** Was the person identified as strongly as is asked for? `acr` is the level that the provider vouches for. */
export const isStrongEnough = (claims: Claims, accepted: readonly string[]): boolean =>
  typeof claims.acr === 'string' && accepted.includes(claims.acr)
