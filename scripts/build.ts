// Builds what the server runs: src → dist by tsc, and the pages' styles, scripts, fonts and icons → dist/public.
// `node scripts/build.ts public` makes the latter alone. Nothing is made again whose inputs have not changed.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashOfInputs, ROOT, readText } from './build/inputs.ts'
import { buildPublic } from './build/public.ts'

const DIST = join(ROOT, 'dist')
const STAMP = join(DIST, '.inputs')

if (process.argv[2] !== 'public') compileServer()
await buildPublic(join(DIST, 'public'))

function compileServer() {
  const inputs = hashOfInputs(['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'])
  if (readText(STAMP) === inputs) return
  // A file deleted from src must not live on in dist.
  for (const name of existsSync(DIST) ? readdirSync(DIST) : [])
    if (!name.startsWith('public')) rmSync(join(DIST, name), { recursive: true })
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  try {
    execFileSync(tsc, ['-p', 'tsconfig.build.json'], { cwd: ROOT, stdio: 'inherit' })
  } catch {
    process.exit(1)
  }
  writeFileSync(STAMP, inputs)
}
