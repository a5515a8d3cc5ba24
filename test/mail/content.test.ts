import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Mailbox, startMailbox } from '../../scripts/mailbox.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'

const ORGANISATION = 'Ospedale "Più" <x@evil.example>,\r\nBcc: thief@evil.example & Figli'
const EMAIL = 'paziente+referti@example.org'

let directory: string
let mailbox: Mailbox
let gateway: TestGateway
let pin1: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ritiro-content-'))
  mailbox = await startMailbox({ directory })
  gateway = await testGateway({
    now: '2020-05-18T09:00:00Z',
    environment: {
      SMTP_URL: mailbox.smtpUrl,
      ORGANISATION_NAME: ORGANISATION,
      PORTAL_URL: '',
    },
  })
  const registered = await gateway.api('POST', '/visits', {
    ...visit({ accessionNumber: 'SECRETACC', email: EMAIL }),
    exams: [{ description: 'TC ENCEFALO SENZA MDC', date: '2020-05-16', imagesExpected: false }],
  })
  pin1 = ((await registered.json()) as { pin1: string }).pin1
  await gateway.deliver('SECRETACC', await pdfOf('Lesione espansiva'), {
    text: 'Lesione espansiva',
    physician: 'Dr. Neri',
  })
  await mailbox.waitFor(() => true)
  await gateway.deliver('SECRETACC', await pdfOf('Lesione espansiva 2'))
  await mailbox.waitFor(({ subject }) => subject.includes('aggiornato'))
  await gateway.api('POST', '/visits/SECRETACC/pin2')
  await mailbox.waitFor(({ subject }) => subject.includes('nuovo PIN2'))
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await mailbox.stop()
  await rm(directory, { recursive: true })
})

/** The mails as they went over the line, decoded as far as quoted-printable and base64 can hide anything. */
async function rawMails(): Promise<string[]> {
  const names = (await readdir(directory)).toSorted()
  return Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
}

test('S5, S38: no mail names the person, the exam, its content or PIN1; each tells where, until when and whom to ask', () => {
  for (const { text, html, subject } of mailbox.messages()) {
    const everything = `${subject}\n${text}\n${html}`
    for (const secret of [
      'Rossi',
      'Mario',
      'RSSMRA',
      'ENCEFALO',
      'TC ',
      'Lesione',
      'Neri',
      'SECRETACC',
      '1980',
      'Cuneo',
      pin1,
      pin1.slice(0, 4),
    ])
      expect(everything).not.toContain(secret)
    expect(text).toContain(gateway.url)
    expect(text).toContain('02/07/2020')
    expect(text).toContain('16/05/2020')
    expect(text).toContain('aiuto@ospedale.example')
    expect(text).toContain('Regolamento UE 2016/679')
  }
})

test('S5: PIN2 comes with the first mail and with a new PIN2, never with a correction; addresses carry no secret', () => {
  const [first, corrected, renewed] = mailbox.messages()
  if (!first || !corrected || !renewed) throw new Error('mails are missing')
  expect(pin2In(first)).not.toBe(pin2In(renewed))
  expect(corrected.text).not.toMatch(/\d{4}-\d{4}/)
  for (const { text, html } of [first, corrected, renewed]) {
    const links = [...`${text} ${html}`.matchAll(/https?:\/\/[^\s"<]+/g)].map(([link]) => new URL(link))
    expect(links.length).toBeGreaterThan(0)
    for (const link of links) expect(`${link.search}${link.hash}`).toBe('')
  }
})

test('S50: neither the organisation’s name nor the address adds a header, a recipient or mark-up of its own', async () => {
  for (const { envelope, html } of mailbox.messages()) {
    expect(envelope).toEqual({ from: 'no-reply@ospedale.example', to: [EMAIL] })
    expect(html).not.toContain('<x@evil.example>')
    expect(html).toContain('&lt;x@evil.example&gt;')
  }
  for (const raw of await rawMails()) {
    const head = raw.slice(0, raw.indexOf('\r\n\r\n'))
    const names = [...head.matchAll(/^([!-9;-~]+):/gm)].map(([, name = '']) => name.toLowerCase())
    expect(names.filter((name) => ['bcc', 'cc'].includes(name))).toEqual([])
    for (const once of ['from', 'to', 'subject', 'message-id', 'date', 'auto-submitted'])
      expect(names.filter((name) => name === once)).toHaveLength(1)
    expect(head).toMatch(/^To: <?paziente\+referti@example\.org>?$/m)
    expect(head).toMatch(/^From: .*<no-reply@ospedale\.example>$/ms)
  }
})
