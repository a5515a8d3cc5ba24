import { Layout } from '../../ui/layout.tsx'
import { PaperCopy } from '../../ui/paper-copy.tsx'
import type { Site } from '../../ui/site.ts'

/** After the last report is removed and the session with it: nothing personal may stay on the screen (S25). */
export function RemovedPage({ site }: { site: Site }) {
  const { removal, common } = site.messages
  const texts = removal.done
  return (
    <Layout site={site} title={texts.title}>
      <div class="portal-message">
        <h1 class="portal-heading">{texts.heading}</h1>
        <p class="portal-lead">{texts.text}</p>
        <PaperCopy site={site} />
        <p class="portal-message-actions">
          <a href="/" class="btn btn-primary">
            {common.backToAccess}
          </a>
        </p>
      </div>
    </Layout>
  )
}
