import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { refuseUse, runOnDatabase } from './command.ts'
import { readStaffSettings } from './config.ts'
import type { Database } from './database/database.ts'
import { setUpLink } from './staff/link.ts'
import { ROLES, type Role } from './staff/permissions.ts'
import { beginSetUp, finishSetUp } from './staff/set-up.ts'
import {
  createAccount,
  findLocal,
  listAccounts,
  resetAccount,
  type StaffCall,
  setDisabled,
  unlockAccount,
  usernameOf,
} from './staff/staff.ts'
import { totpCode, totpUri } from './staff/totp.ts'

const USAGE = `usage: npm run staff -- add USER --name "NAME" --role ROLE [--role ROLE] [--ready]
       npm run staff -- reset | unlock | disable | enable USER
       npm run staff -- list
ROLE is one of ${ROLES.join(', ')}. add and reset print a one-time link by which the person chooses a password and an
authenticator; --ready makes an account that can be used at once, and prints its password, TOTP secret and recovery codes.`

type Options = { command: string; username: string; name: string; roles: Role[]; ready: boolean }

/** Manages the console's accounts where nobody can sign in yet, or any more: `npm run staff -- add …`. */
const options = readOptions(process.argv.slice(2))
if (!options) refuseUse(USAGE)
else await runOnDatabase((db) => run(db, options))

async function run(db: Database, { command, username, name, roles, ready }: Options): Promise<number> {
  const settings = readStaffSettings(process.env)
  const call: StaffCall = { db, peppers: settings.peppers, actor: { kind: 'system' }, now: new Date() }
  if (command === 'list') {
    for (const each of await listAccounts(db, settings.peppers, call.now)) {
      const state = each.disabledAt ? 'disabled' : each.lockedUntil ? 'locked' : 'open'
      console.log([each.username, each.method, state, each.roles.join(','), each.name].join('\t'))
    }
    return 0
  }
  if (command === 'add') {
    const { setupToken } = await createAccount(call, { username, name, roles })
    if (ready) await tellReady(call, settings, setupToken, username)
    else tellLink(settings.portalUrl, setupToken)
    return 0
  }
  const account = await findLocal(db, username)
  if (!account) {
    console.error(`There is no local account ${username}.`)
    return 1
  }
  if (command === 'reset') tellLink(settings.portalUrl, (await resetAccount(call, account.id)).setupToken)
  else if (command === 'unlock') await unlockAccount(call, account.id)
  else await setDisabled(call, account.id, command === 'disable')
  return 0
}

function tellLink(portalUrl: string, token: string): void {
  console.log(`Open this link within three days; it works once:\n${setUpLink(portalUrl, token)}`)
}

async function tellReady(
  { db, peppers, now }: StaffCall,
  settings: ReturnType<typeof readStaffSettings>,
  token: string,
  username: string,
): Promise<void> {
  const door = { db, peppers, keys: settings.encryptionKeys, now, source: 'command line' }
  const begun = await beginSetUp(door, token)
  if (!begun) throw new Error('the new account cannot be set up')
  const password = randomBytes(12).toString('base64url')
  const code = totpCode(begun.secret, now)
  const done = await finishSetUp(door, { token, password, again: password, code })
  if (!done.ok) throw new Error(`the new account cannot be set up: ${done.reason}`)
  console.log(`User      ${username}`)
  console.log(`Password  ${password}`)
  console.log(`TOTP      ${begun.secret}`)
  console.log(`          ${totpUri(begun.secret, username, settings.organisation)}`)
  console.log(`Recovery  ${done.recoveryCodes.join(' ')}`)
}

function readOptions(args: string[]): Options | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        role: { type: 'string', multiple: true },
        ready: { type: 'boolean' },
      },
    })
    const [command = '', typed = ''] = positionals
    const username = usernameOf(typed)
    const roles = ROLES.filter((role) => values.role?.includes(role))
    if (command === 'list') return { command, username: '', name: '', roles, ready: false }
    if (username === null || !['add', 'reset', 'unlock', 'disable', 'enable'].includes(command)) return null
    if (
      command === 'add' &&
      (!values.name || roles.length !== (values.role?.length ?? 0) || roles.length === 0)
    )
      return null
    return { command, username, name: values.name ?? '', roles, ready: values.ready === true }
  } catch {
    return null
  }
}
