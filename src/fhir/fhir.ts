import { type Context, Hono } from 'hono'
import { type Actor, recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import type { Database } from '../database/database.ts'
import { AppError } from '../errors.ts'
import { limitBody } from '../http/body-limit.ts'
import { type RisEnv, requireApiKey } from '../ris/require-api-key.ts'
import type { Inspection } from '../signature/signature.ts'
import type { VisitRules } from '../visits/visits.ts'
import { readBinary } from './binary.ts'
import { pageLink, readPage, searchset } from './bundle.ts'
import { capabilityStatement } from './capability.ts'
import { readCriteria } from './criteria.ts'
import { deliver } from './deliver.ts'
import { answerBundle, answerCreated, type Delivered } from './delivered.ts'
import { readDelivery } from './delivery.ts'
import { readDiagnosticReports } from './diagnostic-report.ts'
import { readDocumentReferences } from './document-reference.ts'
import { type Found, find } from './find.ts'
import { readImagingStudies } from './imaging-study.ts'
import { answer, binaryForm, FHIR_JSON, isUnchanged, requireJson, validators } from './negotiate.ts'
import { type Parcel, readBundle, readResource } from './parcel.ts'
import { type Read, readPatients } from './patient.ts'
import { CREATED, type Place, type ResourceType, TYPES } from './resource.ts'

export type FhirDependencies = {
  db: Database
  portalUrl: string
  organisation: string
  rules: VisitRules
  inspect: (document: Uint8Array) => Promise<Inspection>
  maxReportBytes: number
  clock: () => Date
  trustedProxies: readonly string[]
}

const READERS: Record<ResourceType, (db: Database, place: Place, found: Found[]) => Promise<Read[]>> = {
  Patient: readPatients,
  ImagingStudy: readImagingStudies,
  DiagnosticReport: readDiagnosticReports,
  DocumentReference: readDocumentReferences,
}
const MAX_FORM_BYTES = 64 * 1024
const MAX_AROUND_BYTES = 1024 * 1024
const HEAR_OUT_MS = 60_000
// A system that polls is one line in the trail in ten minutes, not one a second.
const READING_PERIOD_MS = 10 * 60_000

/** /fhir: the facade of FHIR R4. Every route but its description needs an API key. */
export function fhirRoutes(dependencies: FhirDependencies) {
  const { db, portalUrl, organisation, rules, inspect, maxReportBytes, clock, trustedProxies } = dependencies
  const keys = rules.encryptionKeys
  const place = { base: `${portalUrl}/fhir`, organisation }
  const { base } = place
  const noteOnce = oncePerPeriod(READING_PERIOD_MS, clock)

  /** Each visit that was read goes into the trail, as of the REST API; a report's content as its reading (S39). */
  async function noteReads(actor: Actor, reads: Read[]): Promise<void> {
    for (const { visitIds, examId, content } of reads) {
      const event = content ? ('report.read' as const) : ('visit.read' as const)
      for (const visitId of visitIds)
        await noteOnce(`${actorName(actor)} ${event} ${visitId} ${content ? examId : ''}`, () =>
          recordAlone(db, clock(), { event, actor, visitId, ...(content ? { examId } : {}) }),
        )
    }
  }

  async function read(c: Context<RisEnv>, type: ResourceType): Promise<Response> {
    requireJson(c)
    const id = c.req.param('id') ?? ''
    const { found } = await find(db, place, type, byId(id), { after: null, limit: 1 })
    const reads = await READERS[type](db, place, found)
    const [one] = reads
    if (!one) throw new AppError('not_found', `There is no such ${type}.`)
    await noteReads(c.var.actor, reads)
    return answer(c, one.resource)
  }

  async function search(c: Context<RisEnv>, type: ResourceType, asked: URLSearchParams): Promise<Response> {
    requireJson(c)
    const token = asked.get('_page')
    const page =
      token === null ? { type, parameters: asked.toString(), after: null } : readPage(keys, type, token)
    const { criteria, count } = readCriteria(type, new URLSearchParams(page.parameters), base)
    const { found, total } = await find(db, place, type, criteria, { after: page.after, limit: count + 1 })
    const shown = found.slice(0, count)
    const last = shown.at(-1)
    const reads = await READERS[type](db, place, shown)
    await noteReads(c.var.actor, reads)
    // A link for GET says what was asked in plain words only where the asker said it there.
    const inPlain = c.req.method !== 'POST' && token === null
    const bundle = searchset(base, {
      total,
      resources: reads.map(({ resource }) => resource),
      links: {
        self: inPlain ? `${base}/${type}${query(asked)}` : pageLink(base, keys, page),
        ...(found.length > count && last ? { next: pageLink(base, keys, { ...page, after: last }) } : {}),
      },
    })
    return new Response(JSON.stringify(bundle), { headers: JSON_HEADERS })
  }

  async function take(c: Context<RisEnv>, parcel: Parcel): Promise<Delivered> {
    const delivery = readDelivery(parcel, place, maxReportBytes)
    const call = { db, rules, inspect, actor: c.var.actor, now: clock(), place }
    const delivered = await deliver(call, delivery)
    const told = async (type: ResourceType, id: string) => {
      const { found } = await find(db, place, type, byId(id), { after: null, limit: 1 })
      return (await READERS[type](db, place, found))[0]?.resource ?? null
    }
    const resources = {
      DiagnosticReport: await told('DiagnosticReport', delivered.examId),
      DocumentReference: delivered.reportId ? await told('DocumentReference', delivered.reportId) : null,
    }
    return { ...delivered, resources }
  }

  // A report may come twice in one bundle, signed and readable; base64 makes four bytes of three.
  const limit = limitBody(2 * Math.ceil((maxReportBytes * 4) / 3) + MAX_AROUND_BYTES, {
    hearOutMs: HEAR_OUT_MS,
  })
  const routes = new Hono<RisEnv>()
    .get('/metadata', (c) => {
      requireJson(c)
      return new Response(JSON.stringify(capabilityStatement(place)), { headers: JSON_HEADERS })
    })
    .use(requireApiKey(db, trustedProxies))
    .get('/Binary/:id', async (c) => {
      const binary = await readBinary(db, c.req.param('id'))
      if (!binary) throw new AppError('not_found', 'There is no such Binary.')
      const { bytes, contentType, receivedAt, visitId, examId, reportId, versionId } = binary
      const form = binaryForm(c, contentType)
      const headers = validators(versionId, receivedAt)
      if (isUnchanged(c, versionId, receivedAt)) return new Response(null, { status: 304, headers })
      await recordAlone(db, clock(), { event: 'report.read', actor: c.var.actor, visitId, examId })
      if (form === 'raw')
        return new Response(new Uint8Array(bytes), {
          headers: { ...headers, 'content-type': contentType, 'content-disposition': 'attachment' },
        })
      const wrapped = {
        resourceType: 'Binary',
        id: c.req.param('id'),
        meta: { versionId, lastUpdated: receivedAt.toISOString() },
        contentType,
        securityContext: { reference: `DocumentReference/${reportId}` },
        data: Buffer.from(bytes).toString('base64'),
      }
      return new Response(JSON.stringify(wrapped), { headers: { ...headers, 'content-type': FHIR_JSON } })
    })

    .post('/', limit, async (c) => {
      requireJson(c)
      const bundle = readBundle(await readJson(c.req.raw))
      return answerBundle(bundle, await take(c, bundle))
    })

  for (const type of CREATED) {
    routes.post(`/${type}`, limit, async (c) => {
      requireJson(c)
      const parcel = readResource(type, await readJson(c.req.raw))
      return answerCreated(c, place, type, await take(c, parcel))
    })
  }
  for (const type of TYPES) {
    routes
      .get(`/${type}`, (c) => search(c, type, new URL(c.req.url).searchParams))
      .post(`/${type}/_search`, limitBody(MAX_FORM_BYTES), async (c) =>
        search(c, type, await readForm(c.req.raw)),
      )
      .get(`/${type}/:id`, (c) => read(c, type))
  }
  return routes.all('*', (c) => {
    const [, type = ''] = c.req.path.slice('/fhir'.length).split('/')
    const known = type === '' || type === 'metadata' || type === 'Binary' || TYPES.some((one) => one === type)
    if (c.req.method === 'GET' || c.req.method === 'HEAD' || !known) throw new AppError('not_found')
    throw new AppError('method.not_supported', 'This interaction is not supported: see /fhir/metadata.')
  })
}

const JSON_HEADERS = { 'content-type': FHIR_JSON, 'cache-control': 'no-store' }

const byId = (id: string) => ({
  ids: [[id]],
  identifiers: [],
  patients: [],
  patientIdentifiers: [],
  lastUpdated: [],
})

const actorName = (actor: Actor) => (actor.kind === 'ris' ? actor.name : actor.kind)

const query = (parameters: URLSearchParams) => (parameters.size === 0 ? '' : `?${parameters}`)

/** The form of a search by POST, whose parameters no log sees; those of the address count too (R4 §3.1.1.5.1). */
async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\b/i.test(type))
    throw new AppError(
      'request.unsupported_media_type',
      'Send a search as application/x-www-form-urlencoded.',
    )
  const form = new URLSearchParams(await request.text())
  const all = new URL(request.url).searchParams
  for (const [name, value] of form) all.append(name, value)
  return all
}

async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:fhir\+)?json\b/i.test(type))
    throw new AppError('request.unsupported_media_type', 'Send application/fhir+json; XML is not read here.')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await request.arrayBuffer()))
  } catch (error) {
    throw new AppError('request.malformed', 'The body is not valid JSON in UTF-8.', {}, { cause: error })
  }
}
