/** What a DICOMweb path names (PS3.18 §10). UIDs are checked for form; whose they are is another question. */
export type Resource = {
  kind:
    | 'search-studies'
    | 'search-series'
    | 'search-instances'
    | 'retrieve'
    | 'metadata'
    | 'frames'
    | 'rendered'
    | 'thumbnail'
    | 'bulkdata'
  studyInstanceUid?: string
  seriesInstanceUid?: string
  sopInstanceUid?: string
  /** Frame numbers "1" or "1,2,3", or the rest of a bulk data path. */
  rest?: string
}

// PS3.5 §9.1: digits and dots, 64 at most. Anything percent-encoded or otherwise dressed up does not match.
const UID = '[0-9]+(?:\\.[0-9]+)*'
const STUDY = `/studies/(?<study>${UID})`
const SERIES = `${STUDY}/series/(?<series>${UID})`
const INSTANCE = `${SERIES}/instances/(?<instance>${UID})`

/** Every path below /dicomweb that there is. */
export const RESOURCES: readonly [RegExp, Resource['kind']][] = [
  [/^\/studies$/, 'search-studies'],
  [new RegExp(`^${STUDY}/series$`), 'search-series'],
  [new RegExp(`^${STUDY}/instances$`), 'search-instances'],
  [new RegExp(`^${SERIES}/instances$`), 'search-instances'],
  [new RegExp(`^${STUDY}$`), 'retrieve'],
  [new RegExp(`^${SERIES}$`), 'retrieve'],
  [new RegExp(`^${INSTANCE}$`), 'retrieve'],
  [new RegExp(`^${STUDY}/metadata$`), 'metadata'],
  [new RegExp(`^${SERIES}/metadata$`), 'metadata'],
  [new RegExp(`^${INSTANCE}/metadata$`), 'metadata'],
  [new RegExp(`^${INSTANCE}/frames/(?<rest>[1-9][0-9]{0,5}(?:,[1-9][0-9]{0,5}){0,63})$`), 'frames'],
  [new RegExp(`^${STUDY}/rendered$`), 'rendered'],
  [new RegExp(`^${SERIES}/rendered$`), 'rendered'],
  [new RegExp(`^${INSTANCE}/rendered$`), 'rendered'],
  [new RegExp(`^${INSTANCE}/frames/(?<rest>[1-9][0-9]{0,5})/rendered$`), 'rendered'],
  [new RegExp(`^${STUDY}/thumbnail$`), 'thumbnail'],
  [new RegExp(`^${SERIES}/thumbnail$`), 'thumbnail'],
  [new RegExp(`^${INSTANCE}/frames/(?<rest>[1-9][0-9]{0,5})/thumbnail$`), 'thumbnail'],
  [new RegExp(`^${INSTANCE}/thumbnail$`), 'thumbnail'],
  [new RegExp(`^${INSTANCE}/bulk/(?<rest>[0-9a-fA-F]{8}(?:/[0-9]{1,6}/[0-9a-fA-F]{8}){0,8})$`), 'bulkdata'],
]

/** Reads a path below /dicomweb; null for anything that is not on the list of routes (S45). */
export function parseResource(path: string): Resource | null {
  if (path.length > 512) return null
  for (const [pattern, kind] of RESOURCES) {
    const match = pattern.exec(path)
    if (match) return resourceOf(kind, match.groups ?? {})
  }
  return null
}

function resourceOf(kind: Resource['kind'], groups: Record<string, string | undefined>): Resource | null {
  const { study, series, instance, rest } = groups
  if ([study, series, instance].some((uid) => uid !== undefined && uid.length > 64)) return null
  return {
    kind,
    ...(study ? { studyInstanceUid: study } : {}),
    ...(series ? { seriesInstanceUid: series } : {}),
    ...(instance ? { sopInstanceUid: instance } : {}),
    ...(rest ? { rest } : {}),
  }
}

/** The path to ask Orthanc for, built anew from the checked parts. */
export function pathOf({
  kind,
  studyInstanceUid,
  seriesInstanceUid,
  sopInstanceUid,
  rest,
}: Resource): string {
  const study = studyInstanceUid ? `/studies/${studyInstanceUid}` : '/studies'
  const series = seriesInstanceUid ? `/series/${seriesInstanceUid}` : ''
  const instance = sopInstanceUid ? `/instances/${sopInstanceUid}` : ''
  const base = `${study}${series}${instance}`
  switch (kind) {
    case 'search-studies':
    case 'retrieve':
      return base
    case 'search-series':
      return `${base}/series`
    case 'search-instances':
      return `${base}/instances`
    case 'frames':
      return `${base}/frames/${rest}`
    case 'rendered':
      return rest ? `${base}/frames/${rest}/rendered` : `${base}/rendered`
    case 'bulkdata':
      return `${base}/bulk/${rest}`
    default:
      return `${base}/${kind}`
  }
}
