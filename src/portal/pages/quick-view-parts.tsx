import { IdleDialog } from '../../ui/idle-dialog.tsx'
import { afterIdle } from '../../ui/layout.tsx'
import type { PageSession, Site } from '../../ui/site.ts'

/** What the portal adds to the head of the light viewer's page. */
export const QuickViewHead = ({ site }: { site: Site }) => (
  <>
    <meta name="robots" content="noindex, nofollow" />
    <meta name="format-detection" content="telephone=no" />
    <link rel="icon" type="image/svg+xml" href={site.asset('favicon.svg')} />
    <link rel="stylesheet" href={site.asset('quick-view.css')} />
  </>
)

/** The idle end (S12), as on every page of a session. */
export const QuickViewIdle = ({ site, session }: { site: Site; session: PageSession }) => (
  <div id="idle" data-idle-seconds={session.idleSeconds} data-after-idle={afterIdle(session)}>
    <IdleDialog site={site} />
    <script type="module" src={site.asset('session.js')} />
  </div>
)
