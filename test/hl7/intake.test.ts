import { execFileSync } from 'node:child_process'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendRegistration, sendReport } from '../../scripts/demo-run/hl7.ts'
import { type MllpClient, mllpClient } from '../../scripts/demo-run/mllp.ts'
import { freePort } from '../../scripts/orthanc.ts'
import { auditEvents, exams, hl7Messages, patients, reports, visits } from '../../src/database/schema.ts'
import { openLetters } from '../../src/hl7/letters.ts'
import { PERSON, signingOffice, withByteFlipped } from '../signature/support.ts'
import { pdfOf } from '../support/fixtures.ts'
import { pin2In, type TestGateway, testGateway } from '../support/gateway.ts'
import { signedIn } from '../support/patient.ts'
import { type Staff, signedInStaff } from '../support/staff.ts'
import { registered } from '../support/visits.ts'
import { lines, msh, orderMessage, type Person, pid, resultMessage } from './messages.ts'

let gateway: TestGateway
let line: MllpClient
let reception: Staff
const office = signingOffice()
const signer = office.issue(office.authority(), { subject: PERSON })

beforeAll(async () => {
  const port = await freePort()
  gateway = await testGateway({ environment: { HL7_PORT: String(port) } })
  line = await mllpClient({ port })
  reception = await signedInStaff(gateway, 'lucia', ['desk'])
})
afterAll(async () => {
  line?.close()
  await gateway?.[Symbol.asyncDispose]()
  office[Symbol.dispose]()
})

const send = async (message: string | Uint8Array) => (await line.send(message))[0] ?? ''
const msa = (answer: string) => answer.split('\r').find((segment) => segment.startsWith('MSA')) ?? ''
const visitOf = async (accession: string) =>
  (await gateway.db.select().from(visits).where(eq(visits.accessionNumber, accession)))[0]
const state = (accession: string) => gateway.waitForState(accession, () => true)

describe('orders', () => {
  test('S1, S6: an order registers a visit with its exams, its address and its consent', async () => {
    expect(msa(await send(orderMessage(['O1', 'O2'])))).toMatch(
      /^MSA\|AA\|M\d+\|Exams: 1 registered, 1 added\./,
    )
    const visit = await visitOf('O1')
    expect(visit).toMatchObject({
      familyName: 'Rossi',
      givenName: 'Mario',
      birthDate: '1980-04-23',
      birthPlace: 'CUNEO',
      taxCode: 'RSSMRA80D23D205X',
      patientId: 'P1',
      sex: 'M',
      email: 'mario.rossi@example.org',
      consent: true,
    })
    const found = await state('O2')
    expect(found.accessionNumber).toBe('O1')
    expect(found.exams.map((exam: { description: string }) => exam.description)).toEqual([
      'RX TORACE O1',
      'RX TORACE O2',
    ])
    expect(found.exams[0]).toMatchObject({ date: '2026-11-20', imagesExpected: false, accessionNumber: 'O1' })
  })

  test('orders of one group number are one visit, whichever message brings them', async () => {
    const person = { patientId: 'PG', taxCode: 'VRDNNA80A41H501A' }
    await send(orderMessage(['G-A'], { group: 'GRUPPO1', person }))
    expect(msa(await send(orderMessage(['G-B'], { group: 'GRUPPO1', person })))).toContain('1 added')
    expect((await state('GRUPPO1')).exams).toHaveLength(2)
  })

  test('S2: without a consent there is none, and a later order may bring it', async () => {
    await send(orderMessage(['C1'], { consent: '' }))
    expect((await visitOf('C1'))?.consent).toBe(false)
    expect(msa(await send(orderMessage(['C1'], { consent: 'Y', control: 'XO' })))).toContain('1 changed')
    expect((await visitOf('C1'))?.consent).toBe(true)
  })

  test('a cancelled exam is never published, unless it is ordered again', async () => {
    await send(orderMessage(['K1']))
    expect(msa(await send(orderMessage(['K1'], { control: 'CA' })))).toContain('1 cancelled')
    expect(msa(await send(resultMessage('K1')))).toContain('|AA|')
    expect((await state('K1')).published).toBe(false)
    await send(orderMessage(['K1'], { control: 'NW' }))
    expect((await state('K1')).published).toBe(true)
    await send(orderMessage(['K1'], { control: 'CA' }))
    expect((await state('K1')).published).toBe(false)
    expect(msa(await send(orderMessage(['NEVER-SEEN'], { control: 'CA' })))).toContain('1 unknown')
  })

  test('an order never puts one person’s exam into another’s visit', async () => {
    await send(orderMessage(['D1']))
    const other = {
      patientId: 'P2',
      taxCode: 'BNCLCU90A01H501Z',
      name: 'BIANCHI^LUCA',
      birthDate: '19900101',
    }
    for (const message of [
      orderMessage(['D1'], { person: other }),
      orderMessage(['D2'], { person: other, group: 'D1' }),
      resultMessage('D1', { person: other }),
    ])
      expect(msa(await send(message))).toMatch(/\|AE\|M\d+\|The visit of this Accession Number is another/)
    expect((await state('D1')).exams).toHaveLength(1)
    expect((await state('D1')).report).toBe('missing')
  })
})

describe('results', () => {
  test('S17: text alone is published as a page of ours, which says that it is not signed', async () => {
    const person = { email: 'testo@example.org', patientId: 'PT', taxCode: 'TSTTST80A01H501T' }
    await send(orderMessage(['T1'], { person }))
    const answer = await send(
      resultMessage('T1', { person, text: 'Torace: niente\\.br\\di patologico \\T\\ regolare.' }),
    )
    expect(msa(answer)).toMatch(/\|AA\|M\d+\|Report taken as version 1\. It carries no signature\./)
    const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes('testo@example.org'))
    // The slip is printed at the desk, with a new PIN1: nobody ever knew the one made at registration.
    const slip = await gateway.api('POST', '/visits/T1/pin1')
    const { pin1 } = (await slip.json()) as { pin1: string }
    const patient = await signedIn(gateway, pin1, pin2In(mail))
    const id = /\/referti\/([0-9a-f-]{36})/.exec(await (await patient.get('/referti')).text())?.[1]
    expect(await (await patient.get(`/referti/${id}`)).text()).toContain('Documento non firmato')
    const pdf = Buffer.from(await (await patient.get(`/referti/${id}/documento.pdf`)).arrayBuffer())
    const text = execFileSync('pdftotext', ['-layout', office.save(pdf, '.pdf'), '-']).toString()
    for (const words of [
      'Rossi Mario',
      'di patologico & regolare.',
      'DOTT.SSA ANNA BIANCHI',
      'Non è firmata',
    ])
      expect(text).toContain(words)
  })

  test('S18, S19: a signed document is kept byte for byte, with its signer; the .p7m counts, not the PDF beside it', async () => {
    await send(orderMessage(['S1']))
    const pdf = await pdfOf('Referto firmato')
    const p7m = office.sign(pdf, signer)
    const two = resultMessage('S1', { document: p7m, type: 'PKCS7', text: 'Testo del referto' }).replace(
      /\r$/,
      `\rOBX|3|ED|X||RIS^A^PDF^Base64^${Buffer.from(pdf).toString('base64')}\r`,
    )
    expect(msa(await send(two))).toMatch(/\|Report taken as version 1\.$/)
    const [report] = await gateway.db
      .select()
      .from(reports)
      .innerJoin(exams, eq(exams.id, reports.examId))
      .where(eq(exams.accessionNumber, 'S1'))
    expect(Buffer.from(report?.reports.document ?? []).equals(p7m)).toBe(true)
    expect(report?.reports).toMatchObject({
      kind: 'p7m',
      body: 'Testo del referto',
      physician: 'DOTT.SSA ANNA BIANCHI',
      reportDate: '2026-11-21',
    })
    expect(report?.reports.signature.signers[0]).toMatchObject({ unaltered: true })
  })

  test('S19: an altered document is refused, and the reception finds it with its visit and the reason', async () => {
    await send(orderMessage(['S2'], { person: { name: 'Alterato^Piero' } }))
    const signed = office.sign(await pdfOf('Un referto'), signer)
    const altered = withByteFlipped(signed, signed.indexOf('%PDF') + 200)
    const message = resultMessage('S2', { document: altered, type: 'PKCS7' })
    const answer = await send(message)
    expect(msa(answer)).toMatch(/\|AE\|M\d+\|The signature does not match/)
    expect((await state('S2')).report).toBe('missing')
    // Sent again, it is still one matter.
    await send(message)
    const [exam] = await gateway.db.select().from(exams).where(eq(exams.accessionNumber, 'S2'))
    const trail = await gateway.db
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.examId, exam?.id ?? ''))
    expect(trail.filter(({ event }) => event === 'report.refused')).toMatchObject([
      { visitId: exam?.visitId, details: { reason: 'report.altered' }, actor: 'ris:hl7 RIS|OSPEDALE' },
    ])
    const page = await (await reception.get('/desk/attenzione')).text()
    expect(page).toContain('Documenti non accettati')
    expect(page).toMatch(
      /Alterato Piero(?:(?!<li).)*RX TORACE S2(?:(?!<li).)*documento modificato dopo la firma/s,
    )
    await send(resultMessage('S2', { document: signed, type: 'PKCS7' }))
    expect(await (await reception.get('/desk/attenzione')).text()).not.toContain('Alterato Piero')
  })

  test('S19: a document that came before its visit is found with it, once the visit is there', async () => {
    await send(resultMessage('S3', { text: null, document: Buffer.from('hello') }))
    await send(orderMessage(['S3']))
    const refused = () =>
      gateway.db
        .select()
        .from(auditEvents)
        .where(eq(auditEvents.event, 'report.refused'))
        .orderBy(auditEvents.seq)
    const visit = await visitOf('S3')
    await expect
      .poll(async () => (await refused()).filter(({ visitId }) => visitId === visit?.id), { timeout: 30_000 })
      .toMatchObject([{ details: { reason: 'report.unrecognised' } }])
  })

  const obr = (accession: string, status: string) =>
    `OBR|1|PL|${accession}|RX^RX TORACE|||20261120103000|||||||||||${accession}||||20261121||RAD|${status}`
  const obx = (text: string) => `OBX|1|FT|REFERTO||${text}`

  test('one report for several exams of a person comes with one of them alone', async () => {
    await send(orderMessage(['SH1', 'SH2']))
    const message = lines(msh('ORU^R01'), pid(), obr('SH1', 'F'), obx('Uno per due'), obr('SH2', 'F'))
    expect(msa(await send(message))).toContain('|AA|')
    const { exams: found } = await state('SH1')
    expect(found.map(({ report }: { report: object }) => report)).toMatchObject([
      { version: 1 },
      { version: 1 },
    ])
  })

  test('S6: a person’s report is never taken for another’s exam in the same message (HL7 v2.5 §7.3.1)', async () => {
    const other = {
      patientId: 'P2',
      taxCode: 'BNCLCU90A01H501Z',
      name: 'BIANCHI^LUCA',
      birthDate: '19900101',
    }
    await send(orderMessage(['MP1']))
    await send(orderMessage(['MP2'], { person: other }))
    for (const groups of [
      [pid(), obr('MP1', 'F'), obx('Di Rossi'), pid(other), obr('MP2', 'F')],
      [pid(other), obr('MP2', 'F'), pid(), obr('MP1', 'F'), obx('Di Rossi')],
      // What is observed of a person stands before their orders, and is no report.
      [pid(), obr('MP1', 'F'), obx('Di Rossi'), pid(other), obx('Altezza 180'), obr('MP2', 'F')],
    ]) {
      expect(msa(await send(lines(msh('ORU^R01'), ...groups)))).toMatch(/\|AE\|M\d+\|There is no report/)
      expect((await state('MP2')).report).toBe('missing')
    }
  })

  test('S7: a draft, or what is taken back, is never shown in the place of a final report that is missing', async () => {
    await send(orderMessage(['DR1', 'DR2', 'DR3']))
    for (const status of ['P', 'X']) {
      const message = lines(msh('ORU^R01'), pid(), obr('DR1', status), obx('Bozza'), obr('DR2', 'F'))
      expect(msa(await send(message))).toMatch(/\|AE\|M\d+\|There is no report/)
    }
    // Of two, which one is meant cannot be told.
    const two = [obr('DR1', 'F'), obx('Uno'), obr('DR2', 'F'), obx('Due'), obr('DR3', 'F')]
    expect(msa(await send(lines(msh('ORU^R01'), pid(), ...two)))).toContain('There is no report')
    expect((await state('DR1')).report).toBe('missing')
  })

  test('an Accession Number alone does not say whose a report is', async () => {
    await send(orderMessage(['ID1']))
    const anonymous = lines(msh('ORU^R01'), obr('ID1', 'F'), obx('Di chi?'))
    const named = lines(msh('ORU^R01'), 'PID|1||||Rossi^Mario', obr('ID1', 'F'), obx('Di chi?'))
    for (const message of [anonymous, named])
      expect(msa(await send(message))).toMatch(/\|AE\|M\d+\|Nothing in the message says/)
    const born = lines(msh('ORU^R01'), 'PID|1||||Rossi^Mario||19800423', obr('ID1', 'F'), obx('Suo'))
    expect(msa(await send(born))).toContain('|AA|')
  })

  test('MDM is of one patient', async () => {
    const message = lines(msh('MDM^T02'), pid(), pid({ patientId: 'P2' }), 'TXA|1|||||||||||||||S1')
    expect(msa(await send(message))).toContain('MDM is of one document of one patient')
  })

  test('S7: preliminary is not kept, final is published, corrected replaces it, withdrawn ends it, corrected again brings it back', async () => {
    await send(orderMessage(['F1']))
    const step = async (status: string, text: string) => {
      const told = msa(await send(resultMessage('F1', { status, text }))).split('|')
      const { published, exams: found } = await state('F1')
      return [told[1], told[3], published, found[0].report?.version ?? null]
    }
    expect(await step('P', 'Bozza')).toEqual(['AA', expect.stringContaining('Preliminary'), false, null])
    expect(await step('F', 'Definitivo')).toEqual(['AA', expect.stringContaining('version 1'), true, 1])
    expect(await step('F', 'Definitivo')).toEqual(['AA', expect.stringContaining('there already'), true, 1])
    expect(await step('C', 'Corretto')).toEqual(['AA', expect.stringContaining('version 2'), true, 2])
    expect(await step('X', '')).toEqual(['AA', expect.stringContaining('withdrawn'), false, null])
    expect(await step('C', 'Corretto')).toEqual(['AA', expect.stringContaining('there already'), false, null])
    expect(await step('C', 'Di nuovo')).toEqual(['AA', expect.stringContaining('version 3'), true, 3])
    expect(await step('?', 'Altro')).toEqual(['AE', expect.stringContaining('status is not known'), true, 3])
    const trail = await gateway.db.select().from(auditEvents).where(eq(auditEvents.event, 'report.withdrawn'))
    expect(trail.at(-1)).toMatchObject({ actor: 'ris:hl7 RIS|OSPEDALE', source: '127.0.0.1' })
  })

  test('MDM^T02 brings a document, T11 takes it back', async () => {
    await send(orderMessage(['MD1']))
    const mdm = (event: string, content: string[]) =>
      lines(
        msh(`MDM^${event}`),
        pid(),
        `TXA|1|REF|AP|20261121|7^BIANCHI^ANNA||20261121|||||DOC1||PLMD1|MD1||AU||AV`,
        ...content,
      )
    const pdf = Buffer.from(await pdfOf('Documento')).toString('base64')
    expect(msa(await send(mdm('T02', [`OBX|1|ED|||^A^PDF^Base64^${pdf}`])))).toContain('|AA|')
    expect((await state('MD1')).published).toBe(true)
    expect(msa(await send(mdm('T11', [])))).toContain('withdrawn')
    expect((await state('MD1')).published).toBe(false)
    const draft = mdm('T02', [`OBX|1|ED|||^A^PDF^Base64^${pdf}`]).replace('|AU|', '|PA|')
    expect(msa(await send(draft))).toContain('Preliminary')
  })

  test('a document of 25 MB comes through', async () => {
    await send(orderMessage(['BIG']))
    const document = padded(await pdfOf('Grande'), 19_000_000)
    const message = resultMessage('BIG', { document })
    expect(message.length).toBeGreaterThan(25_000_000)
    expect(msa(await send(message))).toContain('|AA|')
    expect((await state('BIG')).published).toBe(true)
  })
})

/** A PDF made large by a comment before its end: it stays one. */
function padded(pdf: Uint8Array, size: number): Buffer {
  const bytes = Buffer.from(pdf)
  const end = bytes.lastIndexOf('startxref')
  return Buffer.concat([bytes.subarray(0, end), Buffer.alloc(size, '%aaaaaaaaa\n'), bytes.subarray(end)])
}

describe('patients', () => {
  test('an admission is known to the order that says less; A08 corrects visit and address; A40 moves it', async () => {
    const person = {
      patientId: 'A1',
      name: 'D’Angelo^Niccolò',
      taxCode: 'DNGNCL70A01H501K',
      birthDate: '19700101',
      email: 'niccolo@example.org',
    }
    expect(msa(await send(lines(msh('ADT^A04'), pid(person))))).toContain('|AA|')
    const thin = orderMessage(['AD1']).replace(/PID\|.*?\r/, 'PID|1||A1^^^OSPEDALE^PI\r')
    expect(msa(await send(thin))).toContain('1 registered')
    expect(await visitOf('AD1')).toMatchObject({
      familyName: 'D’Angelo',
      givenName: 'Niccolò',
      email: 'niccolo@example.org',
    })

    const corrected = { ...person, name: 'De Angelo^Niccolò', email: 'nuovo@example.org' }
    expect(msa(await send(lines(msh('ADT^A08'), pid(corrected))))).toContain('1 visit(s)')
    expect(await visitOf('AD1')).toMatchObject({ familyName: 'De Angelo', email: 'nuovo@example.org' })

    const merged = lines(msh('ADT^A40'), pid({ ...corrected, patientId: 'A2' }), 'MRG|A1^^^OSPEDALE^PI')
    expect(msa(await send(merged))).toContain('1 visit(s) moved')
    expect((await visitOf('AD1'))?.patientId).toBe('A2')
    expect(await gateway.db.select().from(patients).where(eq(patients.patientId, 'A1'))).toEqual([])
    expect(
      msa(await send(orderMessage(['AD2'], { person: { ...corrected, patientId: 'A2' }, group: 'AD1' }))),
    ).toContain('1 added')
  })

  test('an empty field changes nothing, "" deletes', async () => {
    const person = { patientId: 'E1', taxCode: 'MPTVTI80A01H501E', email: 'vuoto@example.org' }
    await send(orderMessage(['E1'], { person }))
    await send(lines(msh('ADT^A08'), 'PID|1||E1^^^OSPEDALE^PI||Verdi'))
    expect(await visitOf('E1')).toMatchObject({
      familyName: 'Verdi',
      givenName: 'Mario',
      email: 'vuoto@example.org',
    })
    await send(lines(msh('ADT^A08'), `PID|1||E1^^^OSPEDALE^PI||""|${'|'.repeat(7)}""`))
    expect(await visitOf('E1')).toMatchObject({ familyName: 'Verdi', email: null })
  })

  test('S2: a consent withdrawn by A08 ends what is online', async () => {
    const person = { patientId: 'W1', taxCode: 'WTHDRW80A01H501W' }
    await send(orderMessage(['W1'], { person }))
    await send(resultMessage('W1', { person }))
    expect((await state('W1')).published).toBe(true)
    await send(lines(msh('ADT^A08'), pid(person), 'ZRI|N'))
    expect(await state('W1')).toMatchObject({ published: false, consent: { given: false } })
  })

  const ris = (message: string) => send(message)
  const adt = (message: string) => send(message.replace('|RIS|', '|ADT|'))
  const a08 = (person: Person, ...more: string[]) => lines(msh('ADT^A08'), pid(person), ...more)

  test('S9: an address that the desk corrected stays, whatever systems repeat; another one that they come to say is taken', async () => {
    const person = { patientId: 'N1', taxCode: 'NWSNWS80A01H501N', email: 'vecchio@example.org' }
    await ris(orderMessage(['NW1'], { person }))
    await ris(resultMessage('NW1', { person }))
    const { id = '' } = (await visitOf('NW1')) ?? {}
    const email = 'giusto@example.org'
    await reception.post(`/desk/visite/${id}/email`, { email, email_di_nuovo: email })
    const issued = (await visitOf('NW1'))?.pin2IssuedAt
    for (const answer of [
      await ris(a08(person)),
      await ris(orderMessage(['NW1'], { person, control: 'SC' })),
      await ris(
        orderMessage(['NW1'], { person: { ...person, email: 'Vecchio@Example.org' }, control: 'XO' }),
      ),
      // Another system holds a third one, from before.
      await adt(a08({ ...person, email: 'anagrafe@example.org' })),
      await adt(a08({ ...person, email: '""' })),
    ])
      expect(msa(answer)).toContain('|AA|')
    expect(await visitOf('NW1')).toMatchObject({ email, pin2IssuedAt: issued })
    expect(msa(await ris(a08(person)))).toContain('The e-mail address that was set at the desk stays.')

    await ris(orderMessage(['NW1'], { person: { ...person, email: 'nuovo2@example.org' }, control: 'XO' }))
    expect((await visitOf('NW1'))?.email).toBe('nuovo2@example.org')
    expect((await visitOf('NW1'))?.pin2IssuedAt).not.toEqual(issued)
  })

  test('what the desk corrected of person and exam stays, whatever systems repeat; what they come to say else is taken', async () => {
    const person = { patientId: 'N7', name: 'Bianci^Ada', birthDate: '19700301', taxCode: 'BNCDAA70C41D205Z' }
    await ris(orderMessage(['NW7'], { person }))
    const { id = '' } = (await visitOf('NW7')) ?? {}
    const [exam] = await gateway.db.select().from(exams).where(eq(exams.visitId, id))
    const form = {
      ...{
        codice_fiscale: 'BNCDAA70C41D205R',
        cognome: 'Bianchi',
        nome: 'Ada',
        nascita: '01/03/1970',
        sesso: 'F',
      },
      ...{
        numero_paziente: 'N7',
        luogo: 'CUNEO',
        id_1: exam?.id ?? '',
        esame_1: 'RX GINOCCHIO',
        data_1: '22/11/2026',
      },
      confermato: 'si',
    }
    expect((await reception.post(`/desk/visite/${id}/correggi`, form)).headers.get('location')).toContain(
      'fatto=',
    )
    const corrected = {
      ...{ familyName: 'Bianchi', birthDate: '1970-03-01', taxCode: 'BNCDAA70C41D205R', sex: 'F' },
    }
    expect(await visitOf('NW7')).toMatchObject(corrected)
    for (const answer of [
      await ris(a08(person)),
      await ris(orderMessage(['NW7'], { person, control: 'XO' })),
      // The registry's first word is as old as the mistake, or another one.
      await adt(a08(person)),
      await adt(a08({ ...person, taxCode: '""' })),
    ])
      expect(msa(answer)).toMatch(/\|AA\|.*Corrected at the desk, and kept: [\w, ]*familyName/)
    expect(await visitOf('NW7')).toMatchObject(corrected)
    const examNow = async () => (await gateway.db.select().from(exams).where(eq(exams.visitId, id)))[0]
    expect(await examNow()).toMatchObject({ description: 'RX GINOCCHIO', examDate: '2026-11-22' })
    const page = await (await reception.get(`/desk/visite/${id}`)).text()
    expect(page).toMatch(/cognome, il [^<]*<span[^>]*>.*?RIS · OSPEDALE ha «Bianci»/)
    expect((await state('NW7')) as object).toMatchObject({
      correctedAtDesk: expect.arrayContaining(['familyName']),
    })

    // By REST neither, unless it is something else.
    const patch = (patient: object) => gateway.api('PATCH', '/visits/NW7', { patient })
    await patch({ familyName: 'Bianci', birthPlace: 'MONDOVÌ' })
    expect(await visitOf('NW7')).toMatchObject({ ...corrected, birthPlace: 'MONDOVÌ' })
    await ris(a08({ ...person, name: 'Bianchini^Ada' }))
    expect(await visitOf('NW7')).toMatchObject({ ...corrected, familyName: 'Bianchini' })
    await ris(a08(person))
    expect((await visitOf('NW7'))?.familyName).toBe('Bianci')
  })

  test('S9: an address that the desk took down with the person is not a system’s to replace by its first word', async () => {
    const person = { patientId: 'N2', taxCode: 'NWSNWS80A01H501M', email: 'altro@example.org' }
    await registered(gateway, {
      accessionNumber: 'NW2',
      email: undefined,
      patient: { familyName: 'Rossi', givenName: 'Mario', birthDate: '1980-04-23', patientId: 'N2' },
    })
    const { id = '' } = (await visitOf('NW2')) ?? {}
    const email = 'sportello@example.org'
    await reception.post(`/desk/visite/${id}/email`, { email, email_di_nuovo: email })
    await adt(a08(person))
    expect(await visitOf('NW2')).toMatchObject({ email, taxCode: 'NWSNWS80A01H501M' })
  })

  test('S2, S38: no message gives a consent again that was withdrawn; only the desk does', async () => {
    const person = { patientId: 'N3', taxCode: 'NWSNWS80A01H501L' }
    await ris(orderMessage(['NW3'], { person }))
    await ris(resultMessage('NW3', { person }))
    const { id = '' } = (await visitOf('NW3')) ?? {}
    const desk = (consenso: string) =>
      reception.post(`/desk/visite/${id}/consenso`, { consenso, conferma: 'si' })
    await desk('no')
    for (const control of ['SC', 'XO', 'RF']) {
      const answer = await ris(orderMessage(['NW3'], { person, control }))
      expect(msa(answer)).toMatch(/\|AA\|.*The consent was withdrawn: it is given again at the desk/)
    }
    // Said by another system for the first time, or by the same one anew: the same.
    await adt(orderMessage(['NW3'], { person, control: 'SC' }))
    await ris(orderMessage(['NW3'], { person, control: 'SC', consent: 'N' }))
    await ris(orderMessage(['NW3'], { person, control: 'SC', consent: 'S' }))
    expect(await state('NW3')).toMatchObject({ published: false, consent: { given: false } })
    const given = await gateway.db.select().from(auditEvents).where(eq(auditEvents.visitId, id))
    expect(given.filter(({ event }) => event === 'consent.given')).toHaveLength(1)

    await ris(orderMessage(['NW3'], { person, control: 'SC', consent: 'N' }))
    await desk('si')
    // What the system said before the desk decided is no withdrawal; what it comes to say is.
    await ris(orderMessage(['NW3'], { person, control: 'SC', consent: 'N' }))
    expect((await visitOf('NW3'))?.consent).toBe(true)
    await ris(orderMessage(['NW3'], { person, control: 'SC', consent: 'S' }))
    await ris(orderMessage(['NW3'], { person, control: 'SC', consent: 'N' }))
    expect((await visitOf('NW3'))?.consent).toBe(false)
  })

  test('S2, S26: a report whose copy was deleted with the consent comes back by the same message, an older version does not', async () => {
    const person = { patientId: 'N4', taxCode: 'NWSNWS80A01H501K' }
    await ris(orderMessage(['NW4'], { person }))
    const first = resultMessage('NW4', { person, text: 'Prima versione' })
    const second = resultMessage('NW4', { person, status: 'C', text: 'Seconda versione' })
    await ris(first)
    await ris(second)
    const { id = '' } = (await visitOf('NW4')) ?? {}
    const desk = (consenso: string) =>
      reception.post(`/desk/visite/${id}/consenso`, { consenso, conferma: 'si' })
    await desk('no')
    // Without a consent nothing is filled.
    expect(msa(await ris(second))).toContain('taken as version 2')
    await desk('si')
    expect(msa(await ris(first))).toContain('taken as version 1')
    expect((await state('NW4')).published).toBe(false)
    expect(msa(await ris(second))).toContain('|AA|')
    const { published, exams: found } = await state('NW4')
    expect([published, found[0].report.version]).toEqual([true, 2])
    // Now nothing is missing: the answer is the first one again.
    expect(msa(await ris(second))).toContain('taken as version 2')
  })

  const north = { patientId: '123', taxCode: 'NRDNRD80A01H501A', name: 'Nordi^Anna', birthDate: '19800101' }
  const south = { patientId: '123', taxCode: 'SDUSDU90B02H501B', name: 'Sudi^Bruno', birthDate: '19900202' }
  const of = (authority: string, message: string) => message.replaceAll('OSPEDALE^PI', `${authority}^PI`)

  test('one number of two authorities is two patients: neither gets the other’s name, address or merge', async () => {
    await send(of('NORD', orderMessage(['AU1'], { person: { ...north, email: 'anna@example.org' } })))
    await send(of('SUD', lines(msh('ADT^A04'), pid({ ...south, email: 'bruno@example.org' }))))
    const changed = a08({ ...south, name: 'Sudi^Bruno', email: 'bruno2@example.org' })
    expect(msa(await send(of('SUD', changed)))).toContain('0 visit(s)')
    const merged = lines(msh('ADT^A40'), pid({ ...south, patientId: '124' }), 'MRG|123^^^OSPEDALE^PI')
    expect(msa(await send(of('SUD', merged)))).toContain('0 visit(s) moved')
    expect(await visitOf('AU1')).toMatchObject({
      ...{ familyName: 'Nordi', taxCode: 'NRDNRD80A01H501A', email: 'anna@example.org' },
      ...{ patientId: '123', patientAuthority: 'NORD' },
    })
    // An order that says little is of the patient of its own authority.
    const thin = (accession: string) =>
      orderMessage([accession]).replace(/PID\|.*?\r/, 'PID|1||123^^^NORD^PI\r')
    await send(of('NORD', lines(msh('ADT^A04'), pid({ ...north, email: 'anna@example.org' }))))
    expect(msa(await send(thin('AU2')))).toContain('1 registered')
    expect(await visitOf('AU2')).toMatchObject({ familyName: 'Nordi', email: 'anna@example.org' })
  })

  test('where no authority is named, data of somebody else under the number are refused (204) and change nothing', async () => {
    const one = { ...north, patientId: '777', email: 'anna@example.org' }
    const other = { ...south, patientId: '777', email: 'bruno@example.org' }
    await send(of('', orderMessage(['AU3'], { person: one })))
    const before = await visitOf('AU3')
    for (const message of [
      a08(other),
      a08({ ...other, name: 'Nordi^Anna' }),
      a08({ ...other, taxCode: '' }),
      lines(msh('ADT^A40'), pid({ ...other, patientId: '778' }), 'MRG|777^^^OSPEDALE^PI'),
    ]) {
      const answer = await send(of('', message))
      expect(msa(answer)).toMatch(/\|AE\|M\d+\|The visits under this number are another patient/)
      expect(answer).toContain('|204^')
    }
    expect(msa(await send(of('', resultMessage('AU3', { person: other }))))).toContain('is another patient')
    expect(await visitOf('AU3')).toEqual(before)
    // Both are registered: each message reaches its own.
    await send(of('', orderMessage(['AU4'], { person: other })))
    const told = msa(await send(of('', a08({ ...other, email: 'bruno3@example.org' }))))
    expect(told).toContain('1 visit(s) brought up to date. 1 visit(s) of somebody else')
    expect((await visitOf('AU4'))?.email).toBe('bruno3@example.org')
    // A number alone does not say which of the two.
    const thin = lines(msh('ADT^A08'), 'PID|1||777||||||||||^NET^Internet^terzo@example.org')
    expect(msa(await send(thin))).toContain('|AE|')
    expect((await visitOf('AU3'))?.email).toBe('anna@example.org')
  })

  test('a result on its way under a number that was merged is taken, through every merge that followed', async () => {
    const person = { patientId: 'OLD1', taxCode: '' }
    await send(orderMessage(['MG1', 'MG2'], { person }))
    const join = (from: string, to: string) =>
      send(lines(msh('ADT^A40'), pid({ ...person, patientId: to }), `MRG|${from}^^^OSPEDALE^PI`))
    await join('OLD1', 'MID1')
    await join('MID1', 'NEW1')
    expect((await visitOf('MG1'))?.patientId).toBe('NEW1')
    expect(msa(await send(resultMessage('MG1', { person })))).toContain('|Report taken')
    expect(msa(await send(resultMessage('MG2', { person: { ...person, patientId: 'NONE' } })))).toContain(
      '|AE|',
    )
    expect(msa(await send(orderMessage(['MG3'], { person })))).toContain('1 registered')
    expect((await visitOf('MG3'))?.patientId).toBe('NEW1')
    // Merged back, the number is its own again.
    await join('NEW1', 'OLD1')
    expect((await visitOf('MG1'))?.patientId).toBe('OLD1')
  })

  test.each([
    ['8859/1', 'latin1', 'Rossì^Niccolò'],
    ['UNICODE UTF-8', 'utf8', 'Đurić^Łukasz'],
    ['', 'latin1', 'Perù^José'],
  ] as const)('names come through in %j', async (charset, encoding, name) => {
    const accession = `N-${encoding}-${charset.length}`
    const message = Buffer.from(orderMessage([accession], { charset, person: { name } }), encoding)
    expect(msa(await send(message))).toContain('|AA|')
    const [familyName, givenName] = name.split('^')
    expect(await visitOf(accession)).toMatchObject({ familyName, givenName })
  })
})

describe('answers', () => {
  const personal = ['Rossi', 'Mario', 'RSSMRA80D23D205X', '19800423', 'mario.rossi', 'torace', 'TORACE']

  test.each([
    ['AR', 'an unknown type', lines(msh('QRY^Q01'), pid()), /message type is not taken/, '200'],
    ['AR', 'an unknown event', lines(msh('ADT^A24'), pid()), /taken: A01, A04/, '201'],
    ['AR', 'no control ID', lines(msh('ADT^A04', { id: '' }), pid()), /MSH-10 is missing/, '101'],
    ['AR', 'no message', 'PID|1||P1', /does not begin with a readable MSH/, '100'],
    [
      'AR',
      'bytes of another set',
      Buffer.from(
        orderMessage(['X'], { charset: 'UNICODE UTF-8', person: { name: 'Rossì^Mario' } }),
        'latin1',
      ),
      /not UTF-8/,
      '103',
    ],
    ['AE', 'no patient number', lines(msh('ADT^A04'), 'PID|1||||Rossi^Mario'), /number is missing/, '101'],
    [
      'AE',
      'no birth date',
      orderMessage(['X1'], { person: { birthDate: '', patientId: 'X1', taxCode: '' } }),
      /birthDate is missing/,
      '101',
    ],
    [
      'AE',
      'a birth date that is none',
      orderMessage(['X2'], { person: { birthDate: '19801399', patientId: 'X2' } }),
      /birthDate is missing/,
      '101',
    ],
    [
      'AE',
      'no Accession Number',
      lines(msh('ORM^O01'), pid(), 'ORC|NW', 'OBR|1'),
      /Accession Number is missing/,
      '101',
    ],
    [
      'AE',
      'no exam',
      lines(msh('ORM^O01'), pid({ patientId: 'X3' }), 'ORC|NW||X3'),
      /exams.description is missing/,
      '101',
    ],
    ['AE', 'no order', lines(msh('ORM^O01'), pid()), /needs an ORC or OBR/, '100'],
    [
      'AE',
      'an unknown order control',
      orderMessage(['X4'], { control: 'QQ' }),
      /order control code is not known/,
      '103',
    ],
    ['AE', 'a visit that is not there', resultMessage('NOWHERE'), /No visit is registered/, '204'],
    ['AE', 'a merge without MRG', lines(msh('ADT^A40'), pid()), /needs an MRG/, '100'],
    [
      'AE',
      'a pointer',
      resultMessage('O1', { text: null }).concat('OBX|1|RP|||http://x\r'),
      /pointer/,
      '102',
    ],
    ['AE', 'no report', resultMessage('O1', { text: null }), /There is no report/, '101'],
    [
      'AE',
      'base64 that is none',
      resultMessage('O1', { text: null }).concat('OBX|1|ED|||^A^PDF^Base64^JVBERi0*\r'),
      /not valid base64/,
      '102',
    ],
    [
      'AE',
      'a document that is none',
      resultMessage('O1', { text: null, document: Buffer.from('hello') }),
      /neither a PDF nor/,
      '102',
    ],
    [
      'AE',
      'an empty document',
      resultMessage('O1', { text: null, document: Buffer.alloc(0) }),
      /document is empty/,
      '102',
    ],
  ] as const)('%s: %s', async (code, _, message, reason, condition) => {
    const answer = await send(message as string | Uint8Array)
    expect(msa(answer).split('|')[1]).toBe(code)
    expect(msa(answer)).toMatch(reason)
    expect(answer).toContain(`|${condition}^`)
    for (const word of personal) expect(answer).not.toContain(word)
  })

  test('movements of an ADT feed are answered AA; neither they nor what is none for us are kept for the desk', async () => {
    const kept = (await openLetters(gateway.db)).letters.length
    for (const event of ['A02', 'A03', 'A06', 'A07', 'A11', 'A13'])
      expect(msa(await send(lines(msh(`ADT^${event}`), pid())))).toMatch(/\|AA\|M\d+\|Nothing to do/)
    for (const type of ['ADT^A24', 'SIU^S12'])
      expect(msa(await send(lines(msh(type), pid())))).toContain('|AR|')
    expect((await openLetters(gateway.db)).letters).toHaveLength(kept)
  })

  test('the same control ID again gets the same answer, and nothing is done twice', async () => {
    const order = orderMessage(['I1'], { id: 'IDEM-1' })
    const first = msa(await send(order))
    const before = await gateway.db.select().from(auditEvents)
    expect(msa(await send(order))).toBe(first)
    expect(await gateway.db.select().from(auditEvents)).toHaveLength(before.length)
    const other = await mllpClient({ port: Number(gateway.environment.HL7_PORT) })
    const answers = await Promise.all([other.send(order, order), line.send(order, order)])
    other.close()
    expect(new Set(answers.flat().map(msa))).toEqual(new Set([first]))
  })

  test('the same message at once over ten lines is applied once', async () => {
    const order = orderMessage(['I2', 'I3'], { id: 'IDEM-2' })
    const clients = await Promise.all(
      Array.from({ length: 10 }, () => mllpClient({ port: Number(gateway.environment.HL7_PORT) })),
    )
    const answers = await Promise.all(clients.map((client) => client.send(order)))
    for (const client of clients) client.close()
    expect(new Set(answers.flat().map(msa)).size).toBe(1)
    expect((await state('I2')).exams).toHaveLength(2)
  })

  test('another message under a used control ID is told apart and kept for the desk; another sender’s is its own', async () => {
    await send(orderMessage(['I4'], { id: 'IDEM-3' }))
    expect(msa(await send(orderMessage(['I5'], { id: 'IDEM-3' })))).toMatch(
      /\|AE\|IDEM-3\|Another message came/,
    )
    expect(await visitOf('I5')).toBeUndefined()
    const { letters } = await openLetters(gateway.db)
    expect(letters.find(({ controlId }) => controlId === 'IDEM-3')).toMatchObject({ state: 'refused' })
    const elsewhere = orderMessage(['I6'], { id: 'IDEM-3' }).replace('|RIS|', '|ALTRO|')
    expect(msa(await send(elsewhere))).toContain('|AA|IDEM-3|')
  })

  test('a message corrected under the ID of one that was refused is taken', async () => {
    await send(orderMessage(['I7'], { id: 'IDEM-4', control: 'QQ' }))
    expect(msa(await send(orderMessage(['I7'], { id: 'IDEM-4' })))).toContain('|AA|')
    const rows = await gateway.db.select().from(hl7Messages).where(eq(hl7Messages.controlId, 'IDEM-4'))
    expect(rows.map(({ state: is, sealed }) => [is, sealed])).toEqual(
      expect.arrayContaining([
        ['dismissed', null],
        ['applied', null],
      ]),
    )
  })
})

describe('messages that had to wait', () => {
  test('a result before its order is kept sealed, and applied by itself once the visit is there, however it was registered', async () => {
    const person = { patientId: 'P1', taxCode: 'RSSMRA80D23D205X' }
    expect(msa(await send(resultMessage('LATE', { id: 'LATE-1', person })))).toMatch(
      /\|AE\|.*kept and applied by itself/,
    )
    const [kept] = await gateway.db.select().from(hl7Messages).where(eq(hl7Messages.controlId, 'LATE-1'))
    expect(kept).toMatchObject({ state: 'waiting', attempts: 1 })
    expect(Buffer.from(kept?.sealed ?? []).includes('Rossi')).toBe(false)
    await registered(gateway, { accessionNumber: 'LATE' })
    const found = await gateway.waitForState('LATE', ({ published }) => published)
    expect(found.exams[0].report.version).toBe(1)
    // Its sender may try again all the same.
    expect(msa(await send(resultMessage('LATE', { id: 'LATE-1', person })))).toContain(
      '|AA|LATE-1|Report taken',
    )
    const [applied] = await gateway.db.select().from(hl7Messages).where(eq(hl7Messages.controlId, 'LATE-1'))
    expect(applied).toMatchObject({ state: 'applied', sealed: null })
  })
})

test.each([
  ['DEMO-1', 'DEMO-P1', ['ADT^A04', 'ORM^O01', 'ADT^A08', 'ORU^R01']],
  ['DEMO-2', '', ['ORM^O01', 'ORU^R01']],
] as const)(
  'the conversation of ./scripts/demo --hl7: %s of patient %j, twice with the same end',
  async (accessionNumber, patientId, types) => {
    const played = {
      accessionNumber,
      patient: {
        ...{
          familyName: 'D’Àngelo & Figli',
          givenName: 'Maria',
          birthDate: '1970-01-02',
          birthPlace: 'CUNEO',
        },
        ...{ taxCode: '', patientId, sex: 'F' },
      },
      exam: 'RM | GINOCCHIO',
      examDate: '2026-11-20',
      reportText: 'Prima riga\nseconda ^ riga',
      files: [],
    }
    const physician = { title: 'DOTT.SSA', givenName: 'ANNA', familyName: 'BIANCHI' }
    const document = await pdfOf('Referto')
    for (const _start of ['first', 'second']) {
      const said: string[] = []
      const say = (text: string) => void said.push(text)
      await sendRegistration(line, played, 'maria@example.org', say)
      await sendReport(line, played, document, physician, say)
      expect(said.flatMap((text) => /\|((?:ADT|ORM|ORU)\^...)\|/.exec(text)?.[1] ?? [])).toEqual(types)
    }
    expect(await state(accessionNumber)).toMatchObject({
      email: 'maria@example.org',
      consent: { given: true },
      report: 'delivered',
      exams: [{ description: 'RM | GINOCCHIO', report: { version: 1 } }],
    })
  },
)
