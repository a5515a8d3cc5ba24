import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'

const NAME = 'ritiro'
// __Host-: Secure, Path=/, no Domain, so that no sibling host can set or read it (RFC 6265bis §4.1.3).
const OPTIONS = { prefix: 'host', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' } as const

/** The session's token as the browser sent it; null where there is none. */
export const readSessionCookie = (c: Context): string | null => getCookie(c, NAME, 'host') ?? null

/** Gives the browser the token of a new session, until it closes or the session ends. */
export const writeSessionCookie = (c: Context, token: string): void => setCookie(c, NAME, token, OPTIONS)

/** Takes it away again. */
export function clearSessionCookie(c: Context): void {
  deleteCookie(c, NAME, OPTIONS)
}
