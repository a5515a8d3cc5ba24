import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { request } from 'undici'
import { AppError } from '../../src/errors.ts'
import { viewerRoutes } from '../../src/viewer/viewer.ts'

/** A real Orthanc of its own, holding the given DICOM files. */
export async function startOrthanc(files: readonly Uint8Array[]) {
  const folder = await mkdtemp(join(tmpdir(), 'ritiro-viewer-orthanc-'))
  const port = await freePort()
  const configuration = {
    Name: 'VIEWERTEST',
    StorageDirectory: join(folder, 'storage'),
    IndexDirectory: join(folder, 'storage'),
    HttpPort: port,
    DicomServerEnabled: false,
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    IngestTranscoding: '1.2.840.10008.1.2.1',
    IngestTranscodingOfCompressed: false,
    Plugins: ['/usr/share/orthanc/plugins/libOrthancDicomWeb.so'],
    DicomWeb: { Enable: true, Root: '/dicom-web/', StudiesMetadata: 'Full', SeriesMetadata: 'Full' },
  }
  await mkdir(join(folder, 'storage'))
  await writeFile(join(folder, 'orthanc.json'), JSON.stringify(configuration))
  const child = spawn('/usr/sbin/Orthanc', [join(folder, 'orthanc.json')], { stdio: 'ignore' })
  const origin = `http://127.0.0.1:${port}`
  await untilAnswers(`${origin}/system`)
  for (const body of files) {
    const { statusCode, body: answer } = await request(`${origin}/instances`, { method: 'POST', body })
    await answer.dump()
    if (statusCode !== 200) throw new Error(`Orthanc refused a file: ${statusCode}`)
  }
  return {
    origin,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The viewer with a plain pass-through to Orthanc: no authorisation, for these tests only. */
export async function startSite(root: string, orthanc: string) {
  const state = { refuseWith: 0 }
  const app = new Hono()
  app.onError((error, c) =>
    error instanceof AppError ? c.text(error.code, error.status) : c.text(String(error), 500),
  )
  app.route('/', viewerRoutes({ root }))
  app.get('/referti', (c) => c.html('<!doctype html><title>Referti</title><h1>Referti</h1>'))
  app.get('/dicomweb/*', async (c) => {
    if (state.refuseWith) return c.body(null, state.refuseWith as 401)
    const { pathname, search, host } = new URL(c.req.url)
    const target = `${orthanc}/dicom-web${pathname.slice('/dicomweb'.length)}${search}`
    const accept = c.req.header('accept')
    const { statusCode, headers, body } = await request(target, {
      headers: { ...(accept && { accept }), forwarded: `host=${host};proto=http` },
    })
    const type = String(headers['content-type'] ?? 'application/json')
    const answer = await body.arrayBuffer()
    // Orthanc writes its own root into the bulk-data addresses.
    const text =
      type.includes('json') && new TextDecoder().decode(answer).replaceAll('/dicom-web/', '/dicomweb/')
    return c.body(text || answer, statusCode as 200, { 'content-type': type })
  })
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    async [Symbol.asyncDispose]() {
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function untilAnswers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await (await fetch(url)).arrayBuffer()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  throw new Error('Orthanc did not start')
}
