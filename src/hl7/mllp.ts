import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { errorCode, type Log } from '../log.ts'
import { createSlots } from '../slots.ts'
import { createFrameReader, FramingError, frame } from './frames.ts'

export type MllpOptions = {
  host: string
  port: number
  /** Certificate and key, PEM; with `clientCa`, who connects must show a certificate of one of these authorities. */
  tls: { cert: string; key: string; clientCa?: string | undefined } | null
  /** Who may connect; empty: anybody. */
  allowedAddresses: readonly string[]
  maxBytes: number
  /** Answers one message; never throws. */
  answer: (message: Uint8Array, peer: string) => Promise<Uint8Array>
  /** What is answered to bytes that are no message, before the connection is closed. */
  refusal: (reason: string, head: Uint8Array) => Uint8Array
  log: Log
  /** A message of which no byte came for so long is given up. */
  stalledMs?: number
}

export type MllpServer = {
  port: number
  /** Lets the messages under way be answered, and takes no more. */
  close: () => Promise<void>
}

const MAX_CONNECTIONS = 100
// Few large messages are in memory at once, however many connections there are; the others wait on the line.
const LARGE_BYTES = 1_000_000
const LARGE_AT_ONCE = 4
const STALLED_MS = 60_000
const LONGEST_MESSAGE_MS = 10 * 60_000
const KEEP_ALIVE_MS = 30_000
const HANG_UP_MS = 5_000
const HANDSHAKE_MS = 10_000

/**
 * Listens for HL7 messages by MLLP (HL7 v2.5 appendix C; IHE ITI-TF), on TCP or TLS. A connection's messages are answered
 * one after the other, in order; while one is, no more is read from its line.
 */
export async function startMllp(options: MllpOptions): Promise<MllpServer> {
  const { tls, log } = options
  const connections = new Map<Socket, Connection>()
  const large = createSlots(LARGE_AT_ONCE)
  const accept = (socket: Socket) => {
    const peer = socket.remoteAddress?.replace(/^::ffff:/, '') ?? 'unknown'
    if (options.allowedAddresses.length > 0 && !options.allowedAddresses.includes(peer)) {
      log('warn', 'hl7.address_refused', { peer })
      socket.destroy()
      return
    }
    if (connections.size >= MAX_CONNECTIONS && !makeRoom(connections)) {
      log('warn', 'hl7.too_many_connections', { peer })
      socket.destroy()
      return
    }
    const connection: Connection = { busy: false, lastUsed: performance.now(), stopping: false }
    connections.set(socket, connection)
    socket.once('close', () => connections.delete(socket))
    void converse(socket, peer, connection, { ...options, large })
  }
  // A sender that closes its side after the last message still waits for the answer.
  const server: Server = tls
    ? createTlsServer(
        {
          cert: tls.cert,
          key: tls.key,
          minVersion: 'TLSv1.2',
          handshakeTimeout: HANDSHAKE_MS,
          allowHalfOpen: true,
          ...(tls.clientCa ? { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true } : {}),
        },
        accept,
      )
    : createTcpServer({ allowHalfOpen: true }, accept)
  // Beside the conversations there are lines whose TLS handshake has not ended.
  const lines = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    lines.add(socket)
    socket.once('close', () => lines.delete(socket))
  })
  server.on('tlsClientError', (error: Error) => log('warn', 'hl7.tls_failed', { code: errorCode(error) }))
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(options.port, options.host, () => done())
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    async close() {
      const closed = new Promise<void>((done) => void server.close(() => done()))
      const answering: Promise<void>[] = []
      for (const [socket, connection] of connections) {
        connection.stopping = true
        if (!connection.busy) socket.destroy()
        else answering.push(new Promise((done) => void socket.once('close', () => done())))
      }
      await Promise.all(answering)
      for (const socket of lines) socket.destroy()
      await closed
    },
  }
}

type Connection = { busy: boolean; lastUsed: number; stopping: boolean }

async function converse(
  socket: Socket,
  peer: string,
  connection: Connection,
  options: MllpOptions & { large: ReturnType<typeof createSlots> },
): Promise<void> {
  const { answer, refusal, log, maxBytes, large, stalledMs = STALLED_MS } = options
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  socket.on('timeout', () => {
    log('warn', 'hl7.stalled', { peer })
    socket.destroy()
  })
  // Without a listener a connection that breaks would end the process; the loop below sees it too.
  socket.on('error', () => undefined)
  const reader = createFrameReader(maxBytes)
  let release: (() => void) | null = null
  let deadline: NodeJS.Timeout | null = null
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      socket.setTimeout(0)
      for (const message of reader.push(chunk as Buffer)) {
        connection.busy = true
        await send(socket, frame(await answer(message, peer)))
        connection.busy = false
        connection.lastUsed = performance.now()
        if (connection.stopping) return
      }
      const { pendingBytes } = reader
      if (pendingBytes < LARGE_BYTES) {
        release?.()
        release = null
      } else {
        release ??= await large.take()
      }
      if (pendingBytes === 0 && deadline) {
        clearTimeout(deadline)
        deadline = null
      }
      if (pendingBytes === 0) continue
      socket.setTimeout(stalledMs)
      deadline ??= setTimeout(() => socket.destroy(), LONGEST_MESSAGE_MS).unref()
    }
    if (reader.pendingBytes > 0) log('warn', 'hl7.cut_off', { peer, bytes: reader.pendingBytes })
  } catch (error) {
    if (error instanceof FramingError) {
      log('warn', 'hl7.framing', { peer, reason: error.message })
      await send(socket, frame(refusal(error.message, error.head))).catch(() => undefined)
    } else log('info', 'hl7.connection_lost', { peer, code: errorCode(error) })
  } finally {
    release?.()
    if (deadline) clearTimeout(deadline)
    hangUp(socket)
  }
}

// What was answered is sent, and what still comes is let run out: cut at once, the line would take the answer with it.
function hangUp(socket: Socket): void {
  const cut = setTimeout(() => socket.destroy(), HANG_UP_MS).unref()
  socket.once('close', () => clearTimeout(cut))
  socket.once('end', () => socket.destroySoon())
  socket.resume()
  socket.end()
  if (socket.readableEnded) socket.destroySoon()
}

function send(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((done, failed) => socket.write(bytes, (error) => (error ? failed(error) : done())))
}

/** Closes the connection that has been silent longest, if one waits between messages. */
function makeRoom(connections: Map<Socket, Connection>): boolean {
  const [oldest] = [...connections]
    .filter(([, { busy }]) => !busy)
    .sort(([, a], [, b]) => a.lastUsed - b.lastUsed)
  oldest?.[0].destroy()
  return oldest !== undefined
}
