import { type Context, Hono } from 'hono'
import { html } from '../http/html.ts'
import type { PageSession, Site } from '../ui/site.ts'
import { HelpPage } from './help.tsx'
import { AccessibilityPage, PrivacyPage } from './legal.tsx'

/** The session of who asks, if there is one. */
export type SessionOf = (c: Context) => Promise<PageSession | undefined>

/** What anybody may read without signing in (S36, S40); who is signed in keeps "Esci" and the way back to the list. */
export function helpRoutes(site: Site, sessionOf: SessionOf = async () => undefined) {
  return new Hono()
    .get('/aiuto', async (c) => html(<HelpPage site={site} session={await sessionOf(c)} />))
    .get('/privacy', async (c) => html(<PrivacyPage site={site} session={await sessionOf(c)} />))
    .get('/accessibilita', async (c) => html(<AccessibilityPage site={site} session={await sessionOf(c)} />))
}
