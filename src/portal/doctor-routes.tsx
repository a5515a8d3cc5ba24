import { Hono } from 'hono'
import { type DoctorSignIn, signInDoctor } from '../access/access.ts'
import { noteDoctor, writeSessionCookie } from '../access/cookie.ts'
import { html } from '../http/html.ts'
import { sourceOf } from '../http/source.ts'
import { shareToken } from '../ui/share-link.ts'
import type { PortalDependencies } from './dependencies.ts'
import { DoctorLoginPage, type DoctorLoginProps } from './pages/doctor-login-page.tsx'

const ENDINGS: Record<string, DoctorLoginProps['error']> = {
  inattivita: 'idle',
  sessione: 'session-over',
  uscita: 'signed-out',
}

/**
 * The doctor's way in: the link's token comes in the fragment, which no server sees, and is sent with the PIN (S34,
 * S35). Opening the link changes nothing, as mail scanners do it too.
 */
export function doctorRoutes({ db, peppers, site, trustedProxies, clock }: PortalDependencies) {
  return new Hono()
    .get('/condivisione', (c) =>
      html(<DoctorLoginPage site={site} error={ENDINGS[c.req.query('fine') ?? '']} />),
    )
    .post('/condivisione', async (c) => {
      const form = await c.req.parseBody()
      const token = shareToken(typeof form.codice === 'string' ? form.codice : '')
      const pin = typeof form.pin === 'string' ? form.pin.slice(0, 64) : ''
      const result = await signInDoctor(
        { db, peppers, now: clock() },
        { token, pin, source: sourceOf(c, trustedProxies) },
      )
      if (!result.ok) {
        return html(
          <DoctorLoginPage site={site} error={told(result)} token={token} />,
          result.reason === 'locked' ? 429 : 401,
        )
      }
      writeSessionCookie(c, result.token)
      noteDoctor(c)
      return c.redirect('/referti', 303)
    })
}

function told(result: Extract<DoctorSignIn, { ok: false }>): DoctorLoginProps['error'] {
  return result.reason === 'locked' ? { lockedUntil: result.until } : result.reason
}
