import { BackLink } from '../../ui/back-link.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import { RichLine } from '../../ui/rich.tsx'
import type { PageSession, Site } from '../../ui/site.ts'
import { DiscCompact } from './disc-compact.tsx'
import { DiscDownloads, type ReadyDisc } from './disc-downloads.tsx'

export type DiscProps = {
  site: Site
  session: PageSession
  publicationId: string
  /** What there is to download, once it is planned. */
  ready: ReadyDisc | null
  /** How far the preparation is, while there is nothing yet: the page then refreshes itself. */
  preparing?: { done: number; total: number } | undefined
  backUrl?: string | undefined
}

/** Before the download: size, time on this person's line, contents, how to open it (S21–S23). */
export function DiscPage(props: DiscProps) {
  const { site, session, publicationId, ready, preparing, backUrl = '/referti' } = props
  const { disc: texts, doctor } = site.messages
  const words = session.doctor ? doctor.disc : texts
  return (
    <Layout site={site} title={texts.title} session={session} scripts={['disc.js']}>
      <BackLink site={site} href={backUrl} words={site.messages.common.backToList} />
      <h1 class="portal-heading">{words.heading}</h1>
      <p class="portal-lead">{words.lead}</p>
      <div class="portal-columns">
        <div data-publication={publicationId}>
          <div id="disc">
            {ready ? (
              <>
                <DiscDownloads site={site} disc={ready} />
                {ready.compact && (
                  <DiscCompact
                    site={site}
                    offer={ready.compact}
                    fullBytes={ready.downloads[0]?.sizeBytes ?? 0}
                  />
                )}
              </>
            ) : (
              <Preparing site={site} publicationId={publicationId} done={0} total={0} {...preparing} />
            )}
          </div>
          <Notice site={site} tone="warning" title={texts.protect}>
            <p>{words.protectMore}</p>
          </Notice>
        </div>
        <div class="portal-aside">
          <h2>{texts.containsTitle}</h2>
          <ul>
            {texts.contains.map((item) => (
              <li>{item}</li>
            ))}
          </ul>
          <h2>{texts.openTitle}</h2>
          <dl class="portal-open">
            {texts.open.map(({ system, text }) => (
              <div>
                <dt>{system}</dt>
                <dd>
                  <RichLine text={text} />
                </dd>
              </div>
            ))}
          </dl>
          <p>
            <a href="/aiuto#immagini">{texts.openMore}</a>
          </p>
        </div>
      </div>
    </Layout>
  )
}

type PreparingProps = { site: Site; publicationId: string; done: number; total: number }

function Preparing({ site, publicationId, done, total }: PreparingProps) {
  const texts = site.messages.disc
  return (
    <section class="portal-card portal-preparing" id="preparing" aria-labelledby="preparing-title">
      <h2 id="preparing-title">{texts.preparingTitle}</h2>
      <p>{texts.preparing}</p>
      <progress
        class="portal-progress"
        max={Math.max(1, total)}
        value={done}
        aria-labelledby="preparing-title"
      />
      <p id="preparing-count">{texts.preparingCount(done, total)}</p>
      <p>
        <a href={`/referti/${encodeURIComponent(publicationId)}/disco`} class="btn btn-outline-primary">
          <Icon site={site} name="it-refresh" />
          {texts.reload}
        </a>
      </p>
    </section>
  )
}
