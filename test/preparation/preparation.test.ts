import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { manifests, studies } from '../../src/database/schema.ts'
import { createOrthanc } from '../../src/orthanc/orthanc.ts'
import { createCodecs } from '../../src/pixels/pixels.ts'
import { findPreparation, prepareNext } from '../../src/preparation/preparation.ts'
import { visit } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { dicomFiles, type TestFiles } from '../support/images.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'

const SECOND = 1_000
const { signal } = new AbortController()

const codecs = createCodecs({ threads: 1 })
let orthanc: TestOrthanc
let gateway: TestGateway
let files: TestFiles
let archive: ReturnType<typeof createOrthanc>

beforeAll(async () => {
  orthanc = await testOrthanc()
  gateway = await testGateway({ orthanc })
  files = await dicomFiles({ accessionNumber: 'ACC001' })
  await gateway.api('POST', '/visits', visit())
  await orthanc.send({ directory: files.directory })
  await gateway.waitForState('ACC001', ({ images }) => images.state === 'stable')
  // From here on the test does the gateway's work itself, step by step.
  await gateway.stop()
  archive = createOrthanc({ url: orthanc.url, user: orthanc.user, password: orthanc.password })
})
afterAll(async () => {
  await codecs.close()
  await archive.close()
  await gateway[Symbol.asyncDispose]()
  await orthanc[Symbol.asyncDispose]()
  await files[Symbol.asyncDispose]()
})

const prepare = (at: number) =>
  prepareNext({ db: gateway.db, orthanc: archive, codecs, clock: () => new Date(at) }, signal)
const found = async () => findPreparation(gateway.db, await gateway.db.select().from(studies))
const row = async () => (await gateway.db.select().from(manifests))[0]

test('S21: of several gateways one prepares a study; what is prepared is not prepared again', async () => {
  await gateway.db.delete(manifests)
  expect(await found()).toEqual({ ready: false, done: 0, total: 3 })
  const now = Date.now()
  const worked = await Promise.all([prepare(now), prepare(now), prepare(now), prepare(now)])
  expect(worked.filter(Boolean)).toHaveLength(1)
  const prepared = await found()
  expect(prepared.ready && (await prepared.manifests())).toMatchObject([{ instances: [{}, {}, {}] }])
  expect(await prepare(now)).toBe(false)
})

test('S21: who was killed while preparing is taken over after a minute, not before', async () => {
  const now = Date.now()
  const claimedUntil = new Date(now + 60 * SECOND)
  await gateway.db.update(manifests).set({ body: null, preparedAt: null, claimedUntil })
  expect(await prepare(now + 59 * SECOND)).toBe(false)
  expect(await prepare(now + 61 * SECOND)).toBe(true)
  expect(await found()).toMatchObject({ ready: true })
})

test('S8: a study that changed is prepared anew, and the old manifest is not used meanwhile', async () => {
  const [study] = await gateway.db.select().from(studies)
  await gateway.db.update(studies).set({ revision: (study?.revision ?? 0) + 1 })
  expect(await found()).toMatchObject({ ready: false })
  expect(await prepare(Date.now())).toBe(true)
  expect(await found()).toMatchObject({ ready: true })
})

test('S21: an archive that is away is asked again after pauses that grow, and then the study is prepared', async () => {
  await gateway.db.delete(manifests)
  await orthanc.kill()
  const now = Date.now()
  await expect(prepare(now)).rejects.toThrow('pacs.unavailable')
  expect(await row()).toMatchObject({ failures: 1, claimedUntil: new Date(now + 2 * SECOND) })
  expect(await prepare(now + SECOND)).toBe(false)
  await expect(prepare(now + 3 * SECOND)).rejects.toThrow('pacs.unavailable')
  expect(await row()).toMatchObject({ failures: 2, claimedUntil: new Date(now + 7 * SECOND) })
  await orthanc.start()
  expect(await prepare(now + 8 * SECOND)).toBe(true)
  expect(await found()).toMatchObject({ ready: true })
})

test('S26: without consent nothing is prepared', async () => {
  await gateway.start()
  await gateway.api('PATCH', '/visits/ACC001', { consent: false })
  await gateway.stop()
  await gateway.db.delete(manifests)
  expect(await prepare(Date.now())).toBe(false)
  expect(await gateway.db.select().from(manifests).where(eq(manifests.failures, 0))).toEqual([])
})
