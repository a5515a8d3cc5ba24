import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { freePort } from '../../scripts/orthanc.ts'
import { auditEvents, mails, publications, reports, visits } from '../../src/database/schema.ts'
import { keepTimeOnce } from '../../src/retention/jobs.ts'
import { dayInRome } from '../../src/time/rome.ts'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { doctorOf, enterPins } from '../support/patient.ts'
import { listening, spawnGateway } from '../support/process.ts'
import { publishedVisit, sharedWith } from '../support/site.ts'

const DAY_MS = 24 * 60 * 60_000

const detailsOf = async (gateway: TestGateway, event: string) =>
  (await gateway.db.select().from(auditEvents).where(eq(auditEvents.event, event))).map(
    ({ details }) => details,
  )

const timeOf = (gateway: TestGateway) => ({
  visitRetentionDays: 365,
  db: gateway.db,
  clock: gateway.now,
  rules: { availableDays: 45, pin2Delivery: 'email' as const, encryptionKeys: gateway.config.encryptionKeys },
})

test('S25, S26: removing one report ends it with its shares at once and deletes our copy; the others stay', async () => {
  await using gateway = await testGateway()
  const { patient, publicationIds } = await publishedVisit(gateway, 2)
  const [first = '', second = ''] = publicationIds
  const share = await sharedWith(patient, [first])
  const doctor = await doctorOf(gateway, share.token, share.pin)
  expect(await (await patient.get(`/referti/${first}/rimuovi`)).text()).toContain('carta')
  expect((await patient.post(`/referti/${first}/rimuovi`)).headers.get('location')).toBe('/referti?rimosso')
  expect((await patient.get(`/referti/${first}`)).status).toBe(404)
  expect((await patient.get(`/referti/${second}`)).status).toBe(200)
  expect((await doctor.get('/referti')).status).toBe(303)
  const [ended] = await gateway.db.select().from(publications).where(eq(publications.id, first))
  const [report] = await gateway.db
    .select()
    .from(reports)
    .where(eq(reports.id, ended?.reportId ?? ''))
  expect(report).toMatchObject({ document: null, pdf: null })
  // S39: the share's end is an act of its own in the trail.
  expect(await detailsOf(gateway, 'share.ended')).toEqual([{ share: share.id, endedBy: 'publication' }])
})

test('S25: removing everything ends sessions and PINs, and nothing brings it back', async () => {
  await using gateway = await testGateway()
  const { patient, pin1, pin2, accessionNumber } = await publishedVisit(gateway, 2)
  expect((await patient.post('/rimuovi')).headers.get('location')).toBe('/rimosso')
  expect((await patient.get('/referti')).headers.get('location')).toContain('fine=sessione')
  expect((await enterPins(gateway, pin1, pin2)).status).toBe(401)
  const [visit] = await gateway.db.select().from(visits).where(eq(visits.accessionNumber, accessionNumber))
  expect(visit?.pin2Hash).toBeNull()
  await gateway.api('PATCH', `/visits/${accessionNumber}`, { email: 'nuova@example.org' })
  const state = (await (await gateway.api('GET', `/visits/${accessionNumber}`)).json()) as {
    published: boolean
  }
  expect(state.published).toBe(false)
})

test('S24, S26: online through the whole last day in Italy, then gone, copy and PIN included', async () => {
  await using gateway = await testGateway({ now: '2020-05-18T09:00:00Z' })
  const { pin1, pin2, publicationIds } = await publishedVisit(gateway)
  gateway.travelTo('2020-07-02T21:59:00Z')
  await keepTimeOnce(timeOf(gateway))
  expect((await enterPins(gateway, pin1, pin2)).status).toBe(303)
  gateway.travelTo('2020-07-02T22:00:01Z')
  await Promise.all([keepTimeOnce(timeOf(gateway)), keepTimeOnce(timeOf(gateway))])
  expect((await enterPins(gateway, pin1, pin2)).status).toBe(401)
  const [ended] = await gateway.db
    .select()
    .from(publications)
    .where(eq(publications.id, publicationIds[0] ?? ''))
  expect(ended).toMatchObject({ endedBy: 'expiry' })
})

test('S26, S27: two gateways that start at the same moment end what is due once, and remind once', async () => {
  await using gateway = await testGateway()
  const over = await publishedVisit(gateway)
  await sharedWith(over.patient, over.publicationIds)
  const unread = await publishedVisit(gateway)
  const id = (visit: { publicationIds: string[] }) => eq(publications.id, visit.publicationIds[0] ?? '')
  await gateway.stop()
  const now = Date.now()
  await gateway.db
    .update(publications)
    .set({ endsAt: new Date(now - 60_000) })
    .where(id(over))
  const soon = { endsAt: new Date(now + 3 * DAY_MS), availableUntil: dayInRome(new Date(now + 2 * DAY_MS)) }
  await gateway.db
    .update(publications)
    .set({ ...soon, publishedAt: new Date(now - 30 * DAY_MS) })
    .where(id(unread))

  const both = await Promise.all(
    [1, 2].map(async () => spawnGateway({ ...gateway.environment, PORT: String(await freePort()) })),
  )
  try {
    await Promise.all(both.map((each) => listening(each)))
    const kinds = async () => (await gateway.db.select().from(mails)).map(({ kind }) => kind)
    await expect.poll(async () => (await kinds()).includes('reminder'), { timeout: 20_000 }).toBe(true)
    await expect.poll(() => detailsOf(gateway, 'publication.ended'), { timeout: 20_000 }).not.toEqual([])
    // Both have gone through their first round when they have stopped.
    await Promise.all(both.map((each) => each.kill('SIGTERM')))
    expect((await kinds()).filter((kind) => kind === 'reminder')).toHaveLength(1)
    expect(await detailsOf(gateway, 'publication.ended')).toEqual([{ endedBy: 'expiry' }])
    expect(await detailsOf(gateway, 'share.ended')).toHaveLength(1)
  } finally {
    await Promise.all(both.map((each) => each.kill('SIGKILL')))
    await gateway.start()
  }
})

test('S27: who never opened a report is reminded once, seven days before the end', async () => {
  await using gateway = await testGateway({ now: '2020-05-18T09:00:00Z' })
  await publishedVisit(gateway)
  gateway.travelTo('2020-06-24T09:00:00Z')
  await keepTimeOnce(timeOf(gateway))
  gateway.travelTo('2020-06-25T09:00:00Z')
  await keepTimeOnce(timeOf(gateway))
  await keepTimeOnce(timeOf(gateway))
  const mail = await gateway.mailbox.waitFor(({ subject }) => subject.includes('non è ancora stato letto'))
  expect(mail.text).toContain('02/07/2020')
  expect(
    gateway.mailbox.messages().filter(({ subject }) => subject.includes('non è ancora stato letto')),
  ).toHaveLength(1)
})

test('S7, S27: a new version that came after the reminder is reminded of too, seven days before its own end', async () => {
  await using gateway = await testGateway({ now: '2020-05-18T09:00:00Z' })
  const { accessionNumber } = await publishedVisit(gateway)
  const reminder = (lastDay: string) =>
    gateway.mailbox.waitFor(
      ({ subject, text }) => subject.includes('non è ancora stato letto') && text.includes(lastDay),
    )
  gateway.travelTo('2020-06-25T09:00:00Z')
  await keepTimeOnce(timeOf(gateway))
  await reminder('02/07/2020')
  gateway.travelTo('2020-06-26T09:00:00Z')
  expect((await gateway.deliver(`${accessionNumber}-1`, await pdfOf('Referto corretto'))).status).toBe(201)
  gateway.travelTo('2020-08-03T09:00:00Z')
  await keepTimeOnce(timeOf(gateway))
  await reminder('10/08/2020')
})
