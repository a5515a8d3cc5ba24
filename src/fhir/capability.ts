import { SEARCH_PARAMETERS } from './criteria.ts'
import { CREATED, type Place, TYPES } from './resource.ts'

const KINDS: Record<string, string> = {
  _id: 'token',
  _lastUpdated: 'date',
  identifier: 'token',
  patient: 'reference',
}
// Raised by hand whenever what follows changes.
const DATE = '2026-11-23'

/** What the facade can do, and nothing more. */
export function capabilityStatement({ base, organisation }: Place): object {
  const searchable = TYPES.map((type) => ({
    type,
    interaction: [
      { code: 'read' },
      { code: 'search-type' },
      ...(CREATED.some((one) => one === type) ? [{ code: 'create' }] : []),
    ],
    versioning: 'versioned',
    readHistory: false,
    updateCreate: false,
    conditionalCreate: false,
    conditionalRead: 'full-support',
    conditionalUpdate: false,
    conditionalDelete: 'not-supported',
    searchParam: SEARCH_PARAMETERS[type].map((name) => ({ name, type: KINDS[name] })),
  }))
  const binary = {
    type: 'Binary',
    interaction: [{ code: 'read' }],
    versioning: 'versioned',
    conditionalRead: 'full-support',
  }
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: DATE,
    publisher: organisation,
    kind: 'instance',
    software: { name: 'Ritiro' },
    implementation: { description: `Ritiro — ${organisation}`, url: base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        documentation:
          'Search with POST and _search where a tax code is asked for: an address ends up in logs. `patient` may be chained to `identifier`. An unknown parameter is refused.',
        security: { cors: false, description: 'Authorization: Bearer and an API key of the hospital’s' },
        resource: [...searchable, binary],
        interaction: [
          {
            code: 'transaction',
            documentation: 'Delivers one signed report; batch and collection are taken too.',
          },
          { code: 'batch' },
        ],
      },
    ],
  }
}
