import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createWholeFileClient, UnfamiliarAnswerError } from '../../src/orthanc/whole-files.ts'

const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))
const HEAD = `HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nContent-Length: ${BODY.byteLength}\r\n\r\n`
const ANSWER = Buffer.concat([Buffer.from(HEAD), BODY])

/** What the server does with a request; tests make it misbehave. */
let answer: (socket: Socket, request: string) => void
let server: Server
let sockets: Set<Socket>
let opened: number

beforeEach(async () => {
  answer = (socket) => void socket.write(ANSWER)
  opened = 0
  sockets = new Set()
  server = createServer((socket) => {
    opened++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        answer(socket, text.slice(0, end))
        text = text.slice(end + 4)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

const clientOf = (options: { connections?: number; idleMs?: number; timeoutMs?: number } = {}) =>
  createWholeFileClient({
    base: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    authorization: 'Basic abc',
    ...{ connections: 4, idleMs: 60_000, timeoutMs: 60_000, ...options },
  })

test('a file comes whole, however its bytes are cut on the way', async () => {
  const client = clientOf()
  let asked = ''
  for (const cut of [1, 10, HEAD.length - 3, HEAD.length - 1, HEAD.length, HEAD.length + 1, 100_000]) {
    answer = async (socket, request) => {
      asked = request
      socket.write(ANSWER.subarray(0, cut))
      await pause(5)
      socket.write(ANSWER.subarray(cut))
    }
    const { status, bytes } = await client.get('/instances/x/file')
    expect([status, BODY.equals(bytes)]).toEqual([200, true])
  }
  expect(asked).toMatch(
    /^GET \/instances\/x\/file HTTP\/1\.1\r\nHost: 127[^\r]*\r\nAuthorization: Basic abc$/,
  )
  // One after the other: one connection.
  expect(opened).toBe(1)
  client.close()
})

test('no more connections are opened than allowed, and who waits gets the next that is free', async () => {
  const client = clientOf({ connections: 3 })
  let most = 0
  let now = 0
  answer = async (socket) => {
    most = Math.max(most, ++now)
    await pause(2)
    now--
    socket.write(ANSWER)
  }
  const files = await Promise.all(Array.from({ length: 40 }, () => client.get('/file')))
  expect(files.every(({ bytes }) => BODY.equals(bytes))).toBe(true)
  expect([most, opened]).toEqual([3, 3])
  client.close()
})

test('an empty file and an answer that is none of a file come with their status', async () => {
  const client = clientOf()
  answer = (socket) => void socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
  expect(await client.get('/file')).toMatchObject({ status: 404, bytes: Buffer.alloc(0) })
  answer = (socket) => void socket.end('HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno')
  expect((await client.get('/file')).status).toBe(401)
  answer = (socket) => void socket.write(ANSWER)
  expect((await client.get('/file')).status).toBe(200)
  expect(opened).toBe(2)
  client.close()
})

test('a connection that ends in an answer is an error, never a short file', async () => {
  for (const cut of [0, 5, HEAD.length - 1, HEAD.length, HEAD.length + 1, ANSWER.byteLength - 1]) {
    const client = clientOf()
    answer = (socket) => void socket.end(ANSWER.subarray(0, cut))
    await expect(client.get('/file')).rejects.toThrow()
    client.close()
  }
})

test('a kept connection that the server has closed is replaced, and nobody notices (RFC 9112 §9.3.1)', async () => {
  const client = clientOf()
  await client.get('/file')
  // Closed before it is used again, and closed by the very request.
  for (const socket of sockets) socket.end()
  await client.get('/file')
  let first = true
  answer = (socket) => {
    if (first) socket.destroy()
    else socket.write(ANSWER)
    first = false
  }
  expect(BODY.equals((await client.get('/file')).bytes)).toBe(true)
  client.close()
})

test.each([
  ['without a length', 'HTTP/1.1 200 OK\r\n\r\n'],
  ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n'],
  ['compressed', 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n'],
  ['longer than it says', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ntoo long'],
  ['in no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['with headers without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`],
])('an answer %s is told as one that this client does not know', async (_, text) => {
  const client = clientOf()
  answer = (socket) => void socket.write(text)
  await expect(client.get('/file')).rejects.toThrow(UnfamiliarAnswerError)
  client.close()
})

test('who leaves, or waits for a silent server for too long, ends the connection', async () => {
  const client = clientOf({ timeoutMs: 300, connections: 1 })
  answer = (socket) => void socket.write(ANSWER.subarray(0, 50_000))
  await expect(client.get('/file')).rejects.toThrow(/silent/)
  const leaving = new AbortController()
  const left = expect(client.get('/file', leaving.signal)).rejects.toThrow(/nobody wants/)
  // Waiting behind it for the one connection: leaves too, and the third still comes.
  const queued = expect(client.get('/file', leaving.signal)).rejects.toThrow()
  const third = client.get('/file')
  await pause(20)
  answer = (socket) => void socket.write(ANSWER)
  leaving.abort()
  await Promise.all([left, queued])
  expect((await third).status).toBe(200)
  await expect.poll(() => sockets.size).toBe(1)
  client.close()
  await expect.poll(() => sockets.size).toBe(0)
  await expect(client.get('/file')).rejects.toThrow(/closed/)
})
