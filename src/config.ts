import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { z } from 'zod'
import type { SyslogTarget } from './audit/syslog.ts'
import { isSyslogUrl, syslogTargetOf } from './audit/target.ts'
import { type KeyRing, keyRing } from './crypto/keys.ts'
import { type Mapping, readMapping } from './hl7/mapping.ts'
import type { IdentitySettings } from './identity/identity.ts'
import { identitySettings } from './identity/settings.ts'
import { readNetworks } from './staff/networks.ts'
import type { OidcSettings } from './staff/oidc.ts'
import { ROLES, type Role } from './staff/permissions.ts'

type Setting = { name: string; meaning: string; fallback?: string; secret?: true; schema: z.ZodType }

const url = z.url({
  protocol: /^https?$/,
  error: 'must be an http(s) address such as https://referti.ospedale.it',
})
// Every page, cookie and link of ours begins at the root of a host of its own.
const origin = url.refine(
  (value) => !URL.canParse(value) || new URL(value).href === `${new URL(value).origin}/`,
  {
    error: 'must be an address alone, such as https://referti.ospedale.it, without a path, a query or a user',
  },
)
const port = z.coerce.number().int().min(0).max(65535)
const text = z.string().trim().min(1)
const optionalText = z.string().trim().optional()
const addresses = z
  .string()
  .transform((value) => value.split(',').flatMap((item) => item.trim() || []))
  .refine((all) => all.every((address) => isIP(address) !== 0), 'each must be one IP address')

/** Every setting, its meaning and its default: the one list that config, docs/settings.md and error messages share. */
export const SETTINGS = {
  mode: setting(
    'RITIRO_MODE',
    '`production` refuses unsafe parts at start; `development` only warns.',
    z.enum(['production', 'development']),
    'production',
  ),
  host: setting(
    'HOST',
    'Address to listen on. Keep it private: TLS is the reverse proxy’s.',
    text,
    '127.0.0.1',
  ),
  port: setting('PORT', 'Port to listen on.', port, '8080'),
  portalUrl: setting(
    'PORTAL_URL',
    'The portal’s public address, as patients type it. Default in development: `http://localhost:PORT`.',
    origin.optional(),
  ),
  dataDir: setting(
    'DATA_DIR',
    'Where the private database cluster lives when `DATABASE_URL` is not set.',
    text,
    './var',
  ),
  derivedDir: setting(
    'DERIVED_DIR',
    'Where what is made from the images is kept (`src/derived`): plan a third of the published studies’ size. Gateways on one database share it. Not set: `derived` under `DATA_DIR`.',
    text.optional(),
  ),
  databaseUrl: setting(
    'DATABASE_URL',
    'PostgreSQL 15 or later, `postgres://user:password@host/database`. Not set: a private cluster under `DATA_DIR`.',
    z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must look like postgres://user:password@host/database')
      .refine(isReadable, 'cannot be read as an address: percent-encode special characters of the password')
      .optional(),
    undefined,
    true,
  ),
  pinPepper: setting(
    'PIN_PEPPER',
    'Key of PIN1’s HMAC (S42), 32 bytes in base64 (`openssl rand -base64 32`). Several, newest first, separated by commas, to rotate.',
    z.string(),
    undefined,
    true,
  ),
  encryptionKey: setting(
    'ENCRYPTION_KEY',
    'Key of what is kept encrypted (queued PIN2), 32 bytes in base64. Several, newest first, separated by commas, to rotate.',
    z.string(),
    undefined,
    true,
  ),
  orthancUrl: setting(
    'ORTHANC_URL',
    'Orthanc’s REST address, reachable by this gateway alone.',
    url,
    'http://127.0.0.1:8042',
  ),
  orthancUser: setting('ORTHANC_USER', 'Orthanc user of the gateway.', text, 'ritiro'),
  orthancPassword: setting('ORTHANC_PASSWORD', 'Its password.', text, undefined, true),
  orthancStorageDir: setting(
    'ORTHANC_STORAGE_DIR',
    'Orthanc’s `StorageDirectory`, where the gateway may read it (read-only is best): discs are then read from there, and what is not found there, or is not what it was, comes by REST. Without `StorageCompression`.',
    optionalText,
  ),
  smtpUrl: setting(
    'SMTP_URL',
    'Mail relay, `smtp://user:password@host:587` or `smtps://…`.',
    z
      .string()
      .regex(/^smtps?:\/\/[^/]/, 'must look like smtp://user:password@host:587')
      .refine(isReadable, 'cannot be read as an address: percent-encode special characters of the password'),
    undefined,
    true,
  ),
  mailFrom: setting(
    'MAIL_FROM',
    'Sender of the notifications: a no-reply address (S5).',
    z.email('must be an e-mail address'),
  ),
  organisation: setting(
    'ORGANISATION_NAME',
    'The hospital’s name, shown on pages, slips, mails and discs.',
    text,
  ),
  organisationPhone: setting(
    'ORGANISATION_PHONE',
    'Telephone for support, shown among the contacts.',
    optionalText,
  ),
  organisationEmail: setting(
    'ORGANISATION_EMAIL',
    'E-mail for support; also where a person writes who got a mail by mistake.',
    z.email('must be an e-mail address').optional(),
  ),
  organisationHours: setting('ORGANISATION_HOURS', 'Opening hours of the support.', optionalText),
  organisationAddress: setting('ORGANISATION_ADDRESS', 'Where the paper report is collected.', optionalText),
  organisationLogoFile: setting(
    'ORGANISATION_LOGO_FILE',
    'The organisation’s logo (`.svg`, `.png`, `.jpg`, at most 500 kB), shown beside the way back from the images. Not set: the portal’s mark.',
    text.optional(),
  ),
  dpoContact: setting(
    'DPO_CONTACT',
    'Contact of the data protection officer, shown in the privacy notice.',
    optionalText,
  ),
  consentTextVersion: setting(
    'CONSENT_TEXT_VERSION',
    'Version of the consent form in use at the desk, recorded with each consent (S38).',
    text,
    '1',
  ),
  availableDays: setting(
    'AVAILABLE_DAYS',
    'Days a report stays online (S24): 45 at most.',
    z.coerce.number().int().min(1).max(45, 'the law allows 45 days at most'),
    '45',
  ),
  pin2Delivery: setting(
    'PIN2_DELIVERY',
    '`email`: PIN2 travels in the notification; `desk`: the mail only notifies and `POST /api/v1/visits/{accessionNumber}/pin2` tells PIN2 to the desk.',
    z.enum(['email', 'desk']),
    'email',
  ),
  shareMail: setting(
    'SHARE_MAIL',
    '`full`: the doctor’s mail names the patient and the exams (S33); `masked`: only the patient’s initials (S35b).',
    z.enum(['full', 'masked']),
    'full',
  ),
  trustedCertificatesFile: setting(
    'TRUSTED_CERTIFICATES_FILE',
    'Files (comma separated) with the authorities whose signatures are trusted (S19), and their CRLs: PEM bundles, a certificate or CRL in DER, national trusted lists (XML). A file that changes is read again. Not set: the chain is reported as not verified.',
    optionalText,
  ),
  auditSyslogUrl: setting(
    'AUDIT_SYSLOG_URL',
    'Audit repository that the trail is sent to as DICOM audit messages (S39), `syslog+tls://host:6514`. Not set: the trail stays here alone.',
    z.string().refine(isSyslogUrl, 'must look like syslog+tls://host:6514').optional(),
  ),
  auditSyslogCa: setting(
    'AUDIT_SYSLOG_CA',
    'Authorities that sign the repository’s certificate, PEM; best by file (`AUDIT_SYSLOG_CA_FILE`). Not set: the public ones.',
    optionalText,
  ),
  auditSyslogCert: setting(
    'AUDIT_SYSLOG_CERT',
    'Certificate by which the gateway shows itself to the repository, PEM (`AUDIT_SYSLOG_CERT_FILE`), where that asks for one.',
    optionalText,
  ),
  auditSyslogKey: setting(
    'AUDIT_SYSLOG_KEY',
    'Its private key, PEM (`AUDIT_SYSLOG_KEY_FILE`).',
    optionalText,
    undefined,
    true,
  ),
  identityIssuer: setting(
    'IDENTITY_ISSUER',
    'OpenID provider through which patients may also sign in by SPID or CIE: its issuer, `https://…`. Not set: by the PINs alone.',
    url.optional(),
  ),
  identityClientId: setting('IDENTITY_CLIENT_ID', 'What the provider knows the portal by.', optionalText),
  identityClientSecret: setting(
    'IDENTITY_CLIENT_SECRET',
    'Secret agreed with the provider (client_secret_basic).',
    optionalText,
    undefined,
    true,
  ),
  identityPrivateKey: setting(
    'IDENTITY_PRIVATE_KEY',
    'In its stead a private key, PEM, RSA or EC P-256 (private_key_jwt); best by file (`IDENTITY_PRIVATE_KEY_FILE`).',
    optionalText,
    undefined,
    true,
  ),
  identityScopes: setting('IDENTITY_SCOPES', 'Scopes to ask for; `openid` is one of them.', text, 'openid'),
  identityClaim: setting(
    'IDENTITY_CLAIM',
    'Claim that holds the tax code, in the ID token or at the userinfo endpoint; with `TINIT-` before it or not.',
    text,
    'https://attributes.eid.gov.it/fiscal_number',
  ),
  identityLevels: setting(
    'IDENTITY_LEVELS',
    'Levels of assurance (`acr`) that are accepted, separated by commas, the one to ask for first. Level 1 is a password alone: leave it out.',
    z
      .string()
      .transform((value) => value.split(',').flatMap((item) => item.trim() || []))
      .refine((levels) => levels.length > 0, 'must name one at least'),
    'https://www.spid.gov.it/SpidL2,https://www.spid.gov.it/SpidL3',
  ),
  identityName: setting(
    'IDENTITY_NAME',
    'What the provider offers, as the button says it: `SPID/CIE`, `SPID` or `CIE`.',
    z.enum(['SPID/CIE', 'SPID', 'CIE']),
    'SPID/CIE',
  ),
  trustedProxies: setting(
    'TRUSTED_PROXIES',
    'Addresses (comma separated) of reverse proxies whose `X-Forwarded-For` is believed.',
    addresses,
    '',
  ),
  maxReportMb: setting(
    'MAX_REPORT_MB',
    'Largest report document that is accepted, in MB.',
    z.coerce.number().positive(),
    '50',
  ),
  desk: setting(
    'DESK',
    '`on`: staff work at `/desk`; `off`: there is no such page.',
    z.enum(['on', 'off']),
    'on',
  ),
  deskNetworks: setting(
    'DESK_NETWORKS',
    'Networks (comma separated, `10.0.0.0/8, 2001:db8::/32`) from which `/desk` can be reached; elsewhere it is not there. Not set: from everywhere.',
    z
      .string()
      .transform((value) => readNetworks(value))
      .refine((networks) => networks !== null, 'each must be an address or a network such as 10.0.0.0/8'),
    '',
  ),
  staffOidcIssuer: setting(
    'STAFF_OIDC_ISSUER',
    'The hospital’s OpenID provider for its staff, `https://login.ospedale.it/realms/staff`. Not set: local accounts alone.',
    url.optional(),
  ),
  staffOidcClientId: setting('STAFF_OIDC_CLIENT_ID', 'Our client identifier there.', optionalText),
  staffOidcClientSecret: setting(
    'STAFF_OIDC_CLIENT_SECRET',
    'Our client secret there.',
    optionalText,
    undefined,
    true,
  ),
  staffOidcName: setting(
    'STAFF_OIDC_NAME',
    'What the login’s button calls the provider.',
    text,
    'le credenziali aziendali',
  ),
  staffOidcRolesClaim: setting(
    'STAFF_OIDC_ROLES_CLAIM',
    'Claim that lists a person’s roles; dots lead inwards (`realm_access.roles`).',
    text,
    'roles',
  ),
  staffOidcRoles: setting(
    'STAFF_OIDC_ROLES',
    'What the provider calls each role.',
    z
      .string()
      .transform((value) => readRoleNames(value))
      .refine(
        (names) => names !== null,
        'must look like desk=NAME,radiology=NAME,administrator=NAME,auditor=NAME',
      ),
    'desk=ritiro-desk,radiology=ritiro-radiology,administrator=ritiro-administrator,auditor=ritiro-auditor',
  ),
  staffOidcRecheckMinutes: setting(
    'STAFF_OIDC_RECHECK_MINUTES',
    'After how many minutes of a session the provider is asked again who the person is and which roles they have.',
    z.coerce.number().int().min(5).max(480),
    '60',
  ),
  visitRetentionDays: setting(
    'VISIT_RETENTION_DAYS',
    'Days after which a visit of which nothing is online is deleted with all that belongs to it; the audit trail stays.',
    z.coerce.number().int().min(60).max(36_500),
    '365',
  ),
  hl7Port: setting(
    'HL7_PORT',
    'Port that takes HL7 v2 messages by MLLP ([integration.md](integration.md)). Not set: none is taken.',
    port.optional(),
  ),
  hl7Host: setting('HL7_HOST', 'Address to listen on for HL7.', text, '127.0.0.1'),
  hl7TlsCert: setting(
    'HL7_TLS_CERT',
    'Certificate chain of the HL7 port, PEM; best by file (`HL7_TLS_CERT_FILE`). Not set: plain TCP, for a protected network alone.',
    optionalText,
  ),
  hl7TlsKey: setting(
    'HL7_TLS_KEY',
    'Its private key, PEM (`HL7_TLS_KEY_FILE`).',
    optionalText,
    undefined,
    true,
  ),
  hl7TlsClientCa: setting(
    'HL7_TLS_CLIENT_CA',
    'Authorities, PEM (`HL7_TLS_CLIENT_CA_FILE`): who sends HL7 must show a certificate of one of them.',
    optionalText,
  ),
  hl7Allowed: setting(
    'HL7_ALLOWED_ADDRESSES',
    'Addresses (comma separated) that may send HL7. Not set: any that reaches the port.',
    addresses,
    '',
  ),
  hl7MaxMessageMb: setting(
    'HL7_MAX_MESSAGE_MB',
    'Largest HL7 message, in MB; a document in base64 is a third larger than its file.',
    z.coerce.number().positive().max(500),
    '75',
  ),
  hl7Mapping: setting(
    'HL7_MAPPING',
    'Which field gives what, as JSON; best by file (`HL7_MAPPING_FILE`). What it does not name stays as in [integration.md](integration.md).',
    optionalText,
  ),
  reportsFromPacs: setting(
    'REPORTS_FROM_PACS',
    'Objects of a study that are taken as its report (comma separated): `pdf` (Encapsulated PDF), `cda` (Encapsulated CDA). Not set: reports come from the RIS alone.',
    z
      .string()
      .transform((value) => value.split(',').flatMap((item) => item.trim().toLowerCase() || []))
      .pipe(z.array(z.enum(['pdf', 'cda'], 'each must be pdf or cda'))),
    '',
  ),
  reportsFromPacsTitles: setting(
    'REPORTS_FROM_PACS_TITLES',
    'Of those objects, only the ones whose Document Title or title code is one of these (comma separated): a scanned form is no report. Not set: all of them.',
    z.string().transform((value) => value.split(',').flatMap((item) => item.trim() || [])),
    '',
  ),
  viewerDir: setting('VIEWER_DIR', 'The built OHIF viewer (`npm run viewer`).', text, './var/viewer'),
} as const satisfies Record<string, Setting>

type Raw = { [Key in keyof typeof SETTINGS]: z.infer<(typeof SETTINGS)[Key]['schema']> }
export type Config = Omit<
  Raw,
  'pinPepper' | 'encryptionKey' | 'portalUrl' | 'trustedCertificatesFile' | 'hl7Mapping'
> & {
  hl7Mapping: Mapping
  staffOidc: OidcSettings | null
  auditTarget: SyslogTarget | null
  identity: IdentitySettings | null
  portalUrl: string
  peppers: KeyRing
  encryptionKeys: KeyRing
  trustedFiles: string[]
}

/** A configuration that cannot be used: `problems` says, a line each, what to set. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: string[]

  constructor(problems: string[]) {
    super(
      `The configuration is not complete:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\nSee docs/settings.md.`,
    )
    this.problems = problems
  }
}

/** Reads the environment (`NAME`, or `NAME_FILE` naming a file that holds the value) and says everything that is wrong at once. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries<Setting>(SETTINGS)) {
    const given = readSetting(env, setting, problems)
    if (given === UNREADABLE) continue
    const parsed = setting.schema.safeParse(given ?? setting.fallback)
    if (parsed.success) values[key] = parsed.data
    else problems.push(complaint(setting, given, parsed.error))
  }
  const raw = values as Raw
  const peppers = ringOf(raw.pinPepper, SETTINGS.pinPepper, problems)
  const encryptionKeys = ringOf(raw.encryptionKey, SETTINGS.encryptionKey, problems)
  const portalUrl = portalAddress(raw, problems)
  const { auditSyslogUrl: url, auditSyslogCa: ca, auditSyslogCert: cert, auditSyslogKey: key } = raw
  const staffOidc = staffProvider(raw, problems)
  // A wrong address has been told of already.
  const auditTarget =
    'auditSyslogUrl' in raw
      ? syslogTargetOf({ url, ca, cert, key }, (problem) => problems.push(problem))
      : null
  const identity = identitySettings(raw, (problem) => problems.push(problem))
  const hl7Mapping = mappingOf(raw, problems)
  if (problems.length > 0 || !hl7Mapping || !peppers || !encryptionKeys) throw new ConfigError(problems)
  const { pinPepper: _pepper, encryptionKey: _key, trustedCertificatesFile: files, ...rest } = raw
  return {
    ...rest,
    hl7Mapping,
    portalUrl,
    peppers,
    encryptionKeys,
    trustedFiles: files?.split(',').flatMap((name) => name.trim() || []) ?? [],
    auditTarget,
    identity,
    staffOidc,
  }
}

// Both URL and the decoding of its user and password must work, or the driver throws later and quotes it.
function isReadable(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { username, password, pathname } = new URL(address)
  try {
    return [username, password, pathname].every((part) => decodeURIComponent(part) !== undefined)
  } catch {
    return false
  }
}

function setting<Schema extends z.ZodType>(
  name: string,
  meaning: string,
  schema: Schema,
  fallback?: string,
  secret?: true,
) {
  return {
    name,
    meaning,
    schema,
    ...(fallback === undefined ? {} : { fallback }),
    ...(secret ? { secret } : {}),
  }
}

const UNREADABLE = Symbol('a file that cannot be read')

/** Which database a short command works on: the settings that it shares with the gateway. */
export function readDatabaseSettings(env: Record<string, string | undefined>): {
  url: string | undefined
  dataDir: string
} {
  const problems: string[] = []
  const url = readSetting(env, SETTINGS.databaseUrl, problems)
  const dataDir = readSetting(env, SETTINGS.dataDir, problems)
  if (typeof url === 'symbol' || typeof dataDir === 'symbol') throw new ConfigError(problems)
  return { url, dataDir: dataDir ?? './var' }
}

/** The two more settings that a command about accounts needs: where the portal is, and its peppers. */
export function readStaffSettings(env: Record<string, string | undefined>): {
  portalUrl: string
  peppers: KeyRing
  encryptionKeys: KeyRing
  organisation: string
} {
  const problems: string[] = []
  const read = (setting: Setting) => {
    const value = readSetting(env, setting, problems)
    return typeof value === 'string' ? value : undefined
  }
  const required = (setting: Setting) => {
    const value = read(setting)
    if (value === undefined) problems.push(`${setting.name} is not set. ${setting.meaning}`)
    return value
  }
  const peppers = ringOf(required(SETTINGS.pinPepper), SETTINGS.pinPepper, problems)
  const encryptionKeys = ringOf(required(SETTINGS.encryptionKey), SETTINGS.encryptionKey, problems)
  const portalUrl =
    read(SETTINGS.portalUrl) ?? `http://localhost:${read(SETTINGS.port) ?? SETTINGS.port.fallback}`
  const organisation = read(SETTINGS.organisation) ?? 'Ritiro'
  if (problems.length > 0 || !peppers || !encryptionKeys) throw new ConfigError(problems)
  return { portalUrl, peppers, encryptionKeys, organisation }
}

function readSetting(
  env: Record<string, string | undefined>,
  { name }: Setting,
  problems: string[],
): string | undefined | typeof UNREADABLE {
  const direct = env[name]
  if (direct !== undefined && direct !== '') return direct
  const file = env[`${name}_FILE`]
  if (!file) return undefined
  try {
    // An empty file is what an empty variable is: not set.
    return readFileSync(file, 'utf8').trim() || undefined
  } catch {
    problems.push(`${name}_FILE names a file that cannot be read`)
    return UNREADABLE
  }
}

function complaint({ name, meaning }: Setting, given: string | undefined, error: z.ZodError): string {
  if (given === undefined) return `${name} is not set. ${meaning}`
  return `${name}: ${error.issues.map((issue) => issue.message).join('; ')}`
}

function ringOf(value: string | undefined, { name }: Setting, problems: string[]): KeyRing | null {
  if (value === undefined) return null
  const ring = keyRing(value)
  if (!ring)
    problems.push(`${name}: each key must be 32 bytes in base64; make one with: openssl rand -base64 32`)
  return ring
}

function portalAddress(raw: Raw, problems: string[]): string {
  if (raw.portalUrl) {
    if (raw.mode === 'production' && !raw.portalUrl.startsWith('https://')) {
      problems.push('PORTAL_URL: must be https:// in production, or session cookies are never sent')
    }
    return new URL(raw.portalUrl).origin
  }
  // A wrong one has been told of already.
  if ('portalUrl' in raw && raw.mode === 'production')
    problems.push(`PORTAL_URL is not set. ${SETTINGS.portalUrl.meaning}`)
  return `http://localhost:${raw.port}`
}

function staffProvider(raw: Raw, problems: string[]): OidcSettings | null {
  const { staffOidcIssuer: issuer, staffOidcClientId: clientId, staffOidcClientSecret: clientSecret } = raw
  if (!issuer) {
    if (clientId || clientSecret) problems.push('STAFF_OIDC_ISSUER is not set, but a client of it is')
    return null
  }
  if (!clientId || !clientSecret) {
    problems.push('STAFF_OIDC_CLIENT_ID and STAFF_OIDC_CLIENT_SECRET: set both for STAFF_OIDC_ISSUER')
    return null
  }
  if (raw.mode === 'production' && !issuer.startsWith('https://'))
    problems.push('STAFF_OIDC_ISSUER: must be https:// in production')
  const { staffOidcRolesClaim: rolesClaim, staffOidcRoles: roleNames } = raw
  const recheckMs = raw.staffOidcRecheckMinutes * 60_000
  return roleNames ? { issuer, clientId, clientSecret, rolesClaim, roleNames, recheckMs } : null
}

/** 'desk=NAME,…' for every role; null where one is missing or unknown. */
function readRoleNames(value: string): Record<Role, string> | null {
  const pairs = value.split(',').map((item) => item.split('=').map((part) => part.trim()))
  const names = Object.fromEntries(pairs) as Partial<Record<Role, string>>
  const known = pairs.every(([role]) => ROLES.some((name) => name === role))
  return known && ROLES.every((role) => names[role]) ? (names as Record<Role, string>) : null
}

function mappingOf(raw: Raw, problems: string[]): Mapping | null {
  if (Boolean(raw.hl7TlsCert) !== Boolean(raw.hl7TlsKey))
    problems.push('HL7_TLS_CERT and HL7_TLS_KEY go together: one of them is not set')
  if (raw.hl7TlsClientCa && !raw.hl7TlsCert)
    problems.push(
      'HL7_TLS_CLIENT_CA asks for HL7_TLS_CERT and HL7_TLS_KEY: without TLS nobody shows a certificate',
    )
  try {
    return readMapping(raw.hl7Mapping ?? '{}')
  } catch (error) {
    problems.push(`HL7_MAPPING: ${error instanceof Error ? error.message : 'cannot be read'}`)
    return null
  }
}
