import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Pki } from './syslog-receiver.ts'

/** A TLS server that behaves as no syslog receiver should: what rsyslog cannot be made to do. */
export async function muteReceiver(
  pki: Pki,
  manner:
    | 'closes at once'
    | 'closes a moment later'
    | 'dies without reading'
    | 'never reads'
    | 'never closes',
): Promise<{ port: number; [Symbol.asyncDispose]: () => Promise<void> }> {
  const { cert, key } = await pki.issue(`mute-${Math.random().toString(36).slice(2)}`)
  const sockets = new Set<TLSSocket>()
  const server = createServer({ cert, key, allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    if (manner === 'closes at once') socket.end()
    if (manner === 'closes a moment later') setTimeout(() => socket.end(), 30)
    if (manner === 'dies without reading') setTimeout(() => socket.destroy(), 30)
    if (manner === 'never reads' || manner === 'dies without reading') socket.pause()
    if (manner === 'never closes') socket.resume()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}
