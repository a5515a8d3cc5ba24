import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ParsedMail, simpleParser } from 'mailparser'

export type MailMessage = {
  id: string
  messageId: string | null
  /** ISO 8601 instant. */
  receivedAt: string
  from: string
  to: string
  subject: string
  text: string
  html: string | null
  /** Whom the SMTP conversation named, which is who gets it. */
  envelope: { from: string; to: string[] }
}

/** Keeps a mail as a file before anyone is told it was taken; every copy that comes is a mail of its own. */
export async function keepMessage(
  directory: string,
  raw: Buffer,
  envelope: MailMessage['envelope'],
): Promise<MailMessage> {
  const receivedAt = new Date().toISOString()
  const id = `${receivedAt.replaceAll(':', '-')}-${randomBytes(4).toString('hex')}`
  // As a mail server that delivers does (RFC 5321 §4.4): the envelope goes on top of the message.
  const headers = [`Return-Path: <${envelope.from}>`, ...envelope.to.map((to) => `Delivered-To: ${to}`)]
  const stored = Buffer.concat([Buffer.from(`${headers.join('\r\n')}\r\n`), raw])
  const file = join(directory, `${id}.eml`)
  await writeFile(`${file}.part`, stored, { flush: true })
  await rename(`${file}.part`, file)
  return readMessage(id, stored)
}

/** The mails of earlier runs, oldest first. */
export async function readMessages(directory: string): Promise<MailMessage[]> {
  await mkdir(directory, { recursive: true })
  const names = (await readdir(directory)).filter((name) => name.endsWith('.eml')).toSorted()
  return Promise.all(
    names.map(async (name) =>
      readMessage(name.slice(0, -'.eml'.length), await readFile(join(directory, name))),
    ),
  )
}

async function readMessage(id: string, stored: Buffer): Promise<MailMessage> {
  const mail = await simpleParser(stored, { skipTextToHtml: true })
  const delivered = mail.headerLines
    .filter(({ key }) => key === 'delivered-to')
    .map(({ line }) => line.replace(/^delivered-to: */i, ''))
  const returnPath = mail.headerLines.find(({ key }) => key === 'return-path')?.line ?? ''
  return {
    id,
    messageId: mail.messageId ?? null,
    receivedAt: id.replace(/^(.{10}T\d\d)-(\d\d)-(\d\d\.\d{3}Z).*$/, '$1:$2:$3'),
    from: addresses(mail.from),
    to: addresses(mail.to),
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html || null,
    envelope: { from: /<(.*)>/.exec(returnPath)?.[1] ?? '', to: delivered },
  }
}

function addresses(field: ParsedMail['to']): string {
  if (!field) return ''
  return (Array.isArray(field) ? field : [field]).map(({ text }) => text).join(', ')
}
