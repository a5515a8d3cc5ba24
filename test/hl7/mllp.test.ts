import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mllpClient } from '../../scripts/demo-run/mllp.ts'
import { refuseBytes } from '../../src/hl7/inbox.ts'
import { type MllpOptions, type MllpServer, startMllp } from '../../src/hl7/mllp.ts'
import { LEAF, signingOffice } from '../signature/support.ts'

const office = signingOffice()
const servers: MllpServer[] = []
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()))
  office[Symbol.dispose]()
})

/** A line that answers each message with its length, after `answer` has done what the test wants of it. */
async function line(options: Partial<MllpOptions> = {}): Promise<MllpServer & { log: string[] }> {
  const log: string[] = []
  const server = await startMllp({
    ...{ host: '127.0.0.1', port: 0, tls: null, allowedAddresses: [], maxBytes: 60_000_000 },
    answer: async (message) => Buffer.from(`${message.byteLength}`),
    refusal: (reason) => Buffer.from(`refused: ${reason}`),
    log: (_, event) => void log.push(event),
    ...options,
  })
  servers.push(server)
  return { ...server, log }
}

const framed = (text: string) => Buffer.from(`\x0b${text}\x1c\r`)

describe('MLLP (HL7 v2.5 appendix C)', () => {
  test('messages sent at once are answered in their order', async () => {
    const slow = await line({
      answer: async (message) => {
        await sleep(message.byteLength === 5 ? 40 : 0)
        return message
      },
    })
    const client = await mllpClient(slow)
    expect(await client.send('lento', 'b', 'c', 'd')).toEqual(['lento', 'b', 'c', 'd'])
    client.close()
  })

  test('packets may be cut anywhere, and line ends stand between frames', async () => {
    const client = await mllpClient(await line())
    for (const byte of Buffer.from('\r\n\x0bciao\x1c\r\n\x0b\x1c\r')) {
      client.write(Buffer.from([byte]))
      await sleep(1)
    }
    expect([await client.answer(), await client.answer()]).toEqual(['4', '0'])
    client.close()
  })

  test('a frame without its last <CR> is a message all the same', async () => {
    const client = await mllpClient(await line())
    client.write(Buffer.from('\x0buno\x1c\x0bdue\x1c'))
    expect([await client.answer(), await client.answer()]).toEqual(['3', '3'])
    client.close()
  })

  test.each([
    ['bytes before <VT>', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'must begin with <VT>'],
    ['a second <VT>', Buffer.from('\x0babc\x0bdef\x1c\r'), 'began before'],
    ['too many bytes', framed('x'.repeat(1_000_001)), 'larger than 1 MB'],
  ])('%s are refused with a reason, and the line is closed', async (_, bytes, reason) => {
    const client = await mllpClient(await line({ maxBytes: 1_000_000 }))
    client.write(bytes)
    expect(await client.answer()).toContain(`refused: `)
    client.close()
    const again = await mllpClient(await line({ maxBytes: 1_000_000 }))
    again.write(Buffer.concat([framed('prima'), bytes]))
    expect([await again.answer(), await again.answer()]).toEqual(['5', expect.stringContaining(reason)])
    await again.closed
  })

  test('a message that is too large is answered under its own control ID, however it was cut', async () => {
    const refusal = (reason: string, head: Uint8Array) => refuseBytes(reason, head, new Date(0))
    const client = await mllpClient(await line({ maxBytes: 100_000, refusal }))
    client.write(Buffer.from('\x0bMSH|^~\\&|RIS|OSP'))
    await sleep(5)
    client.write(
      framed(`EDALE|RITIRO|PORTALE|2026||ORU^R01|GRANDE-1|P|2.5\rOBX|${'x'.repeat(100_000)}`).subarray(1),
    )
    expect(await client.answer()).toMatch(/\|RIS\|OSPEDALE\|.*\rMSA\|AR\|GRANDE-1\|The message is larger/s)
    await client.closed
  })

  test('who stops in the middle of a message is given up; who waits between messages is not', async () => {
    const server = await line({ stalledMs: 150 })
    const waiting = await mllpClient(server)
    const stalled = await mllpClient(server)
    stalled.write(Buffer.from('\x0bmezzo'))
    await stalled.closed
    expect(server.log).toContain('hl7.stalled')
    expect(await waiting.send('ancora qui')).toEqual(['10'])
    waiting.close()
  })

  test('a sender that closes its side after the message still gets its answer', async () => {
    const { port } = await line({
      answer: async () => {
        await sleep(50)
        return Buffer.from('ecco')
      },
    })
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.end(framed('ultimo'))
    const received: Buffer[] = []
    for await (const chunk of socket) received.push(chunk as Buffer)
    expect(Buffer.concat(received).toString()).toBe('\x0becco\x1c\r')
  })

  test('while a message is being answered no more is read of its line', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((done) => {
      release = done
    })
    let taken = 0
    const { port } = await line({
      answer: async () => {
        taken += 1
        await held
        return Buffer.from('ok')
      },
    })
    const socket = connect({ port, host: '127.0.0.1' })
    socket.resume()
    const chunk = Buffer.concat(Array(1000).fill(framed('x'.repeat(1000))))
    for (let sent = 0; sent < 30; sent++) socket.write(chunk)
    await sleep(500)
    // What the kernel holds for the line is all that left the sender.
    expect(socket.writableLength).toBeGreaterThan(0)
    expect(taken).toBe(1)
    release()
    // Released, it reads on to the end.
    await expect.poll(() => taken, { timeout: 20_000 }).toBe(30_000)
    socket.destroy()
  })

  test('two hundred lines: the ones silent longest make room', async () => {
    const server = await line()
    const clients = []
    for (let at = 0; at < 200; at++) {
      const client = await mllpClient(server)
      expect(await client.send('a')).toEqual(['1'])
      clients.push(client)
    }
    await clients[0]?.closed
    expect(await clients[199]?.send('abc')).toEqual(['3'])
    for (const client of clients) client.close()
  })

  test('only the addresses that may send are heard', async () => {
    const server = await line({ allowedAddresses: ['192.0.2.1'] })
    const client = await mllpClient(server)
    await client.closed
    expect(server.log).toContain('hl7.address_refused')
  })

  test('random bytes in random pieces never stop the line', async () => {
    const server = await line({ maxBytes: 4000 })
    for (let seed = 1; seed <= 150; seed++) {
      const client = await mllpClient(server)
      const bytes = Buffer.from(
        Array.from({ length: 600 }, (_, at) => (seed * 7919 + at * at * 31 + at) % 256),
      )
      if (seed % 3 === 0) bytes[0] = 0x0b
      client.write(bytes)
      client.close()
    }
    const client = await mllpClient(server)
    expect(await client.send('vivo')).toEqual(['4'])
    client.close()
  })

  test('a stop lets the message under way be answered', async () => {
    let go: () => void = () => undefined
    const held = new Promise<void>((done) => {
      go = done
    })
    const server = await line({
      answer: async () => {
        await held
        return Buffer.from('fatto')
      },
    })
    const client = await mllpClient(server)
    const answer = client.send('a')
    await sleep(50)
    const closing = server.close()
    go()
    expect(await answer).toEqual(['fatto'])
    await client.closed
    await closing
  })
})

describe('over TLS', () => {
  const authority = office.authority()
  const other = office.authority('/CN=Altra')
  const server = office.issue(authority, {
    subject: '/CN=localhost',
    extensions: ['subjectAltName=DNS:localhost,IP:127.0.0.1'],
  })
  const ris = office.issue(authority, {
    subject: '/CN=ris',
    extensions: [...LEAF.slice(0, 1), 'keyUsage=digitalSignature'],
  })
  const stranger = office.issue(other, { subject: '/CN=ignoto' })
  const pem = (identity: { certificate: string; key: string }) => ({
    cert: readFileSync(identity.certificate, 'utf8'),
    key: readFileSync(identity.key, 'utf8'),
  })
  let port = 0
  let guarded = 0
  beforeAll(async () => {
    port = (await line({ tls: pem(server) })).port
    guarded = (await line({ tls: { ...pem(server), clientCa: authority.pem } })).port
  })

  test('a large message and its answer', async () => {
    const client = await mllpClient({ port, tls: { ca: authority.pem, servername: 'localhost' } })
    expect(await client.send(Buffer.alloc(25_000_000, 65))).toEqual(['25000000'])
    client.close()
  })

  test('with a certificate where one is asked for; without, or with another authority’s, nobody is heard', async () => {
    const tls = { ca: authority.pem, servername: 'localhost' }
    const client = await mllpClient({ port: guarded, tls: { ...tls, ...pem(ris) } })
    expect(await client.send('a')).toEqual(['1'])
    client.close()
    for (const identity of [{}, pem(stranger)]) {
      // In TLS 1.3 the refusal comes with the first thing that is read.
      const refused = mllpClient({ port: guarded, tls: { ...tls, ...identity } }).then((socket) =>
        socket.send('a'),
      )
      await expect(refused).rejects.toThrow()
    }
    const plain = await mllpClient({ port: guarded })
    await expect(plain.send('a plain message')).rejects.toThrow()
  })
})
