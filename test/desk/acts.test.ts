import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { desc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DemoSigner, demoSigner, signP7m } from '../../scripts/demo-data/sign.ts'
import {
  auditEvents,
  exams,
  mails,
  publications,
  reports,
  studies,
  visits,
} from '../../src/database/schema.ts'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { enterPins, signedIn } from '../support/patient.ts'
import { pdfText } from '../support/pdf.ts'
import { clientOf, type Staff, signedInStaff } from '../support/staff.ts'
import { published, registered } from '../support/visits.ts'

const PROVA = { givenName: 'Anna', familyName: 'Prova', taxCode: 'PRVNNA80A41H501X' }
const folder = mkdtempSync(join(tmpdir(), 'desk-signers-'))
let trusted: DemoSigner
let gateway: TestGateway
let desk: Staff
beforeAll(async () => {
  trusted = await demoSigner(join(folder, 'trusted'), { ...PROVA, taxCode: 'PRVNNA80A41H501Y' })
  gateway = await testGateway({ environment: { TRUSTED_CERTIFICATES_FILE: trusted.caFile } })
  desk = await signedInStaff(gateway, 'sportello', ['desk'])
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

async function visitOf(accessionNumber: string) {
  const [visit] = await gateway.db.select().from(visits).where(eq(visits.accessionNumber, accessionNumber))
  if (!visit) throw new Error('no such visit')
  const [exam] = await gateway.db.select().from(exams).where(eq(exams.visitId, visit.id))
  return { ...visit, examId: exam?.id ?? '', path: `/desk/visite/${visit.id}` }
}

async function eventsOf(visitId: string): Promise<string[]> {
  const rows = await gateway.db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.visitId, visitId))
    .orderBy(desc(auditEvents.seq))
  return rows.filter(({ actor }) => actor === `staff:${desk.id}`).map(({ event }) => event)
}

const textOf = async (response: Response | Promise<Response>) => (await response).text()

test('S9: a refused mail shows on the desk; a corrected address, typed twice, brings a new PIN2 there', async () => {
  gateway.mailbox.behave((stage, { to }) =>
    stage === 'rcpt' && to.includes('sbagliato@example.org') ? 550 : undefined,
  )
  await registered(gateway, { accessionNumber: 'M1', email: 'sbagliato@example.org' })
  await gateway.deliver('M1', await pdfOf('Referto'))
  await gateway.waitForState('M1', ({ mail }) => mail.state === 'refused')
  const { path, id } = await visitOf('M1')
  const list = await textOf(desk.get('/desk/attenzione'))
  expect(list).toContain('E-mail respinte')
  expect(list).toContain(path)
  expect(await textOf(desk.get(path))).toContain('E-mail respinta')
  const differing = await desk.post(`${path}/email`, {
    email: 'giusto@example.org',
    email_di_nuovo: 'guisto@example.org',
  })
  expect([differing.status, await differing.text()]).toEqual([
    422,
    expect.stringContaining('non sono uguali'),
  ])
  const saved = await desk.post(`${path}/email`, {
    email: 'giusto@example.org',
    email_di_nuovo: 'Giusto@example.org',
  })
  expect(saved.headers.get('location')).toBe(`${path}?fatto=email`)
  const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes('giusto@example.org'))
  expect(mail.text).toContain('PIN2')
  await gateway.waitForState('M1', (state) => state.mail.state === 'sent')
  expect(await textOf(desk.get('/desk/attenzione'))).not.toContain(path)
  expect(await eventsOf(id)).toEqual(expect.arrayContaining(['visit.changed', 'visit.read']))
})

test('S4, S11: a new PIN1 is asked once and printed, a lock is seen and ended, a new PIN2 is sent', async () => {
  const person = await published(gateway, 'P1')
  const { path, id } = await visitOf('P1')
  for (let attempt = 0; attempt < 5; attempt++) await enterPins(gateway, person.pin1, '00000000')
  expect(await textOf(desk.get(path))).toContain('PIN1 bloccato')
  expect((await desk.post(`${path}/sblocca`)).status).toBe(303)
  expect(await textOf(desk.get(path))).not.toContain('PIN1 bloccato')
  expect((await enterPins(gateway, person.pin1, person.pin2)).status).toBe(303)

  expect((await desk.post(`${path}/pin2`)).headers.get('location')).toBe(`${path}?fatto=pin2`)
  expect((await enterPins(gateway, person.pin1, person.pin2)).status).toBe(401)

  const asked = await desk.post(`${path}/pin1`)
  expect([asked.status, await asked.text()]).toEqual([200, expect.stringContaining('Creare un nuovo PIN1?')])
  const made = await desk.post(`${path}/pin1`, { conferma: 'si' })
  const slip = /foglio=([0-9a-f-]{36})/.exec(made.headers.get('location') ?? '')?.[1]
  expect(await textOf(desk.get(made.headers.get('location') ?? ''))).toContain(`/desk/fogli/${slip}`)
  const pdf = await desk.get(`/desk/fogli/${slip}`)
  expect(pdf.headers.get('content-type')).toBe('application/pdf')
  const text = pdfText(new Uint8Array(await pdf.arrayBuffer()))
  const pin1 = /(\d{4})-(\d{4})-(\d{4})/.exec(text)?.slice(1).join('') ?? ''
  expect(pin1).not.toBe(person.pin1)
  expect((await enterPins(gateway, person.pin1, '12345678')).status).toBe(401)
  // Ten minutes to print; then it takes a new one.
  const later = new Date(gateway.now().getTime() + 11 * 60_000).toISOString()
  await desk.post('/desk/sessione/attiva')
  gateway.travelTo(later)
  expect((await desk.get(`/desk/fogli/${slip}`)).status).toBe(404)
  expect(await eventsOf(id)).toEqual(
    expect.arrayContaining(['visit.unlocked', 'pin2.requested', 'pin1.reissued', 'pin1.printed']),
  )
})

test('S2, S38: consent is withdrawn after being asked once, which takes all off, and given again', async () => {
  const { pin1, pin2 } = await published(gateway, 'C1')
  const { path } = await visitOf('C1')
  const patient = await signedIn(gateway, pin1, pin2)
  expect((await desk.post(`${path}/consenso`, { consenso: 'no' })).status).toBe(200)
  expect((await patient.get('/referti')).status).toBe(200)
  await desk.post(`${path}/consenso`, { consenso: 'no', conferma: 'si' })
  expect((await patient.get('/referti')).status).toBe(303)
  expect(await textOf(desk.get(path))).toContain('Senza consenso')
  expect((await desk.post(`${path}/consenso`, { consenso: 'si' })).headers.get('location')).toBe(
    `${path}?fatto=consenso`,
  )
  const { consent, consentTextVersion } = await visitOf('C1')
  expect([consent, consentTextVersion]).toEqual([true, '1'])
  // The copy was deleted with what was online (S26): the desk is told that the report has to come again.
  expect(await textOf(desk.get('/desk/attenzione'))).toContain('Consenso dato di nuovo, referto da rimandare')
  const pin2Refused = await desk.post(`${path}/pin2`)
  expect([pin2Refused.status, await pin2Refused.text()]).toEqual([
    409,
    expect.stringContaining('Nulla di questa visita è online'),
  ])
})

test('what was mistyped is corrected, an exam added, and a new slip printed; a number that is another visit’s changes nothing', async () => {
  await registered(gateway, { accessionNumber: 'K-OTHER' })
  const { pin1 } = await registered(gateway, { accessionNumber: 'K1' })
  const { path, id, examId } = await visitOf('K1')
  expect(await textOf(desk.get(path))).toContain(`href="${path}/correggi"`)
  const form = await textOf(desk.get(`${path}/correggi`))
  expect(form).toContain(`name="id_1" value="${examId}"`)
  const typed = {
    codice_fiscale: 'RSSMRA85T10A562S',
    cognome: 'Rossi',
    nome: 'Mario',
    nascita: '10/12/1985',
    sesso: 'M',
    id_1: examId,
    esame_1: 'RM GINOCCHIO SX',
    data_1: '20/05/2018',
    immagini_1: 'si',
    esame_2: 'RX TORACE',
    data_2: '21/05/2018',
    numero_2: 'K-OTHER',
  }
  const taken = await desk.post(`${path}/correggi`, typed)
  expect([taken.status, await taken.text()]).toEqual([409, expect.stringContaining('già registrato')])
  const wrong = await desk.post(`${path}/correggi`, { ...typed, nascita: '31/02/1985' })
  expect([wrong.status, await wrong.text()]).toEqual([422, expect.stringContaining('gg/mm/aaaa')])
  const [before] = await gateway.db.select().from(visits).where(eq(visits.id, id))
  expect(before?.birthDate).not.toBe('1985-12-10')

  const saved = await desk.post(`${path}/correggi`, { ...typed, numero_2: 'K1-B', foglio: 'si' })
  expect(saved.headers.get('location')).toMatch(/\?fatto=corretta&foglio=/)
  const page = await textOf(desk.get(saved.headers.get('location') ?? ''))
  expect(page).toContain('Dati corretti')
  const [after] = await gateway.db.select().from(visits).where(eq(visits.id, id))
  expect(after).toMatchObject({
    ...{ familyName: 'Rossi', givenName: 'Mario', birthDate: '1985-12-10', sex: 'M' },
    ...{ taxCode: 'RSSMRA85T10A562S', patientId: null, email: before?.email },
  })
  const all = await gateway.db.select().from(exams).where(eq(exams.visitId, id)).orderBy(exams.position)
  expect(
    all.map((exam) => [exam.accessionNumber, exam.description, exam.examDate, exam.imagesExpected]),
  ).toEqual([
    ['K1', 'RM GINOCCHIO SX', '2018-05-20', true],
    ['K1-B', 'RX TORACE', '2018-05-21', false],
  ])
  expect(Buffer.from(after?.pin1Digest ?? []).equals(Buffer.from(before?.pin1Digest ?? []))).toBe(false)
  expect(pin1).toHaveLength(12)
  expect(await eventsOf(id)).toEqual(expect.arrayContaining(['visit.changed', 'pin1.reissued', 'visit.read']))
  const radiology = await signedInStaff(gateway, 'radiologia-k', ['radiology'])
  expect((await radiology.get(`${path}/correggi`)).status).toBe(403)
  expect((await radiology.post(`${path}/correggi`, typed)).status).toBe(403)
})

test('S25, S41: a publication is withdrawn, an exam excluded by law; neither comes back by itself', async () => {
  for (const [number, act, words] of [
    ['W1', 'ritira', 'Ritirare la pubblicazione?'],
    ['W2', 'escludi', 'Escludere l’esame'],
  ] as const) {
    const { pin1, pin2 } = await published(gateway, number)
    const { path, examId } = await visitOf(number)
    const patient = await signedIn(gateway, pin1, pin2)
    const asked = await desk.post(`${path}/esami/${examId}/${act}`)
    expect([asked.status, await asked.text()]).toEqual([200, expect.stringContaining(words)])
    expect((await patient.get('/referti')).status).toBe(200)
    expect((await desk.post(`${path}/esami/${examId}/${act}`, { conferma: 'si' })).status).toBe(303)
    expect((await patient.get('/referti')).status).toBe(303)
    await gateway.deliver(number, await pdfOf('Referto corretto'))
    const [row] = await gateway.db.select().from(publications).where(eq(publications.examId, examId))
    expect([row?.endedBy, row?.endedAt !== null]).toEqual(['desk', true])
  }
  const { path, examId } = await visitOf('W2')
  expect(await textOf(desk.get(path))).toContain('escluso per legge')
  await registered(gateway, {
    accessionNumber: 'W3',
    exams: [{ description: 'TEST', date: '2026-01-01', imagesExpected: false, excluded: true }],
  })
  await gateway.deliver('W3', await pdfOf('Referto'))
  const third = await visitOf('W3')
  expect(await gateway.db.$count(publications, eq(publications.examId, third.examId))).toBe(0)
  await desk.post(`${third.path}/esami/${third.examId}/includi`)
  expect(await gateway.db.$count(publications, eq(publications.examId, third.examId))).toBe(1)
  await desk.post(`${path}/esami/${examId}/includi`)
  expect(await gateway.db.$count(publications, eq(publications.examId, examId))).toBe(1)
})

test('S18, S19: a signed report is uploaded by hand, byte for byte, and its verification is shown; a damaged one is refused', async () => {
  await registered(gateway, { accessionNumber: 'U1' })
  const { path, examId, id } = await visitOf('U1')
  const signer = await demoSigner(join(folder, 'unknown'), PROVA)
  const [plain, signed] = [join(folder, 'referto.pdf'), join(folder, 'referto.p7m')]
  writeFileSync(plain, await pdfOf('Referto firmato'))
  await signP7m(signer, plain, signed)
  const document = readFileSync(signed)
  const upload = (bytes: Uint8Array, esame = examId) => {
    const form = new FormData()
    form.set('esame', esame)
    form.set('documento', new File([new Uint8Array(bytes)], 'referto.p7m'))
    return desk.upload(`${path}/referto`, form)
  }
  expect((await upload(new Uint8Array())).status).toBe(422)
  const odd = await upload(Buffer.from('testo qualunque'))
  expect([odd.status, await odd.text()]).toEqual([422, expect.stringContaining('non è un PDF né un .p7m')])
  const altered = Buffer.from(document)
  const place = altered.indexOf('%PDF')
  altered[place + 40] = (altered[place + 40] ?? 0) ^ 1
  const refused = await upload(altered)
  expect([refused.status, await refused.text()]).toEqual([
    422,
    expect.stringContaining('modificato dopo la firma'),
  ])
  // The desk sees it among what needs attention, until the right one comes.
  expect(await textOf(desk.get('/desk/attenzione'))).toContain('Documenti non accettati')

  const taken = await upload(document)
  expect(taken.headers.get('location')).toBe(`${path}?fatto=caricato`)
  const page = await textOf(desk.get(`${path}?fatto=caricato`))
  expect(page).toContain('Documento integro, ma la firma non supera tutti i controlli')
  expect(page).toContain('Firmato digitalmente da')
  const [report] = await gateway.db.select().from(reports).where(eq(reports.examId, examId))
  expect(Buffer.from(report?.document ?? []).equals(Buffer.from(document))).toBe(true)
  expect((await upload(document)).headers.get('location')).toBe(`${path}?fatto=giacaricato`)
  // Its signer's authority is not among those that the hospital trusts: somebody should look, until a trusted one has signed.
  const list = await textOf(desk.get('/desk/attenzione'))
  expect(list).not.toContain('Documenti non accettati')
  expect(list).toMatch(/Firme da verificare(?:(?!<section).)*autorità non riconosciuta/s)
  await signP7m(trusted, plain, signed)
  expect((await upload(readFileSync(signed))).headers.get('location')).toBe(`${path}?fatto=caricato`)
  // A wrong file picked by hand is told at once, and nothing to be followed up where the report is there.
  expect((await upload(Buffer.from('testo qualunque'))).status).toBe(422)
  expect(await textOf(desk.get('/desk/attenzione'))).not.toMatch(
    /Firme da verificare|Documenti non accettati/,
  )
  expect(await eventsOf(id)).toEqual(expect.arrayContaining(['report.delivered', 'report.refused']))
})

test('S39b: the proof of collection is shown and printed, before and after the report was read', async () => {
  const { pin1, pin2 } = await published(gateway, 'R1')
  const { path, examId } = await visitOf('R1')
  const receipt = async () =>
    pdfText(new Uint8Array(await (await desk.get(`${path}/esami/${examId}/ricevuta`)).arrayBuffer()))
  expect(await textOf(desk.get(path))).toContain('non ancora visto né scaricato')
  expect(await receipt()).toContain('R1')
  const patient = await signedIn(gateway, pin1, pin2)
  const id = /\/referti\/([0-9a-f-]{36})/.exec(await textOf(patient.get('/referti')))?.[1]
  await patient.get(`/referti/${id}/documento.pdf`)
  const page = await textOf(desk.get(path))
  expect(page).toContain('visto il')
  expect(page).toContain('Aperto')
  await desk.post('/desk/cerca', { cerca: 'R1' })
  expect(await textOf(desk.get('/desk/cerca'))).toContain('R1')
  // The person is told that the desk looked, and that it printed the proof.
  const accesses = await textOf(patient.get('/accessi'))
  expect(accesses).toContain('Lo sportello ha consultato i dati della tua visita')
  expect(accesses).toContain('Il tuo nome è comparso allo sportello in una ricerca')
  // Taking the list is an access too: the page, and each file.
  await patient.get('/accessi.csv')
  const csv = await textOf(patient.get('/accessi.csv'))
  expect(csv.match(/Hai consultato questa pagina/g)).toHaveLength(3)
})

test('each kind of matter shows on the list, with a way to act, and goes with a note that stays with the visit', async () => {
  const { db } = gateway
  const old = new Date(gateway.now().getTime() - 3 * 24 * 60 * 60_000)
  const exam = { description: 'RM GINOCCHIO', date: '2026-01-01' }
  await registered(gateway, { accessionNumber: 'A-IMG', exams: [exam] })
  await gateway.deliver('A-IMG', await pdfOf('Referto'))
  await registered(gateway, { accessionNumber: 'A-MAIL', email: undefined, exams: [exam] })
  await gateway.deliver('A-MAIL', await pdfOf('Referto'))
  await registered(gateway, { accessionNumber: 'A-BIRTH', exams: [exam] })
  await registered(gateway, { accessionNumber: 'A-LATE', exams: [exam] })
  await db.update(reports).set({ receivedAt: old })
  const study = (
    orthancId: string,
    accessionNumber: string,
    state: 'stable' | 'arriving',
    birth = '19800423',
  ) => ({
    orthancId,
    studyInstanceUid: `1.2.${orthancId}`,
    accessionNumber,
    patientBirthDate: birth,
    description: 'STUDIO SENZA VISITA',
    state,
    seriesCount: 1,
    instanceCount: 1,
    sizeBytes: 1,
    changedAt: old,
  })
  await db
    .insert(studies)
    .values([
      study('s1', 'NESSUNO-1', 'stable'),
      study('s2', 'A-BIRTH', 'stable', '19800424'),
      study('s3', 'A-LATE', 'arriving'),
    ])
  const { pin1 } = await published(gateway, 'A-NEVER')
  expect(pin1).toHaveLength(12)
  const never = await visitOf('A-NEVER')
  const soon = new Date(gateway.now().getTime() + 5 * 24 * 60 * 60_000)
  await db
    .update(publications)
    .set({ availableUntil: soon.toISOString().slice(0, 10), endsAt: soon })
    .where(eq(publications.visitId, never.id))
  await db
    .update(mails)
    .set({ state: 'queued', queuedAt: old, nextAttemptAt: soon })
    .where(eq(mails.visitId, never.id))

  const page = await textOf(desk.get('/desk/attenzione'))
  for (const words of [
    'Data di nascita diversa nelle immagini',
    'Mai aperti, in scadenza entro 7 giorni',
    'Referti senza immagini',
    'Consenso senza e-mail',
    'Immagini ferme a metà',
    'E-mail in attesa da più di un’ora',
    'Immagini senza visita',
  ])
    expect(page).toContain(words)
  expect(page).toContain('nelle immagini: 24/04/1980')
  // A study that nobody claims opens the form with what the archive knows.
  const form = await textOf(desk.get('/desk/visite/nuova?studio=s1'))
  expect(form).toContain('value="NESSUNO-1"')
  expect(form).toContain('value="STUDIO SENZA VISITA"')

  const birth = await visitOf('A-BIRTH')
  const key = /value="(birth-date:[^"]+)"/.exec(page)?.[1] ?? ''
  expect((await desk.post('/desk/attenzione', { caso: key, nota: '' })).status).toBe(422)
  expect(
    (await desk.post('/desk/attenzione', { caso: key, nota: 'verificato con la radiologia' })).status,
  ).toBe(303)
  expect(await textOf(desk.get('/desk/attenzione'))).not.toContain('m-birth-date')
  expect(await textOf(desk.get(birth.path))).toContain('verificato con la radiologia')
  expect(await eventsOf(birth.id)).toContain('attention.dismissed')
  // Another birth date is another matter.
  await db.update(studies).set({ patientBirthDate: '19800425' }).where(eq(studies.orthancId, 's2'))
  expect(await textOf(desk.get('/desk/attenzione'))).toContain('nelle immagini: 25/04/1980')
})

test('S5: where it is so configured PIN2 is told at the desk, once, and noted', async () => {
  await gateway.stop()
  await gateway.start({ PIN2_DELIVERY: 'desk' })
  await registered(gateway, { accessionNumber: 'D1' })
  await gateway.deliver('D1', await pdfOf('Referto'))
  const { path, id, pin1Digest } = await visitOf('D1')
  expect(pin1Digest).toBeTruthy()
  const made = await desk.post(`${path}/pin2`)
  const location = made.headers.get('location') ?? ''
  expect(location).toMatch(/\?pin2=[0-9a-f-]{36}$/)
  expect(await textOf(desk.get(location))).toMatch(/class="desk-pin">\d{4}-\d{4}</)
  const other = await signedInStaff(gateway, 'altra-postazione', ['desk'])
  expect(await textOf(clientOf(gateway, other.cookie).get(location))).not.toContain('desk-pin')
  expect(await eventsOf(id)).toContain('pin2.shown')
})
