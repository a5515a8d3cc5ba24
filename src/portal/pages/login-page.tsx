import type { IdentityRefusal } from '../../identity/identity.ts'
import { Field } from '../../ui/form.tsx'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import { Where } from '../../ui/where.tsx'
import { IdentityNotice, IdentityOffer } from './identity-pages.tsx'

export type LoginProps = {
  site: Site
  /** Why the person sees this page again; 'for-good' is locked until a new PIN2. The ones in words after it are no errors of theirs. */
  error?:
    | 'wrong'
    | 'mistyped'
    | 'expired'
    | { lockedUntil: Date | 'for-good' }
    | 'session-over'
    | 'idle'
    | 'signed-out'
    /** Signed out of a session that SPID or CIE opened, whose own session may still stand. */
    | 'signed-out-here'
    /** A session is open here: of this visit, or of another one. */
    | 'open'
    | { identity: IdentityRefusal }
    | undefined
  /** What was typed as PIN1, given back after a wrong attempt. */
  pin1?: string | undefined
}

/** The portal's address: the two PINs (S10). */
export function LoginPage({ site, error, pin1 }: LoginProps) {
  const texts = site.messages.login
  const refused =
    error === 'wrong' || error === 'mistyped' || error === 'expired' || typeof error === 'object'
  const title = refused ? site.messages.common.errorTitle(texts.title) : texts.title
  return (
    <Layout site={site} title={title} scripts={['login.js']}>
      <h1 class="portal-heading">{texts.heading}</h1>
      <p class="portal-lead">{texts.lead}</p>
      <div class="portal-columns">
        <section class="portal-card">
          <LoginNotice site={site} error={error} />
          <form method="post" action="/accesso" id="pin-form">
            <Pin1Field site={site} value={pin1} describedBy={refused ? 'login-error' : undefined} />
            <Field
              site={site}
              name="pin2"
              label={texts.pin2}
              hint={texts.pin2Hint}
              inputMode="numeric"
              // Phones offer the code of a mail that has just come.
              autocomplete="one-time-code"
              maxLength={40}
              digits
              describedBy={refused ? 'login-error' : undefined}
              data={{ 'not-pin2': texts.check.pin2 }}
            />
            <div class="portal-form-actions">
              <button type="submit" class="btn btn-primary btn-lg portal-submit">
                {texts.submit}
              </button>
              {!site.features.pin2AtDesk && <a href="/pin2">{texts.noPin2}</a>}
            </div>
          </form>
          <IdentityOffer site={site} />
        </section>
        <aside class="portal-aside" aria-labelledby="where-title">
          <h2 id="where-title">{texts.where}</h2>
          <Where site={site} icon="it-file" title={texts.pin1Where} text={texts.pin1WhereMore} />
          <Where site={site} icon="it-mail" title={texts.pin2Where} text={texts.pin2WhereMore} />
          <p>
            <a href="/aiuto#pin">{texts.problems}</a>
          </p>
        </aside>
      </div>
    </Layout>
  )
}

/** PIN1, which the browser checks by its Damm digit before it is sent (S4). */
export function Pin1Field({ site, value, describedBy }: Pin1FieldProps) {
  const { pin1, pin1Hint, check } = site.messages.login
  return (
    <Field
      site={site}
      name="pin1"
      label={pin1}
      hint={pin1Hint}
      inputMode="numeric"
      maxLength={40}
      digits
      value={value}
      describedBy={describedBy}
      data={{
        complete: check.complete,
        'bad-digit': check.badDigit,
        'too-many': check.tooMany,
        'too-few': check.tooFew,
        'looks-like-pin2': check.looksLikePin2,
        'not-digits': check.notDigits,
        filled: check.filled,
      }}
    />
  )
}
type Pin1FieldProps = { site: Site; value?: string | undefined; describedBy?: string | undefined }

function LoginNotice({ site, error }: Pick<LoginProps, 'site' | 'error'>) {
  const texts = site.messages.login
  if (error === undefined) return null
  if (error === 'session-over')
    return <Told site={site} title={texts.sessionOverTitle} text={texts.sessionOver} />
  if (error === 'open') return <OpenSession site={site} />
  if (error === 'idle') return <Told site={site} title={texts.idleTitle} text={texts.idle} />
  if (error === 'signed-out-here') return <SignedOutHere site={site} />
  if (typeof error === 'object' && 'identity' in error)
    return <IdentityNotice site={site} reason={error.identity} />
  if (error === 'signed-out') return <Told site={site} title={texts.signedOutTitle} text={texts.signedOut} />
  const { tone, title, text } = refusal(error, texts)
  return (
    <Notice site={site} tone={tone} title={title} id="login-error" alert>
      <p>{text}</p>
    </Notice>
  )
}

type Refusal = Exclude<
  LoginProps['error'],
  | undefined
  | 'open'
  | 'idle'
  | 'session-over'
  | 'signed-out'
  | 'signed-out-here'
  | { identity: IdentityRefusal }
>

function refusal(error: Refusal, texts: Site['messages']['login']) {
  if (error === 'wrong') return { tone: 'danger', title: texts.wrongTitle, text: texts.wrong } as const
  if (error === 'mistyped')
    return { tone: 'danger', title: texts.mistypedTitle, text: texts.mistyped } as const
  if (error === 'expired') return { tone: 'info', title: texts.expiredTitle, text: texts.expired } as const
  const { lockedUntil } = error
  const text =
    lockedUntil === 'for-good'
      ? texts.lockedForGood
      : texts.locked(formatInstantDay(lockedUntil), formatInstantTime(lockedUntil))
  return { tone: 'warning', title: texts.lockedTitle, text } as const
}

const Told = ({ site, title, text }: { site: Site; title: string; text: string }) => (
  <Notice site={site} tone="info" title={title}>
    <p>{text}</p>
  </Notice>
)

/** Not led on by itself: the slip's QR code may be of another visit than the session is (S3, S6). */
function OpenSession({ site }: { site: Site }) {
  const texts = site.messages.login
  return (
    <Notice site={site} tone="info" title={texts.openTitle}>
      <p>{texts.open}</p>
      <p>
        <a href="/referti">{texts.openContinue}</a>
      </p>
    </Notice>
  )
}

/** Signed out of the portal; the provider's own session is another thing, on a shared computer above all. */
function SignedOutHere({ site }: { site: Site }) {
  const { login, identity } = site.messages
  const name = site.features.identity ?? ''
  return (
    <Notice site={site} tone="info" title={login.signedOutTitle}>
      <p>{login.signedOut}</p>
      <p>{identity.signedOutThere(name)}</p>
      <p>
        <a href="/identita/uscita">{identity.signOutThere(name)}</a>
      </p>
    </Notice>
  )
}
