import { createHash, randomBytes } from 'node:crypto'
import { and, desc, eq, gt, isNull, lt, sql } from 'drizzle-orm'
import * as oidc from 'openid-client'
import { giveBack, spend } from '../access/sources.ts'
import { type Actor, record, recordAlone, transact } from '../audit/audit.ts'
import type { KeyRing } from '../crypto/keys.ts'
import { seal, unsealOrNull } from '../crypto/seal.ts'
import type { Database } from '../database/database.ts'
import { exams, identityLogins, publications, visits } from '../database/schema.ts'
import { errorCode } from '../log.ts'
import { closeSession, openSession } from '../sessions/sessions.ts'
import { type Claims, isStrongEnough, taxCodeIn } from './claims.ts'
import { createProvider, type IdentitySettings } from './provider.ts'

export type { IdentitySettings } from './provider.ts'

type Door = { db: Database; peppers: KeyRing; encryptionKeys: KeyRing; now: Date; source: string }

/**
 * Why a login by SPID or CIE did not work. 'nothing': the person is who they are, and there is nothing online for their
 * tax code; it is the same whether there never was, it is over, or it is somebody else's (S43).
 */
export type IdentityRefusal = 'nothing' | 'level' | 'cancelled' | 'failed' | 'unavailable' | 'locked'

export type IdentityLogin =
  /** `several`: the person has more than the visit that was opened. */
  { ok: true; token: string; several: boolean } | { ok: false; reason: IdentityRefusal; code: string }

export const LOGIN_MS = 10 * 60_000
const CONTEXT = 'identity login'
const CALLBACK = '/identita/ritorno'

type Checks = { state: string; nonce: string; verifier: string }

export type Identity = ReturnType<typeof createIdentity>

/** The second way in: SPID or CIE by OpenID Connect, authorization code flow with PKCE, state and nonce. */
export function createIdentity(settings: IdentitySettings, portalUrl: string, clock: () => Date) {
  const provider = createProvider(settings, clock)
  const redirectUri = `${portalUrl}${CALLBACK}`

  /** Where the browser goes to show who the person is, and the token by which it is known when it comes back. */
  async function begin(
    door: Door,
  ): Promise<{ ok: true; url: URL; token: string } | { ok: false; reason: IdentityRefusal; code: string }> {
    const { db, encryptionKeys, now } = door
    if (await spend(db, { act: 'identity', ...door })) return { ok: false, reason: 'locked', code: 'budget' }
    let configuration: oidc.Configuration
    try {
      configuration = await provider.ask()
    } catch (error) {
      return { ok: false, reason: 'unavailable', code: errorCode(error) }
    }
    const checks: Checks = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
    }
    const token = randomBytes(32).toString('base64url')
    await db.delete(identityLogins).where(lt(identityLogins.startedAt, new Date(now.getTime() - LOGIN_MS)))
    await db.insert(identityLogins).values({
      tokenHash: hashToken(token),
      checks: seal(encryptionKeys, CONTEXT, JSON.stringify(checks)),
      startedAt: now,
    })
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: settings.scopes,
      state: checks.state,
      nonce: checks.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(checks.verifier),
      code_challenge_method: 'S256',
      acr_values: settings.levels.join(' '),
      // On a shared computer the person before may still be known to the provider.
      prompt: 'login',
      ...(configuration.serverMetadata().claims_parameter_supported
        ? { claims: JSON.stringify(wantedClaims(settings.claim)) }
        : {}),
    })
    return { ok: true, url, token }
  }

  /** Takes what the provider sent the browser back with, and opens a session where it stands for somebody with a report. */
  async function finish(
    door: Door,
    { query, token }: { query: string; token: string | null },
  ): Promise<IdentityLogin> {
    const checks = token === null ? null : await takeChecks(door, token)
    if (!checks) return refuse(door, 'failed', 'no_login_under_way')
    const claims = await identify(query, checks)
    if (!claims.ok) return refuse(door, claims.reason, claims.code)
    if (!isStrongEnough(claims.idToken, settings.levels)) return refuse(door, 'level', 'level_too_low')
    const taxCode = taxCodeIn(claims.all, settings.claim)
    if (taxCode === null) return refuse(door, 'failed', 'no_tax_code')
    return enter(door, taxCode)
  }

  async function identify(
    query: string,
    { state, nonce, verifier }: Checks,
  ): Promise<
    { ok: true; idToken: Claims; all: Claims } | { ok: false; reason: IdentityRefusal; code: string }
  > {
    try {
      const configuration = await provider.ask()
      // The address as we know it, whatever the request's Host says: the provider compares it.
      const current = new URL(redirectUri)
      current.search = query
      const tokens = await oidc.authorizationCodeGrant(configuration, current, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      })
      const idToken: Claims = { ...tokens.claims() }
      if (taxCodeIn(idToken, settings.claim) !== null || !configuration.serverMetadata().userinfo_endpoint)
        return { ok: true, idToken, all: idToken }
      // It may stand at the userinfo endpoint alone (OpenID Connect Core §5.4); it must be the same person's.
      const more = await oidc.fetchUserInfo(configuration, tokens.access_token, String(idToken.sub))
      return { ok: true, idToken, all: { ...more, ...idToken } }
    } catch (error) {
      return { ok: false, reason: reasonOf(error), code: errorCode(error) }
    }
  }

  async function refuse(
    { db, now, source }: Door,
    reason: IdentityRefusal,
    code: string,
  ): Promise<IdentityLogin> {
    await recordAlone(db, now, {
      event: 'identity.failed',
      actor: { kind: 'anonymous' },
      source,
      details: { reason },
    })
    return { ok: false, reason, code }
  }

  async function enter(door: Door, taxCode: string): Promise<IdentityLogin> {
    const { db, now, source } = door
    const [newest, ...others] = await visitsOf(db, taxCode, now)
    if (!newest) return refuse(door, 'nothing', 'nothing_online')
    const token = await transact(db, async (tx) => {
      record(tx, now, login(newest.id, source))
      return openSession(tx, { visitId: newest.id, taxCode }, now)
    })
    await giveBack(db, { act: 'identity', ...door })
    return { ok: true, token, several: others.length > 0 }
  }

  return {
    name: settings.name,
    begin,
    finish,
    /** Where the session at the provider is ended; null where it offers that not, as far as is known without asking. */
    endSessionUrl(): URL | null {
      const configuration = provider.latest()
      if (!configuration?.serverMetadata().end_session_endpoint) return null
      // Without the ID token as a hint: it would put the tax code into an address. The provider asks the person instead.
      return oidc.buildEndSessionUrl(configuration, { post_logout_redirect_uri: `${portalUrl}/` })
    },
  }
}

export type OwnVisit = {
  id: string
  registeredAt: Date
  exams: { description: string; examDate: string }[]
}

/** The visits of a tax code that have something online, newest first. */
export async function visitsOf(db: Database, taxCode: string, now: Date): Promise<OwnVisit[]> {
  const rows = await db
    .select({
      id: visits.id,
      registeredAt: visits.registeredAt,
      description: exams.description,
      examDate: exams.examDate,
    })
    .from(publications)
    .innerJoin(exams, eq(exams.id, publications.examId))
    .innerJoin(visits, eq(visits.id, publications.visitId))
    .where(
      and(
        // As the index has it; and only one that is given.
        sql`upper(${visits.taxCode}) = ${taxCode}`,
        isNull(publications.endedAt),
        gt(publications.endsAt, now),
      ),
    )
    .orderBy(desc(visits.registeredAt), visits.id, desc(exams.examDate), exams.position)
  const found = new Map<string, OwnVisit>()
  for (const { id, registeredAt, ...exam } of rows) {
    const visit = found.get(id) ?? { id, registeredAt, exams: [] }
    visit.exams.push(exam)
    found.set(id, visit)
  }
  return [...found.values()]
}

/** Goes to another visit of the same person: a new session, which ends when the first would have; null where it is not theirs. */
export async function changeVisit(
  { db, now, source }: Pick<Door, 'db' | 'now' | 'source'>,
  session: { tokenHash: string; taxCode: string; since: Date },
  visitId: string,
): Promise<string | null> {
  const { tokenHash, taxCode, since } = session
  const own = await visitsOf(db, taxCode, now)
  if (!own.some(({ id }) => id === visitId)) return null
  return transact(db, async (tx) => {
    await closeSession(tx, tokenHash)
    record(tx, now, login(visitId, source))
    return openSession(tx, { visitId, taxCode, startedAt: since }, now)
  })
}

const login = (visitId: string, source: string) => ({
  event: 'identity.login' as const,
  actor: { kind: 'patient' } as Actor,
  source,
  visitId,
})

/** What the answer must fit; gone with this, so that no answer is taken twice. */
async function takeChecks({ db, encryptionKeys, now }: Door, token: string): Promise<Checks | null> {
  const [row] = await db
    .delete(identityLogins)
    .where(
      and(
        eq(identityLogins.tokenHash, hashToken(token)),
        gt(identityLogins.startedAt, new Date(now.getTime() - LOGIN_MS)),
      ),
    )
    .returning()
  const checks = row && unsealOrNull(encryptionKeys, CONTEXT, row.checks)
  return checks ? (JSON.parse(checks) as Checks) : null
}

const wantedClaims = (claim: string) => ({
  userinfo: { [claim]: { essential: true } },
  id_token: { [claim]: { essential: true }, acr: { essential: true } },
})

function reasonOf(error: unknown): IdentityRefusal {
  if (error instanceof oidc.AuthorizationResponseError)
    return error.error === 'access_denied' ? 'cancelled' : 'failed'
  const away = error instanceof TypeError || errorCode(error) === 'OAUTH_TIMEOUT'
  return away ? 'unavailable' : 'failed'
}

// 256 random bits need no salt and no slow hash.
const hashToken = (token: string) => createHash('sha256').update(token).digest('hex')
