import { Hono } from 'hono'
import { html } from '../http/html.ts'
import type { Site } from '../ui/site.ts'
import { HelpPage } from './help.tsx'
import { AccessibilityPage, PrivacyPage } from './legal.tsx'

/** What anybody may read without signing in (S36, S40). */
export function helpRoutes(site: Site) {
  return new Hono()
    .get('/aiuto', () => html(<HelpPage site={site} />))
    .get('/privacy', () => html(<PrivacyPage site={site} />))
    .get('/accessibilita', () => html(<AccessibilityPage site={site} />))
}
