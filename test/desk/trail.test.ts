import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEvents, reports, visits } from '../../src/database/schema.ts'
import { keepTimeOnce } from '../../src/retention/jobs.ts'
import { deleteOldVisits } from '../../src/retention/visits.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { signedIn } from '../support/patient.ts'
import { type Staff, signedInStaff } from '../support/staff.ts'
import { published, registered } from '../support/visits.ts'

let gateway: TestGateway
let auditor: Staff
let desk: Staff
beforeAll(async () => {
  gateway = await testGateway({ now: '2026-03-02T09:00:00Z' })
  auditor = await signedInStaff(gateway, 'controllo', ['auditor'])
  desk = await signedInStaff(gateway, 'sportello', ['desk'])
  const { pin1, pin2 } = await published(gateway, 'T1')
  await registered(gateway, { accessionNumber: 'T2' })
  const patient = await signedIn(gateway, pin1, pin2)
  await patient.get('/referti')
  await desk.post('/desk/cerca', { cerca: 'T1' })
  const page = await (await desk.get('/desk/cerca')).text()
  await desk.get(/\/desk\/visite\/[0-9a-f-]{36}/.exec(page)?.[0] ?? '')
})
afterAll(() => gateway[Symbol.asyncDispose]())

const rowsOf = async (query: string) => {
  const page = await (await auditor.get(`/desk/registro?${query}`)).text()
  return [...page.matchAll(/<tr><td[^>]*>(\d+)<\/td>(.*?)<\/tr>/gs)].map(([, seq, rest = '']) => ({
    seq: Number(seq),
    text: rest.replaceAll(/<[^>]+>/g, '|'),
  }))
}

test('S39: the auditor finds by visit, actor, time and kind; nothing clinical and no patient’s name stands there', async () => {
  const ofVisit = await rowsOf('visita=T1')
  const told = ofVisit.map(({ text }) => text).join('\n')
  for (const words of [
    'Visita registrata',
    'Referto consegnato',
    'Pubblicato',
    'Accesso al portale',
    'Visita consultata',
    'Ricerca allo sportello',
  ])
    expect(told).toContain(words)
  expect(ofVisit.every(({ text }) => !text.includes('T2'))).toBe(true)
  const byDesk = await rowsOf(`chi=${encodeURIComponent(`staff:${desk.id}`)}`)
  expect(byDesk.length).toBeGreaterThanOrEqual(3)
  expect(byDesk.every(({ text }) => text.includes('Nome di sportello (sportello)'))).toBe(true)
  expect((await rowsOf('chi=patient')).every(({ text }) => text.includes('Paziente'))).toBe(true)
  expect((await rowsOf('operazione=staff')).length).toBeGreaterThanOrEqual(4)
  expect((await rowsOf('dal=03/03/2026')).length).toBe(0)
  expect((await rowsOf('al=01/03/2026')).length).toBe(0)
  expect((await rowsOf('dal=02/03/2026&al=02/03/2026')).length).toBeGreaterThan(5)
  const all = await (await auditor.get('/desk/registro')).text()
  for (const secret of ['Rossi', 'RSSMRA', 'VISITA ORTOPEDICA', 'example.org'])
    expect(all).not.toContain(secret)
  for (const odd of ['visita=%00', "visita=' or 1=1", 'chi=x', 'dal=ieri', 'prima=abc', 'operazione=%25'])
    expect((await auditor.get(`/desk/registro?${odd}`)).status).toBe(200)
})

test('the trail goes to a file row by row, as it is filtered, and what it says cannot become a formula', async () => {
  const all = await (await auditor.get('/desk/registro.csv')).text()
  expect(all.startsWith('"N°";"Quando"')).toBe(true)
  // The export itself is written before it is read.
  expect(all.trimEnd().split('\r\n').length - 1).toBe(await gateway.db.$count(auditEvents))
  const some = await (await auditor.get('/desk/registro.csv?visita=T2')).text()
  expect(some).toContain('T2')
  expect(some).not.toContain('T1')
  expect(some).not.toContain('Rossi')
})

test('S39: the auditor verifies the trail, with a hash kept from before; reading, export and verification are acts themselves', async () => {
  const verified = await (await auditor.post('/desk/registro/verifica')).text()
  expect(verified).toContain('Il registro è integro')
  const hash = /altrove: ([0-9a-f]{64})/.exec(verified)?.[1] ?? ''
  expect(await (await auditor.post('/desk/registro/verifica', { impronta: hash })).text()).toContain(
    'è integro',
  )
  const foreign = await (await auditor.post('/desk/registro/verifica', { impronta: 'a'.repeat(64) })).text()
  expect(foreign).toContain('NON è integro')
  expect((await auditor.post('/desk/registro/verifica', { impronta: 'xyz' })).status).toBe(422)
  const own = await gateway.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.actor, `staff:${auditor.id}`))
  expect(new Set(own.map(({ event }) => event))).toEqual(
    new Set(['staff.set_up', 'staff.login', 'audit.read', 'audit.exported', 'audit.verified']),
  )
})

test('a visit ends with its term: all of it is deleted, the trail stays and is found by its number', async () => {
  const keeper = {
    db: gateway.db,
    rules: {
      availableDays: 45,
      pin2Delivery: 'email' as const,
      encryptionKeys: gateway.config.encryptionKeys,
    },
    visitRetentionDays: 365,
    clock: gateway.now,
  }
  const left = async () =>
    (await gateway.db.select().from(visits)).map(({ accessionNumber }) => accessionNumber).sort()
  gateway.travelTo('2026-05-20T09:00:00Z')
  await keepTimeOnce(keeper)
  expect(await left()).toEqual(['T1', 'T2'])
  // T2 was registered a year ago; T1 was taken off in May: its year counts from there.
  gateway.travelTo('2027-03-10T09:00:00Z')
  await Promise.all([
    deleteOldVisits(gateway.db, 365, gateway.now()),
    deleteOldVisits(gateway.db, 365, gateway.now()),
  ])
  expect(await left()).toEqual(['T1'])
  gateway.travelTo('2027-05-25T09:00:00Z')
  expect(await deleteOldVisits(gateway.db, 365, gateway.now())).toBe(1)
  expect(await deleteOldVisits(gateway.db, 365, gateway.now())).toBe(0)
  expect(await left()).toEqual([])
  expect(await gateway.db.$count(reports)).toBe(0)
  auditor = await signedInStaff(gateway, 'controllo-2', ['auditor'])
  const rows = await rowsOf('visita=T1')
  expect(rows[0]?.text).toContain('Visita cancellata a fine termine')
  expect(rows.map(({ text }) => text).join()).toContain('Referto consegnato')
  expect(await (await auditor.post('/desk/registro/verifica')).text()).toContain('Il registro è integro')
})
