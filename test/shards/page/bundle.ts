import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'
import type { Work } from '../../../src/derived/derived.ts'
import { prepareManifest } from '../../../src/disc/manifest.ts'
import { viewerDeriver } from '../../../src/shards/shards.ts'

/** A folder with a page that decodes the data files in DATA, which were made of those DICOM files. */
export async function pageOf(
  folder: string,
  files: readonly Uint8Array[],
): Promise<{ names: string[]; url: string }> {
  const names = await dataOf(join(folder, 'DATA'), files)
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'page.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    plugins: [workers],
  })
  await writeFile(join(folder, 'PAGE.JS'), outputFiles[0]?.contents ?? '')
  // The policy of the disc: no network, workers from memory.
  const policy = "default-src 'none'; script-src 'self' file:; worker-src blob:"
  await writeFile(
    join(folder, 'INDEX.HTM'),
    `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><script src="PAGE.JS" defer></script>`,
  )
  return { names, url: `file://${join(folder, 'INDEX.HTM')}` }
}

/** The data files of those DICOM files, made as a gateway makes them; their names. */
async function dataOf(folder: string, files: readonly Uint8Array[]): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  async function* all() {
    for (const [index, bytes] of files.entries()) yield { orthancId: String(index), bytes }
  }
  const manifest = await prepareManifest(all())
  const names: string[] = []
  const write: Work['write'] = async (name, bytes) => {
    names.push(name)
    await writeFile(join(folder, `${name}.JS`), bytes)
    return { offset: 0, length: bytes.byteLength, sha256: '', crc32: 0 }
  }
  const fetchFile = async (id: string) => new Uint8Array(files[Number(id)] ?? [])
  const { signal } = new AbortController()
  await viewerDeriver(fetchFile, async () => null).derive({
    orthancId: 'study',
    manifest,
    write,
    progress: () => undefined,
    signal,
  })
  return names
}

const workers: Plugin = {
  name: 'workers',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^worker:/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice('worker:'.length)),
      namespace: 'worker',
    }))
    onLoad({ filter: /.*/, namespace: 'worker' }, async ({ path }) => {
      const result = await build({
        entryPoints: [path],
        bundle: true,
        write: false,
        format: 'iife',
        target: 'es2022',
      })
      return { contents: result.outputFiles[0]?.text ?? '', loader: 'text' }
    })
  },
}
