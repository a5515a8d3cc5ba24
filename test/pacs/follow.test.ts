import { rm } from 'node:fs/promises'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewableStudies } from '../../src/access/access.ts'
import { manifests, pacsCursor, studies } from '../../src/database/schema.ts'
import { createOrthanc } from '../../src/orthanc/orthanc.ts'
import { followOnce } from '../../src/pacs/follow.ts'
import { onlinePublications } from '../../src/publications/publications.ts'
import { findVisit } from '../../src/visits/visits.ts'
import { testDatabase } from '../support/database.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { dicomFiles } from '../support/images.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'

let orthanc: TestOrthanc
let gateway: TestGateway

beforeAll(async () => {
  orthanc = await testOrthanc()
  gateway = await testGateway({ orthanc })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await orthanc[Symbol.asyncDispose]()
})

async function send(options: Parameters<typeof dicomFiles>[0]): Promise<string> {
  await using files = await dicomFiles(options)
  await orthanc.send({ directory: files.directory })
  return files.studyInstanceUid
}

const register = (accessionNumber: string) =>
  gateway.api(
    'POST',
    '/visits',
    visit({ accessionNumber, email: `${accessionNumber.toLowerCase()}@example.org` }),
  )
const deliver = async (accessionNumber: string) =>
  gateway.deliver(accessionNumber, await pdfOf(accessionNumber))
const sent = (accessionNumber: string) =>
  gateway.mailbox
    .messages()
    .filter(({ envelope }) => envelope.to.includes(`${accessionNumber.toLowerCase()}@example.org`))
const published = (accessionNumber: string) =>
  gateway.waitForState(accessionNumber, (state) => state.published && state.mail.state === 'sent')

test('S6: images before the visit, then visit and report: it is published', async () => {
  await send({ accessionNumber: 'EARLY', study: 11 })
  await expect
    .poll(
      async () =>
        (await gateway.db.select().from(studies).where(eq(studies.accessionNumber, 'EARLY')))[0]?.state,
      { timeout: 15_000 },
    )
    .toBe('stable')
  await register('EARLY')
  await deliver('EARLY')
  expect((await published('EARLY')).images).toMatchObject({ state: 'stable', studies: 1, instances: 3 })
})

test('S6: report before the images: it waits for them, and says so', async () => {
  await register('LATE')
  await deliver('LATE')
  expect(await gateway.waitForState('LATE', () => true)).toMatchObject({
    published: false,
    report: 'delivered',
    images: { state: 'none' },
  })
  await send({ accessionNumber: 'LATE', study: 12 })
  await published('LATE')
})

test('S8: a late image and a second study of the same Accession Number show up, on a new revision of the disc', async () => {
  await register('GROWS')
  await deliver('GROWS')
  const uid = await send({ accessionNumber: 'GROWS', study: 13, numbers: [1, 2] })
  await published('GROWS')
  const row = async () =>
    (await gateway.db.select().from(studies).where(eq(studies.studyInstanceUid, uid)))[0]
  const before = (await row())?.revision ?? 0
  await send({ accessionNumber: 'GROWS', study: 13, numbers: [3] })
  await send({ accessionNumber: 'GROWS', study: 14 })
  await gateway.waitForState(
    'GROWS',
    ({ images }) => images.state === 'stable' && images.studies === 2 && images.instances === 6,
  )
  const grown = await row()
  expect(grown?.revision).toBeGreaterThan(before)
  const prepared = async () => {
    const [manifest] = await gateway.db
      .select()
      .from(manifests)
      .where(eq(manifests.orthancId, grown?.orthancId ?? ''))
    return manifest?.revision === (await row())?.revision && manifest?.body !== null
  }
  await expect.poll(prepared, { timeout: 15_000 }).toBe(true)
  expect(sent('GROWS')).toHaveLength(1)
})

test('what comes while the gateway is down is handled when it is back, once, also after a kill of the archive', async () => {
  await register('DOWN')
  await deliver('DOWN')
  await gateway.stop()
  const uid = await send({ accessionNumber: 'DOWN', study: 15 })
  await orthanc.stable(uid)
  await orthanc.kill()
  await orthanc.start()
  await gateway.start()
  await published('DOWN')
  await gateway.stop()
  await gateway.start()
  await new Promise((done) => setTimeout(done, 2_500))
  expect(sent('DOWN')).toHaveLength(1)
})

test('S46: while the archive is away the gateway serves, says so at /health, and finds it again', async () => {
  await orthanc.kill()
  const health = async () => (await (await fetch(`${gateway.url}/health`)).json()) as { pacs: string }
  expect(await health()).toEqual({ database: 'ok', pacs: 'unavailable' })
  expect((await fetch(gateway.url)).status).toBe(200)
  await orthanc.start()
  expect((await health()).pacs).toBe('ok')
})

test('S45: a Study Instance UID that another Accession Number holds too is shown to nobody', async () => {
  await register('TWIN')
  await deliver('TWIN')
  const uid = await send({ accessionNumber: 'TWIN', study: 16 })
  await published('TWIN')
  const now = gateway.now()
  const viewable = async () => {
    const { id } = await findVisit(gateway.db, 'TWIN')
    return (await viewableStudies(gateway.db, await onlinePublications(gateway.db, id, now))).map(
      ({ studyInstanceUid }) => studyInstanceUid,
    )
  }
  expect(await viewable()).toEqual([uid])
  const [own] = await gateway.db.select().from(studies).where(eq(studies.studyInstanceUid, uid))
  if (!own) throw new Error('the study is not there')
  await gateway.db
    .insert(studies)
    .values({ ...own, orthancId: `${own.orthancId.slice(0, -1)}x`, accessionNumber: 'OF-SOMEBODY-ELSE' })
  expect(await viewable()).toEqual([])
})

test('an archive that was replaced and counts from the start again is followed from its start', async () => {
  await using database = await testDatabase()
  await using fresh = await testOrthanc()
  const client = createOrthanc(fresh)
  const follower = {
    db: database.db,
    orthanc: client,
    rules: {
      availableDays: 45,
      pin2Delivery: 'email' as const,
      encryptionKeys: gateway.config.encryptionKeys,
    },
    clock: () => new Date(),
  }
  await database.db.insert(pacsCursor).values({ id: 1, lastSeq: 1_000_000, updatedAt: new Date() })
  await using files = await dicomFiles({ accessionNumber: 'NEW', study: 17 })
  await fresh.send({ directory: files.directory })
  const known = async () => {
    await followOnce(follower)
    return (await database.db.select().from(studies)).length
  }
  await expect.poll(known, { timeout: 10_000 }).toBe(1)
  await client.close()
  await rm(files.directory, { recursive: true, force: true })
})
