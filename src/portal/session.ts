import { IDLE_MS } from '../sessions/sessions.ts'
import type { PageSession } from '../ui/site.ts'

/** What a signed-in page needs to warn before the idle end (S12). */
export const pageSession: PageSession = { idleSeconds: IDLE_MS / 1000 }
