import type { Context } from 'hono'
import { AppError } from '../errors.ts'
import type { Resource } from './resource.ts'

export const FHIR_JSON = 'application/fhir+json; charset=utf-8'

const JSON_TYPES = ['application/fhir+json', 'application/json', 'text/json', 'json']
const ANY = ['*/*', 'application/*']

/** Refuses who wants anything but JSON of R4: XML is not spoken here (R4 §3.1.0.1.9, §3.1.0.1.11). */
export function requireJson(c: Context): void {
  const format = c.req.query('_format')
  if (format !== undefined) {
    if (!JSON_TYPES.includes(format.split(';')[0]?.trim().replace(' ', '+') ?? '')) throw notAcceptable()
    return
  }
  const wanted = mediaRanges(c)
  if (wanted.length === 0) return
  const fits = wanted.some(
    ({ type, version }) =>
      [...JSON_TYPES, ...ANY].includes(type) && (version === null || version.startsWith('4.0')),
  )
  if (!fits) throw notAcceptable()
}

/** How a Binary is wanted: as the document itself, or wrapped into JSON (R4 §2.42.2). */
export function binaryForm(c: Context, contentType: string): 'raw' | 'json' {
  const format = c.req.query('_format')
  const wanted = format === undefined ? mediaRanges(c).map(({ type }) => type) : [format]
  if (wanted.some((type) => JSON_TYPES.includes(type))) return 'json'
  const raw = [...ANY, contentType, 'application/octet-stream']
  if (wanted.length === 0 || wanted.some((type) => raw.includes(type))) return 'raw'
  throw notAcceptable()
}

/** Answers with a resource: its version as ETag, and 304 to who has it already (R4 §3.1.0.1.6). */
export function answer(c: Context, found: Resource): Response {
  const { versionId, lastUpdated } = found.meta
  const headers = validators(versionId, new Date(lastUpdated))
  if (isUnchanged(c, versionId, new Date(lastUpdated))) return new Response(null, { status: 304, headers })
  return new Response(JSON.stringify(found), { headers: { ...headers, 'content-type': FHIR_JSON } })
}

/** The headers that name a version. */
export const validators = (versionId: string, lastUpdated: Date) => ({
  etag: `W/"${versionId}"`,
  'last-modified': lastUpdated.toUTCString(),
  'cache-control': 'no-store',
})

/** Has the asker this version already? An ETag goes before a date (RFC 9110 §13.2.2). */
export function isUnchanged(c: Context, versionId: string, lastUpdated: Date): boolean {
  const tags = c.req.header('if-none-match')
  if (tags !== undefined) {
    const given = tags.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
    return given.includes('*') || given.includes(`"${versionId}"`)
  }
  const since = Date.parse(c.req.header('if-modified-since') ?? '')
  // HTTP dates know whole seconds.
  return !Number.isNaN(since) && Math.floor(lastUpdated.getTime() / 1000) * 1000 <= since
}

type MediaRange = { type: string; version: string | null }

function mediaRanges(c: Context): MediaRange[] {
  const accept = c.req.header('accept') ?? ''
  return accept.split(',').flatMap((item) => {
    const [type = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    if (type === '' || parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))) return []
    const version = parameters.find((parameter) => parameter.startsWith('fhirversion='))?.slice(12) ?? null
    return { type, version: version?.replaceAll('"', '') ?? null }
  })
}

const notAcceptable = () =>
  new AppError('not_acceptable', 'Only application/fhir+json of FHIR 4.0 is given here; there is no XML.')
