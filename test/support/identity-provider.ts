import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

export type IdentityProvider = {
  issuer: string
  /** What the provider says of each person, by the login they type. */
  people: Map<string, Record<string, unknown>>
  stop: () => Promise<void>
}

/** A real OpenID provider (oidc-provider) on this machine, with its own login pages, for one client. */
export async function identityProvider(client: {
  id: string
  secret: string
  redirectUri: string
  afterLogout: string
}): Promise<IdentityProvider> {
  const people: IdentityProvider['people'] = new Map()
  const server = createServer()
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirectUri],
        post_logout_redirect_uris: [client.afterLogout],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub', 'roles', 'realm_access'], profile: ['name', 'preferred_username'] },
    // Roles stand at the userinfo endpoint, as OpenID Connect Core §5.4 has it, unless a person's are in the ID token.
    conformIdTokenClaims: true,
    findAccount: (_, id) => {
      const claims = people.get(id)
      return claims && { accountId: id, claims: () => ({ sub: id, ...claims }) }
    },
    cookies: { keys: ['test'] },
  })
  server.on('request', provider.callback())
  return {
    issuer,
    people,
    stop: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
