import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Hono } from 'hono'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import type { Logo } from './logo.ts'

const file = z.object({
  type: z.string(),
  hash: z.string(),
  encodings: z.object({ br: z.number().optional(), gzip: z.number().optional() }),
  immutable: z.boolean(),
  evaluates: z.boolean(),
})
const manifestFile = z.object({ start: z.array(z.string()), files: z.record(z.string(), file) })

type ViewerFile = z.infer<typeof file>
type Encoding = 'br' | 'gzip' | 'identity'

/** Serves OHIF as `viewer/build.ts` left it in `root`. Under /viewer/, a path that is built into its files. */
export function viewerRoutes({ root, logo }: { root: string; logo?: Logo | undefined }): Hono {
  const manifest = readManifest(root)
  const app = new Hono()
  if (!manifest) {
    return app.get('/viewer/*', () => {
      throw new AppError('images.unavailable', 'the viewer is not built: run `npm run viewer`')
    })
  }
  // Only what the manifest lists is ever opened, so no address can lead out of the folder.
  const files = new Map(Object.entries(manifest.files))
  const ownMark = `/viewer/${[...files.keys()].find((name) => name.endsWith('/icon.svg'))}`

  return app.get('/viewer/*', async (c) => {
    const path = c.req.path.slice('/viewer/'.length)
    if (path === 'logo')
      return logo ? c.body(new Uint8Array(logo.bytes), 200, logoHeaders(logo)) : c.redirect(ownMark, 302)
    // OHIF's own router knows more pages (a list, local files, a debug page): this one alone is ours.
    const name = path === 'viewer' ? 'index.html' : path === 'index.html' ? undefined : path
    const entry = name === undefined ? undefined : files.get(name)
    if (name === undefined || !entry) throw new AppError('not_found')

    const encoding = chooseEncoding(c.req.header('accept-encoding'), entry)
    const headers = headersFor(entry, encoding)
    if (isUnchanged(c.req.header('if-none-match'), headers.ETag)) return c.body(null, 304, headers)
    const body = await readBuilt(join(root, `${name}${SUFFIX[encoding]}`))
    return c.body(new Uint8Array(body), 200, {
      ...headers,
      'Content-Type': entry.type,
      'Content-Length': `${body.byteLength}`,
    })
  })
}

/** Addresses a page may prefetch, so that the viewer opens at once; empty when it is not built. */
export function viewerStartFiles(root: string): string[] {
  return (readManifest(root)?.start ?? []).map((name) => `/viewer/${name}`)
}

function readManifest(root: string) {
  let text: string
  try {
    text = readFileSync(join(root, 'manifest.json'), 'utf8')
  } catch {
    return undefined
  }
  return manifestFile.parse(JSON.parse(text))
}

// A new build may take a file away while an old page still asks for it.
async function readBuilt(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new AppError('not_found')
    throw error
  }
}

const SUFFIX: Record<Encoding, string> = { br: '.br', gzip: '.gz', identity: '' }

// The tightest that OHIF can live with (S44): each exception was taken out to see what breaks.
const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  // Its lists and menus bring <style> elements of their own.
  'style-src': "'self' 'unsafe-inline'",
  // Thumbnails are drawn into data: addresses.
  'img-src': "'self' data:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'worker-src': "'self'",
  // A PDF of the exam is shown as <object> from a blob:, which Chromium counts as plugin and as frame.
  'object-src': "'self' blob:",
  // … and the report is shown beside the images, in a frame of its own page.
  'frame-src': "'self' blob:",
  // Videos: from /dicomweb, or unwrapped into a blob:.
  'media-src': "'self' blob:",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

// A worker has the policy of its own script, not of the page: only the decoder may make functions from text.
const DECODER_POLICY = {
  'default-src': "'none'",
  'script-src': "'self' 'unsafe-eval'",
  'connect-src': "'self'",
}

// Opened by itself, an SVG is a document: it may hold styles, and nothing that runs.
const logoHeaders = ({ type }: Logo) => ({
  ...HEADERS,
  'Content-Type': type,
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  'Cache-Control': 'public, max-age=3600',
})

const policyText = (policy: Record<string, string>) =>
  Object.entries(policy)
    .map(([directive, value]) => `${directive} ${value}`)
    .join('; ')

const HEADERS = {
  'Content-Security-Policy': policyText(POLICY),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

function headersFor(entry: ViewerFile, encoding: Encoding) {
  return {
    ...HEADERS,
    ...(entry.evaluates && { 'Content-Security-Policy': policyText(DECODER_POLICY) }),
    ...(encoding !== 'identity' && { 'Content-Encoding': encoding }),
    // The folder's name changes with its content (RFC 8246); the page that names the folder is always asked anew.
    'Cache-Control': entry.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    // A strong validator must differ between encodings (RFC 9110 §8.8.3.3).
    ETag: `"${entry.hash}${SUFFIX[encoding]}"`,
    Vary: 'Accept-Encoding',
  }
}

function chooseEncoding(accept: string | undefined, { encodings }: ViewerFile): Encoding {
  const accepted = acceptedEncodings(accept ?? '')
  if (encodings.br && accepted('br')) return 'br'
  if (encodings.gzip && accepted('gzip')) return 'gzip'
  return 'identity'
}

// RFC 9110 §12.5.3: `br;q=0` refuses it, `*` stands for whatever is not named.
function acceptedEncodings(accept: string): (name: string) => boolean {
  const weights = new Map<string, number>()
  for (const item of accept.toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
    const q = parameters.find((parameter) => parameter.startsWith('q='))
    weights.set(name, q === undefined ? 1 : Number(q.slice(2)))
  }
  return (name) => (weights.get(name) ?? weights.get('*') ?? 0) > 0
}

function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  const known = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return known.includes('*') || known.includes(etag)
}
