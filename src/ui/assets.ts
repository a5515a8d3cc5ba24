import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Hono } from 'hono'

/** What scripts/build.ts wrote of one file: its media type and the precompressed copies beside it. */
export type AssetFile = { type: string; encodings: ('br' | 'gzip')[] }
export type AssetManifest = {
  /** Logical name → file or folder with a content hash in its name. */
  names: Record<string, string>
  files: Record<string, AssetFile>
}
export type Assets = {
  directory: string
  files: ReadonlyMap<string, AssetFile>
  /** The address of an asset by its logical name: '/assets/portal-….css'. */
  asset: (name: string) => string
}

const SUFFIX = { br: '.br', gzip: '.gz' } as const

/** Reads the manifest of the built assets in `directory` (dist/public). */
export async function loadAssets(directory: string): Promise<Assets> {
  const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as AssetManifest
  return {
    directory,
    files: new Map(Object.entries(manifest.files)),
    asset(name) {
      const file = manifest.names[name]
      if (file === undefined) throw new Error(`asset ${name} is not in the manifest: run npm run build`)
      return `/assets/${file}`
    },
  }
}

/** Serves /assets/*: only what the manifest names, so no path can reach another file. */
export function assetRoutes({ directory, files }: Assets) {
  return new Hono().get('/assets/:file{.+}', async (c) => {
    const name = c.req.param('file')
    const file = files.get(name)
    if (!file) return c.notFound()
    const encoding = preferredEncoding(c.req.header('Accept-Encoding') ?? '', file)
    const body = await readFile(join(directory, encoding ? name + SUFFIX[encoding] : name))
    // The name changes with the content, so a copy never grows old.
    c.header('Cache-Control', 'public, max-age=31536000, immutable')
    c.header('Content-Type', file.type)
    c.header('Vary', 'Accept-Encoding')
    c.header('X-Content-Type-Options', 'nosniff')
    if (encoding) c.header('Content-Encoding', encoding)
    return c.body(new Uint8Array(body))
  })
}

function preferredEncoding(accepted: string, file: AssetFile) {
  const refused = /^(br|gzip)\s*;\s*q=0(\.0*)?$/
  const offers = accepted.split(',').map((part) => part.trim().toLowerCase())
  const wanted = new Set(
    offers.filter((part) => !refused.test(part)).map((part) => part.split(';')[0]?.trim()),
  )
  return file.encodings.find((encoding) => wanted.has(encoding))
}
