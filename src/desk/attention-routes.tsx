import { Hono } from 'hono'
import { recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import { countLetters } from '../hl7/letters.ts'
import { html } from '../http/html.ts'
import type { StaffEnv } from '../staff/guard.ts'
import { may } from '../staff/permissions.ts'
import { dismissMatter, listAttention, listNotes } from './attention.ts'
import type { DeskDependencies } from './dependencies.ts'
import { type DeskContext, readForm, staffOf } from './form.ts'
import { AttentionPage } from './pages/attention-page.tsx'

const READING_PERIOD_MS = 10 * 60_000

/** What needs attention: the list and its notes. */
export function attentionRoutes({ db, site, clock }: DeskDependencies) {
  const texts = site.messages.deskAttention
  const noteOnce = oncePerPeriod(READING_PERIOD_MS, clock)

  return new Hono<StaffEnv>()
    .get('/desk/attenzione', (c) => page(c))
    .post('/desk/attenzione', async (c) => {
      const form = await readForm(c)
      const note = form.text('nota', 300)
      if (note === '') return page(c, texts.noteMissing, 422)
      const now = clock()
      const matter = (await listAttention(db, now)).find(({ key }) => key === form.text('caso', 300))
      // Somebody else was faster, or it mended itself.
      if (matter) await dismissMatter({ db, actor: staffOf(c), now }, matter, note)
      return c.redirect('/desk/attenzione?fatto=nota', 303)
    })

  async function page(c: DeskContext, fault?: string, status = 200): Promise<Response> {
    const now = clock()
    const matters = await listAttention(db, now)
    const visits = [...new Set(matters.flatMap(({ visit }) => visit?.id ?? []))]
    await noteOnce(`${c.var.staff.tokenHash} ${visits.join(' ')}`, () =>
      recordAlone(db, now, {
        event: 'desk.searched',
        actor: staffOf(c),
        details: { by: 'attention', found: matters.length, visits: visits.join(' ') },
      }),
    )
    return html(
      <AttentionPage
        frame={{ site, staff: c.var.staff }}
        matters={matters}
        letters={{ ...(await countLetters(db, now)), listed: may(c.var.staff.roles, 'message.list') }}
        notes={await listNotes(db)}
        done={fault === undefined && c.req.query('fatto') === 'nota' ? texts.saved : undefined}
        fault={fault}
      />,
      status,
    )
  }
}
