import { expect } from 'vitest'
import type { TestGateway } from '../support/gateway.ts'
import { complaintsOf, referencesIn } from './schema.ts'

// An answer as a test reads it: deep and loosely, checked by the schema and the expectations.
// biome-ignore lint/suspicious/noExplicitAny: JSON of an answer under test
export type Json = any

export type FhirClient = {
  /** Asks for a path below /fhir or a whole address; every answer is held against the R4 schema. */
  ask: (path: string, init?: RequestInit) => Promise<{ status: number; headers: Headers; body: Json }>
  /** The same for what must be there. */
  get: (path: string) => Promise<Json>
  /** A search by POST. */
  search: (type: string, form: Record<string, string>) => Promise<Json>
}

/** A system of the hospital that speaks FHIR with the gateway. */
export function fhirClient(gateway: TestGateway): FhirClient {
  const ask: FhirClient['ask'] = async (path, init = {}) => {
    const response = await fetch(path.startsWith('http') ? path : `${gateway.url}/fhir${path}`, {
      ...init,
      headers: { authorization: `Bearer ${gateway.apiKey}`, ...init.headers },
    })
    const text = await response.text()
    expect(response.headers.get('cache-control')).toBe('no-store')
    if (text === '') return { status: response.status, headers: response.headers, body: null }
    expect(response.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8')
    const body = JSON.parse(text) as Json
    expect(complaintsOf(body), path).toEqual([])
    return { status: response.status, headers: response.headers, body }
  }
  const found: FhirClient['get'] = async (path) => {
    const { status, body } = await ask(path)
    expect([path, status]).toEqual([path, 200])
    await follow(body)
    return body
  }
  /** Every reference and every entry's address leads to what it says. */
  async function follow(body: Json): Promise<void> {
    const addresses = [
      ...referencesIn(body).map((reference) => `/${reference}`),
      ...(body.entry ?? []).map(({ fullUrl }: Json) => fullUrl),
    ]
    for (const address of new Set<string>(addresses)) {
      const { status, body: target } = await ask(address)
      expect([address, status]).toEqual([address, 200])
      expect(address.endsWith(`/${target.resourceType}/${target.id}`)).toBe(true)
    }
  }
  return {
    ask,
    get: found,
    async search(type, form) {
      const { status, body } = await ask(`/${type}/_search`, {
        method: 'POST',
        body: new URLSearchParams(form),
      })
      expect([type, form, status]).toEqual([type, form, 200])
      await follow(body)
      return body
    },
  }
}

/** The resources of a searchset. */
export const resourcesOf = (bundle: Json): Json[] =>
  (bundle.entry ?? []).map(({ resource }: Json) => resource)

/** The address of a link of a bundle. */
export const linkOf = (bundle: Json, relation: string): string | undefined =>
  bundle.link.find((link: Json) => link.relation === relation)?.url
