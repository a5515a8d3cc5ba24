import { createHash } from 'node:crypto'
import { chmod, chown, lstat, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Account } from './account.ts'

// sockaddr_un.sun_path holds 107 bytes and a NUL (unix(7)).
const LONGEST_SOCKET_PATH = 107

/** A directory for the server's socket, open to its account alone; in the temporary directory where the path of `directory` is too long for a socket. */
export async function socketDirectory(directory: string, account: Account | null): Promise<string> {
  const own = join(directory, 'socket')
  if (Buffer.byteLength(join(own, '.s.PGSQL.5432.lock')) <= LONGEST_SOCKET_PATH) {
    await makePrivate(own, account)
    return own
  }
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  const short = join(tmpdir(), `ritiro-${process.getuid?.() ?? 0}-${name}`)
  await makePrivate(short, account)
  return short
}

async function makePrivate(directory: string, account: Account | null): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const found = await lstat(directory)
  const owner = account?.uid ?? process.getuid?.()
  // Somebody else may have made that name first in a shared temporary directory.
  if (!found.isDirectory() || (found.uid !== owner && found.uid !== process.getuid?.())) {
    throw new Error(`${directory} is not ours: remove it or set DATA_DIR to a shorter path`)
  }
  await chmod(directory, 0o700)
  if (account) await chown(directory, account.uid, account.gid)
}
