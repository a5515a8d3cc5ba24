import type { Child } from 'hono/jsx'
import { Icon } from './icon.tsx'
import type { IconName } from './icons.ts'
import type { Site } from './site.ts'

type NoticeTone = 'info' | 'success' | 'warning' | 'danger'
const ICON: Record<NoticeTone, IconName> = {
  info: 'it-info-circle',
  success: 'it-check-circle',
  warning: 'it-warning-circle',
  danger: 'it-error',
}

type NoticeProps = {
  site: Site
  tone: NoticeTone
  title?: string
  id?: string
  alert?: boolean
  children?: Child
}

/** A boxed message with an icon and words, never colour alone. */
export function Notice({ site, tone, title, id, alert = false, children }: NoticeProps) {
  return (
    <div id={id} class={`portal-notice portal-notice-${tone}`} role={alert ? 'alert' : undefined}>
      <Icon site={site} name={ICON[tone]} />
      <div>
        {title && <p class="portal-notice-title">{title}</p>}
        {children}
      </div>
    </div>
  )
}
