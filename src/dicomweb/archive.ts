import type { Context } from 'hono'
import type { Derived } from '../derived/derived.ts'
import { AppError } from '../errors.ts'
import { pourAnswer } from '../http/direct.ts'
import type { watchAuthorised } from '../http/watch.ts'
import type { Orthanc, OrthancResponse } from '../orthanc/orthanc.ts'
import type { Codecs } from '../pixels/pixels.ts'
import { createSlots } from '../slots.ts'
import { type OpenedPart, openPart } from './multipart.ts'
import type { nativeFrames } from './native.ts'
import type { OnlineFacts } from './prepare.ts'
import { pathOf, type Resource } from './resource.ts'
import { partOf } from './whole.ts'

/** A request that may be answered: what it names was checked, and is the session's. */
export type Asked = {
  readonly c: Context
  readonly orthanc: Orthanc
  readonly codecs: Codecs
  readonly portalUrl: string
  readonly resource: Resource
  /** For Orthanc, of checked parameters; '' where there are none. */
  readonly search: string
  /** What was made of the study; null where that is still to come. */
  readonly prepared: Derived<OnlineFacts> | null
  readonly nativeFrame: ReturnType<typeof nativeFrames>
  /** Ends a long answer when it is no longer allowed (S12, S32). */
  readonly authorised: ReturnType<typeof watchAuthorised>
}

export const DICOM_JSON = 'application/dicom+json'
const OCTETS = 'application/octet-stream'

/** Asks Orthanc for the resource, or for another `of` the same study. What it refuses becomes ours to say. */
export async function askArchive(
  { orthanc, resource, search, prepared }: Pick<Asked, 'orthanc' | 'resource' | 'search' | 'prepared'>,
  accept: string,
  abort = new AbortController(),
): Promise<OrthancResponse> {
  const response = await orthanc.dicomWeb(pathOf(resource) + search, { accept }, abort.signal)
  const { statusCode } = response
  if (statusCode < 400) return response
  await response.body.dump().catch(() => undefined)
  if (statusCode === 404 && isKnown(prepared, resource)) throw new AppError('images.gone')
  if (statusCode === 404) throw new AppError('not_found')
  // Orthanc 1.7 says 400 to media types it has not, and 500 to pixels it cannot bring into them.
  if (statusCode < 500) throw new AppError('not_acceptable')
  throw new AppError('images.unavailable', `Orthanc answered ${statusCode}.`)
}

// The archive had it when the study was prepared.
function isKnown(prepared: Asked['prepared'], { seriesInstanceUid, sopInstanceUid }: Resource): boolean {
  const instances = prepared?.facts.series[seriesInstanceUid ?? '']
  return instances !== undefined && (sopInstanceUid === undefined || instances.includes(sopInstanceUid))
}

/** A whole answer. The archive may go away between its header and its body. */
export async function bytesOf(response: OrthancResponse): Promise<Uint8Array> {
  try {
    return await response.body.bytes()
  } catch (error) {
    throw brokenOff(error)
  }
}

const brokenOff = (cause: unknown): AppError =>
  cause instanceof AppError
    ? cause
    : new AppError('pacs.unavailable', 'Orthanc’s answer broke off.', {}, { cause })

export const typeOf = (response: OrthancResponse): string =>
  String(response.headers['content-type'] ?? OCTETS)

/** A file that is held to draw it, at most; two at once in all, so that asking often takes no more memory. */
const LONGEST_HELD = 256 * 2 ** 20
const places = createSlots(2)

/** What `use` makes of the instance's DICOM file; refuses one that is too long to be held. */
export async function withFile<T>(asked: Asked, use: (file: Uint8Array) => Promise<T>): Promise<T> {
  const { rest: _frame, ...instance } = asked.resource
  const retrieve = { ...asked, search: '', resource: { ...instance, kind: 'retrieve' as const } }
  const leave = await places.take()
  const abort = new AbortController()
  try {
    const accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    const response = await askArchive(retrieve, accept, abort)
    const file = await held(await openPart(bodyOf(response))).catch((error: unknown) => {
      throw brokenOff(error)
    })
    return await use(file)
  } finally {
    abort.abort()
    leave()
  }
}

async function held({ length, chunks }: OpenedPart): Promise<Uint8Array> {
  if (length > LONGEST_HELD) throw new AppError('not_acceptable', 'The instance is too long to be drawn.')
  const file = new Uint8Array(length)
  let at = 0
  for await (const chunk of chunks) {
    file.set(chunk, at)
    at += chunk.byteLength
  }
  return file
}

/** Orthanc's answer, whose errors are told by who reads it. */
const bodyOf = ({ body }: OrthancResponse): AsyncIterable<Uint8Array> => body.on('error', () => undefined)

/** Orthanc's answer as it comes, a chunk at a time; given up as soon as the visitor is gone. */
export function passOn(
  asked: Asked,
  response: OrthancResponse,
  abort: AbortController,
  through: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array> = (chunks) => chunks,
): Response {
  const length = response.headers['content-length']
  const headers = {
    'content-type': typeOf(response),
    ...(length ? { 'content-length': String(length) } : {}),
  }
  return relayed(asked, abort, { status: 200, headers }, through(bodyOf(response)))
}

/**
 * The only part of Orthanc's answer, alone: all of it, or the range that is asked for (RFC 9110 §14). What lies before the
 * range is read and passed over. `type` goes before what the part says itself.
 */
export async function passOnPart(
  asked: Asked,
  response: OrthancResponse,
  abort: AbortController,
  { type, through = (chunks) => chunks }: { type?: string; through?: Parameters<typeof passOn>[3] } = {},
): Promise<Response> {
  if (!typeOf(response).startsWith('multipart/')) return passOn(asked, response, abort, through)
  const part = await openPart(bodyOf(response)).catch((error: unknown) => {
    abort.abort()
    throw brokenOff(error)
  })
  const syntax = part.transferSyntaxUid && `${part.type}; transfer-syntax=${part.transferSyntaxUid}`
  const common = { 'content-type': type ?? syntax ?? part.type, 'accept-ranges': 'bytes' }
  const wanted = partOf(asked.c, part.length)
  if (!wanted) {
    abort.abort()
    const headers = { ...common, 'content-range': `bytes */${part.length}`, 'cache-control': 'no-store' }
    return new Response(null, { status: 416, headers })
  }
  const { status, headers, start, end } = wanted
  return relayed(
    asked,
    abort,
    { status, headers: { ...common, ...headers } },
    between(through(part.chunks), start, end),
  )
}

async function* between(
  chunks: AsyncIterable<Uint8Array>,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const chunk of chunks) {
    const wanted = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at))
    at += chunk.byteLength
    if (wanted.byteLength > 0) yield wanted
    if (at >= end) return
  }
}

/** What comes of an answer of Orthanc's: `abort` ends that one, at the end or as soon as the visitor is gone. */
function relayed(
  asked: Asked,
  abort: AbortController,
  { status, headers }: { status: number; headers: Record<string, string> },
  chunks: AsyncIterable<Uint8Array>,
): Response {
  if (asked.c.req.method === 'HEAD') {
    // Nobody will read the body: left open it would keep one of the few connections to the archive.
    abort.abort()
    return new Response(null, { status, headers: { ...headers, 'cache-control': 'no-store' } })
  }
  async function* body(left: AbortSignal) {
    left.addEventListener('abort', () => abort.abort(), { once: true })
    try {
      yield* chunks
    } finally {
      abort.abort()
    }
  }
  return streamed(asked, body, headers, { status })
}

/** Bytes that are made as they are sent. If they fail the connection breaks: half an answer is not taken for a whole one. */
export function streamed(
  { c, authorised }: Asked,
  body: (left: AbortSignal) => AsyncIterable<Uint8Array>,
  headers: Record<string, string>,
  { status = 200, sent }: { status?: number; sent?: (piece: Uint8Array) => void } = {},
): Response {
  const answer = {
    status,
    headers: { ...headers, 'cache-control': 'no-store' },
    body: (left: AbortSignal) => authorised.guard(body(left)),
  }
  return pourAnswer(c, answer, { ended: authorised.signal, sent })
}
