import { FOREVER } from '../../access/lockout.ts'
import { Field } from '../../ui/form.tsx'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import { DeskLayout } from './layout.tsx'

export type LoginNote = keyof Site['messages']['desk']['login']['notes']

type Props = {
  site: Site
  /** What the hospital's identity provider is called, where there is one. */
  provider: string | null
  note?: LoginNote | { lockedUntil: Date } | undefined
  username?: string | undefined
}

const TONES: Record<LoginNote, 'danger' | 'warning' | 'info'> = {
  wrong: 'danger',
  failed: 'danger',
  role: 'warning',
  disabled: 'warning',
  idle: 'info',
  over: 'info',
  out: 'info',
}

/** Login of the staff: the provider's button first, where there is one; else user name, password and code. */
export function DeskLoginPage({ site, provider, note, username }: Props) {
  const texts = site.messages.desk.login
  return (
    <DeskLayout site={site} title={texts.title}>
      <div class="desk-narrow">
        <h1>{texts.heading}</h1>
        <Note site={site} note={note} />
        {provider !== null && (
          <p class="desk-provider">
            <a href="/desk/oidc" class="btn btn-primary">
              <Icon site={site} name="it-key" />
              {texts.provider(provider)}
            </a>
            <span class="desk-muted">{texts.or}</span>
          </p>
        )}
        <form method="post" action="/desk/accesso" class="desk-card">
          <Field
            site={site}
            name="utente"
            label={texts.username}
            autocomplete="username"
            maxLength={64}
            value={username}
            autofocus={provider === null && !username}
          />
          <Field
            site={site}
            name="password"
            type="password"
            label={texts.password}
            autocomplete="current-password"
            autofocus={provider === null && Boolean(username)}
          />
          <Field
            site={site}
            name="codice"
            label={texts.code}
            hint={texts.codeHint}
            autocomplete="one-time-code"
            maxLength={20}
          />
          <button type="submit" class={`btn ${provider === null ? 'btn-primary' : 'btn-outline-primary'}`}>
            {texts.submit}
          </button>
        </form>
      </div>
    </DeskLayout>
  )
}

function Note({ site, note }: Pick<Props, 'site' | 'note'>) {
  const texts = site.messages.desk.login
  if (note === undefined) return null
  if (typeof note === 'object') {
    const { lockedUntil } = note
    const text =
      lockedUntil >= FOREVER
        ? texts.lockedForGood
        : texts.locked(formatInstantDay(lockedUntil), formatInstantTime(lockedUntil))
    return (
      <Notice site={site} tone="warning" title={texts.lockedTitle} alert>
        <p>{text}</p>
      </Notice>
    )
  }
  return (
    <Notice site={site} tone={TONES[note]} title={texts.notes[note].title} alert={TONES[note] === 'danger'}>
      <p>{texts.notes[note].text}</p>
    </Notice>
  )
}

/**
 * A page that leads on by itself. A cookie that is SameSite=Strict does not come with a redirect that another site
 * began (RFC 6265bis §5.2), and form-action would stop one that leads to the identity provider: a page of ours may go there.
 */
export function LeadOnPage({ site, to }: { site: Site; to: string }) {
  const { leaving } = site.messages.desk.login
  return (
    <html lang={site.messages.common.language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content={`0;url=${to}`} />
        <title>{site.messages.desk.title(leaving.title, site.organisation)}</title>
        <link rel="stylesheet" href={site.asset('portal.css')} />
        <link rel="stylesheet" href={site.asset('desk.css')} />
      </head>
      <body class="desk">
        <main class="container desk-main">
          <h1>{leaving.title}</h1>
          <p>{leaving.text}</p>
          <p>
            <a href={to} class="btn btn-primary">
              {leaving.go}
            </a>
          </p>
        </main>
      </body>
    </html>
  )
}
