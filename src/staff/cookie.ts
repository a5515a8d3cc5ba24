import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'

const SESSION = 'ritiro-desk'
const OIDC = 'ritiro-desk-oidc'
const OIDC_S = 600
// __Host-: see access/cookie.ts. The console's session is never the patients'.
const OPTIONS = { prefix: 'host', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' } as const

/** The console's session token as the browser sent it; null where there is none. */
export const readStaffCookie = (c: Context): string | null => getCookie(c, SESSION, 'host') ?? null

/** Gives the browser the token of a new session. */
export const writeStaffCookie = (c: Context, token: string): void => setCookie(c, SESSION, token, OPTIONS)

/** Takes it away again. */
export const clearStaffCookie = (c: Context): void => {
  deleteCookie(c, SESSION, OPTIONS)
}

// Lax: the identity provider sends the browser back from another site.
const OIDC_OPTIONS = { ...OPTIONS, sameSite: 'Lax' } as const

/** What an OpenID login under way must remember, sealed. */
export const readOidcCookie = (c: Context): string | null => getCookie(c, OIDC, 'host') ?? null

/** Remembers it for ten minutes. */
export const writeOidcCookie = (c: Context, sealed: string): void =>
  setCookie(c, OIDC, sealed, { ...OIDC_OPTIONS, maxAge: OIDC_S })

/** It serves once. */
export const clearOidcCookie = (c: Context): void => {
  deleteCookie(c, OIDC, OIDC_OPTIONS)
}
