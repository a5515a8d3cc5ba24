import { Hono } from 'hono'
import { AppError } from '../errors.ts'
import { html } from '../http/html.ts'
import type { StaffEnv } from '../staff/guard.ts'
import { setUpLink } from '../staff/link.ts'
import { ROLES, type Role } from '../staff/permissions.ts'
import { staffActor } from '../staff/sign-in.ts'
import {
  changeRoles,
  createAccount,
  listAccounts,
  resetAccount,
  type StaffCall,
  setDisabled,
  unlockAccount,
  usernameOf,
} from '../staff/staff.ts'
import type { DeskDependencies } from './dependencies.ts'
import { type DeskContext, isUuid, readForm } from './form.ts'
import {
  type AccountFaults,
  AccountPage,
  AccountsPage,
  type NewAccount,
  SetUpLinkShown,
} from './pages/accounts-page.tsx'

/** Administrators manage the accounts: make, give roles, reset, unlock, disable. */
export function accountsRoutes({ db, peppers, site, portalUrl, clock }: DeskDependencies) {
  const texts = site.messages.desk.accounts
  const frameOf = (c: DeskContext) => ({ site, staff: c.var.staff })
  const callOf = (c: DeskContext): StaffCall => ({
    db,
    peppers,
    actor: staffActor(c.var.staff, c.var.source),
    now: clock(),
  })

  return new Hono<StaffEnv>()
    .get('/desk/utenti', (c) => list(c))
    .post('/desk/utenti', async (c) => {
      const form = await readForm(c)
      const typed: NewAccount = {
        name: form.text('nome', 120),
        username: form.text('utente', 64),
        roles: rolesOf(form.all('ruoli')),
      }
      const username = usernameOf(typed.username)
      const faults: AccountFaults = {
        ...(typed.name === '' ? { name: texts.faults.name } : {}),
        ...(username === null ? { username: texts.faults.username } : {}),
        ...(typed.roles.length === 0 ? { roles: texts.faults.roles } : {}),
      }
      if (username === null || Object.keys(faults).length > 0) return list(c, typed, faults, 422)
      try {
        const { setupToken } = await createAccount(callOf(c), { ...typed, username })
        return link(c, typed.name, setupToken)
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'staff.exists')) throw error
        return list(c, typed, { username: texts.faults.taken }, 409)
      }
    })
    .get('/desk/utenti/:id', (c) => one(c, c.req.param('id')))
    .post('/desk/utenti/:id/ruoli', async (c) => {
      const roles = rolesOf((await readForm(c)).all('ruoli'))
      const { id } = await known(c.req.param('id'))
      if (roles.length === 0) return one(c, id, texts.faults.roles, 422)
      return act(c, id, () => changeRoles(callOf(c), id, roles))
    })
    .post('/desk/utenti/:id/sblocca', async (c) => {
      const { id } = await known(c.req.param('id'))
      return act(c, id, () => unlockAccount(callOf(c), id))
    })
    .post('/desk/utenti/:id/disattiva', async (c) => {
      const { id } = await known(c.req.param('id'))
      return act(c, id, () => setDisabled(callOf(c), id, true))
    })
    .post('/desk/utenti/:id/riattiva', async (c) => {
      const { id } = await known(c.req.param('id'))
      return act(c, id, () => setDisabled(callOf(c), id, false))
    })
    .post('/desk/utenti/:id/azzera', async (c) => {
      const { id, name } = await known(c.req.param('id'))
      const { setupToken } = await resetAccount(callOf(c), id)
      return link(c, name, setupToken)
    })

  async function list(c: DeskContext, typed?: NewAccount, faults?: AccountFaults, status = 200) {
    const now = clock()
    const accounts = await listAccounts(db, peppers, now)
    return html(
      <AccountsPage frame={frameOf(c)} accounts={accounts} now={now} typed={typed} faults={faults} />,
      status,
    )
  }

  async function one(c: DeskContext, id: string, fault?: string, status = 200) {
    const account = await known(id)
    const saved = c.req.query('salvato') !== undefined && fault === undefined
    return html(
      <AccountPage frame={frameOf(c)} account={account} now={clock()} saved={saved} fault={fault} />,
      status,
    )
  }

  async function act(c: DeskContext, id: string, work: () => Promise<void>): Promise<Response> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'staff.last_administrator')) throw error
      return one(c, id, texts.faults.last, 409)
    }
    return c.redirect(`/desk/utenti/${id}?salvato`, 303)
  }

  async function known(id: string) {
    const account = isUuid(id) && (await listAccounts(db, peppers, clock())).find((each) => each.id === id)
    if (!account) throw new AppError('not_found')
    return account
  }

  function link(c: DeskContext, name: string, token: string) {
    return html(<SetUpLinkShown frame={frameOf(c)} name={name} link={setUpLink(portalUrl, token)} />)
  }
}

const rolesOf = (typed: string[]): Role[] => ROLES.filter((role) => typed.includes(role))
