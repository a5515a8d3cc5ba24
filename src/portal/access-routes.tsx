import { type Context, Hono } from 'hono'
import { findViewer, type SignIn, signIn, signOut } from '../access/access.ts'
import { clearSessionCookie, readSessionCookie, wasDoctor, writeSessionCookie } from '../access/cookie.ts'
import { FOREVER } from '../access/lockout.ts'
import { answerPin2Requests, requestPin2 } from '../access/pin2-requests.ts'
import { html } from '../http/html.ts'
import { sourceOf } from '../http/source.ts'
import { errorCode } from '../log.ts'
import type { PortalDependencies } from './dependencies.ts'
import { LoginPage, type LoginProps } from './pages/login-page.tsx'
import { Pin2RequestPage } from './pages/pin2-request-page.tsx'

const ENDINGS: Record<string, LoginProps['error']> = {
  inattivita: 'idle',
  sessione: 'session-over',
  uscita: 'signed-out',
  'uscita-identita': 'signed-out-here',
  'identita-nothing': { identity: 'nothing' },
  'identita-level': { identity: 'level' },
  'identita-cancelled': { identity: 'cancelled' },
  'identita-failed': { identity: 'failed' },
  'identita-unavailable': { identity: 'unavailable' },
  'identita-locked': { identity: 'locked' },
}

/** The portal's address: PINs in, session out (S10–S12). */
export function accessRoutes(dependencies: PortalDependencies) {
  const { db, peppers, rules, site, identity, requireViewer, trustedProxies, clock, log } = dependencies
  const source = (c: Context) => sourceOf(c, trustedProxies)

  return new Hono()
    .get('/', async (c) => {
      const token = readSessionCookie(c)
      const isOpen = token !== null && (await findViewer(db, token, clock())) !== null
      return html(<LoginPage site={site} error={isOpen ? 'open' : endingOf(c.req.query('fine'))} />)
    })
    .post('/accesso', async (c) => {
      const form = await c.req.parseBody()
      const pin1 = text(form.pin1)
      const result = await signIn(
        { db, peppers, now: clock() },
        { pin1, pin2: text(form.pin2), source: source(c) },
      )
      if (!result.ok)
        return html(
          <LoginPage site={site} error={told(result)} pin1={pin1} />,
          result.reason === 'locked' ? 429 : 401,
        )
      writeSessionCookie(c, result.token)
      return c.redirect('/referti', 303)
    })
    .get('/pin2', (c) => html(<Pin2RequestPage site={site} sent={c.req.query('inviato') !== undefined} />))
    .post('/pin2', async (c) => {
      const form = await c.req.parseBody()
      await requestPin2({ db, peppers, rules, now: clock() }, text(form.pin1), source(c))
      // Noted, and answered before it is done: the time does not tell whether that PIN1 exists (S11b). What fails now, or is
      // killed, is done by keepTime().
      answerPin2Requests({ db, rules, clock }).catch((error: unknown) => {
        log('error', 'pin2.request_failed', { code: errorCode(error) })
      })
      return c.redirect('/pin2?inviato', 303)
    })
    .post('/uscita', async (c) => {
      const token = readSessionCookie(c)
      const viewer = token === null ? null : await findViewer(db, token, clock())
      if (viewer) await signOut(db, viewer, source(c), clock())
      const page = wasDoctor(c) ? '/condivisione' : '/'
      clearSessionCookie(c)
      // The provider's own session is another one: where it can be ended too, the page says so.
      const there = viewer?.identity && identity?.endSessionUrl()
      return c.redirect(`${page}?fine=${there ? 'uscita-identita' : 'uscita'}`, 303)
    })
    .post('/sessione/attiva', async (c) => {
      await requireViewer(c)
      return c.body(null, 204)
    })
}

// Only what is written above: an address may end in `constructor`.
const endingOf = (word = ''): LoginProps['error'] =>
  Object.hasOwn(ENDINGS, word) ? ENDINGS[word] : undefined

function told(result: Extract<SignIn, { ok: false }>): LoginProps['error'] {
  if (result.reason !== 'locked') return result.reason
  return { lockedUntil: result.until >= FOREVER ? 'for-good' : result.until }
}

const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 64) : '')
