import { readdir } from 'node:fs/promises'
import { createTransport } from 'nodemailer'
import { afterEach, expect, test } from 'vitest'
import { type Mailbox, type SmtpBehaviour, startMailbox } from '../../scripts/mailbox.ts'
import { privateFolder } from './folder.ts'

const running: Mailbox[] = []
afterEach(async () => {
  for (const mailbox of running.splice(0)) await mailbox.stop()
})

async function open(behaviour?: SmtpBehaviour, directory?: string) {
  const folder = directory ?? (await privateFolder())
  const mailbox = await startMailbox({ directory: folder, ...(behaviour ? { behaviour } : {}) })
  running.push(mailbox)
  return { mailbox, folder }
}

const letter = {
  from: '"Portale Referti" <noreply@ospedale.example>',
  to: 'Mario Rossi <mario.rossi@example.org>',
  subject: 'Portale Referti – nuovo referto è disponibile',
  messageId: '<visit-1@ospedale.example>',
  text: 'Le comunichiamo che il PIN2 è il seguente: 1234 5678\nhttps://portale.example/accesso.\n<script>1</script>',
  html: '<p onclick="x()">PIN2 <b>1234 5678</b></p><script>document.title="taken"</script>',
}

const send = (mailbox: Mailbox, mail = letter, timeouts = {}) => {
  const { hostname: host, port } = new URL(mailbox.smtpUrl)
  return createTransport({ host, port: Number(port), ...timeouts }).sendMail(mail)
}

test('a mail sent over SMTP is there, with its Italian letters', async () => {
  const { mailbox } = await open()
  const coming = mailbox.waitFor(({ subject }) => subject.includes('nuovo referto'))
  await send(mailbox)
  expect(await coming).toMatchObject({
    messageId: '<visit-1@ospedale.example>',
    from: '"Portale Referti" <noreply@ospedale.example>',
    to: '"Mario Rossi" <mario.rossi@example.org>',
    subject: letter.subject,
    text: expect.stringContaining('il PIN2 è il seguente: 1234 5678'),
    html: expect.stringContaining('<b>1234 5678</b>'),
    envelope: { from: 'noreply@ospedale.example', to: ['mario.rossi@example.org'] },
  })
})

test('the same mail sent twice is shown twice (S9: a second mail must not hide)', async () => {
  const { mailbox, folder } = await open()
  await send(mailbox)
  await send(mailbox)
  expect(mailbox.messages().map(({ messageId }) => messageId)).toEqual([letter.messageId, letter.messageId])
  expect(await readdir(folder)).toHaveLength(2)
})

test('mails are read again after a restart, byte by byte the same', async () => {
  const { mailbox, folder } = await open()
  await send(mailbox)
  const before = mailbox.messages()
  await mailbox.stop()
  running.pop()
  const again = await open(undefined, folder)
  expect(again.mailbox.messages()).toEqual(before)
})

test('the list and the mail can be read in a browser, and nothing in a mail runs or loads', async () => {
  const { mailbox } = await open()
  await send(mailbox)
  const [message] = mailbox.messages()
  const list = await (await fetch(mailbox.url)).text()
  expect(list).toContain('nuovo referto è disponibile')
  expect(list).toContain('1 messaggio')

  const page = await (await fetch(`${mailbox.url}messages/${message?.id}`)).text()
  expect(page).toContain('<a href="https://portale.example/accesso">https://portale.example/accesso</a>.')
  expect(page).toContain('&lt;script&gt;1&lt;/script&gt;')
  expect(page).not.toContain('<script>')

  const frame = await fetch(`${mailbox.url}messages/${message?.id}/html`)
  expect(frame.headers.get('content-security-policy')).toMatch(/default-src 'none'.*; sandbox allow-popups/)
  expect(frame.headers.get('content-security-policy')).not.toMatch(
    /allow-scripts|script-src|allow-same-origin/,
  )
  expect(await frame.text()).toContain('<b>1234 5678</b>')
})

test('/messages.json has the same mails', async () => {
  const { mailbox } = await open()
  await send(mailbox)
  expect(await (await fetch(`${mailbox.url}messages.json`)).json()).toEqual(mailbox.messages())
  expect((await fetch(`${mailbox.url}messages/none`)).status).toBe(404)
})

test.each([
  ['rcpt', 550],
  ['rcpt', 450],
  ['mail', 451],
  ['data', 552],
  ['connect', 421],
  ['rcpt', 421],
] as const)('at %s it can answer %i, and then keeps nothing', async (stage, code) => {
  const { mailbox } = await open((at) => (at === stage ? code : undefined))
  await expect(send(mailbox)).rejects.toMatchObject({ responseCode: code })
  expect(mailbox.messages()).toEqual([])
})

test('one recipient can be refused while another is served', async () => {
  const { mailbox } = await open((stage, { to }) =>
    stage === 'rcpt' && to[0]?.startsWith('gone@') ? 550 : undefined,
  )
  await expect(send(mailbox, { ...letter, to: 'gone@example.org' })).rejects.toMatchObject({
    responseCode: 550,
  })
  await send(mailbox)
  expect(mailbox.messages()).toHaveLength(1)
})

test('it can take a mail and lose the answer: the sender is told of a failure, and the mail is here', async () => {
  const { mailbox } = await open((stage) => (stage === 'stored' ? 'drop' : undefined))
  await expect(send(mailbox)).rejects.toThrow()
  expect(mailbox.messages()).toHaveLength(1)
})

test.each(['connect', 'rcpt', 'data'] as const)('it can be silent at %s, and still stops', async (stage) => {
  const { mailbox } = await open((at) => (at === stage ? 'hang' : undefined))
  const timeouts = { greetingTimeout: 300, socketTimeout: 300 }
  await expect(send(mailbox, letter, timeouts)).rejects.toThrow(/time|greeting/i)
  expect(mailbox.messages()).toEqual([])
})

test('its manners can be changed while it runs', async () => {
  const { mailbox } = await open(() => 451)
  await expect(send(mailbox)).rejects.toThrow()
  mailbox.behave(undefined)
  await send(mailbox)
  expect(mailbox.messages()).toHaveLength(1)
})

test('waiting for a mail that does not come ends with an error', async () => {
  const { mailbox } = await open()
  await expect(mailbox.waitFor(() => true, 50)).rejects.toThrow('within 50 ms')
})
