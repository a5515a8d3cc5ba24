import { BackLink } from '../../ui/back-link.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageSession, Site } from '../../ui/site.ts'

type Props = { site: Site; session: PageSession; publicationId: string; done: number; total: number }

/** Before the quick view is ready: how far it is, and the other viewer meanwhile. The page looks again by itself. */
export function QuickViewPreparingPage({ site, session, publicationId, done, total }: Props) {
  const { quickView: texts, disc, common } = site.messages
  const address = `/referti/${encodeURIComponent(publicationId)}`
  return (
    <Layout site={site} title={texts.title} session={session} scripts={['quick-view.js']}>
      <BackLink site={site} href="/referti" words={common.backToList} />
      <h1 class="portal-heading">{texts.preparingTitle}</h1>
      <section class="portal-card portal-preparing" id="preparing" aria-labelledby="preparing-title">
        <h2 id="preparing-title">{disc.preparingTitle}</h2>
        <p>{disc.preparing}</p>
        <progress
          class="portal-progress"
          max={Math.max(1, total)}
          value={done}
          aria-labelledby="preparing-title"
        />
        <p id="preparing-count">{disc.preparingCount(done, total)}</p>
        <p>
          <a href={`${address}/rapida`} class="btn btn-outline-primary">
            <Icon site={site} name="it-refresh" />
            {disc.reload}
          </a>
        </p>
      </section>
      <p>{texts.otherMeanwhile}</p>
      <p>
        <a href={`${address}/immagini?vista=completa`} class="btn btn-outline-primary">
          <Icon site={site} name="it-camera" />
          {texts.openOther}
        </a>
      </p>
    </Layout>
  )
}
