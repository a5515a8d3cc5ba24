import type { Context } from 'hono'
import { findViewer, type Viewer } from '../access/access.ts'
import { readSessionCookie } from '../access/cookie.ts'
import type { Database } from '../database/database.ts'
import { IDLE_MS } from '../sessions/sessions.ts'
import type { PageSession } from '../ui/site.ts'

/** What a signed-in page needs to know of its session: it warns before the idle end (S12), and speaks to patient or doctor. */
export const pageSession = ({ share }: Pick<Viewer, 'share'>): PageSession => ({
  idleSeconds: IDLE_MS / 1000,
  ...(share ? { doctor: true } : {}),
})

/** The session of who reads a public page, if there is one: it decides only whether "Esci" is shown. */
export function sessionOf(db: Database, clock: () => Date) {
  return async (c: Context): Promise<PageSession | undefined> => {
    const token = readSessionCookie(c)
    const viewer = token === null ? null : await findViewer(db, token, clock()).catch(() => null)
    return viewer ? pageSession(viewer) : undefined
  }
}

/** Does the session of this request still open that publication? Asked again and again while something is sent. */
export async function stillOnline(
  db: Database,
  c: Context,
  publicationId: string,
  now: Date,
): Promise<boolean> {
  const token = readSessionCookie(c)
  const viewer = token === null ? null : await findViewer(db, token, now)
  return viewer?.online.some(({ publication }) => publication.id === publicationId) ?? false
}
