import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEvents } from '../../src/database/schema.ts'
import { dicomFile, instance } from '../support/dicom.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { doctorOf, type Patient, signedIn } from '../support/patient.ts'
import { sharedWith } from '../support/site.ts'

const IMAGES = 8
// The sockets of a connection hold 30 MB and more.
const PIXEL_BYTES = 12 * 2 ** 20

let orthanc: TestOrthanc
let gateway: TestGateway
let patient: Patient
let pins: [pin1: string, pin2: string]
let publication = ''
let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ritiro-large-'))
  orthanc = await testOrthanc()
  gateway = await testGateway({ orthanc })
  const files: string[] = []
  for (let number = 1; number <= IMAGES; number++) {
    // More than the sockets on the way hold: a download that nobody reads is still running.
    const more = {
      524368: ['SH', 'ACC001'],
      2145386512: ['OW', new Uint8Array(PIXEL_BYTES).fill(number)],
    } as const
    const file = join(directory, `${number}.dcm`)
    await writeFile(file, dicomFile(instance({ number, more })))
    files.push(file)
  }
  const { pin1 } = (await (await gateway.api('POST', '/visits', visit())).json()) as { pin1: string }
  await gateway.deliver('ACC001', await pdfOf('Referto'))
  await orthanc.send(files)
  pins = [pin1, pin2In(await gateway.mailbox.waitFor(() => true))]
  patient = await signedIn(gateway, ...pins)
  publication = /\/referti\/([0-9a-f-]{36})/.exec(await (await patient.get('/referti')).text())?.[1] ?? ''
  for (;;) {
    if ((await (await patient.get(`/referti/${publication}/disco`)).text()).includes('disco.iso')) break
    await new Promise((done) => setTimeout(done, 200))
  }
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await orthanc?.[Symbol.asyncDispose]()
  if (directory) await rm(directory, { recursive: true, force: true })
})

/** Reads a download slowly, and fails if it comes whole though `end` should have broken it. */
async function brokenAfter(
  person: Patient,
  end: () => Promise<unknown>,
  // Whole, it would take ten seconds: many times what the gateway needs to notice.
  bytesPerSecond = 8e6,
): Promise<void> {
  const response = await person.get(`/referti/${publication}/disco.iso`)
  expect(response.status).toBe(200)
  const total = Number(response.headers.get('content-length'))
  const reader = response.body?.getReader()
  let got = (await reader?.read())?.value?.byteLength ?? 0
  await end()
  try {
    for (;;) {
      const next = await reader?.read()
      if (!next || next.done) break
      got += next.value.byteLength
      await new Promise((done) => setTimeout(done, (next.value.byteLength / bytesPerSecond) * 1000))
    }
  } catch {
    expect(got).toBeLessThan(total)
    return
  }
  throw new Error(`the download went on to its end: ${got} of ${total} bytes`)
}

test('S32: "Annulla" breaks the doctor’s running download', async () => {
  const share = await sharedWith(patient, [publication])
  const doctor = await doctorOf(gateway, share.token, share.pin)
  // What the sockets hold is still read; the gateway itself sends nothing more.
  await brokenAfter(doctor, () => patient.post(`/condivisioni/${share.id}/annulla`))
})

test('S39b: the disc is proof of collection once it was taken whole, not when somebody asks for its first or last byte', async () => {
  const path = `/referti/${publication}/disco.iso`
  const taken = async () =>
    (await gateway.waitForState('ACC001', () => true)).exams[0].publication.firstDiscAt
  const take = async (range: Record<string, string>) => {
    await (await patient.get(path, range)).arrayBuffer()
    return taken()
  }
  expect(await take({ range: 'bytes=0-0' })).toBeNull()
  expect(await take({ range: 'bytes=-1' })).toBeNull()
  expect(await take({ range: 'bytes=0-5000000' })).toBeNull()
  await take({ range: 'bytes=5000001-' })
  await expect.poll(taken).toEqual(expect.any(String))
  const events = (await gateway.db.select().from(auditEvents)).map(({ event }) => event)
  expect(events).toEqual(expect.arrayContaining(['disc.downloaded', 'disc.completed']))
})

test('S22: a download cut off goes on after a new login, and keeps what it has while there is none', async () => {
  const path = `/referti/${publication}/disco.iso`
  const whole = Buffer.from(await (await patient.get(path)).arrayBuffer())
  const response = await patient.get(path)
  const first = Buffer.from((await response.body?.getReader().read())?.value ?? [])
  const range = { range: `bytes=${first.byteLength}-`, 'if-range': response.headers.get('etag') ?? '' }
  await patient.post('/uscita')
  // A page would be saved as the disc, and at 401 Chromium deletes what it has.
  const refused = await patient.get(path, range)
  expect([refused.status, (await refused.arrayBuffer()).byteLength]).toEqual([503, 0])

  patient = await signedIn(gateway, ...pins)
  const rest = await patient.get(path, range)
  expect(rest.status).toBe(206)
  expect(Buffer.concat([first, Buffer.from(await rest.arrayBuffer())]).equals(whole)).toBe(true)
})

test('S22: curl and wget go on where they were', async () => {
  const path = `${gateway.url}/referti/${publication}/disco.zip`
  const whole = Buffer.from(await (await patient.get(`/referti/${publication}/disco.zip`)).arrayBuffer())
  for (const command of [
    'curl -sSf -H "cookie: $1" -C - -o "$0" "$2"',
    'wget -q --header "cookie: $1" -c -O "$0" "$2"',
  ]) {
    const file = join(directory, 'resumed')
    await writeFile(file, whole.subarray(0, 10_000_001))
    await promisify(execFile)('bash', ['-c', command, file, patient.cookie, path])
    expect((await readFile(file)).equals(whole)).toBe(true)
  }
})

test('S7: with a corrected report it is another disc, of a later date; the rest of the old one is not sent', async () => {
  const path = `/referti/${publication}/disco.iso`
  const head = async () => (await patient.get(path, { range: 'bytes=0-0' })).headers
  const before = await head()
  expect((await gateway.deliver('ACC001', await pdfOf('Referto corretto'))).status).toBe(201)
  await expect.poll(async () => (await head()).get('etag')).not.toBe(before.get('etag'))
  const after = await head()
  const modified = (headers: Headers) => Date.parse(headers.get('last-modified') ?? '')
  expect(modified(after)).toBeGreaterThan(modified(before))
  const rest = await patient.get(path, { range: 'bytes=1000-', 'if-range': before.get('etag') ?? '' })
  expect(rest.status).toBe(200)
  await rest.body?.cancel()
})

test('an image deleted from the archive breaks the download, and the next one is whole without it', async () => {
  const before = await patient.get(`/referti/${publication}/disco.iso`, { range: 'bytes=0-0' })
  const size = Number(before.headers.get('content-range')?.split('/')[1])
  const remove = async () => {
    const instances = (await (await orthanc.request('/instances?expand')).json()) as Stored[]
    // The last of the disc, which is not read ahead yet.
    const last = instances.find(({ MainDicomTags }) => Number(MainDicomTags.InstanceNumber) === IMAGES)
    const path = `/instances/${last?.ID}`
    expect((await orthanc.request(path, { method: 'DELETE', as: 'administrator' })).status).toBe(200)
  }
  // It is gone before it is asked for: no need to go slowly.
  await brokenAfter(patient, remove, Number.POSITIVE_INFINITY)
  const again = () =>
    patient.get(`/referti/${publication}/disco.iso`, {
      'if-range': before.headers.get('etag') ?? '',
      range: 'bytes=1-',
    })
  // Orthanc never tells of deletions: it was the broken download that had the study prepared anew.
  await expect.poll(async () => (await again()).status, { timeout: 20_000 }).toBe(200)
  const response = await again()
  const bytes = (await response.arrayBuffer()).byteLength
  expect(bytes).toBe(Number(response.headers.get('content-length')))
  expect(Math.round((size - bytes) / PIXEL_BYTES)).toBe(1)

  // Known before the first byte where nobody downloads meanwhile.
  const [another] = (await (await orthanc.request('/instances')).json()) as string[]
  await orthanc.request(`/instances/${another}`, { method: 'DELETE', as: 'administrator' })
  expect((await again()).status).toBe(503)
  await expect.poll(async () => (await again()).status, { timeout: 20_000 }).toBe(200)
})

type Stored = { ID: string; MainDicomTags: { InstanceNumber: string } }

test('S25, S26: removing the report breaks the patient’s own running download', async () => {
  await brokenAfter(patient, () => patient.post(`/referti/${publication}/rimuovi`))
})
