import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppError } from '../../src/errors.ts'
import { readLogo } from '../../src/viewer/logo.ts'
import { viewerRoutes, viewerStartFiles } from '../../src/viewer/viewer.ts'

const PAGE = '<!doctype html><title>Immagini</title>'
const SCRIPT = 'console.log(1)\n'.repeat(100)
let folder = ''
let app = new Hono()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ritiro-viewer-'))
  await writeFile(join(folder, 'secret.txt'), 'beside the folder')
  const root = join(folder, 'built')
  await mkdir(join(root, 'v1'), { recursive: true })
  await writeFile(join(root, 'index.html'), PAGE)
  for (const name of ['app.js', 'decoder.js']) {
    await writeFile(join(root, 'v1', name), SCRIPT)
    await writeFile(join(root, 'v1', `${name}.br`), brotliCompressSync(SCRIPT))
    await writeFile(join(root, 'v1', `${name}.gz`), gzipSync(SCRIPT))
  }
  await writeFile(join(root, 'v1/code.wasm'), Uint8Array.of(0, 97, 115, 109))
  await writeFile(join(root, 'v1/unlisted.js'), 'not in the manifest')
  const script = {
    type: 'text/javascript; charset=utf-8',
    hash: 'abc',
    encodings: { br: 1, gzip: 1 },
    immutable: true,
    evaluates: false,
  }
  const files = {
    'index.html': { ...script, type: 'text/html; charset=utf-8', encodings: {}, immutable: false },
    'v1/app.js': script,
    'v1/decoder.js': { ...script, evaluates: true },
    'v1/code.wasm': { ...script, type: 'application/wasm', encodings: {} },
    'v1/gone.js': script,
    'v1/icon.svg': { ...script, type: 'image/svg+xml', encodings: {} },
  }
  await writeFile(join(root, 'manifest.json'), JSON.stringify({ start: ['v1/app.js'], files }))
  app = appFor(root)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('what is served', () => {
  test('the page at /viewer/viewer, whatever its query', async () => {
    const response = await app.request('/viewer/viewer?StudyInstanceUIDs=1.2.3')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await response.text()).toBe(PAGE)
  })

  test.each([
    '/viewer/',
    '/viewer',
    '/viewer/local',
    '/viewer/localbasic',
    '/viewer/debug',
    '/viewer/viewer/',
    '/viewer/viewer/ritiro',
    '/viewer/index.html',
    '/viewer/manifest.json',
    '/viewer/basic',
    '/viewer/v1/',
    '/viewer/v1/unlisted.js',
    '/viewer/v1/app.js.br',
    '/viewer/v1/../../secret.txt',
    '/viewer/..%2fsecret.txt',
    '/viewer/v1/..%2f..%2f..%2fsecret.txt',
    '/viewer/%2e%2e/secret.txt',
    '/viewer/v1/%5c..%5c..%5csecret.txt',
    '/viewer/__proto__',
    '/viewer/constructor',
    '/viewer/v1/app.js%00',
  ])('S47: nothing else: %s', async (path) => {
    expect((await app.request(path)).status).toBe(404)
  })

  test('a file that a new build has just taken away is not there, rather than an error', async () => {
    expect((await app.request('/viewer/v1/gone.js')).status).toBe(404)
  })

  test('WebAssembly has its own media type, without which it is not streamed', async () => {
    const response = await app.request('/viewer/v1/code.wasm')
    expect(response.headers.get('content-type')).toBe('application/wasm')
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.of(0, 97, 115, 109))
  })

  test('HEAD tells the same as GET, without the body', async () => {
    const headers = { 'accept-encoding': 'br' }
    const get = await app.request('/viewer/v1/app.js', { headers })
    const head = await app.request('/viewer/v1/app.js', { method: 'HEAD', headers })
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers))
    expect(await head.text()).toBe('')
  })

  test('only reading is possible', async () => {
    expect((await app.request('/viewer/viewer', { method: 'POST' })).status).toBe(404)
  })

  test('other paths of the gateway are left to others', async () => {
    expect(await (await app.request('/altro')).text()).toBe('altro')
  })
})

describe('compression (RFC 9110 §12.5.3)', () => {
  test.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0, gzip;q=0', null],
    ['*', 'br'],
    ['*;q=0', null],
    ['identity', null],
    ['', null],
    ['br;q=0.1, gzip;q=0.9', 'br'],
    ['BR', 'br'],
  ])('Accept-Encoding: %s is answered with %s', async (accept, expected) => {
    const response = await app.request('/viewer/v1/app.js', { headers: { 'accept-encoding': accept } })
    expect(response.headers.get('content-encoding')).toBe(expected)
    expect(response.headers.get('vary')).toBe('Accept-Encoding')
    const length = { br: brotliCompressSync(SCRIPT), gzip: gzipSync(SCRIPT) }[expected ?? '']?.byteLength
    expect(response.headers.get('content-length')).toBe(String(length ?? SCRIPT.length))
  })
})

describe('caching', () => {
  test('what has its version in the path is kept for good, the page that names it is always asked anew', async () => {
    const script = await app.request('/viewer/v1/app.js')
    const page = await app.request('/viewer/viewer')
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(page.headers.get('cache-control')).toBe('no-cache')
  })

  test('a known version is answered 304, each encoding by its own validator', async () => {
    const etag = (await ask({ 'accept-encoding': 'br' })).headers.get('etag') ?? ''
    expect(etag).not.toBe((await ask({ 'accept-encoding': 'gzip' })).headers.get('etag'))
    const again = await ask({ 'accept-encoding': 'br', 'if-none-match': `"other", W/${etag}` })
    expect(again.status).toBe(304)
    expect(again.headers.get('etag')).toBe(etag)
    expect(await again.text()).toBe('')
    expect((await ask({ 'accept-encoding': 'gzip', 'if-none-match': etag })).status).toBe(200)
    expect((await ask({ 'if-none-match': '*' })).status).toBe(304)
  })

  const ask = (headers: Record<string, string>) => app.request('/viewer/v1/app.js', { headers })
})

describe('S44: headers', () => {
  test('the page runs only scripts of our own origin, and nothing made from text', async () => {
    const policy = await policyOf('/viewer/viewer')
    expect(policy.get('default-src')).toBe("'none'")
    expect(policy.get('script-src')).toBe("'self'")
    expect(policy.get('connect-src')).toBe("'self'")
    expect(policy.get('frame-ancestors')).toBe("'none'")
    for (const [directive, value] of policy) {
      expect(value, directive).not.toMatch(/https?:|\*|unsafe-eval/)
      if (directive !== 'style-src') expect(value, directive).not.toContain('unsafe-inline')
    }
  })

  test('only the decoding worker may make functions', async () => {
    expect((await policyOf('/viewer/v1/decoder.js')).get('script-src')).toBe("'self' 'unsafe-eval'")
    expect((await policyOf('/viewer/v1/app.js')).get('script-src')).toBe("'self'")
  })

  test.each(['/viewer/viewer', '/viewer/v1/app.js', '/viewer/v1/code.wasm'])(
    '%s is not sniffed, not framed, sends no referrer',
    async (path) => {
      const { headers } = await app.request(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    },
  )

  async function policyOf(path: string): Promise<Map<string, string>> {
    const text = (await app.request(path)).headers.get('content-security-policy') ?? ''
    return new Map(
      text.split('; ').map((directive) => {
        const [name = '', ...values] = directive.split(' ')
        return [name, values.join(' ')]
      }),
    )
  }
})

test('what a page may prefetch is what the page of the viewer loads first', () => {
  expect(viewerStartFiles(join(folder, 'built'))).toEqual(['/viewer/v1/app.js'])
  expect(viewerStartFiles(folder)).toEqual([])
})

test('without a build the images are said to be unavailable, and the gateway runs', async () => {
  expect((await appFor(folder).request('/viewer/viewer')).status).toBe(503)
})

test('a manifest that is not one of ours is refused at the start', async () => {
  const root = await mkdtemp(join(folder, 'bad-'))
  await writeFile(join(root, 'manifest.json'), '{"files": 1}')
  expect(() => viewerRoutes({ root })).toThrow()
})

function appFor(root: string): Hono {
  const outer = new Hono()
  outer.onError((error, c) => c.text('', error instanceof AppError ? error.status : 500))
  outer.route('/', viewerRoutes({ root }))
  outer.get('/altro', (c) => c.text('altro'))
  return outer
}

test('the hospital’s logo stands beside the way back; opened by itself, an SVG runs nothing (S48)', async () => {
  const file = join(folder, 'logo.svg')
  await writeFile(file, '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
  const branded = viewerRoutes({ root: join(folder, 'built'), logo: readLogo(file) })
  const shown = await branded.request('/viewer/logo')
  expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/svg+xml'])
  expect(shown.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/)
  expect(shown.headers.get('x-content-type-options')).toBe('nosniff')
  // Without one it is the portal's own mark.
  const own = await app.request('/viewer/logo')
  expect([own.status, own.headers.get('location')]).toEqual([302, '/viewer/v1/icon.svg'])
  expect(() => readLogo(join(folder, 'logo.exe'))).toThrow(/\.svg, \.png or \.jpg/)
  await writeFile(join(folder, 'large.png'), new Uint8Array(500_001))
  expect(() => readLogo(join(folder, 'large.png'))).toThrow(/500 kB/)
})
