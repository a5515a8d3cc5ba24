import type { Context } from 'hono'
import type { Database } from '../database/database.ts'
import { AppError } from '../errors.ts'
import type { OnlinePublication } from '../publications/publications.ts'
import { findViewer, type Viewer } from './access.ts'
import { readSessionCookie } from './cookie.ts'

export type RequireViewer = (c: Context) => Promise<Viewer>

/**
 * The one place where a request proves whose data it may read (handbook, rule 7): returns the viewer and what is online
 * for them, or refuses with `access.required`. Every route that returns patient data begins with it.
 */
export function requireViewer(db: Database, clock: () => Date): RequireViewer {
  return async (c) => {
    const token = readSessionCookie(c)
    const viewer = token === null ? null : await findViewer(db, token, clock())
    if (!viewer) throw new AppError('access.required')
    c.header('cache-control', 'no-store')
    return viewer
  }
}

/** The same where only the patient may: a doctor gets the 404 of a page that is not there (S34). */
export function requirePatient(ofAnybody: RequireViewer): RequireViewer {
  return async (c) => {
    const viewer = await ofAnybody(c)
    if (viewer.share) throw new AppError('not_found')
    return viewer
  }
}

/** The exam of that publication, if this viewer may see it; else the same 404 as for one that never was. */
export function onlineExam(viewer: Viewer, publicationId: string): OnlinePublication {
  const found = viewer.online.find(({ publication }) => publication.id === publicationId)
  if (!found) throw new AppError('not_found')
  return found
}
