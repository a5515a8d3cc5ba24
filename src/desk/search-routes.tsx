import { eq } from 'drizzle-orm'
import { Hono } from 'hono'
import { recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import { seal, unsealOrNull } from '../crypto/seal.ts'
import { staffSessions } from '../database/schema.ts'
import { html } from '../http/html.ts'
import type { StaffEnv } from '../staff/guard.ts'
import { staffActor } from '../staff/sign-in.ts'
import { placeName } from '../tax-code/places.ts'
import { dayInRome } from '../time/rome.ts'
import type { DeskDependencies } from './dependencies.ts'
import { type DeskContext, readForm } from './form.ts'
import { visitLines } from './lines.ts'
import { SearchPage } from './pages/search-page.tsx'
import { kindsOf, readSearch, searchVisits } from './search.ts'

const READING_PERIOD_MS = 10 * 60_000
const MOST_PAGES = 40

/** The search. What was typed is kept with the session, sealed: an address with a name in it would stay in histories and logs. */
export function searchRoutes({ db, encryptionKeys, site, clock }: DeskDependencies) {
  const noteOnce = oncePerPeriod(READING_PERIOD_MS, clock)

  return new Hono<StaffEnv>()
    .get('/desk/cerca', async (c) => {
      const typed = await lastSearch(c)
      const terms = readSearch(typed, dayInRome(clock()))
      if (!terms)
        return html(<SearchPage frame={{ site, staff: c.var.staff }} typed={typed} results={null} />)
      const asked = Number(c.req.query('pagina') ?? '1')
      const page = Number.isInteger(asked) ? Math.min(Math.max(asked, 1), MOST_PAGES) - 1 : 0
      const { found, more } = await searchVisits(db, terms, page)
      const { staff, source } = c.var
      await noteOnce(`${staff.tokenHash} ${typed} ${page}`, () =>
        recordAlone(db, clock(), {
          event: 'desk.searched',
          actor: staffActor(staff, source),
          // Whose names were on the screen, not what was typed.
          details: { by: kindsOf(terms), found: found.length, visits: found.map(({ id }) => id).join(' ') },
        }),
      )
      const lines = await visitLines(db, found, clock())
      const results = { lines, page, more: more && page + 1 < MOST_PAGES }
      return html(<SearchPage frame={{ site, staff }} typed={typed} results={results} />)
    })
    .post('/desk/cerca', async (c) => {
      const typed = (await readForm(c)).text('cerca', 200)
      const { tokenHash } = c.var.staff
      const searchSealed = typed === '' ? null : seal(encryptionKeys, contextOf(tokenHash), typed)
      await db.update(staffSessions).set({ searchSealed }).where(eq(staffSessions.tokenHash, tokenHash))
      return c.redirect('/desk/cerca', 303)
    })
    .get('/desk/luoghi/:code', async (c) => {
      const name = await placeName(c.req.param('code').toUpperCase())
      return name === null ? c.json({ name: null }, 404) : c.json({ name })
    })

  async function lastSearch(c: DeskContext): Promise<string> {
    const { tokenHash } = c.var.staff
    const [session] = await db
      .select({ sealed: staffSessions.searchSealed })
      .from(staffSessions)
      .where(eq(staffSessions.tokenHash, tokenHash))
    return (session?.sealed && unsealOrNull(encryptionKeys, contextOf(tokenHash), session.sealed)) || ''
  }
}

const contextOf = (tokenHash: string) => `desk-search:${tokenHash}`
