import { readFile } from 'node:fs/promises'

/** The unprivileged account that runs PostgreSQL when the gateway itself is root (PostgreSQL refuses root). */
export type Account = { name: string; uid: number; gid: number }

/** Null where the gateway is not root: the server then runs as the gateway's own account. */
export async function serverAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const wanted of ['postgres', 'nobody']) {
    const entry = accounts.find(([name]) => name === wanted)
    if (entry) return { name: wanted, uid: Number(entry[2]), gid: Number(entry[3]) }
  }
  throw new Error(
    'The gateway runs as root and finds no account "postgres" or "nobody" to run PostgreSQL: start it as an ordinary user',
  )
}

/**
 * The command line that runs `command` as that account. It keeps the right to search directories
 * (CAP_DAC_READ_SEARCH), as the checkout may stand below one that only root may enter.
 */
export function asAccount(account: Account | null, command: string, args: string[]): [string, string[]] {
  if (!account) return [command, args]
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
  return [
    'setpriv',
    [...identity, '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', command, ...args],
  ]
}
