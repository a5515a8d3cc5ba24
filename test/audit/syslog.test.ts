import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { freePort } from '../../scripts/orthanc.ts'
import { deliver, syslogFrame } from '../../src/audit/syslog.ts'
import { muteReceiver } from './mute-receiver.ts'
import { syslogReceiver, testPki } from './syslog-receiver.ts'

const AT = new Date('2026-11-23T10:00:00.123Z')
const never = new AbortController().signal
const frames = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    syslogFrame(AT, 'referti.example', `<a>${i} è ${'x'.repeat(3_000)}</a>`),
  )

test('a frame is its length in octets and an RFC 5424 message of facility 10, severity 5 (PS3.15 §A.6, RFC 5425 §4.3)', () => {
  const frame = syslogFrame(AT, 'referti.example', '<a>è</a>').toString('utf8')
  const [length, message] = [frame.slice(0, frame.indexOf(' ')), frame.slice(frame.indexOf(' ') + 1)]
  expect(message).toBe('<85>1 2026-11-23T10:00:00.123Z referti.example ritiro - DICOM+RFC3881 - <a>è</a>')
  expect(Number(length)).toBe(Buffer.byteLength(message))
})

test('a real receiver gets what is sent, byte for byte and in order, and its close is the answer (RFC 5425 §4.4)', async () => {
  await using pki = await testPki()
  await using receiver = await syslogReceiver(pki)
  const target = { host: '127.0.0.1', port: receiver.port, ca: pki.ca }
  const sent = frames(300)
  expect(await deliver(target, sent.slice(0, 200), never)).toEqual({ answered: true })
  expect(await deliver({ ...target, host: 'localhost' }, sent.slice(200), never)).toEqual({ answered: true })
  await sleep(300)
  const received = await receiver.messages()
  expect(received.map((message) => `${Buffer.byteLength(message)} ${message}`)).toEqual(sent.map(String))
})

test('a receiver with a certificate of another authority, or of another name, gets nothing', async () => {
  await using pki = await testPki()
  await using other = await testPki()
  await using stranger = await syslogReceiver(other)
  await using misnamed = await syslogReceiver(pki, { name: 'DNS:elsewhere.example' })
  const send = (port: number, ca?: string) => deliver({ host: '127.0.0.1', port, ca }, frames(1), never)
  await expect(send(stranger.port, pki.ca)).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  await expect(send(stranger.port)).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
  await expect(send(misnamed.port, pki.ca)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  await sleep(200)
  expect(await stranger.messages()).toEqual([])
  expect(await misnamed.messages()).toEqual([])
})

test('where the receiver wants our certificate, only the right one delivers, and a refusal is never taken for success', async () => {
  await using pki = await testPki()
  await using receiver = await syslogReceiver(pki, { peers: ['gateway.example'] })
  const target = { host: '127.0.0.1', port: receiver.port, ca: pki.ca }
  const right = await pki.issue('right', 'DNS:gateway.example')
  const wrong = await pki.issue('wrong', 'DNS:other.example')
  for (let i = 0; i < 40; i++) {
    await expect(deliver(target, frames(2), never)).rejects.toThrow()
    await expect(deliver({ ...target, cert: wrong.cert, key: wrong.key }, frames(2), never)).rejects.toThrow()
  }
  expect(await deliver({ ...target, cert: right.cert, key: right.key }, frames(2), never)).toEqual({
    answered: true,
  })
  await sleep(200)
  expect(await receiver.messages()).toHaveLength(2)
}, 60_000)

test('nobody there, an end before all was said, and a stop in the middle are failures', async () => {
  const port = await freePort()
  await expect(deliver({ host: '127.0.0.1', port }, frames(1), never)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  })

  await using pki = await testPki()
  await using closing = await muteReceiver(pki, 'closes at once')
  const target = { host: '127.0.0.1', port: closing.port, ca: pki.ca }
  await expect(deliver(target, frames(5_000), never)).rejects.toMatchObject({
    code: expect.stringMatching(/SYSLOG_CLOSED_EARLY|ECONNRESET|EPIPE/),
  })

  await using silent = await muteReceiver(pki, 'never reads')
  const stop = new AbortController()
  const stopped = deliver({ ...target, port: silent.port }, frames(5_000), stop.signal)
  setTimeout(() => stop.abort(), 200)
  await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' })
  await expect(deliver({ ...target, port: silent.port }, frames(1), stop.signal)).rejects.toMatchObject({
    code: 'ABORTED',
  })
})

test.each(['closes at once', 'closes a moment later', 'dies without reading'] as const)(
  'a receiver that %s has answered nothing, however little was sent',
  async (manner) => {
    await using pki = await testPki()
    await using receiver = await muteReceiver(pki, manner)
    const target = { host: '127.0.0.1', port: receiver.port, ca: pki.ca }
    for (let i = 0; i < 10; i++)
      await expect(deliver(target, frames(1 + i), never)).rejects.toMatchObject({
        code: expect.stringMatching(/SYSLOG_CLOSED_EARLY|ECONNRESET|EPIPE/),
      })
  },
  30_000,
)

test('a receiver that stops reading is a failure; one that reads all but never closes is taken at its silence', async () => {
  await using pki = await testPki()
  await using silent = await muteReceiver(pki, 'never reads')
  await using open = await muteReceiver(pki, 'never closes')
  const target = { host: '127.0.0.1', port: silent.port, ca: pki.ca }
  const [stuck, unanswered] = await Promise.allSettled([
    deliver(target, frames(10_000), never, 1_000),
    deliver({ ...target, port: open.port }, frames(10), never, 1_000),
  ])
  expect(stuck).toMatchObject({ status: 'rejected', reason: { code: 'SYSLOG_TIMEOUT' } })
  expect(unanswered).toEqual({ status: 'fulfilled', value: { answered: false } })
}, 60_000)
