import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pour } from '../../src/disc/pour.ts'

const MiB = 2 ** 20
const server = createServer()

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

/** A request that is under way, and the client that made it, which reads nothing by itself. */
async function asked(): Promise<{ client: Socket; outgoing: ServerResponse }> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  client.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const [, outgoing] = (await once(server, 'request')) as [unknown, ServerResponse]
  outgoing.writeHead(200, { 'content-length': 1024 * MiB })
  return { client, outgoing }
}

/** A body without end, and what became of its pieces. */
function endless() {
  const pieces = { given: 0, sent: 0, over: false }
  return {
    pieces,
    async *body() {
      try {
        for (;;) {
          pieces.given++
          yield Buffer.alloc(MiB)
        }
      } finally {
        pieces.over = true
      }
    },
    sent: () => {
      pieces.sent++
    },
  }
}

test('S12: a client that stalls holds one piece, and is cut off as soon as its download may not go on', async () => {
  const { client, outgoing } = await asked()
  const ended = new AbortController()
  const { body, sent, pieces } = endless()
  const poured = pour(outgoing, body, { ended: ended.signal, sent })
  // What the sockets on the way hold has left; the piece that does not fit waits alone.
  await expect.poll(() => [pieces.given - pieces.sent, outgoing.writableLength > 0]).toEqual([1, true])
  const before = pieces.given
  expect(before * MiB).toBeLessThan(64 * MiB)

  ended.abort()
  await poured
  expect(pieces).toMatchObject({ given: before, over: true })
  // Nobody may write into it again: it was not told as sent.
  expect(pieces.sent).toBe(before - 1)
  expect(outgoing.destroyed).toBe(true)
  await once(client.resume(), 'close')
})

test('a client that leaves ends the body, wherever it is', async () => {
  for (const isReading of [false, true]) {
    const { client, outgoing } = await asked()
    const { body, sent, pieces } = endless()
    const poured = pour(outgoing, body, { sent })
    if (isReading) await once(client.resume(), 'data')
    else await expect.poll(() => outgoing.writableLength > 0).toBe(true)
    client.destroy()
    await poured
    expect(pieces.over).toBe(true)
  }
})

test('a body that fails breaks the connection; one that is whole leaves it open for the next request', async () => {
  const { client, outgoing } = await asked()
  await pour(outgoing, async function* () {
    yield Buffer.alloc(10)
    throw new Error('the archive is gone')
  })
  expect(outgoing.destroyed).toBe(true)
  await once(client.resume(), 'close')

  const next = connect((server.address() as AddressInfo).port, '127.0.0.1')
  next.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const [, answer] = (await once(server, 'request')) as [unknown, ServerResponse]
  const { socket } = answer
  answer.writeHead(200, { 'content-length': 10 })
  await pour(answer, async function* () {
    yield Buffer.from('0123')
    yield Buffer.from('456789')
  })
  let got = ''
  next.on('data', (bytes) => {
    got += bytes
  })
  await expect.poll(() => got.endsWith('\r\n\r\n0123456789')).toBe(true)
  next.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const [, second] = (await once(server, 'request')) as [unknown, ServerResponse]
  expect(second.socket).toBe(socket)
  second.end()
  next.destroy()
})
