import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { version as esbuildVersion, transform } from 'esbuild'
import { compressed, type Encodings } from './compress.ts'
import { requireItalian } from './italian.ts'
import texts from './locale/page.json' with { type: 'json' }
import { locked } from './lock.ts'
import { applyPatches, filePatches, MODULE_PATCHES } from './patches.ts'
import { importedChunks, reachableFiles } from './reachable.ts'
import { withoutUnusedModules } from './unused.ts'
import upstream from './upstream.json' with { type: 'json' }
import { unpackUpstream } from './upstream.ts'

/** What the gateway reads at its start: every file it may serve, and how. */
export interface ViewerManifest {
  /** Hash of everything the result depends on. */
  inputs: string
  version: string
  /** Scripts and styles of the first load, in order, as paths below /viewer/: a page may prefetch them. */
  start: string[]
  files: Record<string, ViewerFile>
}

interface ViewerFile {
  type: string
  hash: string
  size: number
  encodings: Encodings
  immutable: boolean
  /** The one worker whose WebAssembly glue makes functions at run time (embind). */
  evaluates: boolean
}

const HERE = import.meta.dirname
const OWN_FILES = ['app-config.js', 'ritiro.js', 'ritiro.css', 'icon.svg']

/** Builds OHIF as ours into `out`; returns at once when nothing changed since the last time. */
export async function buildViewer({
  out = resolve(HERE, '../var/viewer'),
  cache = resolve(HERE, '../var/cache'),
  log = (_line: string) => {},
}: {
  out?: string
  cache?: string
  log?: (line: string) => void
} = {}): Promise<ViewerManifest> {
  const inputs = await hashInputs()
  const current = await readIfCurrent(out, inputs)
  if (current) log(`viewer: ${current.version} is up to date`)
  return current ?? locked(`${out}.lock`, build)

  async function build(): Promise<ViewerManifest> {
    const meanwhile = await readIfCurrent(out, inputs)
    if (meanwhile) return meanwhile
    const started = Date.now()
    const work = `${out}.new`
    await rm(work, { recursive: true, force: true })
    try {
      log(`viewer: OHIF ${upstream.version}, from the cache or the registry`)
      const unpacked = await unpackUpstream(upstream, cache, join(work, 'upstream'))
      const manifest = await assemble(unpacked, join(work, 'result'), inputs, log)
      await rm(out, { recursive: true, force: true })
      await rename(join(work, 'result'), out)
      log(`viewer: ${manifest.version} built in ${((Date.now() - started) / 1000).toFixed(1)} s`)
      return manifest
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }
}

async function assemble(upstreamRoot: string, result: string, inputs: string, log: (line: string) => void) {
  const dist = join(upstreamRoot, 'dist')
  const version = `${upstream.version}-${inputs.slice(0, 10)}`
  const base = `/viewer/${version}/`
  const names = await readdir(dist, { recursive: true })
  const sources = await readTexts(dist, names)
  const entry = names.find((name) => /^app\.bundle\..*\.js$/.test(name))
  if (!entry) throw new Error('OHIF: no app.bundle in its dist')

  requireItalian(sources.get(entry) ?? '')
  applyPatches(sources, MODULE_PATCHES)
  const needed = reachableFiles(entry, (name) => sources.get(name) ?? '', names)
  for (const name of sources.keys()) if (!needed.includes(name)) sources.delete(name)
  const start = startFiles(sources.get(entry) ?? '', names)
  const { text, dropped } = withoutUnusedModules(sources.get(entry) ?? '')
  // When all scripts are there: what comes next is asked for while they run (ritiro.js).
  sources.set(entry, `window.ritiro.running();\n${text}`)
  applyPatches(sources, filePatches(base))
  log(
    `viewer: ${needed.length} of ${names.length} files are needed; ${dropped} unused modules left out; all patches applied`,
  )

  const contents = new Map<string, Buffer>()
  for (const name of needed)
    contents.set(name, await minified(name, sources.get(name) ?? (await readFile(join(dist, name)))))
  for (const name of OWN_FILES) contents.set(name, await minified(name, await readFile(join(HERE, name))))
  contents.set('LICENSE.txt', await readFile(join(upstreamRoot, 'LICENSE')))

  const files: ViewerManifest['files'] = {}
  const write = async (path: string, bytes: Buffer, immutable: boolean, evaluates: boolean) => {
    const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
    const encodings = await writeCompressed(join(result, path), bytes)
    files[path] = { type: mediaType(path), hash, size: bytes.byteLength, encodings, immutable, evaluates }
  }
  const soon = [
    ...decoderFiles([...sources].filter(([name]) => name !== entry)),
    ...laterFiles(start, sources, entry, names),
  ]
  const page = Buffer.from(await indexPage(base, [...start, entry], soon))
  await Promise.all([
    write('index.html', page, false, false),
    ...[...contents].map(([name, bytes]) =>
      write(`${version}/${name}`, bytes, true, name !== entry && isDecoder(sources.get(name))),
    ),
  ])
  const manifest: ViewerManifest = {
    inputs,
    version,
    start: [...start, entry, 'app.bundle.css', ...OWN_FILES, ...soon].map((name) => `${version}/${name}`),
    files: Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
  await writeFile(join(result, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`)
  return manifest
}

async function readTexts(dist: string, names: readonly string[]): Promise<Map<string, string>> {
  const wanted = names.filter((name) => /\.(js|css)$/.test(name))
  return new Map(
    await Promise.all(wanted.map(async (name) => [name, await readFile(join(dist, name), 'utf8')] as const)),
  )
}

// The worker that decodes, and its codec for what we prepare: asked for only when the first image is there already.
function decoderFiles(sources: readonly (readonly [name: string, text: string])[]): string[] {
  const [worker, text = ''] =
    sources.find(([, text]) => isDecoder(text) && /charlsWasm = new URL\(/.test(text)) ?? []
  const id = /charlsWasm = new URL\([^;]*__webpack_require__\((\d+)\)/.exec(text)?.[1]
  const wasm = new RegExp(
    `^${id}\\(module,[^"]*"use strict";\\s*module\\.exports = [^"]*"([^"]+\\.wasm)"`,
    'm',
  ).exec(text)?.[1]
  if (!worker || !wasm) throw new Error('OHIF: its JPEG-LS decoder is not where it was')
  return [worker, wasm]
}

// What OHIF loads one after the other at every start, so that the page can name it all at once.
function startFiles(entry: string, names: readonly string[]): string[] {
  const loader = /async function loadModule\(module\) \{[\s\S]*?\n\}/.exec(entry)?.[0]
  if (!loader) throw new Error('OHIF: no loadModule in its entry')
  return importedChunks(loader, entry, names)
}

// What the files of the start ask for as they run, one round trip each.
function laterFiles(
  start: readonly string[],
  sources: ReadonlyMap<string, string>,
  entry: string,
  names: readonly string[],
): string[] {
  const started = start.map((name) => sources.get(name) ?? '').join('\n')
  const asked = importedChunks(started, sources.get(entry) ?? '', names)
  return asked.filter((name) => !start.includes(name) && sources.has(name))
}

async function indexPage(base: string, start: readonly string[], soon: readonly string[]): Promise<string> {
  const tags = start.map((name) =>
    name.endsWith('.css')
      ? `    <link rel="stylesheet" href="${base}${name}">`
      : `    <script defer src="${base}${name}"></script>`,
  )
  const hints = soon.map((name) => `      <link rel="prefetch" href="${base}${name}">`)
  const page = await readFile(join(HERE, 'index.html'), 'utf8')
  return page
    .replaceAll('%BASE%', base)
    .replace('%START%', tags.join('\n'))
    .replace('%SOON%', hints.join('\n'))
    .replace('%TITLE%', texts.title)
    .replace('%BACK%', texts.back)
    .replace('%QUICK%', texts.quick)
    .replace('%REPORT%', texts.report)
    .replace('%NOSCRIPT%', texts.noscript)
}

async function minified(name: string, content: string | Buffer): Promise<Buffer> {
  if (!name.endsWith('.js')) return Buffer.from(content)
  const define = { MESSAGES: JSON.stringify({ ...texts.messages, reportTitle: texts.reportTitle }) }
  const { code } = await transform(content, {
    minify: true,
    target: 'es2022',
    legalComments: 'eof',
    logLevel: 'error',
    ...(OWN_FILES.includes(name) && { define }),
  })
  return Buffer.from(code)
}

// Embind makes its glue with `new Function`: the worker that decodes JPEG 2000 needs 'unsafe-eval', nothing else does.
const isDecoder = (text: string | undefined) => text?.includes('createJsInvoker(') ?? false

async function writeCompressed(path: string, bytes: Buffer): Promise<Encodings> {
  await mkdir(dirname(path), { recursive: true })
  const { br, gzip } = await compressed(bytes)
  await writeFile(path, bytes)
  if (!br || !gzip) return {}
  await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gzip)])
  return { br: br.byteLength, gzip: gzip.byteLength }
}

const TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
  woff2: 'font/woff2',
}

function mediaType(path: string): string {
  const type = TYPES[path.split('.').at(-1) ?? '']
  if (!type) throw new Error(`viewer: no media type for ${path}`)
  return type
}

async function hashInputs(): Promise<string> {
  const names = (await readdir(HERE, { recursive: true }))
    .filter((name) => /\.(ts|js|css|json|html|svg)$/.test(name))
    .sort()
  const hash = createHash('sha256').update(`${esbuildVersion}\0`)
  for (const name of names) hash.update(`${name}\0`).update(await readFile(join(HERE, name)))
  return hash.digest('hex')
}

async function readIfCurrent(out: string, inputs: string): Promise<ViewerManifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')) as ViewerManifest
    if (manifest.inputs !== inputs) return undefined
    await Promise.all(
      Object.entries(manifest.files).map(async ([path, { size }]) => {
        if ((await stat(join(out, path))).size !== size) throw new Error(`${path} was changed`)
      }),
    )
    return manifest
  } catch {
    return undefined
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await buildViewer({ log: console.log })
}
