import { Field } from '../../ui/form.tsx'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import { Where } from '../../ui/where.tsx'

export type DoctorLoginProps = {
  site: Site
  /** Why the doctor sees this page again. 'suspended' is told only to who has the right link. */
  error?: 'wrong' | 'suspended' | 'session-over' | 'idle' | 'signed-out' | { lockedUntil: Date } | undefined
  /** The link's token, given back after a wrong PIN: the fragment is gone from the address by then. */
  token?: string | undefined
}

/** Where the doctor's link leads: nothing of the patient before the PIN; opening it consumes nothing (S34, S35). */
export function DoctorLoginPage({ site, error, token }: DoctorLoginProps) {
  const texts = site.messages.doctor.login
  const refused = error === 'wrong' || error === 'suspended' || typeof error === 'object'
  const title = refused ? site.messages.common.errorTitle(texts.title) : texts.title
  const describedBy = refused ? 'login-error' : undefined
  return (
    <Layout site={site} title={title} scripts={['share-login.js']}>
      <h1 class="portal-heading">{texts.heading}</h1>
      <p class="portal-lead">{texts.lead}</p>
      <div class="portal-columns">
        <section class="portal-card">
          <DoctorNotice site={site} error={error} />
          <form method="post" action="/condivisione" id="share-form">
            {token ? (
              <input type="hidden" name="codice" id="codice" value={token} />
            ) : (
              <div id="code-field">
                <Field site={site} name="codice" label={texts.code} hint={texts.codeHint} maxLength={400} />
              </div>
            )}
            <Field
              site={site}
              name="pin"
              label={texts.pin}
              hint={texts.pinHint}
              inputMode="numeric"
              maxLength={40}
              digits
              describedBy={describedBy}
              data={{ check: texts.pinCheck }}
            />
            <div class="portal-form-actions">
              <button type="submit" class="btn btn-primary btn-lg portal-submit">
                {texts.submit}
              </button>
              <a href="/aiuto#medico">{texts.problems}</a>
            </div>
          </form>
        </section>
        <aside class="portal-aside" aria-labelledby="where-title">
          <h2 id="where-title">{texts.whereTitle}</h2>
          <Where site={site} icon="it-telephone" title={texts.where} text={texts.whereMore} />
          <Where site={site} icon="it-mail" title={texts.linkWhere} text={texts.linkWhereMore} />
        </aside>
      </div>
    </Layout>
  )
}

function DoctorNotice({ site, error }: Pick<DoctorLoginProps, 'site' | 'error'>) {
  if (error === undefined) return null
  const { tone, title, text } = told(error, site)
  const alert = tone !== 'info'
  return (
    <Notice site={site} tone={tone} title={title} id={alert ? 'login-error' : 'login-note'} alert={alert}>
      <p>{text}</p>
    </Notice>
  )
}

function told(error: Exclude<DoctorLoginProps['error'], undefined>, { messages }: Site) {
  const texts = messages.doctor.login
  switch (error) {
    case 'wrong':
      return { tone: 'danger', title: texts.wrongTitle, text: texts.wrong } as const
    case 'suspended':
      return { tone: 'warning', title: texts.suspendedTitle, text: texts.suspended } as const
    case 'session-over':
      return { tone: 'info', title: texts.sessionOverTitle, text: texts.sessionOver } as const
    case 'idle':
      return { tone: 'info', title: texts.idleTitle, text: texts.sessionOver } as const
    case 'signed-out':
      return { tone: 'info', title: texts.signedOutTitle, text: texts.signedOut } as const
    default: {
      const { locked } = messages.errors
      const { lockedUntil } = error
      const text = locked.text(formatInstantDay(lockedUntil), formatInstantTime(lockedUntil))
      return { tone: 'warning', title: locked.title, text } as const
    }
  }
}
