import type { Context } from 'hono'
import type { Outcome } from './deliver.ts'
import { FHIR_JSON } from './negotiate.ts'
import type { Parcel } from './parcel.ts'
import type { Place, Resource } from './resource.ts'

/** What became of a delivery, with the resources that now tell it, as far as they may be read. */
export type Delivered = Outcome & {
  resources: Record<'DiagnosticReport' | 'DocumentReference', Resource | null>
}

const STATUS = { true: '201 Created', false: '200 OK' } as const

/** The answer to a single resource: where it is, and the resource itself unless less is preferred (R4 §3.1.0.1.7). */
export function answerCreated(
  c: Context,
  place: Place,
  type: 'DiagnosticReport' | 'DocumentReference',
  delivered: Delivered,
): Response {
  const resource = delivered.resources[type]
  const headers = new Headers({ 'cache-control': 'no-store', 'content-type': FHIR_JSON })
  if (resource) {
    headers.set('location', `${place.base}/${type}/${resource.id}`)
    headers.set('etag', `W/"${resource.meta.versionId}"`)
    headers.set('last-modified', new Date(resource.meta.lastUpdated).toUTCString())
  }
  const status = delivered.created ? 201 : 200
  const preference = /\breturn=(\w+)/.exec(c.req.header('prefer') ?? '')?.[1]
  if (preference === 'minimal' && resource) {
    headers.delete('content-type')
    return new Response(null, { status, headers })
  }
  const body = preference === 'OperationOutcome' || !resource ? informed(delivered.told) : resource
  return new Response(JSON.stringify(body), { status, headers })
}

/** The answer to a bundle: of each entry what became of it, in their order (R4 §3.1.0.11.2). */
export function answerBundle({ type, entries }: Parcel & { type: string }, delivered: Delivered): Response {
  const status = STATUS[`${delivered.created}`]
  const outcome = informed(delivered.told)
  const entry = entries.map((kind) => {
    if (kind === 'Binary' && delivered.reportId)
      return { response: { status, location: `Binary/${delivered.reportId}`, outcome } }
    if (kind !== 'DiagnosticReport' && kind !== 'DocumentReference')
      return {
        response: {
          status: '200 OK',
          outcome: informed('It was used to check the report, and is not kept.'),
        },
      }
    const resource = delivered.resources[kind]
    if (!resource) return { response: { status, outcome } }
    const { id, meta } = resource
    return {
      response: {
        status,
        location: `${kind}/${id}`,
        etag: `W/"${meta.versionId}"`,
        lastModified: meta.lastUpdated,
        outcome,
      },
    }
  })
  const body = {
    resourceType: 'Bundle',
    type: type === 'batch' ? 'batch-response' : 'transaction-response',
    entry,
  }
  return new Response(JSON.stringify(body), {
    headers: { 'content-type': FHIR_JSON, 'cache-control': 'no-store' },
  })
}

const informed = (diagnostics: string) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'information', code: 'informational', diagnostics }],
})
