import { connect as connectTcp } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

const START = 0x0b
const END = 0x1c

export type MllpClient = {
  /** Sends messages in their frames, all at once, and gives the answers in their order. */
  send: (...messages: (string | Uint8Array)[]) => Promise<string[]>
  /** Writes bytes as they are. */
  write: (bytes: Uint8Array) => void
  /** The next answer. */
  answer: () => Promise<string>
  /** Resolves when the other side has closed the connection. */
  closed: Promise<void>
  close: () => void
}

/** A sender of HL7 messages by MLLP, as an integration engine is one. */
export async function mllpClient(
  address: { host?: string; port: number; tls?: ConnectionOptions },
  { encoding = 'utf8', timeoutMs = 60_000 }: { encoding?: BufferEncoding; timeoutMs?: number } = {},
): Promise<MllpClient> {
  const { host = '127.0.0.1', port, tls } = address
  const socket = tls ? connectTls({ host, port, ...tls }) : connectTcp({ host, port })
  const answers: string[] = []
  const waiting: { done: (answer: string) => void; failed: (error: Error) => void }[] = []
  let received = Buffer.alloc(0)
  let over = false
  const fail = () => {
    over = true
    for (const { failed } of waiting.splice(0))
      failed(new Error('the connection was closed before an answer'))
  }
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    for (let end = received.indexOf(END); end !== -1; end = received.indexOf(END)) {
      const start = received.indexOf(START)
      const answer = received.subarray(start + 1, end).toString(encoding)
      received = received.subarray(end + 2)
      const next = waiting.shift()
      if (next) next.done(answer)
      else answers.push(answer)
    }
  })
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  void closed.then(fail)
  await new Promise<void>((done, failed) => {
    socket.once('error', failed)
    socket.once(tls ? 'secureConnect' : 'connect', () => done())
  })
  socket.on('error', () => undefined)
  const answer = () =>
    new Promise<string>((done, failed) => {
      const ready = answers.shift()
      if (ready !== undefined) return done(ready)
      if (over) return failed(new Error('the connection is closed'))
      const timer = setTimeout(() => failed(new Error('no answer in time')), timeoutMs)
      waiting.push({
        done: (text) => {
          clearTimeout(timer)
          done(text)
        },
        failed: (error) => {
          clearTimeout(timer)
          failed(error)
        },
      })
    })
  return {
    answer,
    closed,
    write: (bytes) => void socket.write(bytes),
    async send(...messages) {
      const coming = messages.map(() => answer())
      const frames = messages.flatMap((message) => [
        Buffer.from([START]),
        typeof message === 'string' ? Buffer.from(message, encoding) : message,
        Buffer.from([END, 0x0d]),
      ])
      socket.write(Buffer.concat(frames))
      return Promise.all(coming)
    },
    close: () => void socket.destroy(),
  }
}
