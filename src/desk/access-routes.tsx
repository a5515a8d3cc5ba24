import { Hono } from 'hono'
import { html } from '../http/html.ts'
import { errorCode } from '../log.ts'
import {
  clearOidcCookie,
  clearStaffCookie,
  readOidcCookie,
  readStaffCookie,
  writeOidcCookie,
  writeStaffCookie,
} from '../staff/cookie.ts'
import type { StaffEnv } from '../staff/guard.ts'
import { findStaff } from '../staff/sessions.ts'
import { beginSetUp, finishSetUp } from '../staff/set-up.ts'
import { type StaffDoor, signInStaff, signOutStaff } from '../staff/sign-in.ts'
import type { DeskDependencies } from './dependencies.ts'
import { type DeskContext, readForm } from './form.ts'
import { DeskLoginPage, LeadOnPage, type LoginNote } from './pages/login-page.tsx'
import { SetUpDonePage, SetUpLinkPage, SetUpPage } from './pages/set-up-page.tsx'

const NOTES: Record<string, LoginNote> = { inattivita: 'idle', sessione: 'over', uscita: 'out' }

/** In and out of the console, by password and code or by the hospital's identity provider; and how an account is set up. */
export function deskAccessRoutes({
  db,
  peppers,
  encryptionKeys,
  site,
  provider,
  clock,
  log,
}: DeskDependencies) {
  const doorOf = (c: DeskContext): StaffDoor => ({
    db,
    peppers,
    keys: encryptionKeys,
    now: clock(),
    source: c.var.source,
  })
  const loginPage = (note?: LoginNote | { lockedUntil: Date }, username?: string, status = 200) =>
    html(
      <DeskLoginPage site={site} provider={provider?.name ?? null} note={note} username={username} />,
      status,
    )

  return new Hono<StaffEnv>()
    .get('/desk/accesso', async (c) => {
      const token = readStaffCookie(c)
      if (token !== null && (await findStaff(db, token, clock()))) return c.redirect('/desk', 303)
      return loginPage(NOTES[c.req.query('fine') ?? ''])
    })
    .post('/desk/accesso', async (c) => {
      const form = await readForm(c)
      const username = form.text('utente', 64)
      const result = await signInStaff(doorOf(c), {
        username,
        password: form.text('password'),
        code: form.text('codice', 40),
        oldToken: readStaffCookie(c),
      })
      if (!result.ok) {
        return result.reason === 'locked'
          ? loginPage({ lockedUntil: result.until }, username, 429)
          : loginPage('wrong', username, 401)
      }
      writeStaffCookie(c, result.token)
      return c.redirect('/desk', 303)
    })
    .post('/desk/uscita', async (c) => {
      const token = readStaffCookie(c)
      const member = token === null ? null : await findStaff(db, token, clock())
      const elsewhere = member && provider ? await provider.oidc.logoutUrl(doorOf(c), member.tokenHash) : null
      if (member && token !== null) await signOutStaff(db, member, token, c.var.source, clock())
      clearStaffCookie(c)
      if (elsewhere) return c.html(<LeadOnPage site={site} to={elsewhere.href} />)
      return c.redirect('/desk/accesso?fine=uscita', 303)
    })
    .post('/desk/sessione/attiva', (c) => c.body(null, 204))
    .get('/desk/oidc', async (c) => {
      if (!provider) return c.redirect('/desk/accesso', 303)
      try {
        const token = readStaffCookie(c)
        const member = token === null ? null : await findStaff(db, token, clock())
        const returnTo = ownPath(c.req.query('torna') ?? '')
        const recheck = member && returnTo ? { tokenHash: member.tokenHash, returnTo } : null
        const { url, sealed } = await provider.oidc.begin(doorOf(c), recheck)
        writeOidcCookie(c, sealed)
        return c.redirect(url.href, 303)
      } catch (error) {
        log('error', 'staff.provider_unavailable', { code: errorCode(error) })
        return loginPage('failed', undefined, 503)
      }
    })
    .get('/desk/oidc/ritorno', async (c) => {
      if (!provider) return c.redirect('/desk/accesso', 303)
      const result = await provider.oidc.finish(doorOf(c), {
        query: new URL(c.req.url).search,
        sealed: readOidcCookie(c),
        oldToken: readStaffCookie(c),
      })
      clearOidcCookie(c)
      if (!result.ok) {
        log('warn', 'staff.oidc_refused', { reason: result.reason, code: result.code })
        return loginPage(result.reason, undefined, 401)
      }
      if (result.token !== null) writeStaffCookie(c, result.token)
      return c.html(<LeadOnPage site={site} to={result.returnTo} />)
    })
    .get('/desk/attivazione', () => html(<SetUpLinkPage site={site} refused={false} />))
    .post('/desk/attivazione', async (c) => {
      const form = await readForm(c)
      const token = form.text('attivazione', 200).replace(/^.*#/, '')
      const door = doorOf(c)
      const begun = await beginSetUp(door, token)
      if (!begun) return html(<SetUpLinkPage site={site} refused />, 401)
      // The link's page sends the secret alone: the form is yet to be filled in.
      if (form.text('password') === '' && form.text('codice') === '')
        return html(<SetUpPage site={site} begun={begun} token={token} />)
      const done = await finishSetUp(door, {
        token,
        password: form.text('password'),
        again: form.text('ripeti'),
        code: form.text('codice', 20),
      })
      if (done.ok) return html(<SetUpDonePage site={site} recoveryCodes={done.recoveryCodes} />)
      if (done.reason === 'link') return html(<SetUpLinkPage site={site} refused />, 401)
      return html(<SetUpPage site={site} begun={begun} token={token} fault={done.reason} />, 422)
    })
}

/** A page of the console, never another site's. */
const ownPath = (path: string) => (/^\/desk(?:\/[\w-]+)*(?:\?[\w=&%.+-]*)?$/.test(path) ? path : null)
