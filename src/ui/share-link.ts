/** The address mailed to the doctor: the token is in the fragment, so it reaches no server log and no Referer (S35). */
export function shareLink(portalUrl: string, token: string): string {
  const address = new URL('/condivisione', portalUrl)
  address.hash = token
  return address.href
}

/** The token of what was typed or pasted: the whole link, its fragment, or the token alone; '' where there is none. */
export function shareToken(typed: string): string {
  const token = typed.replaceAll(/\s/g, '').replace(/^.*#/, '')
  return /^[A-Za-z0-9_-]{22,128}$/.test(token) ? token : ''
}
