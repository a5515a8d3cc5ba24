import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditEvents, shares } from '../../src/database/schema.ts'
import { shareAvailability } from '../../src/shares/shares.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { doctorOf, enterShare } from '../support/patient.ts'
import { publishedVisit, sharedWith, shownPin } from '../support/site.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

test('S31: shared on 05/06/2020 it stays until 10/06/2020, never beyond the publication’s end', () => {
  const shared = new Date('2020-06-05T10:00:00Z')
  expect(shareAvailability(shared, '2020-07-02')).toEqual({
    availableUntil: '2020-06-10',
    endsAt: new Date('2020-06-10T22:00:00Z'),
  })
  expect(shareAvailability(shared, '2020-06-07').availableUntil).toBe('2020-06-07')
  // Half past midnight in Rome is still the day before in UTC (S49).
  expect(shareAvailability(new Date('2020-06-04T22:30:00Z'), '2020-07-02').availableUntil).toBe('2020-06-10')
})

test('S28–S34: a doctor opens with link and PIN what the patient shared, and nothing else', async () => {
  const { patient, publicationIds } = await publishedVisit(gateway, 2)
  const [shared, other] = publicationIds
  const share = await sharedWith(patient, [shared ?? ''])
  const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes(share.email))
  expect(mail.text).toContain('Rossi Mario')
  expect(mail.text).toMatch(/ESAME [12]/)
  expect(mail.text).toContain(`${gateway.url}/condivisione#${share.token}`)
  expect(mail.text).not.toContain(share.pin)

  const doctor = await doctorOf(gateway, share.token, share.pin)
  const page = await (await doctor.get('/referti')).text()
  expect(page).toContain('Rossi Mario')
  expect(page).toContain(`/referti/${shared}`)
  expect(page).not.toContain(other)
  for (const word of ['/condivisioni', '/rimuovi', 'href="/accessi"']) expect(page).not.toContain(word)
  expect((await doctor.get(`/referti/${shared}`)).status).toBe(200)
  expect((await doctor.get(`/referti/${shared}/firmato`)).status).toBe(200)
  for (const path of [
    `/referti/${other}`,
    `/referti/${other}/firmato`,
    `/referti/${shared}/rimuovi`,
    '/condivisioni',
    '/accessi',
    '/rimuovi',
    `/condivisioni/${share.id}`,
  ]) {
    expect((await doctor.get(path)).status, path).toBe(404)
  }
  expect((await doctor.post(`/referti/${shared}/rimuovi`)).status).toBe(404)
  expect((await patient.get('/referti')).status).toBe(200)
})

test('S30, S42: "Mostra PIN" shows the same PIN again, and each time is in the audit trail', async () => {
  const { patient, publicationIds } = await publishedVisit(gateway)
  const share = await sharedWith(patient, publicationIds)
  expect(await shownPin(patient, share.id)).toEqual({ pin: share.pin, token: share.token })
  const shown = await gateway.db.select().from(auditEvents).where(eq(auditEvents.event, 'share.pin_shown'))
  expect(shown.filter(({ details }) => details.share === share.id)).toHaveLength(2)
})

test('S32: "Annulla" ends the doctor’s session at once and wipes PIN and link', async () => {
  const { patient, publicationIds } = await publishedVisit(gateway)
  const share = await sharedWith(patient, publicationIds)
  const doctor = await doctorOf(gateway, share.token, share.pin)
  expect((await doctor.get('/referti')).status).toBe(200)
  expect((await patient.post(`/condivisioni/${share.id}/annulla`)).status).toBe(303)
  expect((await doctor.get('/referti')).headers.get('location')).toContain('fine=sessione')
  expect((await enterShare(gateway, share.token, share.pin)).status).toBe(401)
  const [row] = await gateway.db.select().from(shares).where(eq(shares.id, share.id))
  expect(row).toMatchObject({ endedBy: 'patient', pinSealed: null, tokenSealed: null, pinHash: null })
})

test('S35: opening the link changes nothing; five wrong PINs suspend the share until the patient makes a new PIN', async () => {
  const { patient, publicationIds } = await publishedVisit(gateway)
  const share = await sharedWith(patient, publicationIds)
  const page = await (await fetch(`${gateway.url}/condivisione`)).text()
  expect(page).not.toContain('Rossi')
  const wrong = share.pin === '0000000' ? '0000001' : '0000000'
  for (let attempt = 1; attempt <= 5; attempt++)
    expect((await enterShare(gateway, share.token, wrong)).status).toBe(401)
  expect((await enterShare(gateway, share.token, share.pin)).status).toBe(401)
  expect(await (await patient.get('/condivisioni')).text()).toContain('Sospesa')
  await patient.post(`/condivisioni/${share.id}/nuovo-pin`)
  const { pin } = await shownPin(patient, share.id)
  expect(pin).not.toBe(share.pin)
  await doctorOf(gateway, share.token, pin)
})

test('S43: an unknown link and a wrong PIN get the same answer', async () => {
  const { patient, publicationIds } = await publishedVisit(gateway)
  const share = await sharedWith(patient, publicationIds)
  const unknown = await enterShare(gateway, 'A'.repeat(43), share.pin)
  const wrong = await enterShare(gateway, share.token, share.pin === '0000000' ? '0000001' : '0000000')
  const body = async (response: Response, token: string) => (await response.text()).replaceAll(token, '')
  expect([unknown.status, await body(unknown, 'A'.repeat(43))]).toEqual([
    wrong.status,
    await body(wrong, share.token),
  ])
})

test('the same confirmation sent twice makes one share and one mail', async () => {
  const { patient, publicationIds } = await publishedVisit(gateway)
  const fields = {
    cognome: 'Neri',
    nome: 'Ada',
    email: 'ada.neri@example.org',
    telefono: '',
    richiesta: crypto.randomUUID(),
  }
  const send = () => patient.post('/condivisioni', fields, {}, { esami: publicationIds })
  const [first, second] = await Promise.all([send(), send()])
  expect(first.headers.get('location')).toBe(second.headers.get('location'))
  await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes('ada.neri@example.org'))
  expect(await gateway.db.select().from(shares).where(eq(shares.email, 'ada.neri@example.org'))).toHaveLength(
    1,
  )
})

test('S28: wrong fields come back with what to correct, and nothing is shared', async () => {
  const { patient, publicationIds } = await publishedVisit(gateway)
  const fields = { cognome: '', nome: 'Ada', email: 'non-un-indirizzo', telefono: 'abc' }
  const answer = await patient.post('/condivisioni/conferma', fields, {}, { esami: publicationIds })
  expect(answer.status).toBe(422)
  expect(await answer.text()).toContain('Scrivi il cognome del medico')
})

test('an exam of another visit cannot be slipped into a share', async () => {
  const mine = await publishedVisit(gateway)
  const other = await publishedVisit(gateway)
  const fields = {
    cognome: 'Neri',
    nome: 'Ada',
    email: 'a@example.org',
    telefono: '',
    richiesta: crypto.randomUUID(),
  }
  const esami = [...mine.publicationIds, ...other.publicationIds]
  expect((await mine.patient.post('/condivisioni', fields, {}, { esami })).status).toBe(404)
})
