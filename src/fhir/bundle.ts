import type { KeyRing } from '../crypto/keys.ts'
import { seal, unseal } from '../crypto/seal.ts'
import { AppError } from '../errors.ts'
import type { Found } from './find.ts'
import type { Resource, ResourceType } from './resource.ts'

/** Where a search goes on: what was asked, and after which resource. */
export type Page = { type: ResourceType; parameters: string; after: Found | null }

/** The searchset of one page. */
export function searchset(
  base: string,
  { total, resources, links }: { total: number; resources: Resource[]; links: Record<string, string> },
): object {
  const entry = resources.map((resource) => ({
    fullUrl: `${base}/${resource.resourceType}/${resource.id}`,
    resource,
    search: { mode: 'match' },
  }))
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total,
    link: Object.entries(links).map(([relation, url]) => ({ relation, url })),
    ...(entry.length > 0 ? { entry } : {}),
  }
}

const CONTEXT = 'fhir page'

/**
 * The address of a page. What is searched for is sealed in it: addresses end up in logs, and a tax code in a search
 * must not (S38).
 */
export function pageLink(base: string, keys: KeyRing, { type, parameters, after }: Page): string {
  const value = JSON.stringify([type, parameters, after && [after.lastUpdated.getTime(), after.id]])
  return `${base}/${type}?_page=${Buffer.from(seal(keys, CONTEXT, value)).toString('base64url')}`
}

/** Reads the page out of its address; refuses what is not of our making. */
export function readPage(keys: KeyRing, type: ResourceType, token: string): Page {
  try {
    const value = unseal(keys, CONTEXT, Buffer.from(token, 'base64url'))
    const [sealed, parameters, after] = JSON.parse(value) as [string, string, [number, string] | null]
    if (sealed === type)
      return { type, parameters, after: after && { lastUpdated: new Date(after[0]), id: after[1] } }
  } catch {
    // Told below, whatever it was.
  }
  throw new AppError('search.invalid', '`_page` is not the end of a link that this server gave.')
}
