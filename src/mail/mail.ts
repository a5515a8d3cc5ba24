import { setTimeout as sleep } from 'node:timers/promises'
import { createTransport } from 'nodemailer'
import type { KeyRing } from '../crypto/keys.ts'
import type { Database } from '../database/database.ts'
import { errorCode, type Log } from '../log.ts'
import type { Messages } from '../messages/it.ts'
import { composeMail } from './compose.ts'
import { type Delivery, type DueMail, holdMail, LEASE_MS, noteDelivery, takeDueMail } from './outbox.ts'

export type MailSettings = {
  smtpUrl: string
  from: string
  organisation: string
  portalUrl: string
  contactEmail: string | undefined
  /** How much a doctor's mail tells (S33, S35b). */
  shareMail: 'full' | 'masked'
}

const IDLE_PAUSE_MS = 500
const CONNECT_TIMEOUT_MS = 20_000
// RFC 5321 §4.5.3.2.6: who waits less for the answer to a whole message makes the server's slowness a second mail.
const REPLY_TIMEOUT_MS = 10 * 60_000
// How long a stop lets a conversation come to its end: cut off in its last moment, the mail would go out twice.
const STOP_GRACE_MS = 10_000
const MOST_NOTES = 20
// System errors, postgres.js' own and PostgreSQL's classes 08, 53 and 57 (Appendix A), below an error's name or alone.
const DATABASE_AWAY = /(?:^|\/)(?:E[A-Z]+|CONN\w+|(?:08|53|57)\w{3})$/

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
  /** Only a test is less patient. */
  replyTimeoutMs?: number
}): Promise<void> {
  const { db, keys, log, clock, signal } = options
  const late = graceAfter(signal)
  const send = mailer(options.settings, options.messages, options.replyTimeoutMs ?? REPLY_TIMEOUT_MS, late)
  while (!signal.aborted) {
    const mail = await takeDueMail(db, keys, clock()).catch((error: unknown) => {
      log('error', 'mail.outbox_unavailable', { code: errorCode(error) })
      return null
    })
    if (!mail) {
      await sleep(IDLE_PAUSE_MS, undefined, { signal }).catch(() => undefined)
      continue
    }
    // While we talk, the mail stays ours, however slow the server is.
    const held = setInterval(() => void holdMail(db, mail, clock()).catch(() => undefined), LEASE_MS / 4)
    const delivery = await send(mail)
    log(delivery.outcome === 'sent' ? 'info' : 'warn', `mail.${delivery.outcome}`, {
      mail: mail.id,
      attempts: mail.attempts,
      ...(delivery.outcome === 'sent' ? {} : { code: delivery.error }),
    })
    await noteDelivered(db, mail, delivery, clock, log, late)
    clearInterval(held)
  }
}

/** A signal that ends STOP_GRACE_MS after another one. */
function graceAfter(signal: AbortSignal): AbortSignal {
  const late = new AbortController()
  const end = () => void setTimeout(() => late.abort(), STOP_GRACE_MS).unref()
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  return late.signal
}

// What the mail server accepted must be noted even if the database is away for a while, or it would be sent again.
async function noteDelivered(
  db: Database,
  mail: DueMail,
  delivery: Delivery,
  clock: () => Date,
  log: Log,
  late: AbortSignal,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await noteDelivery(db, mail, delivery, clock())
      return
    } catch (error) {
      const code = errorCode(error)
      log('error', 'mail.note_failed', { mail: mail.id, code })
      // A database that is away comes back; whatever else fails so often must not hold up the other mails for ever.
      if (late.aborted || (attempt >= MOST_NOTES && !DATABASE_AWAY.test(code))) return
      await sleep(Math.min(250 * 2 ** attempt, 5_000), undefined, { signal: late }).catch(() => undefined)
    }
  }
}

function mailer(
  settings: MailSettings,
  messages: Messages,
  replyTimeoutMs: number,
  signal: AbortSignal,
): (mail: DueMail) => Promise<Delivery> {
  const transport = createTransport({
    url: settings.smtpUrl,
    connectionTimeout: Math.min(CONNECT_TIMEOUT_MS, replyTimeoutMs),
    greetingTimeout: Math.min(CONNECT_TIMEOUT_MS, replyTimeoutMs),
    socketTimeout: replyTimeoutMs,
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
        signal,
        ...composeMail(mail, settings, messages),
      })
      return { outcome: 'sent' }
    } catch (error) {
      return failure(error)
    }
  }
}

/**
 * A 5xx reply to the recipient or to the message is final (RFC 5321 §4.2.1). Anything else may pass, a refusal of our
 * own sender too: that is the relay's configuration, and no fault of this mail.
 */
function failure(error: unknown): Delivery {
  const { responseCode, code, command } = error as Record<'responseCode' | 'code' | 'command', unknown>
  const reply = typeof responseCode === 'number' ? responseCode : null
  const aboutTheMail = (code === 'EENVELOPE' || code === 'EMESSAGE') && command !== 'MAIL FROM'
  if (reply !== null && reply >= 500 && aboutTheMail) return { outcome: 'refused', error: String(reply) }
  return { outcome: 'failed', error: reply === null ? errorCode(error) : String(reply) }
}
