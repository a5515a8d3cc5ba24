import { and, eq } from 'drizzle-orm'
import * as oidc from 'openid-client'
import { record, transact } from '../audit/audit.ts'
import { seal, unseal, unsealOrNull } from '../crypto/seal.ts'
import { staff, staffSessions } from '../database/schema.ts'
import { errorCode } from '../log.ts'
import { ROLES, type Role } from './permissions.ts'
import { closeSessionsOfStaff, closeStaffSession, openStaffSession, renewStaffSession } from './sessions.ts'
import type { StaffDoor } from './sign-in.ts'

export type OidcSettings = {
  issuer: string
  clientId: string
  clientSecret: string
  /** Where in the claims the roles stand: 'roles', 'realm_access.roles'. */
  rolesClaim: string
  /** What the provider calls each of our roles. */
  roleNames: Record<Role, string>
  /** After how long the provider is asked again, during a session. */
  recheckMs: number
}

export type OidcLogin =
  /** Without a token the session that there was goes on. */
  | { ok: true; token: string | null; returnTo: string }
  /** 'role': the provider knows the person, but gives them no role here. */
  | { ok: false; reason: 'failed' | 'role' | 'disabled'; code?: string }

const CALLBACK = '/desk/oidc/ritorno'
const TEN_MINUTES_MS = 10 * 60_000
const LOGIN_CONTEXT = 'staff-oidc-login'

/** A session whose provider is asked again, and the page that waits for it. */
export type Recheck = { tokenHash: string; returnTo: string }
type Pending = { state: string; nonce: string; verifier: string; at: number; recheck: Recheck | null }

/**
 * The staff's login at the hospital's identity provider: OpenID Connect, authorization code flow with PKCE, state and
 * nonce. The provider is asked for its configuration at the first login, and again after a failure.
 */
export function createStaffOidc(settings: OidcSettings, portalUrl: string) {
  const { issuer, clientId, clientSecret } = settings
  let found: Promise<oidc.Configuration> | null = null
  const provider = () => {
    // Plain http is for a provider on this machine; config.ts refuses it in production.
    const plain = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []
    // TLS to the provider is proof enough (OpenID Connect Core §3.1.3.7); behind a hospital's own proxies the signature is better.
    const execute = [...plain, oidc.enableNonRepudiationChecks]
    found ??= oidc
      .discovery(new URL(issuer), clientId, clientSecret, undefined, { execute })
      .catch((error) => {
        found = null
        throw error
      })
    return found
  }
  const redirectUri = new URL(CALLBACK, portalUrl).href

  /** Where the browser goes to sign in, and what it must bring back, sealed. */
  async function begin(
    { keys, now }: Pick<StaffDoor, 'keys' | 'now'>,
    recheck: Recheck | null,
  ): Promise<{ url: URL; sealed: string }> {
    const pending: Pending = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
      at: now.getTime(),
      recheck,
    }
    const url = oidc.buildAuthorizationUrl(await provider(), {
      redirect_uri: redirectUri,
      scope: 'openid profile email',
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
    })
    return {
      url,
      sealed: Buffer.from(seal(keys, LOGIN_CONTEXT, JSON.stringify(pending))).toString('base64url'),
    }
  }

  /** Takes what the provider sent the browser back with, and opens a session for who it says this is. */
  async function finish(
    door: StaffDoor,
    { query, sealed, oldToken }: { query: string; sealed: string | null; oldToken: string | null },
  ): Promise<OidcLogin> {
    const pending = openPending(door, sealed)
    if (!pending) return refuse(door, 'failed', 'no_login_under_way')
    try {
      const current = new URL(redirectUri)
      current.search = query
      const tokens = await oidc.authorizationCodeGrant(await provider(), current, {
        pkceCodeVerifier: pending.verifier,
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      })
      const claims: Record<string, unknown> = { ...tokens.claims() }
      const subject = String(claims.sub)
      // Roles and name may stand in the ID token, or at the userinfo endpoint alone (OpenID Connect Core §5.4).
      const complete = rolesIn(claims, settings).length > 0 && textOf(claims.name) !== null
      if (!complete && (await provider()).serverMetadata().userinfo_endpoint)
        Object.assign(claims, await oidc.fetchUserInfo(await provider(), tokens.access_token, subject))
      return await signIn(door, claims, tokens.id_token ?? '', { oldToken, recheck: pending.recheck })
    } catch (error) {
      return refuse(door, 'failed', errorCode(error))
    }
  }

  async function signIn(
    door: StaffDoor,
    claims: Record<string, unknown>,
    idToken: string,
    { oldToken, recheck }: { oldToken: string | null; recheck: Recheck | null },
  ): Promise<OidcLogin> {
    const { db, keys, now, source } = door
    const roles = rolesIn(claims, settings)
    const subject = String(claims.sub)
    if (roles.length === 0) {
      await takeRoles(door, subject)
      return refuse(door, 'role', 'no_role')
    }
    const username = textOf(claims.preferred_username) ?? textOf(claims.email) ?? subject
    const person = { username, name: textOf(claims.name) ?? username, roles }
    return transact(db, async (tx) => {
      const [account] = await tx
        .insert(staff)
        .values({ ...person, method: 'oidc', issuer, subject, createdAt: now, lastLoginAt: now })
        .onConflictDoUpdate({ target: [staff.issuer, staff.subject], set: { ...person, lastLoginAt: now } })
        .returning()
      if (!account) throw new Error('insert returned no account')
      if (account.disabledAt) {
        record(tx, now, {
          event: 'staff.failed',
          actor: { kind: 'anonymous' },
          source,
          details: { staff: account.id },
        })
        return { ok: false, reason: 'disabled' }
      }
      const sealed = seal(keys, idTokenContext(account.id), idToken)
      const provided = { idTokenSealed: sealed, recheckMs: settings.recheckMs }
      const goesOn =
        recheck !== null && (await renewStaffSession(tx, recheck.tokenHash, account.id, now, provided))
      if (oldToken && !goesOn) await closeStaffSession(tx, oldToken)
      record(tx, now, {
        event: 'staff.login',
        actor: { kind: 'staff', id: account.id },
        source,
        details: { by: goesOn ? 'oidc-recheck' : 'oidc', roles: roles.join(' ') },
      })
      if (goesOn) return { ok: true, token: null, returnTo: recheck.returnTo }
      return { ok: true, token: await openStaffSession(tx, account.id, now, provided), returnTo: '/desk' }
    })
  }

  /** Who has no role there any more has none here, and nothing open. */
  async function takeRoles({ db }: StaffDoor, subject: string): Promise<void> {
    await db.transaction(async (tx) => {
      const own = and(eq(staff.issuer, settings.issuer), eq(staff.subject, subject))
      const [account] = await tx.update(staff).set({ roles: [] }).where(own).returning({ id: staff.id })
      if (account) await closeSessionsOfStaff(tx, account.id)
    })
  }

  async function refuse(door: StaffDoor, reason: 'failed' | 'role', code: string): Promise<OidcLogin> {
    const { db, now, source } = door
    await transact(db, async (tx) =>
      record(tx, now, {
        event: 'staff.failed',
        actor: { kind: 'anonymous' },
        source,
        details: { by: 'oidc', reason: code },
      }),
    )
    return { ok: false, reason, code }
  }

  /** Where the browser goes to end the provider's session too; null where the provider has no such place. */
  async function logoutUrl(
    { db, keys }: Pick<StaffDoor, 'db' | 'keys'>,
    tokenHash: string,
  ): Promise<URL | null> {
    const [session] = await db.select().from(staffSessions).where(eq(staffSessions.tokenHash, tokenHash))
    if (!session?.idTokenSealed) return null
    const config = await provider().catch(() => null)
    if (!config?.serverMetadata().end_session_endpoint) return null
    const idToken = unsealOrNull(keys, idTokenContext(session.staffId), session.idTokenSealed)
    return oidc.buildEndSessionUrl(config, {
      ...(idToken === null ? {} : { id_token_hint: idToken }),
      post_logout_redirect_uri: new URL('/desk/accesso', portalUrl).href,
    })
  }

  return { begin, finish, logoutUrl }
}

export type StaffOidc = ReturnType<typeof createStaffOidc>

function openPending({ keys, now }: StaffDoor, sealed: string | null): Pending | null {
  if (sealed === null) return null
  try {
    const pending = JSON.parse(unseal(keys, LOGIN_CONTEXT, Buffer.from(sealed, 'base64url'))) as Pending
    return now.getTime() - pending.at < TEN_MINUTES_MS ? pending : null
  } catch {
    return null
  }
}

const idTokenContext = (staffId: string) => `staff-id-token:${staffId}`

/** Our roles among those that the claim lists, whatever else it lists. */
function rolesIn(claims: Record<string, unknown>, { rolesClaim, roleNames }: OidcSettings): Role[] {
  // A claim's name may itself hold dots (a URI): it is looked for as a whole first.
  const value = claims[rolesClaim] ?? rolesClaim.split('.').reduce<unknown>(stepInto, claims)
  const listed = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[\s,]+/) : []
  return ROLES.filter((role) => listed.includes(roleNames[role]))
}

function stepInto(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

const textOf = (value: unknown) =>
  typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 200) : null
