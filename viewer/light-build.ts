import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Plugin } from 'esbuild'
import type { CodecName } from './light/decode/syntax.ts'

const HERE = import.meta.dirname
const PACKAGES = resolve(HERE, '../node_modules/@cornerstonejs')

/** The packages' decoders: glue and WebAssembly. */
export const CODEC_FILES: Readonly<Record<CodecName, { script: string; wasm: string; factory: string }>> = {
  charls: {
    script: join(PACKAGES, 'codec-charls/dist/charlswasm_decode.js'),
    wasm: 'charlswasm_decode.wasm',
    factory: 'CharLSWASM',
  },
  openjpeg: {
    script: join(PACKAGES, 'codec-openjpeg/dist/openjpegwasm_decode.js'),
    wasm: 'openjpegwasm_decode.wasm',
    factory: 'OpenJPEGWASM',
  },
  openjph: {
    script: join(PACKAGES, 'codec-openjph/dist/openjphjs.js'),
    wasm: 'openjphjs.wasm',
    factory: 'Module',
  },
}

/** A file of the light viewer. */
interface LightFile {
  readonly name: string
  readonly content: Uint8Array
}

/**
 * Builds the light viewer: `LIGHT.JS`, one classic script that works from file:// (no module, no fetch), `LIGHT.CSS`,
 * `LIGHT.HTM`, and one script a codec, loaded only where a file needs it. Names are 8.3, as they stand on the disc.
 */
export async function buildLight({ minify = true }: { minify?: boolean } = {}): Promise<LightFile[]> {
  const { outputFiles } = await build({
    absWorkingDir: HERE,
    entryPoints: { light: 'light/main.ts', 'light-style': 'light/light.css' },
    outdir: 'out',
    plugins: [workers(minify)],
    ...options(minify),
  })
  const codecs = await Promise.all((Object.keys(CODEC_FILES) as CodecName[]).map(codecScript))
  const page = await readFile(join(HERE, 'light/light.html'))
  return [
    ...outputFiles.map(({ path, contents }) => ({
      name: path.endsWith('.css') ? 'LIGHT.CSS' : 'LIGHT.JS',
      content: contents,
    })),
    { name: 'LIGHT.HTM', content: page },
    ...codecs,
  ]
}

const options = (minify: boolean) => ({
  bundle: true,
  minify,
  write: false as const,
  format: 'iife' as const,
  target: ['es2022', 'chrome100', 'firefox113', 'safari16.4'],
  // A disc's scripts are read under any charset: nothing but ASCII.
  charset: 'ascii' as const,
  legalComments: 'none' as const,
  logLevel: 'warning' as const,
})

/** `worker:./path` is the bundle of that script, as text: blob workers are the only ones on file://. */
const workers = (minify: boolean): Plugin => ({
  name: 'workers',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^worker:/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice('worker:'.length)),
      namespace: 'worker',
    }))
    onLoad({ filter: /.*/, namespace: 'worker' }, async ({ path }) => {
      const result = await build({ entryPoints: [path], ...options(minify) })
      return { contents: result.outputFiles[0]?.text ?? '', loader: 'text' }
    })
  },
})

async function codecScript(name: CodecName): Promise<LightFile> {
  const { script, wasm, factory } = CODEC_FILES[name]
  const glue = await readFile(script, 'utf8')
  const binary = await readFile(join(dirname(script), wasm), 'base64')
  // In the worker the glue's top level is the worker's: the factory is handed over under one name.
  const source = `${glue}\nself.ritiroCodecFactory=${factory};`
  const call = `ritiroCodec(${JSON.stringify(name)},${ascii(JSON.stringify(source))},"${binary}");\n`
  return { name: `${name.toUpperCase()}.JS`, content: new TextEncoder().encode(call) }
}

const ascii = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const out = resolve(HERE, '../var/light')
  await mkdir(out, { recursive: true })
  for (const { name, content } of await buildLight()) {
    await writeFile(join(out, name), content)
    console.log(`${name}\t${content.byteLength}\t${gzipSync(content).byteLength} gzip`)
  }
}
