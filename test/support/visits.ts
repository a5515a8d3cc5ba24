import { pdfOf, visitWithoutImages } from './fixtures.ts'
import { pin2In, type TestGateway } from './gateway.ts'
import type { Patient } from './patient.ts'

export type Registered = { accessionNumber: string; pin1: string }

/** Registers a visit without images, or as `changes` say. */
export async function registered(
  gateway: Pick<TestGateway, 'api'>,
  changes: Record<string, unknown> = {},
): Promise<Registered> {
  const response = await gateway.api('POST', '/visits', visitWithoutImages(changes))
  if (response.status !== 201) throw new Error(`registration answered ${response.status}`)
  return (await response.json()) as Registered
}

/** Registers, delivers a report, and reads PIN2 out of the mail: a visit that is online, and the person's two PINs. */
export async function published(
  gateway: Pick<TestGateway, 'api' | 'deliver' | 'mailbox'>,
  accessionNumber: string,
  changes: Record<string, unknown> = {},
): Promise<Registered & { pin2: string; email: string }> {
  const email = `${accessionNumber.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')}@example.org`
  const visit = await registered(gateway, { accessionNumber, email, ...changes })
  const delivered = await gateway.deliver(accessionNumber, await pdfOf(`Referto ${accessionNumber}`))
  if (delivered.status !== 201) throw new Error(`delivery answered ${delivered.status}`)
  const mail = await gateway.mailbox.waitFor(({ envelope }) => envelope.to.includes(email))
  return { ...visit, pin2: pin2In(mail), email }
}

/** The same where PIN2 is told at the desk (`PIN2_DELIVERY=desk`), without waiting for any mail. */
export async function publishedAtDesk(
  gateway: Pick<TestGateway, 'api' | 'deliver'>,
  accessionNumber: string,
): Promise<Registered & { pin2: string }> {
  const visit = await registered(gateway, { accessionNumber })
  const delivered = await gateway.deliver(accessionNumber, await pdfOf(`Referto ${accessionNumber}`))
  if (delivered.status !== 201) throw new Error(`delivery answered ${delivered.status}`)
  return { ...visit, pin2: await pin2FromDesk(gateway, accessionNumber) }
}

/** A new PIN2, as the desk is told it. */
async function pin2FromDesk(gateway: Pick<TestGateway, 'api'>, accessionNumber: string): Promise<string> {
  const response = await gateway.api('POST', `/visits/${encodeURIComponent(accessionNumber)}/pin2`)
  if (response.status !== 200) throw new Error(`the desk was answered ${response.status}`)
  return ((await response.json()) as { pin2: string }).pin2
}

/** The id of the first publication in the person's list. */
export async function firstPublication(patient: Patient): Promise<string> {
  const id = /\/referti\/([0-9a-f-]{36})/.exec(await (await patient.get('/referti')).text())?.[1]
  if (!id) throw new Error('the list shows no report')
  return id
}
