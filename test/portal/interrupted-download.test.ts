import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import dicomParser from 'dicom-parser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../support/browser.ts'
import { dicomFile, instance } from '../support/dicom.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { type Patient, signedIn } from '../support/patient.ts'

const MiB = 2 ** 20
/** More than the sockets on the way hold, by far. */
const PIXEL_BYTES = 24 * MiB
const ACCESSION = { 524368: ['SH', 'ACC001'] } as const

let orthanc: TestOrthanc
let gateway: TestGateway
let patient: Patient
let directory = ''
let path = ''
let whole = ''
let size = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ritiro-interrupted-'))
  // A minute in a hospital: a client that stalls for longer is one that Orthanc gives up.
  orthanc = await testOrthanc({ requestTimeout: 1 })
  gateway = await testGateway({ orthanc })
  const files: string[] = []
  const add = async (number: number, pixels: Uint8Array) => {
    const file = join(directory, `${number}.dcm`)
    await writeFile(file, dicomFile(instance({ number, more: { ...ACCESSION, 2145386512: ['OW', pixels] } })))
    files.push(file)
  }
  for (let number = 1; number <= 4; number++) await add(number, Buffer.alloc(500_000, number))
  for (let number = 5; number <= 6; number++) {
    const words = Uint32Array.from({ length: PIXEL_BYTES / 4 }, (_, index) => index * number)
    await add(number, new Uint8Array(words.buffer))
  }
  const { pin1 } = (await (await gateway.api('POST', '/visits', visit())).json()) as { pin1: string }
  await gateway.deliver('ACC001', await pdfOf('Referto'))
  await orthanc.send(files)
  // dcmtk, and so Orthanc, takes no deflated Data Set by C-STORE; by REST it does.
  const [deflated, body] = [{ encoding: 'deflated' }, instance({ number: 7, more: ACCESSION })] as const
  const init = {
    method: 'POST',
    body: new Uint8Array(dicomFile(body, deflated)),
    as: 'administrator',
  } as const
  expect((await orthanc.request('/instances', init)).status).toBe(200)
  patient = await signedIn(gateway, pin1, pin2In(await gateway.mailbox.waitFor(() => true)))
  const list = await (await patient.get('/referti')).text()
  path = `${/\/referti\/[0-9a-f-]{36}/.exec(list)?.[0]}/disco.iso`
  const page = path.replace('.iso', '')
  while (!(await (await patient.get(page)).text()).includes('disco.iso')) await pause(200)
  const response = await patient.get(path)
  size = Number(response.headers.get('content-length'))
  const image = Buffer.from(await response.arrayBuffer())
  whole = createHash('sha256').update(image).digest('hex')
  await writeFile(join(directory, 'disc.iso'), image)
}, 120_000)
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await orthanc?.[Symbol.asyncDispose]()
  if (directory) await rm(directory, { recursive: true, force: true })
})

/** Reads a body to its end, or to where it broke. */
async function readAll(response: Response, digest: ReturnType<typeof createHash>, got = 0): Promise<number> {
  let length = got
  try {
    for await (const chunk of response.body ?? []) {
      digest.update(chunk)
      length += chunk.byteLength
    }
  } catch {
    // It is for the length to tell.
  }
  return length
}

const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length

test('S21: a deflated instance is on the disc, inflated', async () => {
  await promisify(execFile)('bsdtar', ['-xf', join(directory, 'disc.iso'), '-C', directory, 'DICOM'])
  const names = await readdir(join(directory, 'DICOM'), { recursive: true })
  const files = names.filter((name) => /IM\d{6}$/.test(name))
  const instances = await Promise.all(
    files.map(async (name) => dicomParser.parseDicom(await readFile(join(directory, 'DICOM', name)))),
  )
  expect(instances.map((one) => one.string('x00020010'))).toEqual(Array(7).fill('1.2.840.10008.1.2.1'))
  const seventh = instances.find((one) => one.intString('x00200013') === 7)
  expect(seventh?.elements.x7fe00010?.length).toBe(128)
})

test('S22: a client that stalls until Orthanc gives it up gets the same disc when it goes on, and leaves nothing open', async () => {
  const before = sockets()
  const digest = createHash('sha256')
  const response = await patient.get(path)
  // Nothing is read: all that holds anything on the way is full, and Orthanc breaks off a large instance after a second.
  await pause(3_500)
  expect(await readAll(response, digest)).toBe(size)
  expect(digest.digest('hex')).toBe(whole)
  await expect.poll(sockets, { timeout: 20_000 }).toBeLessThanOrEqual(before + 2)
})

test('S22: while Orthanc restarts a download goes on, or breaks and is resumed: never short, never wrong', async () => {
  const digest = createHash('sha256')
  const response = await patient.get(path)
  await orthanc.kill()
  const first = await readAll(response, digest)
  expect(first).toBeLessThan(size)
  // Without the archive the rest is refused before a byte, and the browser keeps what it has.
  const rest = { range: `bytes=${first}-`, 'if-range': response.headers.get('etag') ?? '' }
  expect((await patient.get(path, rest)).status).toBe(503)
  await orthanc.start()
  let resumed = await patient.get(path, rest)
  while (resumed.status === 503) {
    await pause(200)
    resumed = await patient.get(path, rest)
  }
  expect(resumed.status).toBe(206)
  expect(await readAll(resumed, digest, first)).toBe(size)
  expect(digest.digest('hex')).toBe(whole)
})

test('S22: Chromium resumes a download that the line broke twice, by itself, to the same bytes', async () => {
  await using line = await badLine(Number(new URL(gateway.url).port), [9_000_000, 30_000_000])
  const browser = await launchChromium()
  try {
    const context = await browser.newContext({ acceptDownloads: true })
    const [name = '', value = ''] = patient.cookie.split(/=(.*)/s)
    await context.addCookies([{ name, value, domain: 'localhost', path: '/', secure: true, httpOnly: true }])
    const page = await context.newPage()
    await page.goto(line.url + path.replace('.iso', ''))
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('a[href$="/disco.iso"]')])
    const digest = createHash('sha256')
    for await (const chunk of await download.createReadStream()) digest.update(chunk)
    expect(digest.digest('hex')).toBe(whole)
    const asked = line.heads.filter((head) => head.startsWith(`GET ${path} `))
    expect(asked.length).toBe(3)
    const etag = /^if-range: (.*)$/im.exec(asked[1] ?? '')?.[1]
    expect(etag).toBe((await patient.get(path, { range: 'bytes=0-0' })).headers.get('etag'))
    const froms = asked.map((head) => Number(/^range: bytes=(\d+)-/im.exec(head)?.[1] ?? 0))
    expect(froms[0]).toBe(0)
    expect(froms[1]).toBeGreaterThan(1_000_000)
    expect(froms[2]).toBeGreaterThan(froms[1] ?? 0)
  } finally {
    await browser.close()
  }
})

/** A way to the gateway on which each next download breaks after so many bytes, as when a line drops. */
async function badLine(port: number, breaks: readonly number[]) {
  const heads: string[] = []
  const left = [...breaks]
  const server: Server = createServer((client) => {
    const upstream = connect(port, 'localhost')
    let budget = Number.POSITIVE_INFINITY
    client.on('data', (bytes) => {
      const head = bytes.toString('latin1')
      if (/^[A-Z]+ /.test(head)) heads.push(head)
      if (head.startsWith(`GET ${path} `)) budget = left.shift() ?? Number.POSITIVE_INFINITY
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      budget -= bytes.byteLength
      if (budget < 0) {
        client.destroy()
        upstream.destroy()
      } else if (!client.write(bytes)) {
        upstream.pause()
        client.once('drain', () => upstream.resume())
      }
    })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => undefined)
      one.on('close', () => other.destroy())
    }
  }).listen(0, 'localhost')
  await once(server, 'listening')
  return {
    heads,
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}
