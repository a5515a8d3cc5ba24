import { Layout } from '../../ui/layout.tsx'
import type { PageSession, Site } from '../../ui/site.ts'

export type MessageProps = {
  site: Site
  session?: PageSession | undefined
  title: string
  text: string
  /** What the person can do now; the first is the main one. */
  actions: { href: string; words: string }[]
}

/** One thing to say and what to do next: errors and other dead ends. */
export function MessagePage({ site, session, title, text, actions }: MessageProps) {
  return (
    <Layout site={site} title={title} session={session}>
      <div class="portal-message">
        <h1 class="portal-heading">{title}</h1>
        <p class="portal-lead">{text}</p>
        <p class="portal-message-actions">
          {actions.map(({ href, words }, index) => (
            <a href={href} class={`btn ${index === 0 ? 'btn-primary' : 'btn-outline-primary'}`}>
              {words}
            </a>
          ))}
        </p>
      </div>
    </Layout>
  )
}
