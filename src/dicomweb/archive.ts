import type { Context } from 'hono'
import type { Derived } from '../derived/derived.ts'
import { AppError } from '../errors.ts'
import { pourAnswer } from '../http/direct.ts'
import type { watchAuthorised } from '../http/watch.ts'
import type { Orthanc, OrthancResponse } from '../orthanc/orthanc.ts'
import type { Codecs } from '../pixels/pixels.ts'
import { singlePart } from './multipart.ts'
import type { OnlineFacts } from './prepare.ts'
import { pathOf, type Resource } from './resource.ts'

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
    throw new AppError('pacs.unavailable', 'Orthanc’s answer broke off.', {}, { cause: error })
  }
}

export const typeOf = (response: OrthancResponse): string =>
  String(response.headers['content-type'] ?? OCTETS)

/** The instance's DICOM file. */
export async function fileOf(asked: Asked): Promise<Uint8Array> {
  const { rest: _frame, ...instance } = asked.resource
  const whole = { ...asked, search: '', resource: { ...instance, kind: 'retrieve' as const } }
  const response = await askArchive(whole, 'multipart/related; type="application/dicom"; transfer-syntax=*')
  return singlePart(await bytesOf(response), typeOf(response)).bytes
}

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
  const source = response.body.on('error', () => undefined)
  if (asked.c.req.method === 'HEAD') {
    // Nobody will read the body: left open it would keep one of the few connections to the archive.
    abort.abort()
    source.destroy()
    return new Response(null, { headers: { ...headers, 'cache-control': 'no-store' } })
  }
  async function* body(left: AbortSignal) {
    left.addEventListener('abort', () => abort.abort(), { once: true })
    try {
      yield* through(source)
    } finally {
      abort.abort()
      source.destroy()
    }
  }
  return streamed(asked, body, headers)
}

/** Bytes that are made as they are sent. If they fail the connection breaks: half an answer is not taken for a whole one. */
export function streamed(
  { c, authorised }: Asked,
  body: (left: AbortSignal) => AsyncIterable<Uint8Array>,
  headers: Record<string, string>,
): Response {
  const answer = {
    status: 200,
    headers: { ...headers, 'cache-control': 'no-store' },
    body: (left: AbortSignal) => authorised.guard(body(left)),
  }
  return pourAnswer(c, answer, { ended: authorised.signal })
}
