import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { createApp } from './app.tsx'
import { ConfigError, readConfig } from './config.ts'
import { ClusterInUseError, DatabaseUnreachableError, openDatabase } from './database/database.ts'
import { logToStderr } from './log.ts'
import { sendMails } from './mail/mail.ts'
import { it } from './messages/it.ts'
import { createOrthanc } from './orthanc/orthanc.ts'
import { checkArchive, UnsafeArchiveError } from './orthanc/safety.ts'
import { followPacs } from './pacs/follow.ts'
import { prepareStudies } from './preparation/preparation.ts'
import { inspectDocument, loadTrustStore } from './signature/signature.ts'
import { siteOf } from './site.ts'
import { slipFor } from './slip/for-visit.ts'
import { loadAssets } from './ui/assets.ts'

// What whoever starts the gateway can mend: told in words, without a stack.
const TOLD = [ConfigError, UnsafeArchiveError, ClusterInUseError, DatabaseUnreachableError]
const root = join(fileURLToPath(import.meta.url), '..', '..')

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const log = logToStderr
  const clock = () => new Date()
  const stopping = new AbortController()
  const orthanc = createOrthanc({
    url: config.orthancUrl,
    user: config.orthancUser,
    password: config.orthancPassword,
  })
  await checkArchive(orthanc, config.mode, log)
  const { db, close } = await openDatabase({
    url: config.databaseUrl,
    dataDir: config.dataDir,
    log,
    exclusive: true,
  })

  const assets = await loadAssets(join(root, 'dist', 'public'))
  const site = siteOf(config, it, assets.asset)
  const rules = {
    availableDays: config.availableDays,
    pin2Delivery: config.pin2Delivery,
    encryptionKeys: config.encryptionKeys,
    peppers: config.peppers,
    consentTextVersion: config.consentTextVersion,
  }
  const trusted = loadTrustStore(config.trustedCertificates ?? '')
  const app = createApp({
    db,
    orthanc,
    peppers: config.peppers,
    rules,
    site,
    trustedProxies: config.trustedProxies,
    clock,
    log,
    assets,
    viewerDir: config.viewerDir,
    portalUrl: config.portalUrl,
    ris: {
      db,
      rules,
      clock,
      portalUrl: config.portalUrl,
      maxReportBytes: config.maxReportMb * 1_000_000,
      inspect: (document) => inspectDocument(document, { trusted, now: clock() }),
      slip: slipFor(site, config.portalUrl),
    },
  })

  const { signal } = stopping
  const mail = {
    smtpUrl: config.smtpUrl,
    from: config.mailFrom,
    organisation: config.organisation,
    portalUrl: config.portalUrl,
    contactEmail: config.organisationEmail,
  }
  const work = [
    followPacs({ db, orthanc, rules, clock, log, signal }),
    prepareStudies({ db, orthanc, clock, log, signal }),
    sendMails({ db, keys: config.encryptionKeys, settings: mail, messages: it, log, clock, signal }),
  ]
  const server = serve({ fetch: app.fetch, hostname: config.host, port: config.port }, ({ port }) => {
    log('info', 'gateway.listening', { port, mode: config.mode })
  })

  const stop = async () => {
    if (signal.aborted) return
    log('info', 'gateway.stopping')
    stopping.abort()
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
    await Promise.all(work)
    await orthanc.close()
    await close()
    log('info', 'gateway.stopped')
    process.exit(0)
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => void stop())
}

main().catch((error: unknown) => {
  const told = TOLD.some((kind) => error instanceof kind)
  process.stderr.write(`${error instanceof Error ? (told ? error.message : error.stack) : String(error)}\n`)
  process.exit(1)
})
