import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Assets, assetRoutes } from '../../src/ui/assets.ts'
import { builtAssets } from './support.tsx'

let assets: Assets
const get = (path: string, accepted = '') =>
  assetRoutes(assets).request(path, { headers: { 'Accept-Encoding': accepted } })

beforeAll(async () => {
  assets = await builtAssets()
})

describe('assets', () => {
  test('are served under names that change with their content, to be kept for good', async () => {
    const address = assets.asset('portal.css')
    expect(address).toMatch(/^\/assets\/portal-[0-9A-Z]{8}\.css$/)
    const response = await get(address)
    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Control')).toContain('immutable')
    expect(response.headers.get('Content-Type')).toBe('text/css; charset=utf-8')
  })

  test('come compressed as the browser prefers, with the same content', async () => {
    const address = assets.asset('report.js')
    const read = async (accepted: string) => {
      const response = await get(address, accepted)
      return {
        encoding: response.headers.get('Content-Encoding'),
        body: Buffer.from(await response.arrayBuffer()),
      }
    }
    const [plain, brotli, gzip, refused] = await Promise.all(
      ['', 'gzip, br', 'gzip', 'br;q=0, gzip;q=0'].map(read),
    )
    expect([plain, brotli, gzip, refused].map((one) => one?.encoding)).toEqual([null, 'br', 'gzip', null])
    expect(brotliDecompressSync(brotli?.body ?? Buffer.of())).toEqual(plain?.body)
    expect(gunzipSync(gzip?.body ?? Buffer.of())).toEqual(plain?.body)
    expect(brotli?.body.length).toBeLessThan((plain?.body.length ?? 0) / 3)
  })

  test('are those of the manifest and nothing else on the disk', async () => {
    for (const path of [
      '/assets/manifest.json',
      '/assets/.inputs',
      '/assets/../manifest.json',
      '/assets/..%2f..%2fpackage.json',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/assets/__proto__',
      `${assets.asset('portal.css')}.br`,
    ])
      expect((await get(path)).status, path).toBe(404)
  })

  test('hold nothing from elsewhere and no inline font, as the CSP wants (S44)', async () => {
    const css = await (await get(assets.asset('portal.css'))).text()
    expect(css).not.toContain('data:application/font')
    expect(css.match(/url\(["']?https?:/g)).toBeNull()
    expect(() => assets.asset('absent.js')).toThrow('npm run build')
  })
})
