import { Hono } from 'hono'
import { html } from '../http/html.ts'
import type { StaffEnv } from '../staff/guard.ts'
import { changePassword, changeRecoveryCodes } from '../staff/profile.ts'
import type { Proof, StaffDoor } from '../staff/sign-in.ts'
import type { DeskDependencies } from './dependencies.ts'
import { type DeskContext, readForm } from './form.ts'
import { type ProfileNote, ProfilePage } from './pages/profile-page.tsx'
import { SetUpDonePage } from './pages/set-up-page.tsx'

/** One's own account: the password, and the recovery codes. Whose it is says the session alone. */
export function profileRoutes({ db, peppers, encryptionKeys, site, clock }: DeskDependencies) {
  const doorOf = (c: DeskContext): StaffDoor => ({
    ...{ db, peppers, keys: encryptionKeys },
    now: clock(),
    source: c.var.source,
  })
  const page = (c: DeskContext, note?: ProfileNote, status = 200) =>
    html(<ProfilePage frame={{ site, staff: c.var.staff }} note={note} />, status)
  const proofOf = async (c: DeskContext): Promise<Proof> => {
    const { text } = await readForm(c)
    return { password: text('attuale'), code: text('codice', 40) }
  }

  return new Hono<StaffEnv>()
    .get('/desk/profilo', (c) => page(c, c.req.query('fatto') === 'password' ? 'changed' : undefined))
    .post('/desk/profilo/password', async (c) => {
      const { text } = await readForm(c)
      const typed = { ...(await proofOf(c)), next: text('nuova'), again: text('ripeti') }
      const result = await changePassword(doorOf(c), c.var.staff, typed)
      if (result.ok) return c.redirect('/desk/profilo?fatto=password', 303)
      return page(c, { form: 'password', fault: result.reason }, 422)
    })
    .post('/desk/profilo/codici', async (c) => {
      const result = await changeRecoveryCodes(doorOf(c), c.var.staff, await proofOf(c))
      if (!result.ok) return page(c, { form: 'codes', fault: result.reason }, 422)
      return html(<SetUpDonePage site={site} staff={c.var.staff} recoveryCodes={result.recoveryCodes} />)
    })
}
