import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

export interface Upstream {
  package: string
  version: string
  integrity: string
}

/** Brings the pinned tarball into the cache and unpacks what we may need of its dist; returns that folder. */
export async function unpackUpstream(upstream: Upstream, cache: string, into: string): Promise<string> {
  const tarball = await fetchTarball(upstream, cache)
  await mkdir(into, { recursive: true })
  // Source maps (110 MB) and the machine-learning runtime (185 MB unpacked) are never asked for.
  const unwanted = ['*.map', '*/dist/ort/*', '*/dist/dicom-microscopy-viewer/*'].map((p) => `--exclude=${p}`)
  await run('tar', ['-xzf', tarball, '-C', into, ...unwanted, 'package/dist', 'package/LICENSE'])
  return join(into, 'package')
}

/** Throws unless the bytes are those that were pinned (Subresource Integrity notation, sha512). */
export function checkIntegrity(bytes: Uint8Array, expected: string): void {
  const actual = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  if (actual !== expected) throw new Error(`OHIF tarball: expected ${expected}, got ${actual}`)
}

async function fetchTarball(upstream: Upstream, cache: string): Promise<string> {
  await mkdir(cache, { recursive: true })
  const name = `${upstream.package.replace('@', '').replace('/', '-')}-${upstream.version}.tgz`
  const path = join(cache, name)
  if ((await readdir(cache)).includes(name)) {
    try {
      checkIntegrity(await readFile(path), upstream.integrity)
      return path
    } catch {
      // A download that was cut short: take it again.
      await rm(path)
    }
  }
  // `npm install` of this package fails (it names a dependency version that was never published).
  await run('npm', [
    'pack',
    '--silent',
    `${upstream.package}@${upstream.version}`,
    '--pack-destination',
    cache,
  ])
  checkIntegrity(await readFile(path), upstream.integrity)
  return path
}

function run(command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${errors.trim()}`)),
    )
  })
}
