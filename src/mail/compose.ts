import type { MailBlock, MailFacts, MailText } from '../messages/it/mail.ts'
import type { Messages } from '../messages/it.ts'
import { formatDay, groupPin } from '../ui/format.ts'
import { shareLink } from '../ui/share-link.ts'
import type { DueMail, ShareLetter } from './outbox.ts'

export type MailContent = { subject: string; text: string; html: string }

export type LetterHead = Pick<MailFacts, 'organisation' | 'portalUrl' | 'contactEmail'> & {
  shareMail: 'full' | 'masked'
}

/**
 * Writes a queued mail out, as text and as plain HTML. The patient's mails hold nothing clinical, no name, no PIN1 (S5,
 * S38); a doctor's names patient and exams unless it is masked (S33, S35b), and never the PIN (S29).
 */
export function composeMail(mail: DueMail, head: LetterHead, messages: Messages): MailContent {
  const text = mail.share ? shareText(mail, mail.share, head, messages) : patientText(mail, head, messages)
  return {
    // A line break in a setting must not begin a header of its own (S50); nodemailer encodes the rest.
    subject: text.subject.replaceAll(/[\r\n]+/g, ' '),
    text: `${text.blocks.map(asText).join('\n\n')}\n`,
    html: `<!doctype html><html lang="it"><body>${text.blocks.map(asHtml).join('\n')}</body></html>`,
  }
}

function patientText(mail: DueMail, head: LetterHead, messages: Messages): MailText {
  const facts = {
    ...head,
    visitDay: formatDay(mail.examDate),
    availableUntil: formatDay(mail.availableUntil),
  }
  const pin2 = mail.pin2 === null ? null : groupPin(mail.pin2)
  if (mail.kind === 'updated') return messages.mail.updated(facts, pin2)
  if (mail.kind === 'reminder') return messages.mail.reminder(facts, pin2)
  if (pin2 === null) return messages.mail.publishedFurther(facts)
  return mail.kind === 'pin2' ? messages.mail.newPin2(facts, pin2) : messages.mail.published(facts, pin2)
}

function shareText(mail: DueMail, share: ShareLetter, head: LetterHead, messages: Messages): MailText {
  const { familyName, givenName } = share.patient
  const facts = {
    reportDay: formatDay(share.reportDay),
    availableUntil: formatDay(mail.availableUntil),
    link: shareLink(head.portalUrl, share.token),
  }
  if (head.shareMail === 'full') {
    return messages.mail.shared(head, {
      ...facts,
      patientName: `${familyName} ${givenName}`,
      exams: share.exams,
    })
  }
  return messages.mail.sharedMasked(head, {
    ...facts,
    initials: `${initial(familyName)} ${initial(givenName)}`,
  })
}

const initial = (name: string) => `${Array.from(name)[0] ?? ''}.`

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
