/** What identifies the bytes that a request would get now. */
export type Validators = { readonly etag: string; readonly lastModified: Date }

/** The outcome of a request's preconditions, in the order of RFC 9110 §13.2.2. */
export function evaluateConditions(
  headers: Headers,
  { etag, lastModified }: Validators,
): 'go' | 'not modified' | 'failed' {
  const ifMatch = headers.get('if-match')
  if (ifMatch !== null) {
    if (!matches(ifMatch, etag, 'strong')) return 'failed'
  } else {
    const since = httpDate(headers.get('if-unmodified-since'))
    if (since !== null && lastModified.getTime() > since) return 'failed'
  }
  const ifNoneMatch = headers.get('if-none-match')
  if (ifNoneMatch !== null) return matches(ifNoneMatch, etag, 'weak') ? 'not modified' : 'go'
  const since = httpDate(headers.get('if-modified-since'))
  return since !== null && lastModified.getTime() <= since ? 'not modified' : 'go'
}

/**
 * Whether a Range header still holds (RFC 9110 §13.1.5): the parts someone has are of the same bytes. Only an ETag can tell:
 * a page's text or a new version of the viewer changes the bytes and not the date, which is so a weak validator (§8.8.2.2).
 * A Range on condition of a date is passed over, as §14.2 allows, and all is sent anew.
 */
export function rangeHolds(headers: Headers, { etag }: Validators): boolean {
  const ifRange = headers.get('if-range')?.trim()
  if (ifRange !== undefined) return ifRange === etag
  return headers.has('if-match') || !headers.has('if-unmodified-since')
}

function matches(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true
  return list
    .split(',')
    .map((tag) => (comparison === 'weak' ? tag.trim().replace(/^W\//, '') : tag.trim()))
    .includes(etag)
}

function httpDate(text: string | null): number | null {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? null : time
}
