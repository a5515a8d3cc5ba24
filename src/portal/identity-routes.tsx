import { type Context, Hono } from 'hono'
import { takeIdentityCookie, writeIdentityCookie, writeSessionCookie } from '../access/cookie.ts'
import { requirePatient } from '../access/require-viewer.ts'
import { AppError } from '../errors.ts'
import { html } from '../http/html.ts'
import { sourceOf } from '../http/source.ts'
import { changeVisit, type IdentityRefusal, LOGIN_MS, visitsOf } from '../identity/identity.ts'
import type { PortalDependencies } from './dependencies.ts'
import { ArrivedPage, OwnVisitsPage } from './pages/identity-pages.tsx'
import { pageSession } from './session.ts'

/** The second way in, by SPID or CIE; without a provider these addresses lead to the PINs. */
export function identityRoutes(dependencies: PortalDependencies) {
  const { db, peppers, rules, site, identity, trustedProxies, clock, log } = dependencies
  const ofPatient = requirePatient(dependencies.requireViewer)
  const doorOf = (c: Context) => ({
    db,
    peppers,
    encryptionKeys: rules.encryptionKeys,
    now: clock(),
    source: sourceOf(c, trustedProxies),
  })
  const refused = (c: Context, { reason, code }: { reason: IdentityRefusal; code: string }) => {
    log('warn', 'identity.failed', { reason, code })
    return c.redirect(`/?fine=identita-${reason}`, 303)
  }

  return new Hono()
    .get('/identita', async (c) => {
      if (!identity) return c.redirect('/', 303)
      const begun = await identity.begin(doorOf(c))
      if (!begun.ok) return refused(c, begun)
      writeIdentityCookie(c, begun.token, LOGIN_MS / 1000)
      return c.redirect(begun.url.href, 303)
    })
    .get('/identita/ritorno', async (c) => {
      if (!identity) return c.redirect('/', 303)
      const token = takeIdentityCookie(c)
      const entered = await identity.finish(doorOf(c), { query: new URL(c.req.url).search, token })
      if (!entered.ok) return refused(c, entered)
      writeSessionCookie(c, entered.token)
      const href = entered.several ? '/identita/visite' : '/referti'
      const page = await html(<ArrivedPage site={site} href={href} />)
      // With the cookies: a Response of its own would leave them behind.
      return c.newResponse(page.body, page)
    })
    .get('/identita/visite', async (c) => {
      const viewer = await ofPatient(c)
      if (!viewer.identity) throw new AppError('not_found')
      const visits = await visitsOf(db, viewer.identity.taxCode, clock())
      return html(
        <OwnVisitsPage site={site} session={pageSession(viewer)} visits={visits} shown={viewer.visit.id} />,
      )
    })
    .post('/identita/visite', async (c) => {
      const { tokenHash, identity: known } = await ofPatient(c)
      if (!known) throw new AppError('not_found')
      const { visita } = await c.req.parseBody()
      const token = await changeVisit(doorOf(c), { tokenHash, ...known }, String(visita))
      if (token === null) throw new AppError('not_found')
      writeSessionCookie(c, token)
      return c.redirect('/referti', 303)
    })
    .get('/identita/uscita', (c) => c.redirect(identity?.endSessionUrl()?.href ?? '/', 303))
}
