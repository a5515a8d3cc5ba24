import type { MailBlock, MailFacts, MailText } from '../messages/it/mail.ts'
import type { Messages } from '../messages/it.ts'
import { formatDay, groupPin } from '../ui/format.ts'
import type { DueMail } from './outbox.ts'

export type MailContent = { subject: string; text: string; html: string }

/** Writes a queued mail out, as text and as plain HTML: nothing clinical, no name, no PIN1 (S5, S38). */
export function composeMail(
  mail: DueMail,
  facts: Pick<MailFacts, 'organisation' | 'portalUrl' | 'contactEmail'>,
  messages: Messages,
): MailContent {
  const text = textFor(
    mail,
    { ...facts, visitDay: formatDay(mail.examDate), availableUntil: formatDay(mail.availableUntil) },
    messages,
  )
  return {
    // A line break in a setting must not begin a header of its own (S50); nodemailer encodes the rest.
    subject: text.subject.replaceAll(/[\r\n]+/g, ' '),
    text: `${text.blocks.map(asText).join('\n\n')}\n`,
    html: `<!doctype html><html lang="it"><body>${text.blocks.map(asHtml).join('\n')}</body></html>`,
  }
}

function textFor(mail: DueMail, facts: MailFacts, messages: Messages): MailText {
  const pin2 = mail.pin2 === null ? null : groupPin(mail.pin2)
  if (mail.kind === 'updated') return messages.mail.updated(facts)
  if (pin2 === null) return messages.mail.publishedFurther(facts)
  return mail.kind === 'pin2' ? messages.mail.newPin2(facts, pin2) : messages.mail.published(facts, pin2)
}

function asText(block: MailBlock): string {
  switch (block.kind) {
    case 'pin':
      return `${block.label} ${block.pin}`
    case 'link':
      return `${block.label} ${block.url}`
    default:
      return block.text
  }
}

function asHtml(block: MailBlock): string {
  switch (block.kind) {
    case 'pin':
      return `<p>${escapeHtml(block.label)}<br><strong>${escapeHtml(block.pin)}</strong></p>`
    case 'link':
      return `<p>${escapeHtml(block.label)}<br><a href="${escapeHtml(block.url)}">${escapeHtml(block.url)}</a></p>`
    case 'small':
      return `<p><small>${escapeHtml(block.text)}</small></p>`
    default:
      return `<p>${escapeHtml(block.text)}</p>`
  }
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
