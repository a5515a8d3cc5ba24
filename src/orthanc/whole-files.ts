import { connect, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'

export type WholeFile = { readonly status: number; readonly bytes: Uint8Array }

/** Gives the memory that a file of this length is written into. */
export type Allocate = (length: number) => Uint8Array

/** The server answers in a form that only a whole HTTP client understands, such as without Content-Length. */
export class UnfamiliarAnswerError extends Error {
  override readonly name = 'UnfamiliarAnswerError'
}

export type WholeFileClient = {
  get: (path: string, signal?: AbortSignal, allocate?: Allocate) => Promise<WholeFile>
  close: () => void
}

type Options = {
  readonly base: URL
  readonly authorization: string
  readonly connections: number
  /** A connection that was not used for so long is closed: the server is about to do so. */
  readonly idleMs: number
  /** Silence of the server after which an answer is given up. */
  readonly timeoutMs: number
}

/**
 * GETs files whole over HTTP/1.1 (RFC 9112), and can do nothing else. The kernel writes each body right into the buffer
 * that is handed out, where a common client copies it two or three times: half the processor time of a download.
 */
export function createWholeFileClient(options: Options): WholeFileClient {
  const idle: Connection[] = []
  const busy = new Set<Connection>()
  const waiting: (() => void)[] = []
  let running = 0
  let closed = false

  function take(): { connection: Connection; fresh: boolean } {
    for (let connection = idle.pop(); connection; connection = idle.pop()) {
      if (connection.usable()) return { connection, fresh: false }
    }
    return { connection: openConnection(options), fresh: true }
  }
  async function ask(path: string, signal?: AbortSignal, allocate?: Allocate): Promise<WholeFile> {
    for (;;) {
      signal?.throwIfAborted()
      if (closed) throw new Error('the client is closed')
      const { connection, fresh } = take()
      busy.add(connection)
      try {
        return await connection.exchange(requestOf(path, options), signal, allocate)
      } catch (error) {
        // The server may close a kept connection just as it is used again: RFC 9112 §9.3.1 says to ask anew.
        if (fresh || !(error instanceof UnansweredError) || signal?.aborted) throw error
      } finally {
        busy.delete(connection)
        if (connection.usable() && !closed) idle.push(connection)
      }
    }
  }

  return {
    async get(path, signal, allocate) {
      if (running >= options.connections) await new Promise<void>((go) => waiting.push(go))
      else running++
      try {
        return await ask(path, signal, allocate)
      } finally {
        // Whoever waits longest takes this one's place.
        const next = waiting.shift()
        if (next) next()
        else running--
      }
    },
    close() {
      closed = true
      for (const connection of [...busy, ...idle.splice(0)]) connection.destroy()
    },
  }
}

/** The connection ended before a byte of the answer came. */
class UnansweredError extends Error {
  override readonly name = 'UnansweredError'
}

const requestOf = (path: string, { base, authorization }: Options): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${base.host}\r\nAuthorization: ${authorization}\r\n\r\n`

type Connection = ReturnType<typeof openConnection>
type Exchange = {
  resolve: (file: WholeFile) => void
  reject: (error: Error) => void
  allocate: Allocate | undefined
}
type Answer = { status: number; body: Uint8Array; received: number; keep: boolean }

const LONGEST_HEAD = 16_384

// Not of the pool that small buffers share: it is handed out, and kept for as long as it is needed.
const notShared: Allocate = (length) => Buffer.allocUnsafeSlow(length)

function openConnection({ base, idleMs, timeoutMs }: Options) {
  const head = Buffer.alloc(LONGEST_HEAD)
  let headLength = 0
  let answer: Answer | null = null
  let exchange: Exchange | null = null
  let keep = true

  const tls = base.protocol === 'https:'
  const host = base.hostname.replace(/^\[|\]$/g, '')
  const where = {
    host,
    port: Number(base.port || (tls ? 443 : 80)),
    noDelay: true,
    onread: {
      // Asked for before each read: the head's buffer, then what is left of the body's.
      buffer: () => (answer ? answer.body.subarray(answer.received) : head.subarray(headLength)),
      callback: (length: number) => {
        receive(length)
        return true
      },
    },
  }
  const socket = tls
    ? connectTls({ ...where, ...(isIP(host) === 0 ? { servername: host } : {}) })
    : connect(where)
  socket.on('error', (error) => fail(error))
  socket.on('timeout', () => fail(new Error('silent for too long')))
  socket.on('close', () => fail(new Error('the connection ended in the middle of an answer')))

  function receive(length: number): void {
    if (answer) answer.received += length
    else readHead(length)
    if (answer && answer.received === answer.body.byteLength) finish(answer)
  }
  function readHead(length: number): void {
    headLength += length
    const end = head.subarray(0, headLength).indexOf('\r\n\r\n')
    if (end < 0) {
      if (headLength === LONGEST_HEAD) fail(new UnfamiliarAnswerError('headers without end'))
      return
    }
    const parsed = parseHead(head.toString('latin1', 0, end))
    const more = head.subarray(end + 4, headLength)
    if (!parsed || more.byteLength > parsed.length) {
      fail(new UnfamiliarAnswerError('no Content-Length'))
      return
    }
    const body = (exchange?.allocate ?? notShared)(parsed.length)
    body.set(more)
    answer = { status: parsed.status, keep: parsed.keep, body, received: more.byteLength }
  }
  function finish({ status, body, keep: kept }: Answer): void {
    const done = exchange
    reset()
    if (!done || !kept) {
      keep = false
      socket.destroy()
    } else {
      socket.setTimeout(idleMs)
    }
    done?.resolve({ status, bytes: body })
  }
  function fail(error: Error): void {
    const failed = exchange
    const unanswered = headLength === 0 && !answer && !(error instanceof UnfamiliarAnswerError)
    reset()
    keep = false
    socket.destroy()
    failed?.reject(unanswered ? new UnansweredError(error.message, { cause: error }) : error)
  }
  function reset(): void {
    exchange = null
    answer = null
    headLength = 0
  }

  return {
    usable: () => keep && !socket.destroyed,
    destroy: () => fail(new Error('the client is closed')),
    exchange(request: string, signal?: AbortSignal, allocate?: Allocate): Promise<WholeFile> {
      return new Promise<WholeFile>((resolve, reject) => {
        const leave = () => fail(new Error('nobody wants it any more', { cause: signal?.reason }))
        signal?.addEventListener('abort', leave, { once: true })
        const settled = () => signal?.removeEventListener('abort', leave)
        exchange = {
          allocate,
          resolve(file) {
            settled()
            resolve(file)
          },
          reject(error) {
            settled()
            reject(error)
          },
        }
        socket.setTimeout(timeoutMs)
        socket.write(request)
      })
    },
  }
}

/** What matters of an answer's head; null where its body's length is not plainly told. */
function parseHead(head: string): { status: number; length: number; keep: boolean } | null {
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? Number.NaN)
  const length = Number(/^content-length:\s*(\d+)\s*$/im.exec(head)?.[1] ?? Number.NaN)
  const encoded = /^(transfer|content)-encoding:/im.test(head)
  if (Number.isNaN(status) || Number.isNaN(length) || encoded || status < 200) return null
  return { status, length, keep: !/^connection:\s*close/im.test(head) }
}
