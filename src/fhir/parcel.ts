import type { z } from 'zod'
import { AppError } from '../errors.ts'
import { check } from '../http/check.ts'
import {
  binary,
  bundle,
  type DiagnosticReport,
  type DocumentReference,
  diagnosticReport,
  documentReference,
  type Reference,
  type Supporting,
  supporting,
} from './incoming.ts'

/** What came in one request: a report, as one or both of the resources that tell it, and what they refer to. */
export type Parcel = {
  report: DiagnosticReport | null
  document: DocumentReference | null
  /** What a bundle's entries are, in their order. */
  entries: string[]
  /** The resource that a reference leads to within the request. */
  resolve: (reference: Reference | string | undefined) => Supporting | BinaryResource | null
}
export type BinaryResource = z.infer<typeof binary>

type Named = { addresses: string[]; resource: Supporting | BinaryResource }

/** Reads a single DiagnosticReport or DocumentReference. */
export function readResource(type: 'DiagnosticReport' | 'DocumentReference', body: unknown): Parcel {
  if ((body as { resourceType?: unknown } | null)?.resourceType !== type)
    throw invalid('/resourceType', `must be ${type}`)
  if (type === 'DiagnosticReport')
    return parcelOf({ report: check(diagnosticReport, body), document: null }, [])
  return parcelOf({ report: null, document: check(documentReference, body) }, [])
}

/** Reads a bundle: one report, told by a DiagnosticReport, a DocumentReference or both, with what they refer to. */
export function readBundle(body: unknown): Parcel & { type: string } {
  const { type, entry } = check(bundle, body)
  let report: DiagnosticReport | null = null
  let document: DocumentReference | null = null
  const named: Named[] = []
  for (const [index, { fullUrl, resource, request }] of entry.entries()) {
    const at = `/entry/${index}`
    const of = resource.resourceType
    if (type !== 'collection') checkRequest(request, of, at)
    if (of === 'DiagnosticReport') {
      if (report) throw invalid(at, 'is a second DiagnosticReport: send one report in a bundle')
      report = within(`${at}/resource`, diagnosticReport, resource)
    } else if (of === 'DocumentReference') {
      if (document) throw invalid(at, 'is a second DocumentReference: send one report in a bundle')
      document = within(`${at}/resource`, documentReference, resource)
    } else {
      const addresses = [...(fullUrl ? [fullUrl] : []), ...(resource.id ? [`${of}/${resource.id}`] : [])]
      const schema = of === 'Binary' ? binary : supporting
      named.push({ addresses, resource: within(`${at}/resource`, schema, resource) })
    }
  }
  if (!report && !document)
    throw invalid('/entry', 'holds neither a DiagnosticReport nor a DocumentReference')
  return {
    type,
    ...parcelOf({ report, document }, named),
    entries: entry.map(({ resource }) => resource.resourceType),
  }
}

function parcelOf({ report, document }: Pick<Parcel, 'report' | 'document'>, named: Named[]): Parcel {
  const contained = [...(report?.contained ?? []), ...(document?.contained ?? [])].map((resource) => ({
    addresses: [`#${resource.id}`],
    resource: check(resource.resourceType === 'Binary' ? binary : supporting, resource),
  }))
  const all = [...named, ...contained]
  return {
    report,
    document,
    entries: [],
    resolve(reference) {
      const address = typeof reference === 'string' ? reference : reference?.reference
      if (address === undefined) return null
      return all.find(({ addresses }) => addresses.includes(address))?.resource ?? null
    },
  }
}

/** A bundle of acts may only create: nothing here is changed or deleted by FHIR. */
function checkRequest(request: { method: string; url: string } | undefined, type: string, at: string): void {
  if (!request) throw invalid(`${at}/request`, 'is missing')
  if (request.method !== 'POST') throw invalid(`${at}/request/method`, 'must be POST')
  if (request.url !== type) throw invalid(`${at}/request/url`, `must be ${type}`)
}

function within<Schema extends z.ZodType>(at: string, schema: Schema, value: unknown): z.output<Schema> {
  try {
    return check(schema, value)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const errors = (error.extra.errors as { pointer: string; detail: string }[]).map(
      ({ pointer, detail }) => ({ pointer: `${at}${pointer}`, detail }),
    )
    throw new AppError('request.invalid', error.detail, { errors })
  }
}

/** A refusal of one field, never telling its value. */
export const invalid = (pointer: string, detail: string) =>
  new AppError('request.invalid', 'The resource cannot be taken.', { errors: [{ pointer, detail }] })
