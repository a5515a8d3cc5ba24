import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'

const NAME = 'ritiro'
const DOCTOR = 'ritiro-medico'
// __Host-: Secure, Path=/, no Domain, so that no sibling host can set or read it (RFC 6265bis §4.1.3).
const OPTIONS = { prefix: 'host', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' } as const

/** The session's token as the browser sent it; null where there is none. */
export const readSessionCookie = (c: Context): string | null => getCookie(c, NAME, 'host') ?? null

/** Gives the browser the token of a new session, until it closes or the session ends. */
export function writeSessionCookie(c: Context, token: string): void {
  setCookie(c, NAME, token, OPTIONS)
  deleteCookie(c, DOCTOR, OPTIONS)
}

/** Takes it away again. */
export function clearSessionCookie(c: Context): void {
  deleteCookie(c, NAME, OPTIONS)
  deleteCookie(c, DOCTOR, OPTIONS)
}

/** Remembers that a doctor signed in, so that the session's end leads back to the doctor's page. It opens nothing. */
export const noteDoctor = (c: Context): void => setCookie(c, DOCTOR, '1', OPTIONS)

/** Is this a browser in which a doctor signed in last? */
export const wasDoctor = (c: Context): boolean => getCookie(c, DOCTOR, 'host') === '1'

const IDENTITY = 'ritiro-identita'
// Lax: the provider's answer comes by a link from its site, where a Strict cookie would stay at home.
const UNDER_WAY = { ...OPTIONS, sameSite: 'Lax' } as const

/** Remembers which login by SPID or CIE this browser began. */
export const writeIdentityCookie = (c: Context, token: string, maxAge: number): void =>
  setCookie(c, IDENTITY, token, { ...UNDER_WAY, maxAge })

/** Which login by SPID or CIE this browser began; it is told once. */
export const takeIdentityCookie = (c: Context): string | null => deleteCookie(c, IDENTITY, UNDER_WAY) ?? null
