import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { build, type Plugin } from 'esbuild'
import type { AssetManifest } from '../../src/ui/assets.ts'
import { ICONS } from '../../src/ui/icons.ts'
import { buildLight } from '../../viewer/light-build.ts'
import { filesBelow, hashOfInputs, ROOT, readText } from './inputs.ts'

const INPUTS = [
  'viewer/light',
  'viewer/light-build.ts',
  'src/shards',
  'src/browser',
  'src/ui',
  'src/pin',
  'src/tax-code',
  'src/messages',
  'scripts/build',
  'package-lock.json',
]
const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.htm': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}
const PDFJS = 'node_modules/pdfjs-dist'

/**
 * Writes scripts, styles, fonts and icons under names that carry a hash of their content, with precompressed copies
 * and a manifest. The folder is put in place as a whole, so that a reader never sees half of it.
 */
export async function buildPublic(target: string): Promise<void> {
  const inputs = hashOfInputs(INPUTS)
  const isFresh = () => readText(join(target, '.inputs')) === inputs
  if (isFresh()) return
  mkdirSync(dirname(target), { recursive: true })
  await withLock(`${target}.lock`, async () => {
    if (!isFresh()) await writePublic(target, inputs)
  })
}

async function writePublic(target: string, inputs: string) {
  const folder = mkdtempSync(`${target}-`)
  // mkdtemp keeps its folder to its owner; the server may run as another user.
  chmodSync(folder, 0o755)
  const manifest: AssetManifest = { names: {}, files: {} }

  await bundle(folder, manifest)
  put(folder, manifest, 'icons.svg', Buffer.from(iconSprite()))
  put(folder, manifest, 'favicon.svg', readFileSync(join(ROOT, 'src/ui/favicon.svg')))
  put(folder, manifest, 'pdf.worker.js', readFileSync(join(ROOT, PDFJS, 'legacy/build/pdf.worker.min.mjs')))
  putPdfResources(folder, manifest)
  await putLightViewer(folder, manifest)
  await Promise.all(filesOf(folder).map((file) => describe(folder, manifest, file)))

  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  writeFileSync(join(folder, '.inputs'), inputs)
  putInPlace(folder, target)
}

async function bundle(folder: string, manifest: AssetManifest) {
  const scripts = readdirSync(join(ROOT, 'src/browser')).filter((name) => name.endsWith('.ts'))
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [
      ...scripts.map((name) => `src/browser/${name}`),
      'src/ui/portal.css',
      'src/ui/desk.css',
      'src/ui/quick-view.css',
    ],
    outdir: folder,
    entryNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome100', 'firefox100', 'safari15.4'],
    charset: 'utf8',
    legalComments: 'none',
    loader: { '.woff2': 'file' },
    plugins: [withoutInlineFont],
    metafile: true,
    logLevel: 'warning',
  })
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (!entryPoint) continue
    manifest.names[basename(entryPoint).replace(/\.ts$/, '.js')] = basename(path)
  }
}

/** bootstrap-italia carries a video player's icon font as a data: address, which the CSP's font-src refuses. */
const withoutInlineFont: Plugin = {
  name: 'without-inline-font',
  setup({ onLoad }) {
    onLoad({ filter: /bootstrap-italia\.min\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/@font-face\{font-family:VideoJS;[^}]*\}/, ''),
      loader: 'css',
    }))
  },
}

/** Only the icons the pages use: 6 kB instead of 100. */
function iconSprite(): string {
  const sprite = readFileSync(join(ROOT, 'node_modules/bootstrap-italia/dist/svg/sprites.svg'), 'utf8')
  const symbols = ICONS.map((name) => {
    const symbol = new RegExp(`<symbol[^>]*id="${name}"[^>]*>.*?</symbol>`, 's').exec(sprite)
    if (!symbol) throw new Error(`bootstrap-italia has no icon ${name}`)
    return symbol[0]
  })
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`
}

/** Character maps, fonts and decoders that pdf.js asks for by name: the hash is in the folder's name. */
function putPdfResources(folder: string, manifest: AssetManifest) {
  const files = ['cmaps', 'standard_fonts', 'iccs', 'wasm']
    .flatMap((part) => filesBelow(join(PDFJS, part)))
    // Neither WebAssembly (the CSP refuses it) nor the interpreter for scripts inside PDFs.
    .filter((file) => !/\.wasm$|quickjs|LICENSE_(PDFJS_)?(QCMS|QUICKJS)$/.test(file))
  const name = `pdfjs-${hashOfInputs(files).slice(0, 8)}`
  for (const file of files) {
    const copy = join(folder, name, file.slice(PDFJS.length))
    mkdirSync(dirname(copy), { recursive: true })
    writeFileSync(copy, readFileSync(join(ROOT, file)))
  }
  manifest.names.pdfjs = name
}

/** The light viewer, for the portal and for every disc: its files name each other, so the hash is in the folder's name. */
async function putLightViewer(folder: string, manifest: AssetManifest) {
  const files = await buildLight()
  const hash = createHash('sha256')
  for (const { name, content } of files) hash.update(`${name}\0`).update(content)
  const name = `light-${hash.digest('hex').slice(0, 8)}`
  mkdirSync(join(folder, name))
  for (const file of files) writeFileSync(join(folder, name, file.name), file.content)
  manifest.names.light = name
}

function put(folder: string, manifest: AssetManifest, name: string, content: Buffer) {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8)
  const extension = extname(name)
  const file = `${basename(name, extension)}-${hash}${extension}`
  writeFileSync(join(folder, file), content)
  manifest.names[name] = file
}

async function describe(folder: string, manifest: AssetManifest, file: string) {
  const type = TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream'
  const encodings: ('br' | 'gzip')[] = []
  manifest.files[file] = { type, encodings }
  if (/\.(woff2|bcmap)$/.test(file)) return
  const content = readFileSync(join(folder, file))
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
  const brotli = await promisify(brotliCompress)(content, { params })
  const zipped = await promisify(gzip)(content, { level: 9 })
  if (brotli.length >= content.length * 0.95) return
  writeFileSync(join(folder, `${file}.br`), brotli)
  writeFileSync(join(folder, `${file}.gz`), zipped)
  encodings.push('br', 'gzip')
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

const LOCK_IS_STALE_AFTER_MS = 60_000

/** Test files build at the same time: the first does it, the others wait. */
async function withLock(path: string, act: () => Promise<void>) {
  for (;;) {
    try {
      mkdirSync(path)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() }
      if (Date.now() - mtimeMs > LOCK_IS_STALE_AFTER_MS) rmSync(path, { recursive: true, force: true })
      await setTimeout(50)
    }
  }
  try {
    await act()
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

function putInPlace(folder: string, target: string) {
  const old = `${folder}-old`
  if (existsSync(target)) renameSync(target, old)
  renameSync(folder, target)
  rmSync(old, { recursive: true, force: true })
}
