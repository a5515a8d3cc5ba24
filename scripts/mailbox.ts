import type { AddressInfo, Socket } from 'node:net'
import { serve } from '@hono/node-server'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'
import { keepMessage, type MailMessage, readMessages } from './mailbox/messages.ts'
import { mailboxPages } from './mailbox/pages.ts'

export type { MailMessage }

/** Where in the SMTP conversation a fault strikes; `stored`: the mail is kept, and only the answer is lost. */
export type SmtpStage = 'connect' | 'mail' | 'rcpt' | 'data' | 'stored'

/** An SMTP reply code, no answer at all, or a connection cut. */
export type SmtpFault = number | 'hang' | 'drop'

/** What a test wants to happen: undefined lets the conversation go on. */
export type SmtpBehaviour = (
  stage: SmtpStage,
  envelope: { from: string; to: string[] },
) => SmtpFault | undefined | Promise<SmtpFault | undefined>

export type MailboxOptions = {
  /** Mails are kept here as .eml files, and read again at the next start. */
  directory: string
  smtpPort?: number
  httpPort?: number
  behaviour?: SmtpBehaviour
  /** The demo's authenticator: the code of this half minute, shown on a page of its own. */
  verificationCode?: () => string | null
}

export type Mailbox = {
  /** smtp://127.0.0.1:PORT */
  smtpUrl: string
  /** The page to read the mails on. */
  url: string
  /** Oldest first; the same mail taken twice stands here twice. */
  messages: () => MailMessage[]
  /** The first mail, here already or still to come, that fits. */
  waitFor: (predicate: (message: MailMessage) => boolean, timeoutMs?: number) => Promise<MailMessage>
  /** From now on, conversations go this way. */
  behave: (behaviour: SmtpBehaviour | undefined) => void
  stop: () => Promise<void>
}

const HOST = '127.0.0.1'

/** A mail server that takes every mail and delivers none: the demo's and the tests' postman. */
export async function startMailbox(options: MailboxOptions): Promise<Mailbox> {
  const { directory, smtpPort = 0, httpPort = 0 } = options
  const messages = await readMessages(directory)
  const waiting = new Set<(message: MailMessage) => void>()
  let behaviour = options.behaviour
  const smtp = createSmtpServer(
    (stage, envelope) => behaviour?.(stage, envelope),
    async (raw, envelope) => {
      const message = await keepMessage(directory, raw, envelope)
      messages.push(message)
      for (const tell of waiting) tell(message)
    },
  )
  await listen(smtp, smtpPort)
  const http = await listenHttp(messages, options, httpPort)
  return {
    smtpUrl: `smtp://${HOST}:${(smtp.server.address() as AddressInfo).port}`,
    url: `http://${HOST}:${(http.address() as AddressInfo).port}/`,
    messages: () => [...messages],
    waitFor: (predicate, timeoutMs = 15_000) => waitFor(messages, waiting, predicate, timeoutMs),
    behave: (next) => {
      behaviour = next
    },
    stop: async () => {
      // Conversations left hanging would keep the server open.
      for (const socket of sockets(smtp)) socket.destroy()
      http.close()
      await new Promise<void>((done) => smtp.close(() => done()))
    },
  }
}

type Envelope = MailMessage['envelope']

function createSmtpServer(
  behaviour: (...event: Parameters<SmtpBehaviour>) => ReturnType<SmtpBehaviour>,
  keep: (raw: Buffer, envelope: Envelope) => Promise<void>,
): SMTPServer {
  const step = async (
    stage: SmtpStage,
    session: SMTPServerSession,
    envelope: Envelope,
    go: (error?: Error) => void,
  ) => {
    const fault = await behaviour(stage, envelope)
    if (fault === undefined) return go()
    if (fault === 'hang') return
    if (fault === 'drop') return socketOf(server, session)?.destroy()
    go(Object.assign(new Error(`${stage} refused by the demo mailbox`), { responseCode: fault }))
    // 421 says that the server closes the channel (RFC 5321 §3.8).
    if (fault === 421) setTimeout(() => socketOf(server, session)?.end(), 20)
  }
  const server: SMTPServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 500,
    onConnect: (session, go) => step('connect', session, { from: '', to: [] }, go),
    onMailFrom: ({ address }, session, go) => step('mail', session, { from: address, to: [] }, go),
    onRcptTo: ({ address }, session, go) => {
      step('rcpt', session, { ...envelopeOf(session), to: [address] }, go)
    },
    onData: async (stream, session, go) => {
      const envelope = envelopeOf(session)
      const chunks: Buffer[] = []
      try {
        for await (const chunk of stream) chunks.push(chunk as Buffer)
      } catch (error) {
        // The client was killed in the middle of its mail: there is no mail, and nobody to tell.
        return go(error as Error)
      }
      await step('data', session, envelope, async (error) => {
        if (error) return go(error)
        await keep(Buffer.concat(chunks), envelope)
        await step('stored', session, envelope, go)
      })
    },
  })
  // A client that goes away mid-sentence is what some tests are about.
  server.on('error', () => undefined)
  return server
}

function envelopeOf({ envelope }: SMTPServerSession): Envelope {
  const from = envelope.mailFrom ? envelope.mailFrom.address : ''
  return { from, to: envelope.rcptTo.map(({ address }) => address) }
}

// smtp-server keeps its connections in a public set, whose members' type it does not publish.
type Connection = { id: string; _socket: Socket }
const connections = (server: SMTPServer) => [
  ...(server as unknown as { connections: Set<Connection> }).connections,
]
const sockets = (server: SMTPServer) => connections(server).map(({ _socket }) => _socket)
const socketOf = (server: SMTPServer, session: SMTPServerSession) =>
  connections(server).find(({ id }) => id === session.id)?._socket

function listen(server: SMTPServer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, HOST, resolve)
  })
}

type HttpServer = ReturnType<typeof serve>

function listenHttp(
  messages: MailMessage[],
  { verificationCode }: MailboxOptions,
  port: number,
): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const pages = mailboxPages(() => messages, verificationCode)
    const server = serve({ fetch: pages.fetch, hostname: HOST, port }, () => resolve(server))
    server.once('error', reject)
  })
}

function waitFor(
  messages: MailMessage[],
  waiting: Set<(message: MailMessage) => void>,
  predicate: (message: MailMessage) => boolean,
  timeoutMs: number,
): Promise<MailMessage> {
  const here = messages.find(predicate)
  if (here) return Promise.resolve(here)
  return new Promise((resolve, reject) => {
    const finish = (act: () => void) => {
      clearTimeout(timer)
      waiting.delete(tell)
      act()
    }
    const tell = (message: MailMessage) => {
      if (predicate(message)) finish(() => resolve(message))
    }
    const timer = setTimeout(
      () => finish(() => reject(new Error(`no such mail came within ${timeoutMs} ms`))),
      timeoutMs,
    )
    waiting.add(tell)
  })
}
