import { setTimeout as sleep } from 'node:timers/promises'
import { createTransport } from 'nodemailer'
import type { KeyRing } from '../crypto/keys.ts'
import type { Database } from '../database/database.ts'
import { errorCode, type Log } from '../log.ts'
import type { Messages } from '../messages/it.ts'
import { composeMail } from './compose.ts'
import { type Delivery, type DueMail, noteDelivery, takeDueMail } from './outbox.ts'

export type MailSettings = {
  smtpUrl: string
  from: string
  organisation: string
  portalUrl: string
  contactEmail: string | undefined
}

const IDLE_PAUSE_MS = 500
const STEP_TIMEOUT_MS = 20_000

/**
 * Sends what the outbox holds, one mail at a time, until `signal` ends it (S9). A mail is noted as sent after the
 * server's 250; should the gateway die between the two, it goes out again with the same Message-ID.
 */
export async function sendMails(options: {
  db: Database
  keys: KeyRing
  settings: MailSettings
  messages: Messages
  log: Log
  clock: () => Date
  signal: AbortSignal
}): Promise<void> {
  const { db, keys, log, clock, signal } = options
  const send = mailer(options.settings, options.messages)
  while (!signal.aborted) {
    const mail = await takeDueMail(db, keys, clock()).catch((error: unknown) => {
      log('error', 'mail.outbox_unavailable', { code: errorCode(error) })
      return null
    })
    if (!mail) {
      await sleep(IDLE_PAUSE_MS, undefined, { signal }).catch(() => undefined)
      continue
    }
    const delivery = await send(mail)
    log(delivery.outcome === 'sent' ? 'info' : 'warn', `mail.${delivery.outcome}`, {
      mail: mail.id,
      attempts: mail.attempts,
      ...(delivery.outcome === 'sent' ? {} : { code: delivery.error }),
    })
    await noteDelivered(db, mail, delivery, clock, log)
  }
}

// What the mail server accepted must be noted even if the database is away for a moment, or it would be sent again.
async function noteDelivered(
  db: Database,
  mail: DueMail,
  delivery: Delivery,
  clock: () => Date,
  log: Log,
): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      await noteDelivery(db, mail, delivery, clock())
      return
    } catch (error) {
      log('error', 'mail.note_failed', { mail: mail.id, code: errorCode(error) })
      await sleep(Math.min(250 * 2 ** attempt, 10_000))
    }
  }
}

function mailer(settings: MailSettings, messages: Messages): (mail: DueMail) => Promise<Delivery> {
  const transport = createTransport({
    url: settings.smtpUrl,
    connectionTimeout: STEP_TIMEOUT_MS,
    greetingTimeout: STEP_TIMEOUT_MS,
    socketTimeout: 2 * STEP_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = settings.from.split('@')[1] ?? 'localhost'
  return async (mail) => {
    try {
      await transport.sendMail({
        from: { name: settings.organisation, address: settings.from },
        to: { name: '', address: mail.to },
        // The same for every attempt at the same mail: a mail system that sees it twice shows it once.
        messageId: `<${mail.id}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        ...composeMail(mail, settings, messages),
      })
      return { outcome: 'sent' }
    } catch (error) {
      return failure(error)
    }
  }
}

/** A 5xx reply to the recipient or to the message is final (RFC 5321 §4.2.1); anything else may pass. */
function failure(error: unknown): Delivery {
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown }
  const reply = typeof responseCode === 'number' ? responseCode : null
  const aboutTheMail = code === 'EENVELOPE' || code === 'EMESSAGE'
  if (reply !== null && reply >= 500 && aboutTheMail) return { outcome: 'refused', error: String(reply) }
  return { outcome: 'failed', error: reply === null ? errorCode(error) : String(reply) }
}
