import { connect, createServer, type Socket } from 'node:net'

export type LoggingProxy = {
  url: string
  /** Request lines in the order they came, such as "GET /system". */
  asked: string[]
  close: () => Promise<void>
}

/** Stands before a server on `port`, lets every byte pass, and writes down what is asked. */
export async function loggingProxy(port: number): Promise<LoggingProxy> {
  const asked: string[] = []
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let seen = ''
    client.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1')
      for (const [, method, path] of seen.matchAll(/^([A-Z]+) (.+) HTTP\/1\.[01]\r$/gm))
        asked.push(`${method} ${path}`)
      // A request line may still be under way.
      seen = seen.slice(seen.lastIndexOf('\n') + 1)
    })
    client.pipe(upstream).pipe(client)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no address')
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    close: () => {
      for (const socket of open) socket.destroy()
      return new Promise((done) => server.close(() => done()))
    },
  }
}
