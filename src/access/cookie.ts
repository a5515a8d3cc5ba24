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
