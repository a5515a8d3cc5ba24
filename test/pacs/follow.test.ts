import { eq, inArray } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditEvents, pacsCursor, studies } from '../../src/database/schema.ts'
import { listAttention } from '../../src/desk/attention.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'
import { dicomFiles, type TestFiles, type TestStudy } from '../support/images.ts'
import { type TestOrthanc, testOrthanc } from '../support/orthanc.ts'
import { type Patient, signedIn } from '../support/patient.ts'
import { firstPublication } from '../support/visits.ts'

const WAIT = { timeout: 20_000, interval: 100 }

let orthanc: TestOrthanc
let gateway: TestGateway
const made: TestFiles[] = []
let numbered = 10

beforeAll(async () => {
  orthanc = await testOrthanc()
  gateway = await testGateway({ orthanc })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await orthanc[Symbol.asyncDispose]()
  for (const files of made) await files[Symbol.asyncDispose]()
})

async function send(study: TestStudy): Promise<string> {
  const files = await dicomFiles({ study: numbered++, ...study })
  made.push(files)
  await orthanc.send({ directory: files.directory })
  return files.studyInstanceUid
}

const emailOf = (accessionNumber: string) => `${accessionNumber.toLowerCase()}@example.org`

async function register(accessionNumber: string, changes: Record<string, unknown> = {}): Promise<string> {
  const email = emailOf(accessionNumber)
  const response = await gateway.api('POST', '/visits', visit({ accessionNumber, email, ...changes }))
  expect(response.status).toBe(201)
  return ((await response.json()) as { pin1: string }).pin1
}

async function deliver(accessionNumber: string): Promise<void> {
  expect((await gateway.deliver(accessionNumber, await pdfOf(accessionNumber))).status).toBe(201)
}

const isPublished = (accessionNumber: string) =>
  gateway.waitForState(accessionNumber, ({ published }) => published)
const mailsTo = (accessionNumber: string) =>
  gateway.mailbox.messages().filter(({ envelope }) => envelope.to.includes(emailOf(accessionNumber)))

async function enter(accessionNumber: string, pin1: string): Promise<Patient> {
  const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes(emailOf(accessionNumber)))
  return signedIn(gateway, pin1, pin2In(mail))
}

async function sizeOfDisc(patient: Patient, id: string): Promise<number> {
  const response = await fetch(`${gateway.url}/referti/${id}/disco.iso`, {
    method: 'HEAD',
    headers: { cookie: patient.cookie },
  })
  return response.status === 200 ? Number(response.headers.get('content-length')) : 0
}

// Mostly they wait for studies to become stable: so all at once.
describe.concurrent('while gateway and archive run', () => {
  test('S6: images, visit and report publish in whatever order they come, once', async ({ expect }) => {
    await send({ accessionNumber: 'ORDER1' })
    await register('ORDER2')
    await register('ORDER3')
    await deliver('ORDER3')
    await send({ accessionNumber: 'ORDER2' })
    await gateway.waitForState('ORDER2', ({ images }) => images.state === 'stable')
    expect(await gateway.waitForState('ORDER3', () => true)).toMatchObject({ published: false })
    await register('ORDER1')
    await deliver('ORDER1')
    await deliver('ORDER2')
    await send({ accessionNumber: 'ORDER3' })
    for (const name of ['ORDER1', 'ORDER2', 'ORDER3']) {
      // On a busy machine the archive may call it stable between two of its images: it grows then (S8).
      const whole = { state: 'stable', studies: 1, instances: 3 }
      const { published, images } = await gateway.waitForState(
        name,
        (state) =>
          state.published &&
          state.images.state === 'stable' &&
          state.images.instances === 3 &&
          state.mail.state === 'sent',
      )
      expect({ published, images }).toMatchObject({ published: true, images: whole })
      expect(mailsTo(name)).toHaveLength(1)
    }
  })

  test('S6: while a study of the exam is still arriving nothing is published, though another is complete', async ({
    expect,
  }) => {
    await register('ARRIVING')
    await deliver('ARRIVING')
    const orthancId = 'ffffffff-ffffffff-ffffffff-ffffffff-ffffffff'
    await gateway.db.insert(studies).values({
      orthancId,
      studyInstanceUid: '1.2.3.4.5.6.7',
      accessionNumber: 'ARRIVING',
      state: 'arriving',
      seriesCount: 1,
      instanceCount: 1,
      sizeBytes: 1,
      // Later than any silence after which the archive is asked again.
      changedAt: new Date(gateway.now().getTime() + 60_000),
    })
    const uid = await send({ accessionNumber: 'ARRIVING', numbers: [1] })
    const real = () => gateway.db.select().from(studies).where(eq(studies.studyInstanceUid, uid))
    await expect.poll(async () => (await real())[0]?.state, WAIT).toBe('stable')
    expect(await gateway.waitForState('ARRIVING', () => true)).toMatchObject({
      published: false,
      images: { state: 'arriving', studies: 2 },
    })
    // The archive has it no more: what is there is complete.
    await gateway.db
      .update(studies)
      .set({ changedAt: new Date(0) })
      .where(eq(studies.orthancId, orthancId))
    expect(await isPublished('ARRIVING')).toMatchObject({ images: { state: 'stable', studies: 1 } })
  })

  test('S6: several studies of one Accession Number are shown and burnt together', async ({ expect }) => {
    const pin1 = await register('SEVERAL')
    const uids = [
      await send({ accessionNumber: 'SEVERAL' }),
      await send({ accessionNumber: 'SEVERAL', numbers: [1, 2] }),
    ]
    await gateway.waitForState('SEVERAL', ({ images }) => images.state === 'stable' && images.studies === 2)
    await deliver('SEVERAL')
    const state = await isPublished('SEVERAL')
    expect(state.images).toMatchObject({ studies: 2, instances: 5 })
    const patient = await enter('SEVERAL', pin1)
    const viewer = await patient.get(`/referti/${await firstPublication(patient)}/immagini`)
    for (const uid of uids) expect(viewer.headers.get('location')).toContain(uid)
    const found = (await (await patient.get('/dicomweb/studies')).json()) as unknown[]
    expect(found).toHaveLength(2)
  })

  test('S8: a late image shows up by itself, in the viewer at once and on the disc when it is ready', async ({
    expect,
  }) => {
    const study = numbered++
    const pin1 = await register('LATE')
    const uid = await send({ accessionNumber: 'LATE', study, numbers: [1, 2] })
    await deliver('LATE')
    const patient = await enter('LATE', pin1)
    const id = await firstPublication(patient)
    await expect.poll(() => sizeOfDisc(patient, id), WAIT).toBeGreaterThan(0)
    const before = await sizeOfDisc(patient, id)
    const [first] = await gateway.db.select().from(studies).where(eq(studies.studyInstanceUid, uid))

    await send({ accessionNumber: 'LATE', study, numbers: [3, 4] })
    await gateway.waitForState('LATE', ({ images }) => images.instances === 4 && images.state === 'stable')
    const instances = await patient.get(`/dicomweb/studies/${uid}/instances`)
    expect(await instances.json()).toHaveLength(4)
    await expect.poll(() => sizeOfDisc(patient, id), WAIT).toBeGreaterThan(before)
    const [second] = await gateway.db.select().from(studies).where(eq(studies.studyInstanceUid, uid))
    expect(second?.revision).toBeGreaterThan(first?.revision ?? 0)
    // The report is as it was: no second mail, no new term.
    expect(mailsTo('LATE')).toHaveLength(1)
  })

  test('S6: a study without an Accession Number is nobody’s', async ({ expect }) => {
    await register('SOMEBODY')
    await deliver('SOMEBODY')
    const uids = [await send({ accessionNumber: '' }), await send({ accessionNumber: ' ' })]
    for (const uid of uids) {
      const state = () => gateway.db.select().from(studies).where(eq(studies.studyInstanceUid, uid))
      await expect.poll(async () => (await state())[0]?.state, WAIT).toBe('stable')
      expect((await state())[0]?.accessionNumber).toBe('')
    }
    expect(await gateway.waitForState('SOMEBODY', () => true)).toMatchObject({
      published: false,
      images: { studies: 0 },
    })
  })

  test('S45: a Study Instance UID that another patient has too shows to neither; a birth date that differs is told to the desk', async ({
    expect,
  }) => {
    const pin1 = await register('TWIN1')
    const uid = await send({ accessionNumber: 'TWIN1', birthDate: '19550101' })
    await deliver('TWIN1')
    const state = await isPublished('TWIN1')
    expect(state.exams[0].images.warnings).toEqual(['patient-birth-date-differs'])
    const patient = await enter('TWIN1', pin1)
    const id = await firstPublication(patient)
    expect((await patient.get(`/dicomweb/studies/${uid}/series`)).status).toBe(200)
    await send({
      accessionNumber: 'TWIN2',
      elements: { 2097165: ['UI', uid], 1048608: ['LO', 'ANOTHER'], 1048592: ['PN', 'BIANCHI^ANNA'] },
    })
    const series = async () => (await patient.get(`/dicomweb/studies/${uid}/series`)).status
    await expect.poll(series, WAIT).toBe(404)
    expect(await (await patient.get('/dicomweb/studies')).json()).toEqual([])
    expect(await sizeOfDisc(patient, id)).toBe(0)

    // The second is not announced while nobody could see its images: the desk is told, and it goes on by itself.
    const twin = await register('TWIN2')
    await deliver('TWIN2')
    for (const name of ['TWIN1', 'TWIN2']) {
      const told = await gateway.waitForState(name, ({ images }) => images.state === 'stable')
      expect(told.exams[0].images.warnings).toContain('study-uid-elsewhere')
    }
    expect((await gateway.waitForState('TWIN2', () => true)).published).toBe(false)
    const matters = await listAttention(gateway.db, gateway.now())
    expect(matters.filter(({ kind }) => kind === 'study-uid-elsewhere').map(({ detail }) => detail)).toEqual(
      expect.arrayContaining(['TWIN1', 'TWIN2']),
    )
    const ofNumber = (number: string) =>
      gateway.db.select().from(studies).where(eq(studies.accessionNumber, number))
    const removed = async (study: typeof studies.$inferSelect | undefined) => {
      const path = `/studies/${study?.orthancId}`
      return (await orthanc.request(path, { method: 'DELETE', as: 'administrator' })).status
    }
    const [first] = await ofNumber('TWIN1')
    expect(await removed(first)).toBe(200)
    expect((await isPublished('TWIN2')).exams[0].images.warnings).toEqual([])

    // The same Accession Number under another Patient ID: perhaps corrected, perhaps somebody else. Shown again when one is gone.
    const other = await enter('TWIN2', twin)
    const metadata = async () => (await other.get(`/dicomweb/studies/${uid}/metadata`)).status
    await expect.poll(metadata, WAIT).toBe(200)
    const [kept] = await ofNumber('TWIN2')
    await send({
      accessionNumber: 'TWIN2',
      elements: { 2097165: ['UI', uid], 1048608: ['LO', 'A THIRD'], 1048592: ['PN', 'VERDI^CARLO'] },
    })
    await expect.poll(metadata, WAIT).toBe(404)
    expect(await (await other.get('/dicomweb/studies')).json()).toEqual([])
    expect(await sizeOfDisc(other, await firstPublication(other))).toBe(0)
    const doubled = await gateway.waitForState('TWIN2', ({ images }) => images.studies === 2)
    expect(doubled.exams[0].images.warnings).toContain('study-uid-elsewhere')
    const once = (await listAttention(gateway.db, gateway.now())).filter(
      ({ kind, visit }) => kind === 'study-uid-elsewhere' && visit?.accessionNumber === 'TWIN2',
    )
    expect(once.map(({ detail }) => detail)).toEqual([null])
    const added = (await ofNumber('TWIN2')).find(({ orthancId }) => orthancId !== kept?.orthancId)
    expect(await removed(added)).toBe(200)
    await expect.poll(metadata, WAIT).toBe(200)
  })
})

test('what happened while gateway or archive were down is handled at the next start, and nothing is handled twice', async () => {
  const [first, second] = [numbered++, numbered++]
  await register('DOWN1')
  await register('DOWN2')
  await deliver('DOWN1')
  await deliver('DOWN2')
  await gateway.stop()
  const missed = await send({ accessionNumber: 'DOWN1', study: first })
  await orthanc.stable(missed)
  await orthanc.kill()
  await orthanc.start()
  const cursor = async () => (await gateway.db.select().from(pacsCursor))[0]?.lastSeq ?? 0
  const before = await cursor()
  await gateway.start()
  await isPublished('DOWN1')
  expect(await cursor()).toBeGreaterThan(before)

  await orthanc.kill()
  await expect.poll(() => gateway.logged.some(({ event }) => event === 'pacs.unavailable'), WAIT).toBe(true)
  await orthanc.start()
  await send({ accessionNumber: 'DOWN2', study: second })
  await isPublished('DOWN2')

  const published = await gateway.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.event, 'publication.published'))
  // Late images of two studies in one batch, and an archive killed before it called them stable (S8).
  const revisions = async () => {
    const found = await gateway.db
      .select()
      .from(studies)
      .where(inArray(studies.accessionNumber, ['DOWN1', 'DOWN2']))
    return Object.fromEntries(found.map(({ accessionNumber, revision }) => [accessionNumber, revision]))
  }
  for (const name of ['DOWN1', 'DOWN2'])
    await gateway.waitForState(name, ({ images }) => images.state === 'stable' && images.instances === 3)
  const prepared = await revisions()
  await gateway.stop()
  await send({ accessionNumber: 'DOWN1', study: first, numbers: [4] })
  await send({ accessionNumber: 'DOWN2', study: second, numbers: [4] })
  await orthanc.kill()
  await orthanc.start()
  await gateway.start()
  for (const name of ['DOWN1', 'DOWN2']) {
    await gateway.waitForState(name, ({ images }) => images.state === 'stable' && images.instances === 4)
    expect((await revisions())[name]).toBeGreaterThan(prepared[name] ?? 0)
  }
  const after = await gateway.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.event, 'publication.published'))
  expect(after).toHaveLength(published.length)
  for (const name of ['DOWN1', 'DOWN2']) {
    await gateway.waitForState(name, ({ mail }) => mail.state === 'sent')
    expect(mailsTo(name)).toHaveLength(1)
  }
})

test('an archive that was replaced begins its numbers anew, and so do we', async () => {
  const { httpPort, dicomPort, aet, user, password } = orthanc
  const cursor = async () => (await gateway.db.select().from(pacsCursor))[0]?.lastSeq ?? 0
  const before = await cursor()
  expect(before).toBeGreaterThan(30)
  await orthanc[Symbol.asyncDispose]()
  orthanc = await testOrthanc({ httpPort, dicomPort, aet, user, password })
  await register('REPLACED')
  await deliver('REPLACED')
  await send({ accessionNumber: 'REPLACED', numbers: [1] })
  await isPublished('REPLACED')
  expect(await cursor()).toBeLessThan(before)
})

test('an archive that was replaced meanwhile is known also where its numbers are higher', async () => {
  const { httpPort, dicomPort, aet, user, password } = orthanc
  const [cursor] = await gateway.db.select().from(pacsCursor)
  await register('REPLACED2')
  await deliver('REPLACED2')
  await gateway.stop()
  await orthanc[Symbol.asyncDispose]()
  orthanc = await testOrthanc({ httpPort, dicomPort, aet, user, password })
  // Its exam comes first, so at numbers the gateway has behind it.
  await orthanc.stable(await send({ accessionNumber: 'REPLACED2', numbers: [1] }))
  const last = async () => ((await (await orthanc.request('/changes?last')).json()) as { Last: number }).Last
  while ((await last()) <= (cursor?.lastSeq ?? 0)) {
    await orthanc.stable(await send({ accessionNumber: '', numbers: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }))
  }
  await gateway.start()
  expect(await isPublished('REPLACED2')).toMatchObject({ images: { state: 'stable' } })
  expect(gateway.logged.filter(({ event }) => event === 'pacs.replaced')).toHaveLength(1)
})
