import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Hono } from 'hono'
import { openApiDocument } from './openapi.ts'

const FILES: Record<string, string> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
}
const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ritiro RIS API</title><link rel="stylesheet" href="/api/docs/swagger-ui.css"></head>
<body><div id="api"></div><script src="/api/docs/swagger-ui-bundle.js"></script><script src="/api/docs/start.js"></script></body></html>`
const START =
  "SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null })"
// Swagger UI writes style attributes and shows its icons from data: addresses.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** /api/openapi.json for machines and /api/docs for people. */
export function apiDocsRoutes(about: { portalUrl: string; organisation: string }) {
  const directory = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  return new Hono()
    .get('/openapi.json', (c) => c.json(openApiDocument(about)))
    .get('/docs', (c) => {
      c.header('content-security-policy', POLICY)
      return c.html(PAGE)
    })
    .get('/docs/start.js', (c) => c.body(START, 200, { 'content-type': 'text/javascript' }))
    .get('/docs/:file', async (c) => {
      const file = c.req.param('file')
      const type = Object.hasOwn(FILES, file) && FILES[file]
      if (!type) return c.notFound()
      const bytes = await readFile(join(directory, file))
      return c.body(new Uint8Array(bytes), 200, {
        'content-type': type,
        'cache-control': 'public, max-age=3600',
      })
    })
}
