import { createHash } from 'node:crypto'

/** A FHIR resource as it goes out; test/fhir holds every one against the official R4 schema. */
export type Resource = { resourceType: string; id: string; meta: Meta } & Record<string, unknown>
type Meta = { versionId: string; lastUpdated: string }

/** The types that are read and searched. */
export const TYPES = ['Patient', 'ImagingStudy', 'DiagnosticReport', 'DocumentReference'] as const
export type ResourceType = (typeof TYPES)[number]

/** Those of them by which a report is delivered. */
export const CREATED = ['DiagnosticReport', 'DocumentReference'] as const

/** What the facade needs to know of where it stands: its own address, and whose it is. */
export type Place = { base: string; organisation: string }

/** A resource with its `meta`. The version is a digest of the content: it changes with it, and with nothing else. */
export function resource(
  resourceType: string,
  id: string,
  lastUpdated: Date,
  content: Record<string, unknown>,
): Resource {
  const known = withoutEmpty(content)
  const versionId = createHash('sha256').update(JSON.stringify(known)).digest('hex').slice(0, 32)
  return { resourceType, id, meta: { versionId, lastUpdated: lastUpdated.toISOString() }, ...known }
}

// In FHIR nothing is null and no array is empty (R4 §2.6.2).
function withoutEmpty(content: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(content).filter(
    ([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0),
  )
  return Object.fromEntries(kept)
}

const V2_0203 = 'http://terminology.hl7.org/CodeSystem/v2-0203'

/** The naming systems of identifiers. */
export const SYSTEMS = {
  /** Italian tax codes, as HL7 Italia registered them. */
  taxCode: 'urn:oid:2.16.840.1.113883.2.9.4.3.2',
  dicomUid: 'urn:dicom:uid',
  uri: 'urn:ietf:rfc:3986',
} as const

/** The id in a reference to a resource of ours, relative or whole; null where it leads elsewhere. */
export function localReference(
  { base }: Pick<Place, 'base'>,
  type: string,
  reference: string,
): string | null {
  const own = reference.startsWith(`${base}/`) ? reference.slice(base.length + 1) : reference
  return own.startsWith(`${type}/`) ? own.slice(type.length + 1) : null
}

/** Naming systems that only this hospital gives out. */
export const localSystem = (place: Pick<Place, 'base'>, kind: 'accession-number' | 'patient-id') =>
  `${place.base}/sid/${kind}`

/** The type of an identifier, by HL7's table 0203. */
export const identifierType = (code: 'ACSN' | 'MR' | 'NI') => ({ coding: [{ system: V2_0203, code }] })

/** An Accession Number as a typed identifier. */
export const accessionIdentifier = (place: Place, value: string) => ({
  type: identifierType('ACSN'),
  system: localSystem(place, 'accession-number'),
  value,
})

/** The digest of a document as an identifier (RFC 6920). */
export const digestIdentifier = (sha256: string) => ({
  system: SYSTEMS.uri,
  value: `${DIGEST_PREFIX}${Buffer.from(sha256, 'hex').toString('base64url')}`,
})
export const DIGEST_PREFIX = 'ni:///sha-256;'
