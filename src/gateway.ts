import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { createApp } from './app.tsx'
import { recordAlone } from './audit/audit.ts'
import { exportAudit } from './audit/export.ts'
import { compactDeriver } from './compact/compact.ts'
import { type Config, ConfigError, SETTINGS } from './config.ts'
import { openDatabase } from './database/database.ts'
import type { Deriver } from './derived/derived.ts'
import { openDerivedStore } from './derived/store.ts'
import { deriveStudies } from './derived/worker.ts'
import { onlineDeriver } from './dicomweb/prepare.ts'
import { startHl7 } from './hl7/hl7.ts'
import type { Inbox } from './hl7/inbox.ts'
import type { MllpServer } from './hl7/mllp.ts'
import { pouringBodies } from './http/direct.ts'
import { createIdentity } from './identity/identity.ts'
import { loadLightViewer } from './light/light.ts'
import { errorCode, type Log } from './log.ts'
import { sendMails } from './mail/mail.ts'
import { it } from './messages/it.ts'
import { itPin2AtDesk } from './messages/it-pin2-at-desk.ts'
import { createOrthanc } from './orthanc/orthanc.ts'
import { checkArchive, checkArchiveLater } from './orthanc/safety.ts'
import { takeDocuments } from './pacs/documents.ts'
import { followPacs } from './pacs/follow.ts'
import { createCodecs } from './pixels/pixels.ts'
import { prepareStudies } from './preparation/preparation.ts'
import { type TextReport, textPage } from './reports/text-page.ts'
import { keepTime } from './retention/jobs.ts'
import { viewerDeriver } from './shards/shards.ts'
import { inspectDocument } from './signature/signature.ts'
import { openTrustFiles, type Trust } from './signature/trust-files.ts'
import { siteOf } from './site.ts'
import { slipFor } from './slip/for-visit.ts'
import { createStaffOidc } from './staff/oidc.ts'
import { loadAssets } from './ui/assets.ts'
import { type Logo, readLogo } from './viewer/logo.ts'
import { viewerStartFiles } from './viewer/viewer.ts'

const root = join(fileURLToPath(import.meta.url), '..', '..')

export type Gateway = {
  port: number
  /** Where HL7 messages are taken; null: nowhere. */
  hl7Port: number | null
  /** Resolves if an archive that was away at the start turns out to be one that must not be served (S46). */
  archiveRefused: Promise<Error | null>
  /** Ends what runs, in order: no more requests, then the background work, then the database. */
  stop: () => Promise<void>
}

/** The gateway's port is taken, or its address is not this machine's. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** Starts everything: archive client, database, HTTP and the work in the background. `clock` and `log` are the world's. */
export async function startGateway(
  config: Config,
  { clock, log }: { clock: () => Date; log: Log },
): Promise<Gateway> {
  const {
    organisation,
    portalUrl,
    peppers,
    encryptionKeys,
    availableDays,
    pin2Delivery,
    consentTextVersion,
  } = config
  const orthanc = createOrthanc({
    url: config.orthancUrl,
    user: config.orthancUser,
    password: config.orthancPassword,
    storageDir: config.orthancStorageDir,
  })
  // Whatever can fail without the database fails before there is one to be stopped again.
  const trust = await trustOf(config, log, clock())
  const logo = logoOf(config)
  const assets = await loadAssets(join(root, 'dist', 'public'))
  const light = await loadLightViewer(assets)
  const archiveChecked = await checkArchive(orthanc, config.mode, log)
  const { db, close } = await openDatabase({
    url: config.databaseUrl,
    dataDir: config.dataDir,
    log,
    exclusive: true,
  })
  const derivedDir = config.derivedDir ?? join(config.dataDir, 'derived')
  const derived = await openDerivedStore(db, derivedDir).catch(async (error: unknown) => {
    await close()
    const { name } = SETTINGS.derivedDir
    throw new ConfigError([`${name}: ${derivedDir} cannot be written (${errorCode(error)})`])
  })
  const codecs = createCodecs()
  const fetchFile = (orthancId: string, signal: AbortSignal) => orthanc.instanceFile(orthancId, signal)
  const derivers: Deriver[] = [
    viewerDeriver(fetchFile, orthanc.instanceStream),
    onlineDeriver({ orthanc, codecs, portalUrl }),
    compactDeriver(fetchFile, codecs),
  ]
  const messages = pin2Delivery === 'desk' ? itPin2AtDesk : it
  const site = siteOf(config, messages, assets.asset)
  const rules = { availableDays, pin2Delivery, encryptionKeys, peppers, consentTextVersion }
  const trustedProxies = config.trustedProxies
  const maxReportBytes = config.maxReportMb * 1_000_000
  const inspect = async (document: Uint8Array) =>
    inspectDocument(document, { trusted: await trust(clock()), now: clock() })
  const slip = slipFor(site, portalUrl)
  const page = (report: TextReport) => textPage({ organisation, messages, report })
  const inbox = {
    ...{ db, rules, clock, log, inspect, page, maxReportBytes },
    mapping: config.hl7Mapping,
  }
  const taken = { kinds: config.reportsFromPacs, titles: config.reportsFromPacsTitles }
  const app = createApp({
    db,
    orthanc,
    derived,
    codecs,
    light,
    peppers,
    rules,
    site,
    trustedProxies,
    clock,
    log,
    assets,
    viewerDir: config.viewerDir,
    logo,
    viewerFiles: viewerStartFiles(config.viewerDir),
    portalUrl,
    identity: config.identity && createIdentity(config.identity, portalUrl, clock),
    ris: { db, rules, clock, portalUrl, trustedProxies, maxReportBytes, inspect, slip },
    desk: {
      db,
      peppers,
      encryptionKeys,
      rules,
      site,
      portalUrl,
      trustedProxies,
      networks: config.desk === 'off' ? null : (config.deskNetworks ?? []),
      provider: config.staffOidc && {
        oidc: createStaffOidc(config.staffOidc, portalUrl),
        name: config.staffOidcName,
      },
      inspect,
      slip,
      maxReportBytes,
      inbox,
      clock,
      log,
    },
    fhir: { db, rules, clock, portalUrl, organisation, trustedProxies, maxReportBytes, inspect },
  })

  const stopping = new AbortController()
  const { signal } = stopping
  const mail = {
    smtpUrl: config.smtpUrl,
    from: config.mailFrom,
    organisation,
    portalUrl,
    contactEmail: config.organisationEmail,
    shareMail: config.shareMail,
  }
  const work = [
    followPacs({ db, orthanc, rules, clock, log, signal }),
    prepareStudies({ db, orthanc, codecs, clock, log, signal }),
    deriveStudies({ db, store: derived, derivers, clock, log, signal }),
    takeDocuments({ db, orthanc, rules, taken, inspect, page, maxReportBytes, clock, log, signal }),
    keepTime({ db, rules, visitRetentionDays: config.visitRetentionDays, clock, log, signal }),
    sendMails({ db, keys: encryptionKeys, settings: mail, messages, log, clock, signal }),
    ...(config.auditTarget
      ? [
          exportAudit({
            db,
            target: config.auditTarget,
            source: { organisation, portalUrl },
            log,
            clock,
            signal,
          }),
        ]
      : []),
  ]
  const note = (event: 'gateway.started' | 'gateway.stopped') =>
    recordAlone(db, clock(), { event, actor: { kind: 'system' } }).catch((error: unknown) =>
      log('error', 'audit.unavailable', { code: errorCode(error) }),
    )
  const giveUp = async (error: unknown): Promise<never> => {
    stopping.abort()
    // An archive that hangs must not hold up the stop: what waits for it is ended first.
    await orthanc.close()
    await codecs.close()
    await Promise.all(work)
    await close()
    throw error
  }
  const hl7 = await listenForHl7(inbox, config).catch(giveUp)
  const { server, port } = await listen(app.fetch, config).catch(async (error: unknown) => {
    await hl7?.close()
    return giveUp(error)
  })
  await note('gateway.started')
  log('info', 'gateway.listening', { port, mode: config.mode })
  if (hl7) log('info', 'hl7.listening', { port: hl7.port, tls: config.hl7TlsCert !== undefined })

  let stopped: Promise<void> | null = null
  const stop = async () => {
    log('info', 'gateway.stopping')
    stopping.abort()
    await Promise.all([closeServer(server), hl7?.close()])
    await orthanc.close()
    await codecs.close()
    await Promise.all(work)
    await note('gateway.stopped')
    await close()
    log('info', 'gateway.stopped')
  }
  const archiveRefused = archiveChecked
    ? Promise.resolve(null)
    : checkArchiveLater(orthanc, config.mode, log, signal)
  return {
    port,
    hl7Port: hl7?.port ?? null,
    archiveRefused,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/** Authorities that cannot be used are the configuration's fault, and told as such. */
async function trustOf({ trustedFiles }: Config, log: Log, now: Date): Promise<Trust> {
  const { name } = SETTINGS.trustedCertificatesFile
  const trust = await openTrustFiles(trustedFiles, log, now).catch((error: unknown) => {
    throw new ConfigError([`${name}: ${error instanceof Error ? error.message : errorCode(error)}`])
  })
  const { authorities } = await trust(now)
  if (trustedFiles.length === 0 || authorities.length > 0) return trust
  throw new ConfigError([`${name} names no authority: CRLs alone vouch for nobody`])
}

function logoOf({ organisationLogoFile: file }: Config): Logo | undefined {
  try {
    return file === undefined ? undefined : readLogo(file)
  } catch (error) {
    const why =
      error instanceof Error && !('code' in error) ? error.message : `cannot be read (${errorCode(error)})`
    throw new ConfigError([`${SETTINGS.organisationLogoFile.name}: ${file} ${why}`])
  }
}

// A registration that is under way tells its PIN1 once: it is let finish. A download goes on where it stopped (S22).
const REQUEST_GRACE_MS = 2_000

/** No new requests; those under way are waited for a moment, then every connection is cut. */
async function closeServer(server: ReturnType<typeof serve>): Promise<void> {
  const late = new AbortController()
  const closed = new Promise<void>((done) => void server.close(() => done()))
  await Promise.race([
    closed,
    sleep(REQUEST_GRACE_MS, undefined, { signal: late.signal }).catch(() => undefined),
  ])
  late.abort()
  if ('closeAllConnections' in server) server.closeAllConnections()
}

async function listenForHl7(inbox: Inbox, config: Config): Promise<MllpServer | null> {
  const { hl7Port: port, hl7Host: host, hl7TlsCert: cert, hl7TlsKey: key } = config
  if (port === undefined) return null
  const tls = cert && key ? { cert, key, clientCa: config.hl7TlsClientCa } : null
  if (!tls && !['127.0.0.1', '::1', 'localhost'].includes(host)) inbox.log('warn', 'hl7.plain_text', { host })
  const line = {
    ...{ host, port, tls },
    allowedAddresses: config.hl7Allowed,
    maxBytes: config.hl7MaxMessageMb * 1_000_000,
  }
  try {
    return await startHl7(inbox, line)
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL' || code === 'EACCES')
      throw new ListenError(
        `Cannot listen on ${host}:${port} for HL7: is another program there? Set HL7_PORT or HL7_HOST.`,
      )
    throw new ConfigError([
      `HL7_TLS_CERT, HL7_TLS_KEY or HL7_TLS_CLIENT_CA cannot be used: ${errorCode(error)}`,
    ])
  }
}

// Longer than a reverse proxy keeps an idle connection (Caddy: 2 minutes): else it may send a form, which it never
// repeats, into a connection that we are just closing, and the person sees a 502.
const IDLE_CONNECTION_MS = 130_000

function listen(
  fetch: Parameters<typeof pouringBodies>[0],
  { host, port }: Config,
): Promise<{ server: ReturnType<typeof serve>; port: number }> {
  return new Promise((done, failed) => {
    const serverOptions = { keepAliveTimeout: IDLE_CONNECTION_MS }
    const server = serve({ fetch: pouringBodies(fetch), hostname: host, port, serverOptions }, (address) =>
      done({ server, port: address.port }),
    )
    server.once('error', () =>
      failed(
        new ListenError(`Cannot listen on ${host}:${port}: is another program there? Set PORT or HOST.`),
      ),
    )
  })
}
