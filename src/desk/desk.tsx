import { Hono } from 'hono'
import { AppError, type ErrorCode } from '../errors.ts'
import { answerError, refusalOf } from '../http/errors.tsx'
import { smallForms } from '../http/forms.ts'
import { html } from '../http/html.ts'
import { guardDesk, type StaffEnv } from '../staff/guard.ts'
import { deskAccessRoutes } from './access-routes.tsx'
import { accountsRoutes } from './accounts-routes.tsx'
import { attentionRoutes } from './attention-routes.tsx'
import { correctRoutes } from './correct-routes.tsx'
import type { DeskDependencies } from './dependencies.ts'
import { messagesRoutes } from './messages-routes.tsx'
import { DeskErrorPage } from './pages/error-page.tsx'
import { firstPage } from './pages/layout.tsx'
import { profileRoutes } from './profile-routes.tsx'
import { registerRoutes } from './register-routes.tsx'
import { searchRoutes } from './search-routes.tsx'
import { trailAuditRoutes } from './trail-routes.tsx'
import { visitRoutes } from './visit-routes.tsx'

const REPORT = /^\/desk\/visite\/[^/]+\/referto$/

/** The console at /desk: every route behind `guardDesk()`, failures told in its own pages. */
export function deskRoutes(dependencies: DeskDependencies) {
  const { db, clock, site, log, trustedProxies, networks } = dependencies
  const desk = new Hono<StaffEnv>()
  desk.onError((error, c) => {
    const code = refusalOf(error)?.code
    // Outside the allowed networks nothing tells that there is a console.
    if (code === undefined || !c.var.source || c.req.path.startsWith('/desk/sessione/'))
      return answerError(c, error, site, log)
    if (code === 'staff.required') return c.redirect('/desk/accesso?fine=sessione', 303)
    const { title, text } = textsFor(code, site.messages.desk.errors)
    const status = refusalOf(error)?.status ?? 500
    return html(<DeskErrorPage site={site} staff={c.var.staff} title={title} text={text} />, status)
  })
  desk.use('/desk/*', guardDesk({ db, clock, trustedProxies, networks }))
  const small = smallForms()
  // A report is a document, and has a limit of its own.
  desk.use('/desk/*', (c, next) => (REPORT.test(c.req.path) ? next() : small(c, next)))
  desk.get('/desk', (c) => {
    const first = firstPage(c.var.staff)
    if (first === null) throw new AppError('staff.forbidden')
    return c.redirect(first, 303)
  })
  desk.route('/', deskAccessRoutes(dependencies))
  desk.route('/', profileRoutes(dependencies))
  desk.route('/', searchRoutes(dependencies))
  desk.route('/', registerRoutes(dependencies))
  desk.route('/', visitRoutes(dependencies))
  desk.route('/', correctRoutes(dependencies))
  desk.route('/', messagesRoutes(dependencies))
  desk.route('/', attentionRoutes(dependencies))
  desk.route('/', accountsRoutes(dependencies))
  desk.route('/', trailAuditRoutes(dependencies))
  return desk
}

type Texts = DeskDependencies['site']['messages']['desk']['errors']

function textsFor(code: ErrorCode, texts: Texts): { title: string; text: string } {
  switch (code) {
    case 'staff.forbidden':
      return texts.forbidden
    case 'not_found':
    case 'visit.not_found':
      return texts.notFound
    case 'request.cross_origin':
      return texts.crossOrigin
    case 'request.too_large':
      return texts.tooLarge
    case 'database.unavailable':
      return texts.unavailable
    default:
      return texts.badRequest
  }
}
