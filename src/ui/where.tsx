import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'
import type { Site } from './site.ts'

type WhereProps = { site: Site; icon: IconName; title: string; text: string }

/** Where a PIN or link comes from: icon, what, and more. */
export const Where = ({ site, icon, title, text }: WhereProps) => (
  <div class="portal-where">
    <Icon site={site} name={icon} />
    <div>
      <p class="portal-where-title">{title}</p>
      <p>{text}</p>
    </div>
  </div>
)
