import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBuffers } from '../../src/disc/buffers.ts'
import type { PackedDisc } from '../../src/disc/disc.ts'
import { createReadAheadBudget } from '../../src/disc/read-ahead.ts'
import { answerDisc, contentDisposition, responseOf } from '../../src/disc/serve.ts'
import { type FetchInstance, writeDisc } from '../../src/disc/write.ts'
import { pourAnswer, pouringBodies } from '../../src/http/direct.ts'
import { dicomFile } from '../support/dicom.ts'
import { archiveOf, bytesOfDisc, discOf, fetchFrom } from '../support/disc.ts'
import { series } from '../support/radiology.ts'

const ARCHIVE = archiveOf(series(40, 192).map((dataSet) => dicomFile(dataSet)))
const directory = mkdtempSync(join(tmpdir(), 'ritiro-serve-'))
const BUDGET = 4 * 2 ** 20
const budget = createReadAheadBudget(BUDGET)
const buffers = createBuffers(BUDGET)
/** The memory of each instance that was sent. */
const taken: ArrayBufferLike[] = []

/** What the archive does when asked; tests make it misbehave. */
let fetchInstance: FetchInstance = fetchFrom(ARCHIVE)
let revoked = new AbortController()
let plan: PackedDisc
let whole: Buffer
let server: Server
let url: string

beforeAll(async () => {
  plan = (await discOf(ARCHIVE)).iso
  whole = await bytesOfDisc(plan, ARCHIVE)
  const app = new Hono().all('*', respond)
  server = serve({ fetch: pouringBodies(app.fetch), port: 0, hostname: '127.0.0.1' }) as Server
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/disco.iso`
})
afterAll(() => {
  server.close()
  rmSync(directory, { recursive: true })
})

function respond(c: Context): Response {
  const ended = revoked.signal
  const answer = answerDisc(c.req.raw, plan, (range, cancelled) => {
    const fetch: FetchInstance = async (instance, aborted) => {
      const bytes = await fetchInstance(instance, aborted)
      // As from a socket: memory that is used again as soon as the gateway takes it for free.
      const copy = buffers.take(bytes.byteLength)
      taken.push(copy.buffer)
      copy.set(bytes)
      return copy
    }
    return writeDisc(plan, fetch, { ...range, signal: AbortSignal.any([cancelled, ended]), budget, buffers })
  })
  return pourAnswer(c, answer, { ended, sent: buffers.giveBack })
}

const ask = (headers: Record<string, string> = {}, method = 'GET') => fetch(url, { headers, method })
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())

test('a download has its length, name, type and validators (S21, S22)', async () => {
  const response = await ask()
  expect(response.status).toBe(200)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-length': String(plan.size),
    'content-type': 'application/x-iso9660-image',
    'content-disposition': 'attachment; filename="esame-2026-11-23.iso"',
    'accept-ranges': 'bytes',
    'last-modified': 'Mon, 23 Nov 2026 10:15:30 GMT',
    'cache-control': 'private, no-store, no-transform',
    etag: plan.etag,
  })
  expect((await bytesOf(response)).equals(whole)).toBe(true)
})

test('HEAD says the same, of the whole whatever its Range (RFC 9110 §14.2), and reads nothing', async () => {
  let reads = 0
  await withArchive(
    async () => {
      reads++
      throw new Error('nothing was asked for')
    },
    async () => {
      const response = await ask({}, 'HEAD')
      expect(response.headers.get('content-length')).toBe(String(plan.size))
      expect((await bytesOf(response)).byteLength).toBe(0)
      const part = await ask({ range: 'bytes=100-199' }, 'HEAD')
      expect([part.status, part.headers.get('content-length')]).toEqual([200, String(plan.size)])
      expect(part.headers.has('content-range')).toBe(false)
    },
  )
  expect(reads).toBe(0)
})

test('one range is 206 with its Content-Range', async () => {
  const response = await ask({ range: `bytes=${plan.size - 5000}-` })
  expect(response.status).toBe(206)
  expect(response.headers.get('content-range')).toBe(
    `bytes ${plan.size - 5000}-${plan.size - 1}/${plan.size}`,
  )
  expect((await bytesOf(response)).equals(whole.subarray(-5000))).toBe(true)
})

test('several ranges come as multipart/byteranges of the length announced (RFC 9110 §14.6)', async () => {
  const response = await ask({ range: 'bytes=0-9,500000-500099,-7' })
  expect(response.status).toBe(206)
  const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(
    response.headers.get('content-type') ?? '',
  )?.[1]
  const body = await bytesOf(response)
  expect(body.byteLength).toBe(Number(response.headers.get('content-length')))
  const parts = body.toString('latin1').split(`\r\n--${boundary}`)
  expect(parts.length).toBe(5)
  expect(parts.at(-1)).toBe('--\r\n')
  const contents = parts.slice(1, 4).map((part) => part.slice(part.indexOf('\r\n\r\n') + 4))
  const expected = [whole.subarray(0, 10), whole.subarray(500_000, 500_100), whole.subarray(-7)]
  expect(contents).toEqual(expected.map((bytes) => bytes.toString('latin1')))
})

test('a range beyond the end is 416 and says how long the file is', async () => {
  const response = await ask({ range: `bytes=${plan.size}-` })
  expect(response.status).toBe(416)
  expect(response.headers.get('content-range')).toBe(`bytes */${plan.size}`)
})

test('If-Range: the rest of what has changed since is not sent, but all anew (RFC 9110 §13.1.5)', async () => {
  const range = 'bytes=10-19'
  const modified = plan.lastModified.toUTCString()
  const statusWith = async (ifRange: string, condition = 'if-range') => {
    const response = await ask({ range, [condition]: ifRange })
    await response.body?.cancel()
    return response.status
  }
  expect(await statusWith(plan.etag)).toBe(206)
  expect(await statusWith(plan.etag, 'if-match')).toBe(206)
  // The same date may stand for other bytes: it is a weak validator (§8.8.2.2).
  expect(await statusWith(modified)).toBe(200)
  expect(await statusWith(modified, 'if-unmodified-since')).toBe(200)
  expect(await statusWith('"another"')).toBe(200)
  expect(await statusWith(`W/${plan.etag}`)).toBe(200)
  expect(await statusWith('Mon, 23 Nov 2026 10:15:31 GMT')).toBe(200)
  expect(await statusWith('nonsense')).toBe(200)
})

test.each([
  [{ 'if-match': '"another"' }, 412],
  [{ 'if-match': '*' }, 200],
  [{ 'if-unmodified-since': 'Mon, 23 Nov 2026 10:15:29 GMT' }, 412],
  [{ 'if-none-match': '*' }, 304],
  [{ 'if-modified-since': 'Mon, 23 Nov 2026 10:15:30 GMT' }, 304],
  [{ 'if-modified-since': 'Mon, 23 Nov 2026 10:15:29 GMT' }, 200],
  [{ 'if-none-match': '"another"', 'if-modified-since': 'Mon, 23 Nov 2026 10:15:30 GMT' }, 200],
])('%j is answered %i (RFC 9110 §13.2.2)', (headers, status) => {
  const asked = { method: 'GET', headers: new Headers(headers as Record<string, string>) }
  expect(answerDisc(asked, plan, () => never()).status).toBe(status)
})

test('curl -C - and wget -c go on from any byte at which the line dropped (S22)', async () => {
  const path = join(directory, 'resumed.iso')
  for (const cut of [1, 32_768, (plan.extents[0]?.start ?? 0) + 1, plan.size >> 1, plan.size - 1]) {
    for (const [program, ...args] of [
      ['curl', '-sSf', '-C', '-', '-o', path, url],
      ['wget', '-q', '-c', '-O', path, url],
    ] as const) {
      writeFileSync(path, whole)
      truncateSync(path, cut)
      await promisify(execFile)(program, args)
      expect(readFileSync(path).equals(whole), `${program} from ${cut}`).toBe(true)
    }
  }
})

test('a download broken off at random and resumed with If-Range is the uncut file', async () => {
  for (let round = 0; round < 20; round++) {
    let have = Buffer.alloc(0)
    while (have.byteLength < plan.size) {
      const headers: Record<string, string> =
        have.byteLength > 0 ? { range: `bytes=${have.byteLength}-`, 'if-range': plan.etag } : {}
      const wanted = have.byteLength + 1 + ((round * 7919 + have.byteLength) % 900_000)
      have = Buffer.concat([have, await firstBytes(headers, wanted - have.byteLength)])
    }
    expect(have.equals(whole)).toBe(true)
  }
})

test('an instance gone in the middle breaks the connection: never a short file taken for whole', async () => {
  const victim = [...ARCHIVE.keys()][20]
  await withArchive(
    async (instance) => {
      if (instance.orthancId === victim) throw new Error('Orthanc is gone')
      return await fetchFrom(ARCHIVE)(instance)
    },
    async () => {
      const path = join(directory, 'broken.iso')
      const failed = await promisify(execFile)('curl', ['-sS', '-o', path, url]).catch((error) => error)
      expect(failed.code).toBe(18) // curl: transfer closed with outstanding read data remaining
      const got = readFileSync(path)
      expect(got.equals(whole.subarray(0, got.byteLength))).toBe(true)
      expect(got.byteLength).toBeLessThan(whole.byteLength)
    },
  )
})

test('a session that ends stops its download in the middle, also while the archive hangs (S12)', async () => {
  let asked = 0
  await withArchive(
    async (instance) => {
      // From the tenth on it never answers, and does not heed its signal.
      if (++asked > 10) await new Promise(() => undefined)
      return await fetchFrom(ARCHIVE)(instance)
    },
    async () => {
      const reader = (await ask()).body?.getReader()
      await reader?.read()
      const rest = (async () => {
        while (!(await reader?.read())?.done);
      })()
      const ended = expect(rest).rejects.toThrow()
      await pause(50)
      revoked.abort(new Error('withdrawn'))
      await ended
    },
  )
  expect(budget.used()).toBe(0)
})

test('a client that leaves ends the fetches, and gives back what was read ahead', async () => {
  let open = 0
  await withArchive(
    async (instance, signal) => {
      open++
      try {
        await pause(5, undefined, { signal })
        return await fetchFrom(ARCHIVE)(instance)
      } finally {
        open--
      }
    },
    async () => {
      for (let round = 0; round < 300; round++) {
        const abort = new AbortController()
        const response = await fetch(url, { signal: abort.signal })
        if (round % 3 === 0) await response.body?.getReader().read()
        abort.abort()
      }
      await settled(() => open === 0 && budget.used() === 0)
    },
  )
  expect([open, budget.used()]).toEqual([0, 0])
})

test('a client that stalls holds no more than the budget, and gets the file when it goes on', async () => {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(`GET /disco.iso HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  socket.pause()
  await pause(300)
  expect(budget.used()).toBeLessThanOrEqual(BUDGET)
  const path = join(directory, 'stalled')
  await pipeline(socket, createWriteStream(path))
  const answer = readFileSync(path)
  const head = answer.indexOf('\r\n\r\n') + 4
  expect(answer.subarray(head).equals(whole)).toBe(true)
  expect(budget.used()).toBe(0)
})

test('where a server speaks fetch alone the body is a stream, of the same bytes, and ends as it is left', async () => {
  const asked = { method: 'GET', headers: new Headers() }
  const answer = answerDisc(asked, plan, (range, signal) =>
    writeDisc(plan, fetchFrom(ARCHIVE), { ...range, signal, budget }),
  )
  expect((await bytesOf(responseOf(answer))).equals(whole)).toBe(true)
  const reader = responseOf(answer).body?.getReader()
  await reader?.read()
  await reader?.cancel()
  expect(budget.used()).toBe(0)
})

test('memory is used again, and never before what was in it has left', async () => {
  taken.length = 0
  expect((await bytesOf(await ask())).equals(whole)).toBe(true)
  expect(new Set(taken).size).toBeLessThan(taken.length / 2)
  // Some read at once, some slowly, some from the middle, some leave: whatever one holds is another's next.
  const readers = Array.from({ length: 24 }, async (_, index) => {
    const from = index % 3 === 0 ? 1_000_001 : 0
    const response = await ask(from > 0 ? { range: `bytes=${from}-` } : {})
    if (index % 4 === 3) return await response.body?.cancel()
    const got: Uint8Array[] = []
    for await (const chunk of response.body ?? []) {
      got.push(chunk)
      if (index % 2 === 0 && got.length % 8 === 0) await pause(5)
    }
    expect(Buffer.concat(got).equals(whole.subarray(from))).toBe(true)
  })
  await Promise.all(readers)
})

test('many downloads at once share one budget, and none waits for another', async () => {
  let most = 0
  await withArchive(
    async (instance) => {
      most = Math.max(most, budget.used())
      return await fetchFrom(ARCHIVE)(instance)
    },
    async () => {
      // Twenty that never read, and one that does.
      const stalled = await Promise.all(Array.from({ length: 20 }, () => ask()))
      expect((await bytesOf(await ask())).equals(whole)).toBe(true)
      for (const response of stalled) await response.body?.cancel()
    },
  )
  expect(most).toBeLessThanOrEqual(BUDGET)
})

test('a name with accents or quotes cannot break the header (RFC 6266)', () => {
  expect(contentDisposition('esame-2026-11-23.iso')).toBe('attachment; filename="esame-2026-11-23.iso"')
  expect(contentDisposition('perché "sì"\r\nX: y.iso')).toBe(
    `attachment; filename="perche__si___X__y.iso"; filename*=UTF-8''perch%C3%A9%20%22s%C3%AC%22%0D%0AX%3A%20y.iso`,
  )
})

// biome-ignore lint/correctness/useYield: it is never begun.
async function* never(): AsyncGenerator<Uint8Array> {
  throw new Error('nothing is sent')
}

async function withArchive(archive: FetchInstance, use: () => Promise<void>): Promise<void> {
  fetchInstance = archive
  try {
    await use()
  } finally {
    fetchInstance = fetchFrom(ARCHIVE)
    revoked = new AbortController()
  }
}

async function firstBytes(headers: Record<string, string>, count: number): Promise<Buffer> {
  const response = await ask(headers)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    length += chunk.byteLength
    if (length >= count) break
  }
  return Buffer.concat(chunks).subarray(0, count)
}

async function settled(done: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !done(); tries++) await pause(10)
}
