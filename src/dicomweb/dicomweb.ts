import { type Context, Hono } from 'hono'
import type { Derived } from '../derived/derived.ts'
import { AppError } from '../errors.ts'
import { watchAuthorised } from '../http/watch.ts'
import type { Orthanc } from '../orthanc/orthanc.ts'
import type { Codecs } from '../pixels/pixels.ts'
import type { Asked } from './archive.ts'
import { bulkdata } from './bulkdata.ts'
import { frames } from './frames.ts'
import { metadata } from './metadata.ts'
import { nativeFrames } from './native.ts'
import type { OnlineFacts } from './prepare.ts'
import { parseQuery } from './query.ts'
import { rendered } from './rendered.ts'
import { parseResource, type Resource } from './resource.ts'
import { retrieve } from './retrieve.ts'
import { searchStudies, searchWithin } from './search.ts'

/**
 * The studies that the asking session may see, by Study Instance UID, or of these the one that is asked for; refuses with
 * `access.required`.
 */
export type Authorise = (
  c: Context,
  studyInstanceUid: string | undefined,
) => Promise<{
  studyInstanceUids: ReadonlySet<string>
  /** What was made of one of them, if it is ready (prepare.ts). */
  prepared: (studyInstanceUid: string) => Promise<Derived<OnlineFacts> | null>
  noteViewed: (studyInstanceUid: string) => Promise<void>
  /** Asked again while a long answer runs: withdrawal, revocation and the session's end cut it (S12, S32). */
  stillAllowed: (studyInstanceUid: string) => Promise<boolean>
}>

const ANSWERS: Readonly<
  Record<Exclude<Resource['kind'], 'search-studies'>, (asked: Asked) => Promise<Response>>
> = {
  'search-series': searchWithin,
  'search-instances': searchWithin,
  retrieve,
  metadata,
  frames,
  rendered,
  thumbnail: rendered,
  bulkdata,
}
// What prepared data can answer, or tell to be gone.
const FROM_PREPARED: ReadonlySet<Resource['kind']> = new Set(['metadata', 'frames', 'bulkdata', 'retrieve'])

/**
 * /dicomweb: every path is read by allow-list, checked against the session's studies and asked of Orthanc by a path
 * built anew (S45, S46). What is not on the list, and what is somebody else's, is the same 404. What it speaks stands in
 * docs/dicomweb.md.
 */
export function dicomwebRoutes({
  orthanc,
  codecs,
  authorise,
  portalUrl,
  clock,
}: {
  orthanc: Orthanc
  codecs: Codecs
  authorise: Authorise
  portalUrl: string
  clock: () => Date
}) {
  const nativeFrame = nativeFrames(orthanc)
  return new Hono().get('/*', async (c) => {
    const url = new URL(c.req.url)
    const resource = parseResource(url.pathname.slice('/dicomweb'.length))
    const session = await authorise(c, resource?.studyInstanceUid)
    const query = resource && parseQuery(resource.kind, url.searchParams)
    if (!resource || !query) throw new AppError('not_found')
    const { studyInstanceUid, kind } = resource
    if (studyInstanceUid !== undefined && !session.studyInstanceUids.has(studyInstanceUid))
      throw new AppError('not_found')
    const asked = { c, orthanc, codecs, portalUrl, resource, nativeFrame, search: query.search }
    if (studyInstanceUid === undefined || kind === 'search-studies') {
      const wanted = query.studyInstanceUids ?? [...session.studyInstanceUids]
      const own = wanted.filter((uid) => session.studyInstanceUids.has(uid))
      return searchStudies({ ...asked, prepared: null, authorised: ALREADY }, own, query.matching)
    }
    if (kind !== 'search-series') await session.noteViewed(studyInstanceUid)
    const authorised = watchAuthorised(() => session.stillAllowed(studyInstanceUid), clock)
    const prepared = FROM_PREPARED.has(kind) ? await session.prepared(studyInstanceUid) : null
    return ANSWERS[kind]({ ...asked, prepared, authorised })
  })
}

// An answer to a search is small and whole.
const ALREADY: Asked['authorised'] = {
  signal: new AbortController().signal,
  async *guard() {},
}
