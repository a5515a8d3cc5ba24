import type { IdentityRefusal, OwnVisit } from '../../identity/identity.ts'
import { BackLink } from '../../ui/back-link.tsx'
import { formatDay, formatInstantDay } from '../../ui/format.ts'
import { Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { PageSession, Site } from '../../ui/site.ts'

/** Below the two PINs: the way in by SPID or CIE, where there is a provider. */
export function IdentityOffer({ site }: { site: Site }) {
  const { identity: texts } = site.messages
  const { identity: name } = site.features
  if (!name) return null
  return (
    <div class="portal-identity">
      <p class="portal-or">
        <span>{texts.or}</span>
      </p>
      <a href="/identita" class="btn btn-outline-primary btn-lg portal-submit">
        {texts.enter(name)}
      </a>
      <p>{texts.hint}</p>
    </div>
  )
}

/** Why the login by SPID or CIE did not work. */
export function IdentityNotice({ site, reason }: { site: Site; reason: IdentityRefusal }) {
  const { title, text } = site.messages.identity.refused[reason]
  const tone = reason === 'nothing' || reason === 'cancelled' ? 'info' : 'warning'
  return (
    <Notice site={site} tone={tone} title={title} id="login-error" alert>
      <p>{text}</p>
    </Notice>
  )
}

/**
 * Comes back from the provider and leads on by itself. A redirect would still count as the provider's, and the browser
 * would keep the new session's cookie to itself (RFC 6265bis §5.2: SameSite=Strict).
 */
export function ArrivedPage({ site, href }: { site: Site; href: string }) {
  const { arriving } = site.messages.identity
  return (
    <Layout site={site} title={arriving.title} refresh={href}>
      <div class="portal-message">
        <h1 class="portal-heading">{arriving.title}</h1>
        <p class="portal-lead">{arriving.text}</p>
        <p class="portal-message-actions">
          <a href={href} class="btn btn-primary">
            {arriving.go}
          </a>
        </p>
      </div>
    </Layout>
  )
}

export type OwnVisitsProps = { site: Site; session: PageSession; visits: OwnVisit[]; shown: string }

/** The visits of a person who came by SPID or CIE: one at a time is open. */
export function OwnVisitsPage({ site, session, visits, shown }: OwnVisitsProps) {
  const texts = site.messages.identity.visits
  return (
    <Layout site={site} title={texts.title} session={session}>
      <BackLink site={site} href="/referti" words={texts.back} />
      <h1 class="portal-heading">{texts.heading}</h1>
      <p class="portal-lead">{texts.lead}</p>
      <ul class="portal-own-visits">
        {visits.map(({ id, registeredAt, exams }) => (
          <li class="portal-card">
            <div>
              <h2>{texts.registered(formatInstantDay(registeredAt))}</h2>
              <ul>
                {exams.map(({ description, examDate }) => (
                  <li>{texts.exam(description, formatDay(examDate))}</li>
                ))}
              </ul>
              {id === shown && <p class="portal-note">{texts.shown}</p>}
            </div>
            <form method="post" action="/identita/visite">
              <input type="hidden" name="visita" value={id} />
              <button
                type="submit"
                class="btn btn-primary"
                aria-label={texts.openLabel(formatInstantDay(registeredAt))}
              >
                {texts.open}
              </button>
            </form>
          </li>
        ))}
      </ul>
    </Layout>
  )
}
