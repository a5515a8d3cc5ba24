import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Log } from '../log.ts'
import type { RevocationList } from './revocation.ts'
import { loadTrustStore, type TrustStore } from './trust.ts'

/** Tells what the configured files say at this moment. */
export type Trust = (now: Date) => Promise<TrustStore>

type Held = { file: string; stamp: string; store: TrustStore }

/**
 * Reads the files with authorities and CRLs, and again whichever has changed when it is next asked: a CRL is good for
 * days, the gateway runs for months. At the start a file that cannot be used throws, naming it; later what it said
 * before stays, and the log tells. A CRL whose nextUpdate has passed (RFC 5280 §5.1.2.5) is told once.
 */
export async function openTrustFiles(files: string[], log: Log, now: Date): Promise<Trust> {
  const held: Held[] = []
  for (const file of files) held.push(await readTrust(file))
  const told = new WeakSet<RevocationList>()
  const trust = async (now: Date) => {
    for (const [at, before] of held.entries()) held[at] = await refreshed(before, log)
    for (const { file, store } of held) {
      for (const list of store.revocationLists.filter((list) => isOld(list, now) && !told.has(list))) {
        told.add(list)
        log('warn', 'trust.crl_expired', {
          file: basename(file),
          nextUpdate: list.nextUpdate?.toISOString() ?? '',
        })
      }
    }
    return joined(held)
  }
  await trust(now)
  return trust
}

async function readTrust(file: string): Promise<Held> {
  try {
    const stamp = await stampOf(file)
    return { file, stamp, store: loadTrustStore(await readFile(file)) }
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : 'cannot be read'}`)
  }
}

async function refreshed(before: Held, log: Log): Promise<Held> {
  const { file } = before
  const stamp = await stampOf(file).catch(() => 'gone')
  if (stamp === before.stamp) return before
  try {
    const again = await readTrust(file)
    log('info', 'trust.file_read', { file: basename(file) })
    return again
  } catch {
    // Half written or replaced by something else: once it is mended, it has another stamp.
    log('error', 'trust.file_unusable', { file: basename(file) })
    return { ...before, stamp }
  }
}

/** Changes whenever the file is written or another is put in its place. */
async function stampOf(file: string): Promise<string> {
  const { ino, size, mtimeMs } = await stat(file)
  return `${ino} ${size} ${mtimeMs}`
}

const isOld = ({ nextUpdate }: RevocationList, now: Date): boolean => nextUpdate !== null && nextUpdate < now

const joined = (held: Held[]): TrustStore => ({
  authorities: held.flatMap(({ store }) => store.authorities),
  revocationLists: held.flatMap(({ store }) => store.revocationLists),
})
