import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { AppError } from '../errors.ts'
import { pullStream } from '../http/stream.ts'
import { watchAuthorised } from '../http/watch.ts'
import type { Orthanc, OrthancResponse } from '../orthanc/orthanc.ts'
import { singlePart } from './multipart.ts'
import { withoutPreambles } from './preamble.ts'
import { parseQuery } from './query.ts'
import { parseResource, pathOf, type Resource } from './resource.ts'

/** The studies that the asking session may see, by Study Instance UID; refuses with `access.required`. */
export type Authorise = (c: Context) => Promise<{
  studyInstanceUids: ReadonlySet<string>
  noteViewed: (studyInstanceUid: string) => Promise<void>
  /** Asked again while a long answer runs: withdrawal, revocation and the session's end cut it (S12, S32). */
  stillAllowed: (studyInstanceUid: string) => Promise<boolean>
}>

const compress = promisify(gzip)
const JSON_TYPE = 'application/dicom+json'
const LONGEST_ACCEPT = 256
const FILES = /^multipart\/related; *type="?application\/dicom"?(?:; *transfer-syntax=[\w.*"]+)?$/i
const EVERY_FILE = 'multipart/related; type="application/dicom"; transfer-syntax=*'

/**
 * /dicomweb: every path is read by allow-list, checked against the session's studies and asked of Orthanc by a path
 * built anew (S45, S46). What is not on the list, and what is somebody else's, is the same 404.
 */
export function dicomwebRoutes({
  orthanc,
  authorise,
  portalUrl,
  clock,
}: {
  orthanc: Orthanc
  authorise: Authorise
  portalUrl: string
  clock: () => Date
}) {
  return new Hono().get('/*', async (c) => {
    const { studyInstanceUids, noteViewed, stillAllowed } = await authorise(c)
    const url = new URL(c.req.url)
    const resource = parseResource(url.pathname.slice('/dicomweb'.length))
    const query = resource && parseQuery(resource.kind, url.searchParams)
    if (!resource || !query) throw new AppError('not_found')
    if (resource.studyInstanceUid !== undefined && !studyInstanceUids.has(resource.studyInstanceUid))
      throw new AppError('not_found')
    if (resource.kind === 'search-studies') {
      const wanted = query.studyInstanceUids ?? [...studyInstanceUids]
      return searchStudies(
        c,
        orthanc,
        wanted.filter((uid) => studyInstanceUids.has(uid)),
        query.search,
        portalUrl,
      )
    }
    if (resource.studyInstanceUid && resource.kind !== 'search-series')
      await noteViewed(resource.studyInstanceUid)
    const { studyInstanceUid = '' } = resource
    const watched = watchAuthorised(() => stillAllowed(studyInstanceUid), clock)
    return forward(c, orthanc, resource, query.search, portalUrl, watched.guard)
  })
}

/** QIDO-RS over the session's studies, one question each: nothing a visitor writes reaches the archive's search. */
async function searchStudies(
  c: Context,
  orthanc: Orthanc,
  studyInstanceUids: string[],
  search: string,
  portalUrl: string,
): Promise<Response> {
  const parameters = new URLSearchParams(search)
  const offset = Number(parameters.get('offset') ?? 0)
  const limit = Number(parameters.get('limit') ?? studyInstanceUids.length)
  const included = parameters.getAll('includefield').map((field) => `&includefield=${field}`)
  const found: unknown[] = []
  for (const uid of studyInstanceUids.slice(offset, offset + limit)) {
    const path = `/studies?StudyInstanceUID=${uid}${included.join('')}`
    const response = await orthanc.dicomWeb(path, { accept: JSON_TYPE }, new AbortController().signal)
    if (response.statusCode !== 200) {
      await discard(response)
      throw new AppError('images.unavailable')
    }
    found.push(...(JSON.parse(await textOf(response)) as unknown[]))
  }
  const text = JSON.stringify(found).replaceAll(orthanc.dicomWebRoot, `${portalUrl}/dicomweb`)
  return c.body(text, 200, { 'content-type': JSON_TYPE })
}

async function forward(
  c: Context,
  orthanc: Orthanc,
  resource: Resource,
  search: string,
  portalUrl: string,
  guard: (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>,
): Promise<Response> {
  const abort = new AbortController()
  const response = await orthanc.dicomWeb(
    pathOf(resource) + search,
    { accept: acceptFor(c, resource) },
    abort.signal,
  )
  if (response.statusCode >= 400) {
    await discard(response)
    if (response.statusCode === 406 || response.statusCode === 415) throw new AppError('not_acceptable')
    throw new AppError(response.statusCode < 500 ? 'not_found' : 'images.unavailable')
  }
  const type = String(response.headers['content-type'] ?? 'application/octet-stream')
  if (type.startsWith(JSON_TYPE)) return json(c, response, orthanc.dicomWebRoot, portalUrl)
  if (resource.kind === 'bulkdata' && type.startsWith('multipart/') && !wantsMultipart(c)) {
    const bytes = singlePart(await bytesOf(response), type)
    return c.body(bytes, 200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' })
  }
  const length = response.headers['content-length']
  const headers = {
    'content-type': type,
    ...(length ? { 'content-length': String(length) } : {}),
    'cache-control': 'no-store',
  }
  if (c.req.method === 'HEAD') {
    // Nobody will read the body: left open it would keep one of the few connections to the archive.
    abort.abort()
    response.body.on('error', () => undefined).destroy()
    return new Response(null, { status: 200, headers })
  }
  const body = pullStream(response.body, abort, {
    through: (chunks) => guard(resource.kind === 'retrieve' ? withoutPreambles(chunks) : chunks),
    broken: () => destroyConnection(c),
  })
  return new Response(body, { status: 200, headers })
}

/** Cuts the connection, so that half an answer is not taken for a whole one. */
function destroyConnection(c: Context): void {
  const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>
  outgoing?.destroy()
}

/** The archive may go away between its header and its body. */
async function textOf(response: OrthancResponse): Promise<string> {
  try {
    return await response.body.text()
  } catch (error) {
    throw new AppError('pacs.unavailable', 'Orthanc’s answer broke off.', {}, { cause: error })
  }
}

async function bytesOf(response: OrthancResponse): Promise<Uint8Array> {
  try {
    return await response.body.bytes()
  } catch (error) {
    throw new AppError('pacs.unavailable', 'Orthanc’s answer broke off.', {}, { cause: error })
  }
}

const wantsMultipart = (c: Context) => /multipart\/related/i.test(c.req.header('accept') ?? '')

const discard = (response: OrthancResponse) => response.body.dump().catch(() => undefined)

/** Metadata and search results: the archive's own address becomes ours, and text that shrinks sixtyfold goes compressed. */
async function json(
  c: Context,
  response: OrthancResponse,
  archiveRoot: string,
  portalUrl: string,
): Promise<Response> {
  const text = (await textOf(response)).replaceAll(archiveRoot, `${portalUrl}/dicomweb`)
  const headers = { 'content-type': JSON_TYPE, 'cache-control': 'no-store', vary: 'Accept-Encoding' }
  if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(text, 200, headers)
  const zipped = await compress(text, { level: 4 })
  return c.body(new Uint8Array(zipped), 200, { ...headers, 'content-encoding': 'gzip' })
}

function acceptFor(c: Context, { kind }: Resource): string {
  if (kind.startsWith('search-') || kind === 'metadata') return JSON_TYPE
  const given = c.req.header('accept')
  const asked = given && given.length <= LONGEST_ACCEPT && given !== '*/*' ? given : null
  // Files leave in the one form whose preambles are zeroed on the way (S48).
  if (kind === 'retrieve') return asked && FILES.test(asked) ? asked : EVERY_FILE
  // Orthanc 1.7 gives bulk data as multipart or not at all; it is unwrapped for who wants the bytes alone.
  if (kind === 'bulkdata') return '*/*'
  if (asked) return asked
  return kind === 'rendered' || kind === 'thumbnail' ? 'image/jpeg' : '*/*'
}
