/** The one-time link that sets an account up: the secret after '#', so that it reaches no server log and no Referer. */
export function setUpLink(portalUrl: string, token: string): string {
  const address = new URL('/desk/attivazione', portalUrl)
  address.hash = token
  return address.href
}
