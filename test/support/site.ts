import { pdfOf, visitWithoutImages } from './fixtures.ts'
import { pin2In, type TestGateway } from './gateway.ts'
import { type Patient, signedIn } from './patient.ts'

export type Published = {
  accessionNumber: string
  pin1: string
  pin2: string
  patient: Patient
  publicationIds: string[]
}

let count = 0

/** Registers a visit with that many exams, delivers their reports, and signs the patient in. */
export async function publishedVisit(gateway: TestGateway, exams = 1): Promise<Published> {
  count += 1
  const accessionNumber = `V${count}`
  const email = `paziente${count}@example.org`
  const list = Array.from({ length: exams }, (_, index) => ({
    accessionNumber: `${accessionNumber}-${index + 1}`,
    description: `ESAME ${index + 1}`,
    date: '2020-05-18',
    imagesExpected: false,
  }))
  const registered = await gateway.api(
    'POST',
    '/visits',
    visitWithoutImages({ accessionNumber, email, exams: list }),
  )
  const { pin1 } = (await registered.json()) as { pin1: string }
  for (const { accessionNumber: exam, description } of list)
    await gateway.deliver(exam, await pdfOf(`Referto ${description}`))
  const mail = await gateway.mailbox.waitFor(
    ({ envelope, text }) => envelope.to.includes(email) && text.includes('PIN2 è il seguente'),
  )
  const pin2 = pin2In(mail)
  const patient = await signedIn(gateway, pin1, pin2)
  const page = await (await patient.get('/referti')).text()
  const publicationIds = [
    ...new Set([...page.matchAll(/\/referti\/([0-9a-f-]{36})"/g)].map(([, id]) => id ?? '')),
  ]
  return { accessionNumber, pin1, pin2, patient, publicationIds }
}

export type Shared = { id: string; pin: string; token: string; email: string }

/** Shares exams of a signed-in patient with a doctor, through the pages: form, confirmation, PIN. */
export async function sharedWith(
  patient: Patient,
  publicationIds: string[],
  doctor: Partial<Record<string, string>> = {},
): Promise<Shared> {
  count += 1
  const email = doctor.email ?? `medico${count}@example.org`
  const fields = { cognome: 'Verdi', nome: 'Anna', telefono: '', ...doctor, email }
  const confirmation = await (
    await patient.post('/condivisioni/conferma', fields, {}, { esami: publicationIds })
  ).text()
  const richiesta = /name="richiesta" value="([0-9a-f-]{36})"/.exec(confirmation)?.[1] ?? ''
  const created = await patient.post('/condivisioni', { ...fields, richiesta }, {}, { esami: publicationIds })
  const id = /\/condivisioni\/([0-9a-f-]{36})/.exec(created.headers.get('location') ?? '')?.[1]
  if (!id) throw new Error(`sharing answered ${created.status}`)
  return { id, email, ...(await shownPin(patient, id)) }
}

/** What "Mostra PIN" shows. */
export async function shownPin(patient: Patient, id: string): Promise<{ pin: string; token: string }> {
  const page = await (await patient.get(`/condivisioni/${id}`)).text()
  const token = /\/condivisione#([A-Za-z0-9_-]+)/.exec(page)?.[1] ?? ''
  const pin = /data-copy="(\d{7})"/.exec(page)?.[1] ?? ''
  return { pin, token }
}
