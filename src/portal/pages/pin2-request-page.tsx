import { BackLink } from '../../ui/back-link.tsx'
import { Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import { Pin1Field } from './login-page.tsx'
import { MessagePage } from './message-page.tsx'

export type Pin2RequestProps = {
  site: Site
  /** The request was taken: the same words whether that PIN1 exists or not (S11b). */
  sent?: boolean | undefined
}

/** Asking for a new PIN2 with PIN1 alone (S11b); where only the desk tells it, who asks is sent there. */
export function Pin2RequestPage({ site, sent = false }: Pin2RequestProps) {
  const texts = site.messages.pin2Request
  const back = site.messages.common.backToAccess
  if (site.features.pin2AtDesk)
    return (
      <MessagePage
        site={site}
        title={texts.heading}
        text={texts.lead}
        actions={[{ href: '/', words: back }]}
      />
    )
  return (
    <Layout site={site} title={texts.title} scripts={sent ? [] : ['login.js']}>
      <BackLink site={site} href="/" words={back} />
      <h1 class="portal-heading">{texts.heading}</h1>
      {sent ? (
        <div class="portal-card portal-narrow">
          <Notice site={site} tone="success" title={texts.sentTitle} alert>
            <p>{texts.sent}</p>
            <p>{texts.sentMore}</p>
          </Notice>
          <a href="/" class="btn btn-primary">
            {back}
          </a>
        </div>
      ) : (
        <>
          <p class="portal-lead">{texts.lead}</p>
          <div class="portal-columns">
            <section class="portal-card">
              <form method="post" action="/pin2" id="pin-form">
                <Pin1Field site={site} />
                <div class="portal-form-actions">
                  <button type="submit" class="btn btn-primary btn-lg portal-submit">
                    {texts.submit}
                  </button>
                </div>
              </form>
            </section>
            <aside class="portal-aside" aria-labelledby="before-title">
              <h2 id="before-title">{texts.before}</h2>
              <ul>
                {texts.beforeItems.map((item) => (
                  <li>{item}</li>
                ))}
              </ul>
            </aside>
          </div>
        </>
      )}
    </Layout>
  )
}
