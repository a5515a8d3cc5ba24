import { ROLES, type Role } from '../../staff/permissions.ts'
import type { ListedAccount } from '../../staff/staff.ts'
import { Field } from '../../ui/form.tsx'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Site } from '../../ui/site.ts'
import { DeskLayout, type Frame } from './layout.tsx'

export type NewAccount = { name: string; username: string; roles: Role[] }
export type AccountFaults = Partial<Record<'name' | 'username' | 'roles', string>>

type Props = {
  frame: Frame
  accounts: ListedAccount[]
  now: Date
  typed?: NewAccount | undefined
  faults?: AccountFaults | undefined
}

/** Who may use the console, and the form for one more. */
export function AccountsPage({ frame, accounts, now, typed, faults = {} }: Props) {
  const { site } = frame
  const texts = site.messages.desk.accounts
  return (
    <DeskLayout {...frame} title={texts.title} here="accounts">
      <h1>{texts.heading}</h1>
      <p class="desk-muted desk-lead">{texts.lead}</p>
      <div class="desk-columns">
        <table class="desk-table">
          <thead>
            <tr>
              <th scope="col">{texts.columns.name}</th>
              <th scope="col">{texts.columns.username}</th>
              <th scope="col">{texts.columns.roles}</th>
              <th scope="col">{texts.columns.state}</th>
              <th scope="col">{texts.columns.last}</th>
            </tr>
          </thead>
          <tbody>
            {accounts.map((account) => (
              <tr class={account.disabledAt ? 'desk-off' : ''}>
                <th scope="row">
                  <a href={`/desk/utenti/${account.id}`}>{account.name}</a>
                </th>
                <td data-label={texts.columns.username}>{account.username}</td>
                <td data-label={texts.columns.roles}>{rolesOf(account.roles, site)}</td>
                <td data-label={texts.columns.state}>{texts.states[accountState(account, now)]}</td>
                <td data-label={texts.columns.last}>{lastLogin(account, site)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <form method="post" action="/desk/utenti" class="desk-card">
          <h2>{texts.newTitle}</h2>
          <Field
            site={site}
            name="nome"
            label={texts.name}
            value={typed?.name}
            error={faults.name}
            maxLength={120}
            autofocus={typed !== undefined}
          />
          <Field
            site={site}
            name="utente"
            label={texts.username}
            hint={texts.usernameHint}
            value={typed?.username}
            error={faults.username}
            maxLength={64}
          />
          <RolesField site={site} chosen={typed?.roles ?? []} error={faults.roles} />
          <button type="submit" class="btn btn-primary">
            <Icon site={site} name="it-plus" />
            {texts.create}
          </button>
        </form>
      </div>
    </DeskLayout>
  )
}

type AccountProps = {
  frame: Frame
  account: ListedAccount
  now: Date
  saved: boolean
  fault?: string | undefined
}

/** One account: its roles, its reset, its end. */
export function AccountPage({ frame, account, now, saved, fault }: AccountProps) {
  const { site } = frame
  const texts = site.messages.desk.accounts
  const action = `/desk/utenti/${account.id}`
  const state = accountState(account, now)
  const local = account.method === 'local'
  return (
    <DeskLayout {...frame} title={account.name} here="accounts">
      <p class="portal-back">
        <a href="/desk/utenti">
          <Icon site={site} name="it-arrow-left" />
          {texts.heading}
        </a>
      </p>
      <h1>{texts.edit(account.name)}</h1>
      {saved && <Notice site={site} tone="success" title={texts.saved} />}
      {fault && <Notice site={site} tone="danger" title={fault} alert />}
      {!local && (
        <Notice site={site} tone="info">
          <p>{texts.fromProvider}</p>
        </Notice>
      )}
      <dl class="desk-facts">
        <dt>{texts.columns.username}</dt>
        <dd>{account.username}</dd>
        <dt>{texts.columns.state}</dt>
        <dd>{texts.states[state]}</dd>
        <dt>{texts.columns.last}</dt>
        <dd>{lastLogin(account, site)}</dd>
      </dl>
      <div class="desk-acts">
        {local && (
          <form method="post" action={`${action}/ruoli`} class="desk-card">
            <RolesField site={site} chosen={account.roles} />
            <button type="submit" class="btn btn-primary">
              {texts.saveRoles}
            </button>
          </form>
        )}
        {state === 'locked' && (
          <form method="post" action={`${action}/sblocca`} class="desk-card">
            <button type="submit" class="btn btn-outline-primary">
              {texts.unlock}
            </button>
          </form>
        )}
        {local && (
          <form method="post" action={`${action}/azzera`} class="desk-card">
            <p class="desk-muted">{texts.resetHint}</p>
            <button type="submit" class="btn btn-outline-primary">
              {texts.reset}
            </button>
          </form>
        )}
        <form
          method="post"
          action={`${action}/${account.disabledAt ? 'riattiva' : 'disattiva'}`}
          class="desk-card"
        >
          <p class="desk-muted">{account.disabledAt ? '' : texts.disableHint}</p>
          <button type="submit" class="btn btn-outline-primary">
            {account.disabledAt ? texts.enable : texts.disable}
          </button>
        </form>
      </div>
    </DeskLayout>
  )
}

/** The one-time link, shown this once. */
export function SetUpLinkShown({ frame, name, link }: { frame: Frame; name: string; link: string }) {
  const { site } = frame
  const texts = site.messages.desk.accounts
  return (
    <DeskLayout {...frame} title={texts.linkTitle} here="accounts">
      <h1>{texts.linkTitle}</h1>
      <p>{texts.link(name)}</p>
      <p>
        <code class="desk-secret" id="collegamento">
          {link}
        </code>
      </p>
      <p>
        <a href="/desk/utenti" class="btn btn-primary" autofocus>
          {texts.heading}
        </a>
      </p>
    </DeskLayout>
  )
}

function RolesField({
  site,
  chosen,
  error,
}: {
  site: Site
  chosen: readonly Role[]
  error?: string | undefined
}) {
  const { accounts: texts, roles } = site.messages.desk
  return (
    <fieldset class="desk-checks" aria-describedby={error ? 'ruoli-error' : undefined}>
      <legend>{texts.rolesLegend}</legend>
      {ROLES.map((role) => (
        <label>
          <input type="checkbox" name="ruoli" value={role} checked={chosen.includes(role)} />
          <span>
            <strong>{roles[role]}</strong> <span class="desk-muted">{texts.rolesHints[role]}</span>
          </span>
        </label>
      ))}
      {error && (
        <p id="ruoli-error" class="portal-field-status" data-state="error">
          {error}
        </p>
      )}
    </fieldset>
  )
}

type State = keyof Site['messages']['desk']['accounts']['states']

function accountState(account: ListedAccount, now: Date): State {
  if (account.disabledAt) return 'disabled'
  if (account.lockedUntil) return 'locked'
  if (account.method === 'oidc' || account.passwordHash) return 'active'
  return account.setupExpiresAt && account.setupExpiresAt > now ? 'waiting' : 'expired'
}

const rolesOf = (roles: readonly Role[], site: Site) =>
  roles.map((role) => site.messages.desk.roles[role]).join(', ')

const lastLogin = ({ lastLoginAt }: ListedAccount, site: Site) =>
  lastLoginAt
    ? `${formatInstantDay(lastLoginAt)} ${formatInstantTime(lastLoginAt)}`
    : site.messages.desk.accounts.never
