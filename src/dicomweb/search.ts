import type { Asked } from './archive.ts'
import { type Matching, matchesStudy } from './matching.ts'
import { askJson, json, requireJson } from './metadata.ts'
import { ownAddresses } from './prepare.ts'
import { jsonOf } from './stored.ts'

/**
 * QIDO-RS over the session's studies, one question each: nothing a visitor writes reaches the archive's search (S45). What
 * is to match is compared here, with what the archive answers of each (PS3.18 Table 10.6.3-3 has all the keys).
 */
export async function searchStudies(
  asked: Asked,
  studyInstanceUids: readonly string[],
  matching: Matching,
): Promise<Response> {
  requireJson(asked.c)
  const parameters = new URLSearchParams(asked.search)
  const offset = Number(parameters.get('offset') ?? 0)
  const limit = Number(parameters.get('limit') ?? studyInstanceUids.length)
  const included = parameters.getAll('includefield').map((field) => `&includefield=${field}`)
  const found: unknown[] = []
  for (const uid of studyInstanceUids) {
    const search = `?StudyInstanceUID=${uid}${included.join('')}`
    const told = await jsonOf(asked, { kind: 'search-studies' }, search)
    found.push(...told.filter((study) => matchesStudy(study, matching)))
    if (found.length >= offset + limit) break
  }
  const wanted = JSON.stringify(found.slice(offset, offset + limit))
  return json(asked, ownAddresses(wanted, asked.orthanc, asked.portalUrl))
}

/** QIDO-RS for series and instances, within a study of the session. */
export async function searchWithin(asked: Asked): Promise<Response> {
  requireJson(asked.c)
  return json(asked, await askJson(asked))
}
