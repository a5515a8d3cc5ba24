import { Icon } from './icon.tsx'
import type { Site } from './site.ts'

/** The way back, above a page's heading. */
export const BackLink = ({ site, href, words }: { site: Site; href: string; words: string }) => (
  <p class="portal-back">
    <a href={href}>
      <Icon site={site} name="it-arrow-left" />
      {words}
    </a>
  </p>
)
