import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { RunningOrthanc } from '../orthanc.ts'

const TYPES: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
}
const CONFIG = `window.config = {
  routerBasename: '/', showStudyList: true, extensions: [], modes: [], defaultDataSourceName: 'dicomweb',
  dataSources: [{ namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'dicomweb', configuration: {
    friendlyName: 'Orthanc', name: 'orthanc', wadoUriRoot: '/dicom-web', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web',
    qidoSupportsIncludeField: false, imageRendering: 'wadors', thumbnailRendering: 'wadors', enableStudyLazyLoad: true,
    supportsFuzzyMatching: false, supportsWildcard: true, bulkDataURI: { enabled: true }, omitQuotationForMultipartRequest: true } }],
};`

/**
 * What a hospital without a gateway would run: OHIF's dist as it is shipped and Orthanc's DICOMweb behind one plain reverse
 * proxy, with gzip on for text, as nginx does it. Compressed files are kept, so that no time of it counts here.
 */
export async function startPlainProxy(dist: string, orthanc: RunningOrthanc) {
  const kept = new Map<string, Promise<Buffer>>()
  const zipped = (path: string) => {
    const known = kept.get(path) ?? readFile(path).then((bytes) => gzipSync(bytes, { level: 6 }))
    kept.set(path, known)
    return known
  }
  const authorization = `Basic ${btoa(`${orthanc.user}:${orthanc.password}`)}`
  const server = createServer(async (asked, answer) => {
    const { pathname, search } = new URL(asked.url ?? '/', 'http://localhost')
    if (pathname.startsWith('/dicom-web/')) {
      const upstream = request(
        `${orthanc.url}${pathname}${search}`,
        { headers: { authorization, accept: asked.headers.accept ?? '*/*', host: asked.headers.host ?? '' } },
        async (response) => {
          const type = response.headers['content-type'] ?? ''
          if (!type.includes('json')) {
            answer.writeHead(response.statusCode ?? 502, response.headers)
            response.pipe(answer)
            return
          }
          const text = Buffer.concat(await response.toArray())
          answer.writeHead(response.statusCode ?? 502, { 'content-type': type, 'content-encoding': 'gzip' })
          answer.end(gzipSync(text, { level: 6 }))
        },
      )
      upstream.on('error', () => answer.destroy())
      answer.on('close', () => upstream.destroy())
      upstream.end()
      return
    }
    if (pathname === '/app-config.js') {
      answer.writeHead(200, { 'content-type': 'text/javascript' }).end(CONFIG)
      return
    }
    const name = normalize(pathname).replace(/^\/+/, '')
    const file = join(dist, extname(name) ? name : 'index.html')
    const type = TYPES[extname(file)] ?? 'application/octet-stream'
    try {
      const body = await zipped(file)
      // Validators and no more, as a web server's defaults are: the browser keeps files and asks whether they changed.
      const etag = `"${body.byteLength}"`
      const headers = { 'content-type': type, 'content-encoding': 'gzip', etag, 'cache-control': 'no-cache' }
      if (asked.headers['if-none-match'] === etag) answer.writeHead(304, headers).end()
      else answer.writeHead(200, { ...headers, 'content-length': body.byteLength }).end(body)
    } catch {
      answer.writeHead(404).end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
