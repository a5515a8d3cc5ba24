import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { derivations, studies } from '../../src/database/schema.ts'
import { cleanDerived, sweepDerived } from '../../src/derived/clean.ts'
import {
  askForDerived,
  DerivedLostError,
  type Deriver,
  findDerived,
  type Work,
} from '../../src/derived/derived.ts'
import { type DerivedStore, openDerivedStore } from '../../src/derived/store.ts'
import { deriveNext } from '../../src/derived/worker.ts'
import { AppError } from '../../src/errors.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { dicomFiles, type TestFiles } from '../support/images.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'

const SECOND = 1_000
const PROGRAM = fileURLToPath(new URL('../support/programs/derive-and-hang.ts', import.meta.url))
const { signal } = new AbortController()

let orthanc: TestOrthanc
let gateway: TestGateway
let files: TestFiles
let store: DerivedStore
let directory: string

/** Writes an entry an instance: its length, many times over. */
const sizes: Deriver<{ instances: number }> = {
  kind: 'sizes',
  version: 1,
  made: 'always',
  async derive({ manifest, write, progress }) {
    const { instances } = manifest
    for (const [index, { orthancId, length }] of instances.entries()) {
      await write(orthancId, contentOf(length))
      progress(index + 1, instances.length)
    }
    return { instances: instances.length }
  },
}
const onDemand: Deriver<{ instances: number }> = { ...sizes, kind: 'on-demand', made: 'asked' }
const contentOf = (length: number) => Buffer.from(`${length} `.repeat(200_000))

beforeAll(async () => {
  orthanc = await testOrthanc()
  gateway = await testGateway({ orthanc })
  files = await dicomFiles({ accessionNumber: 'ACC001' })
  await gateway.api('POST', '/visits', visit())
  await orthanc.send({ directory: files.directory })
  await gateway.waitForState('ACC001', ({ images }) => images.state === 'stable')
  await manifestReady()
  // From here on the test does the gateway's work itself, step by step.
  await gateway.stop()
  directory = gateway.environment.DERIVED_DIR ?? ''
  store = await openDerivedStore(gateway.db, directory)
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await orthanc[Symbol.asyncDispose]()
  await files[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await gateway.db.delete(derivations)
  await rm(store.folder, { recursive: true, force: true })
})

const manifestReady = () =>
  vi.waitUntil(async () => (await gateway.db.query.manifests.findFirst())?.preparedAt, {
    timeout: 20 * SECOND,
  })
const work = (at = Date.now(), derivers: Deriver[] = [sizes]) =>
  deriveNext({ db: gateway.db, store, derivers, clock: () => new Date(at) }, signal)
const study = async () => {
  const [found] = await gateway.db.select().from(studies)
  if (!found) throw new Error('no study')
  return found
}
const find = async (deriver = sizes) => findDerived(gateway.db, store, deriver, await study())
const row = async () => (await gateway.db.select().from(derivations))[0]
const ready = async () => {
  const found = await find()
  if (!found.ready) throw new Error('not ready')
  return found
}
/** Every file in the store, by its path under the folder. */
const stored = async () =>
  (await readdir(store.folder, { recursive: true }).catch(() => [])).filter((name) => name.includes('/'))
const onlyFile = async () => {
  const [name, ...more] = await stored()
  if (!name || more.length > 0) throw new Error('not one file')
  return join(store.folder, name)
}
const cleaner = () => ({ db: gateway.db, store, clock: () => new Date() })

test('S21: what is made of a study is stored once and read as it was written, whole and in parts', async () => {
  expect(await find()).toEqual({ ready: false, asked: false, done: 0, total: 0 })
  expect(await work()).toBe(true)
  expect(await work()).toBe(false)
  const found = await ready()
  expect(found.facts).toEqual({ instances: 3 })
  expect(found.entries.size).toBe(3)
  let sum = 0
  for (const [name, entry] of found.entries) {
    const bytes = await found.read(name)
    expect(entry).toMatchObject({
      length: bytes.byteLength,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })
    const part: Uint8Array[] = []
    for await (const chunk of found.stream(name, { start: 299_999, end: 700_001 })) part.push(chunk)
    expect(Buffer.concat(part).equals(bytes.subarray(299_999, 700_001))).toBe(true)
    sum += bytes.byteLength
  }
  expect(found.size).toBe(sum)
  expect((await stat(await onlyFile())).mode & 0o777).toBe(0o600)
  expect((await stat(store.folder)).mode & 0o777).toBe(0o700)
})

test('S21: of several gateways one makes it', async () => {
  const worked = await Promise.all([work(), work(), work(), work()])
  expect(worked.filter(Boolean)).toHaveLength(1)
  await ready()
})

test('S21: what is made when asked for is not made before, and is made anew as the study grows', async () => {
  expect(await work(Date.now(), [onDemand])).toBe(false)
  await askForDerived(gateway.db, onDemand, await study())
  await askForDerived(gateway.db, onDemand, await study())
  expect(await find(onDemand)).toMatchObject({ ready: false, asked: true })
  expect(await work(Date.now(), [onDemand])).toBe(true)
  expect(await find(onDemand)).toMatchObject({ ready: true, facts: { instances: 3 } })
  expect(await work(Date.now(), [{ ...onDemand, version: 2 }])).toBe(true)
  expect(await find(onDemand)).toMatchObject({ ready: false })
  expect(await find({ ...onDemand, version: 2 })).toMatchObject({ ready: true })
})

test('S21: a gateway killed while it writes leaves nothing to be found, and is taken over after a minute', async () => {
  const child = spawn(process.execPath, [PROGRAM, gateway.environment.DATABASE_URL ?? '', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  expect(await find()).toMatchObject({ ready: false, asked: true })
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(await stored()).toEqual([expect.stringMatching(/\.part$/)])
  const now = Date.now()
  expect(await work(now + 50 * SECOND)).toBe(false)
  expect(await work(now + 61 * SECOND)).toBe(true)
  await ready()
  expect(await stored()).toEqual([expect.not.stringMatching(/\.part$/)])
})

test('S21: who was taken over while it still works gives up, and what it wrote goes', async () => {
  let taken = false
  const slow: Deriver<{ instances: number }> = {
    ...sizes,
    async derive(given: Work) {
      if (taken) return sizes.derive(given)
      taken = true
      await given.write('slow', Buffer.from('slow'))
      expect(await work(Date.now() + 61 * SECOND, [slow])).toBe(true)
      // Told within a beat.
      await expect.poll(() => given.signal.aborted, { timeout: 10 * SECOND }).toBe(true)
      given.signal.throwIfAborted()
      return { instances: 0 }
    },
  }
  await work(Date.now(), [slow])
  expect((await ready()).facts).toEqual({ instances: 3 })
  await onlyFile()
})

test('S21: what fails is tried again after pauses that grow, and leaves no file', async () => {
  const failing = (error: Error): Deriver[] => [
    {
      ...sizes,
      derive: async ({ write }) => {
        await write('x', Buffer.from('x'))
        throw error
      },
    },
  ]
  const now = Date.now()
  const away = failing(new AppError('pacs.unavailable'))
  await expect(work(now, away)).rejects.toThrow('pacs.unavailable')
  expect(await row()).toMatchObject({ failures: 1, claimedUntil: new Date(now + 2 * SECOND) })
  expect(await stored()).toEqual([])
  expect(await work(now + SECOND, away)).toBe(false)
  await expect(work(now + 3 * SECOND, away)).rejects.toThrow('pacs.unavailable')
  await gateway.db.update(derivations).set({ failures: 30, claimedUntil: new Date(now) })
  await expect(work(now, away)).rejects.toThrow('pacs.unavailable')
  expect((await row())?.claimedUntil).toEqual(new Date(now + 300 * SECOND))
  await gateway.db.update(derivations).set({ failures: 30, claimedUntil: new Date(now) })
  await expect(work(now, failing(new Error('a bug')))).rejects.toThrow('a bug')
  expect((await row())?.claimedUntil).toEqual(new Date(now + 6 * 3600 * SECOND))
})

test('S8: a study that grew is not answered from what was made before, which is deleted', async () => {
  await work()
  const old = await onlyFile()
  const { orthancId, revision } = await study()
  await gateway.db
    .update(studies)
    .set({ revision: revision + 1 })
    .where(eq(studies.orthancId, orthancId))
  expect(await find()).toMatchObject({ ready: false, asked: true, done: 0 })
  // Not before the manifest of the new revision is there.
  expect(await work()).toBe(false)
  await gateway.start()
  await expect
    .poll(async () => (await gateway.db.query.manifests.findFirst())?.revision, { timeout: 20 * SECOND })
    .toBe(revision + 1)
  await manifestReady()
  await gateway.stop()
  expect(await work()).toBe(true)
  await ready()
  expect(await onlyFile()).not.toBe(old)
})

test('S21: a file that vanished, was cut short or was altered is made again, and never a wrong answer', async () => {
  await work()
  await rm(await onlyFile())
  expect(await find()).toMatchObject({ ready: false, asked: true })
  expect(await work()).toBe(true)
  await truncate(await onlyFile(), 1_000)
  expect(await find()).toMatchObject({ ready: false, asked: true })
  expect(await work()).toBe(true)
  const path = await onlyFile()
  await writeFile(path, Buffer.alloc((await stat(path)).size, 1))
  const altered = await ready()
  const [name = ''] = altered.entries.keys()
  await expect(altered.read(name)).rejects.toThrow(DerivedLostError)
  expect(await find()).toMatchObject({ ready: false, asked: true })
  expect(await work()).toBe(true)
  const again = await ready()
  for (const each of again.entries.keys()) await again.read(each)
})

test('S26: with the publication its derivations end at once, their files within seconds; the sweep finds the rest', async () => {
  await work()
  await askForDerived(gateway.db, onDemand, await study())
  await work(Date.now(), [onDemand])
  expect(await stored()).toHaveLength(2)
  // What nobody knows of: left by a restored database, by a power cut, or deleted behind our back.
  const stray = join(store.folder, (await study()).orthancId, `sizes.${crypto.randomUUID()}.part`)
  await writeFile(stray, 'stray')
  const found = await ready()
  await rm(join(store.folder, (await stored()).find((name) => name.includes('on-demand')) ?? 'none'))
  await sweepDerived(cleaner())
  expect(await stored()).toHaveLength(1)
  expect(await find(onDemand)).toMatchObject({ ready: false, asked: true })
  expect(found.entries.size).toBe(3)

  await gateway.start()
  await gateway.deliver('ACC001', await pdfOf('Referto'))
  await gateway.waitForState('ACC001', ({ published }) => published)
  await gateway.api('PATCH', '/visits/ACC001', { consent: false })
  expect(await find()).toEqual({ ready: false, asked: false, done: 0, total: 0 })
  await expect.poll(stored, { timeout: 20 * SECOND }).toEqual([])
  await expect.poll(row, { timeout: 20 * SECOND }).toBeUndefined()
  expect(await readdir(store.folder)).toEqual([])
  // Consent comes back: what is always made is made again, what was asked for is not.
  await gateway.stop()
  expect(await cleanDerived(cleaner())).toBe(false)
})
