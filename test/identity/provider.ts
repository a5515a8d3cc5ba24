import { generateKeyPairSync } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type ClientMetadata, type Configuration } from 'oidc-provider'

const CLAIM = 'https://attributes.eid.gov.it/fiscal_number'
const LEVEL = (level: 1 | 2 | 3) => `https://www.spid.gov.it/SpidL${level}`

/** A person as the provider knows them. */
type Account = { taxCode?: unknown; level?: 1 | 2 | 3 }

export type TestProvider = {
  issuer: string
  /** Who can sign in there, by the name typed into its form. */
  accounts: Map<string, Account>
  /** What is done to the answer of its token endpoint, from then on. */
  tamper: ((body: string) => string) | null
  /** How often a code was exchanged for tokens. */
  exchanged: number
  serve: (client: Partial<ClientMetadata>) => void
  [Symbol.asyncDispose]: () => Promise<void>
}

/** A real OpenID provider of the test's own, with a login form; it serves once its client is known. */
export async function testProvider({ claimsInIdToken = false } = {}): Promise<TestProvider> {
  let handle:
    | ((request: Parameters<ReturnType<Provider['callback']>>[0], response: ServerResponse) => unknown)
    | null = null
  const server = createServer((request, response) => {
    if (handle) handle(request, response)
    else response.writeHead(503).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const test: TestProvider = {
    issuer,
    accounts: new Map(),
    tamper: null,
    exchanged: 0,
    serve(client) {
      const provider = new Provider(issuer, configuration(test, client, claimsInIdToken))
      const callback = provider.callback()
      handle = async (request, response) => {
        const { pathname } = new URL(request.url ?? '/', issuer)
        if (pathname.startsWith('/interazione/')) return interact(provider, test, request, response)
        if (pathname === '/favicon.ico') return response.writeHead(204).end()
        if (pathname === '/token') tamperWith(test, response)
        return callback(request, response)
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
  return test
}

type Request = Parameters<ReturnType<Provider['callback']>>[0]

function configuration(
  test: TestProvider,
  client: Partial<ClientMetadata>,
  claimsInIdToken: boolean,
): Configuration {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    clients: [{ client_id: 'ritiro', ...client }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'a' }] },
    cookies: { keys: ['test'] },
    acrValues: [LEVEL(1), LEVEL(2), LEVEL(3)],
    claims: { openid: ['sub', CLAIM], acr: null },
    features: { devInteractions: { enabled: false }, claimsParameter: { enabled: claimsInIdToken } },
    interactions: { url: (_, { uid }) => `/interazione/${uid}` },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 600,
      Grant: 600,
      IdToken: 600,
      Interaction: 600,
      Session: 600,
    },
    pkce: { required: () => true },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => {
        const { taxCode } = test.accounts.get(id) ?? {}
        return { sub: id, ...(taxCode === undefined ? {} : { [CLAIM]: taxCode }) }
      },
    }),
    // Nobody is asked for consent: the hospital's provider knows its own portal.
    async loadExistingGrant(ctx) {
      const { client: known, session, provider } = ctx.oidc
      const grant = new provider.Grant({
        clientId: known?.clientId ?? '',
        accountId: session?.accountId ?? '',
      })
      grant.addOIDCScope('openid')
      grant.addOIDCClaims([CLAIM])
      await grant.save()
      return grant
    },
  }
}

/** The provider's own page: a name, and who it is of may enter. */
async function interact(
  provider: Provider,
  test: TestProvider,
  request: Request,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end(
      '<!doctype html><title>Identità di prova</title><form method="post"><label>Nome <input name="login" autofocus></label> <button name="act" value="in">Entra</button> <button name="act" value="no">Annulla</button></form>',
    )
    return
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const form = new URLSearchParams(Buffer.concat(chunks).toString())
  const accountId = form.get('login') ?? ''
  const account = test.accounts.get(accountId)
  const result =
    form.get('act') === 'no' || !account
      ? { error: 'access_denied' }
      : { login: { accountId, acr: LEVEL(account.level ?? 2), remember: false } }
  await provider.interactionFinished(request, response, result)
}

/** Same length, so that the answer stays one: a bit in it was changed on the way. */
function tamperWith(test: TestProvider, response: ServerResponse): void {
  const end = response.end.bind(response)
  response.end = ((body?: unknown, ...rest: never[]) => {
    test.exchanged += 1
    const text = Buffer.isBuffer(body) || typeof body === 'string' ? body.toString() : ''
    return test.tamper && text.includes('id_token') ? end(test.tamper(text)) : end(body as never, ...rest)
  }) as typeof response.end
}
