import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import { errorCode, type Log } from '../log.ts'
import type { Orthanc } from './orthanc.ts'

// Nine CVEs are fixed in it (S46).
const SAFE_VERSION = [1, 12, 11]
const LOOK_EVERY_MS = 1_000

/** An archive that must not stand behind a portal in production. */
export class UnsafeArchiveError extends Error {
  override readonly name = 'UnsafeArchiveError'
}

/**
 * Looks at the archive before serving: one that lets strangers in or is too old is refused in production and loudly
 * warned of in development (S46). False where it is away: `checkArchiveLater` looks at it when it comes.
 */
export async function checkArchive(
  orthanc: Orthanc,
  mode: 'production' | 'development',
  log: Log,
): Promise<boolean> {
  try {
    const problems: string[] = []
    if (await orthanc.answersWithoutCredentials())
      problems.push(
        'Orthanc answers without credentials: set AuthenticationEnabled and RegisteredUsers (see orthanc/orthanc.json)',
      )
    const { version } = await orthanc.system()
    if (!isSafe(version)) problems.push(`Orthanc ${version} has known vulnerabilities: use 1.12.11 or later`)
    for (const problem of problems) log('warn', 'archive.unsafe', { problem })
    if (problems.length > 0 && mode === 'production')
      throw new UnsafeArchiveError(`${problems.join('\n')}\nRefusing to start in production.`)
    return true
  } catch (error) {
    if (error instanceof UnsafeArchiveError) throw error
    log('warn', 'archive.unavailable', {
      code: errorCode(error),
      detail: error instanceof AppError ? error.detail : undefined,
    })
    return false
  }
}

/** Looks at an archive that was away at the start as soon as it is there; the error where it must not be served (S46). */
export async function checkArchiveLater(
  orthanc: Orthanc,
  mode: 'production' | 'development',
  log: Log,
  signal: AbortSignal,
): Promise<UnsafeArchiveError | null> {
  // Away is what it is expected to be: said once, at the start.
  const quiet: Log = (level, event, fields) => event !== 'archive.unavailable' && log(level, event, fields)
  while (!signal.aborted) {
    try {
      if (await checkArchive(orthanc, mode, quiet)) return null
    } catch (error) {
      if (error instanceof UnsafeArchiveError) return error
      throw error
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
  return null
}

/** Is this version 1.12.11 or later? A development build ("mainline") is newer than any release. */
export function isSafe(version: string): boolean {
  if (version === 'mainline') return true
  const numbers = version.split('.').map(Number)
  if (numbers.length < 3 || numbers.some(Number.isNaN)) return false
  for (const [index, least] of SAFE_VERSION.entries()) {
    const number = numbers[index] ?? 0
    if (number !== least) return number > least
  }
  return true
}
