import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type Speed = { readonly name: string; readonly bitsPerS: number; readonly roundTripMs: number }

export const SPEEDS: Readonly<Record<string, Speed>> = {
  none: { name: 'unthrottled', bitsPerS: Number.POSITIVE_INFINITY, roundTripMs: 0 },
  '4g': { name: '4G (9 Mbit/s, 100 ms)', bitsPerS: 9e6, roundTripMs: 100 },
  adsl: { name: 'ADSL (7 Mbit/s, 40 ms)', bitsPerS: 7e6, roundTripMs: 40 },
}

export type Line = {
  port: number
  /** Bytes that came down since the last call, headers and all. */
  taken: () => number
  /** When the last byte came down, by performance.now(). */
  lastByteAt: () => number
  close: () => Promise<void>
}

// A chunk waits its turn: on a real line another connection's may come between.
const CHUNK = 16 * 1024
const MOST_WAITING = 256 * 1024

/**
 * A line to a server of this machine: all its connections share one bandwidth, and everything takes half a round trip each
 * way, the opening of a connection one more. What the browser fetches in whatever thread goes through it.
 */
export async function openLine(toPort: number, { bitsPerS, roundTripMs }: Speed): Promise<Line> {
  let freeAt = 0
  let bytes = 0
  let lastAt = performance.now()
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(toPort, '127.0.0.1')
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    const openAt = performance.now() + roundTripMs
    const [up, down] = [inOrder(), inOrder()]
    client.on('data', (chunk) =>
      up(Math.max(openAt, performance.now()) + roundTripMs / 2, () => upstream.write(chunk)),
    )
    let waiting = 0
    upstream.on('data', (all: Buffer) => {
      bytes += all.byteLength
      for (let at = 0; at < all.byteLength; at += CHUNK) {
        const chunk = all.subarray(at, at + CHUNK)
        waiting += chunk.byteLength
        freeAt = Math.max(freeAt, performance.now()) + (chunk.byteLength * 8000) / bitsPerS
        down(freeAt + roundTripMs / 2, () => {
          waiting -= chunk.byteLength
          lastAt = performance.now()
          client.write(chunk)
          if (waiting < MOST_WAITING) upstream.resume()
        })
      }
      if (waiting >= MOST_WAITING) upstream.pause()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    taken() {
      const since = bytes
      bytes = 0
      return since
    },
    lastByteAt: () => lastAt,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Acts each at its time and in the order given: timers of their own may overtake one another on a busy machine. */
function inOrder() {
  const waiting: { at: number; act: () => void }[] = []
  let timer: NodeJS.Timeout | null = null
  const pump = () => {
    timer = null
    while (waiting[0] && waiting[0].at <= performance.now()) waiting.shift()?.act()
    if (waiting[0]) timer = setTimeout(pump, waiting[0].at - performance.now())
  }
  return (at: number, act: () => void) => {
    waiting.push({ at, act })
    if (!timer) pump()
  }
}
