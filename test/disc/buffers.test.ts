import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from 'vitest'
import { createBuffers, departureOf } from '../../src/disc/buffers.ts'

test('memory that was given back is taken again, once, and for what is of about its length', () => {
  const buffers = createBuffers(2 ** 20)
  const first = buffers.take(300_000)
  expect(first.byteLength).toBe(300_000)
  buffers.giveBack(first.subarray(10, 20))
  buffers.giveBack(first)
  expect(buffers.take(10).buffer).not.toBe(first.buffer)
  expect(buffers.take(310_000).buffer).toBe(first.buffer)
  expect(buffers.take(310_000).buffer).not.toBe(first.buffer)
})

test('what was not taken here is left alone, and no more is kept than the limit', () => {
  const buffers = createBuffers(200_000)
  const foreign = Buffer.alloc(100_000)
  buffers.giveBack(foreign)
  const [one, two] = [buffers.take(120_000), buffers.take(120_000)]
  buffers.giveBack(one)
  buffers.giveBack(two)
  const again = [buffers.take(120_000).buffer, buffers.take(120_000).buffer]
  expect(again[0]).toBe(one.buffer)
  expect([foreign.buffer, one.buffer, two.buffer]).not.toContain(again[1])
})

test('what was given is over only when it has been written and has left', async () => {
  const size = 32 * 2 ** 20
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.pause()
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  try {
    const departure = departureOf(response)
    departure?.give(size)
    // Given, but held by somebody who has not written it yet.
    expect(departure?.isOver()).toBe(false)
    response.writeHead(200, { 'content-length': size })
    response.write(Buffer.alloc(size))
    // Written, but more than the sockets on the way hold.
    expect(departure?.isOver()).toBe(false)
    client.resume()
    await once(response, 'drain')
    expect(departure?.isOver()).toBe(true)
    expect(departureOf(undefined)).toBeNull()
  } finally {
    client.destroy()
    server.close()
  }
})
