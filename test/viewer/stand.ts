import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { AppError } from '../../src/errors.ts'
import { viewerRoutes } from '../../src/viewer/viewer.ts'
import type { TestOrthanc } from '../support/orthanc.ts'

/** The viewer with a plain pass-through to Orthanc: no authorisation, so for these tests only. */
export async function startSite(root: string, orthanc: TestOrthanc) {
  const state = { session: 'open' as 'open' | 'ended', signsOfLife: 0 }
  const app = new Hono()
  app.onError((error, c) =>
    error instanceof AppError ? c.text(error.code, error.status) : c.text(String(error), 500),
  )
  app.route('/', viewerRoutes({ root }))
  app.get('/referti', (c) => c.html('<!doctype html><title>Referti</title><h1>Referti</h1>'))
  app.post('/sessione/attiva', (c) => {
    state.signsOfLife++
    return c.body(null, state.session === 'open' ? 204 : 401)
  })
  app.get('/dicomweb/*', async (c) => {
    if (state.session === 'ended') return c.body(null, 401)
    const { pathname, search, origin } = new URL(c.req.url)
    const path = `/dicom-web${pathname.slice('/dicomweb'.length)}${search}`
    const accept = c.req.header('accept')
    const answer = await orthanc.request(path, {
      as: 'administrator',
      ...(accept && { headers: { accept } }),
    })
    const type = answer.headers.get('content-type') ?? 'application/octet-stream'
    const headers = { 'content-type': type, 'cache-control': 'no-store' }
    if (!type.includes('json')) return c.body(await answer.arrayBuffer(), answer.status as 200, headers)
    // Orthanc writes its own address into the bulk-data URIs.
    const text = (await answer.text()).replaceAll(`${orthanc.url}/dicom-web`, `${origin}/dicomweb`)
    return c.body(text, answer.status as 200, headers)
  })
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    async [Symbol.asyncDispose]() {
      if ('closeAllConnections' in server) server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
