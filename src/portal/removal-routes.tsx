import { type Context, Hono } from 'hono'
import type { Viewer } from '../access/access.ts'
import { clearSessionCookie } from '../access/cookie.ts'
import { onlineExam, requirePatient } from '../access/require-viewer.ts'
import { transact } from '../audit/audit.ts'
import { html } from '../http/html.ts'
import { sourceOf } from '../http/source.ts'
import type { OnlinePublication } from '../publications/publications.ts'
import { endPublications } from '../retention/retention.ts'
import { listShares } from '../shares/shares.ts'
import { lockVisit } from '../visits/lock.ts'
import type { PortalDependencies } from './dependencies.ts'
import { RemovePage } from './pages/remove-page.tsx'
import { RemovedPage } from './pages/removed-page.tsx'
import { pageSession } from './session.ts'

/** Withdrawal by the person: one report, or all of the visit; asked once, then at once (S25). */
export function removalRoutes(dependencies: PortalDependencies) {
  const { db, site, trustedProxies, clock } = dependencies
  const patient = requirePatient(dependencies.requireViewer)

  return new Hono()
    .get('/referti/:id/rimuovi', async (c) => {
      const viewer = await patient(c)
      const online = onlineExam(viewer, c.req.param('id'))
      return ask(viewer, [online], `/referti/${online.publication.id}/rimuovi`)
    })
    .post('/referti/:id/rimuovi', async (c) => {
      const viewer = await patient(c)
      return remove(c, viewer, [onlineExam(viewer, c.req.param('id'))])
    })
    .get('/rimuovi', async (c) => {
      const viewer = await patient(c)
      return ask(viewer, viewer.online, '/rimuovi')
    })
    .post('/rimuovi', async (c) => {
      const viewer = await patient(c)
      return remove(c, viewer, viewer.online)
    })
    .get('/rimosso', () => html(<RemovedPage site={site} />))

  async function ask(viewer: Viewer, chosen: OnlinePublication[], action: string): Promise<Response> {
    const shares = (await listShares(db, viewer.visit.id, clock())).filter(({ active }) => active)
    const names = chosen.map(({ exam }) => exam)
    const touched = shares.filter(({ exams }) =>
      exams.every(({ id }) => names.some((exam) => exam.id === id)),
    )
    const exams = names.map(({ description, examDate }) => ({ description, examDate }))
    const all = chosen.length === viewer.online.length
    return html(
      <RemovePage
        site={site}
        session={pageSession(viewer)}
        exams={exams}
        all={all}
        action={action}
        shares={touched.length}
      />,
    )
  }

  async function remove(c: Context, viewer: Viewer, chosen: OnlinePublication[]): Promise<Response> {
    const visitId = viewer.visit.id
    const source = sourceOf(c, trustedProxies)
    const publicationIds = chosen.map(({ publication }) => publication.id)
    await transact(db, async (tx) => {
      await lockVisit(tx, visitId)
      await endPublications(tx, {
        visitId,
        publicationIds,
        endedBy: 'patient',
        actor: viewer.actor,
        source,
        now: clock(),
      })
    })
    if (chosen.length < viewer.online.length) return c.redirect('/referti?rimosso', 303)
    clearSessionCookie(c)
    return c.redirect('/rimosso', 303)
  }
}
