import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mllpClient } from '../../scripts/demo-run/mllp.ts'
import { freePort } from '../../scripts/orthanc.ts'
import { listAccesses } from '../../src/audit/accesses.ts'
import { auditEvents, hl7Messages, visits } from '../../src/database/schema.ts'
import { orderMessage, resultMessage } from '../hl7/messages.ts'
import { violationsOf } from '../support/axe.ts'
import { launchBrowser, screenshot } from '../support/browser.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { enterByPage, type Staff, signedInStaff } from '../support/staff.ts'

let gateway: TestGateway
let radiology: Staff
let administrator: Staff
let reception: Staff

beforeAll(async () => {
  const port = await freePort()
  gateway = await testGateway({ environment: { HL7_PORT: String(port) } })
  radiology = await signedInStaff(gateway, 'carla', ['radiology'])
  administrator = await signedInStaff(gateway, 'dario', ['administrator'])
  reception = await signedInStaff(gateway, 'lucia', ['desk'])
  const line = await mllpClient({ port })
  await line.send(
    resultMessage('ATTESA', { id: 'W1', document: Buffer.alloc(5000), status: 'F', text: 'Segreto' }).replace(
      /OBX\|2.*\r/,
      '',
    ),
    orderMessage(['STRANO'], { id: 'R1', control: 'QQ' }),
    orderMessage(['DOPPIO'], { id: 'D1' }),
    orderMessage(['ALTRO'], { id: 'D1' }),
    orderMessage(['DOPPIO'], { id: 'V1', control: 'QQ' }),
  )
  line.close()
})
afterAll(() => gateway?.[Symbol.asyncDispose]())

const idOf = async (controlId: string, state: 'waiting' | 'refused') => {
  const rows = await gateway.db.select().from(hl7Messages).where(eq(hl7Messages.controlId, controlId))
  return rows.find((row) => row.state === state)?.id ?? ''
}

test('radiology and administrators see why, and nothing of the patient; the reception sees none of it', async () => {
  for (const staff of [radiology, administrator]) {
    const page = await (await staff.get('/desk/messaggi')).text()
    for (const words of [
      'ORU^R01',
      'ID W1',
      'Aspetta la sua visita',
      'ATTESA',
      'Un codice non è previsto',
      'order control code',
    ])
      expect(page).toContain(words)
    for (const words of ['Rossi', 'RSSMRA', 'Segreto']) expect(page).not.toContain(words)
  }
  expect((await reception.get('/desk/messaggi')).status).toBe(403)
  const id = await idOf('R1', 'refused')
  expect((await administrator.get(`/desk/messaggi/${id}`)).status).toBe(403)
  expect((await reception.post(`/desk/messaggi/${id}/applica`)).status).toBe(403)
})

test('how many they are is told to everybody in the list of what needs attention, with the way there to who may see them', async () => {
  const seenBy = async (staff: Staff) => (await staff.get('/desk/attenzione')).text()
  expect(await seenBy(radiology)).toMatch(/href="\/desk\/messaggi"[^>]*>Ci sono 4 messaggi HL7 non applicati/)
  const atDesk = await seenBy(reception)
  expect(atDesk).toContain('Ci sono 4 messaggi HL7 non applicati: avvisa la radiologia.')
  expect(atDesk).not.toContain('/desk/messaggi')
})

test('a message is read, which the trail tells; documents are shortened', async () => {
  const id = await idOf('W1', 'waiting')
  const page = await (await radiology.get(`/desk/messaggi/${id}`)).text()
  expect(page).toContain('Segreto')
  const events = await gateway.db.select().from(auditEvents).where(eq(auditEvents.event, 'message.opened'))
  expect(events).toMatchObject([{ actor: `staff:${radiology.id}`, visitId: null, details: { message: id } }])
  expect((await radiology.get('/desk/messaggi/00000000-0000-4000-8000-000000000000')).status).toBe(404)
  expect((await radiology.get('/desk/messaggi/x')).status).toBe(404)
})

test('S39: who reads a message about a registered visit stands in that visit’s trail', async () => {
  const id = await idOf('V1', 'refused')
  await radiology.get(`/desk/messaggi/${id}`)
  const [visit] = await gateway.db.select().from(visits).where(eq(visits.accessionNumber, 'DOPPIO'))
  const accesses = await listAccesses(gateway.db, visit?.id ?? '')
  expect(accesses[0]).toMatchObject({ event: 'message.opened', who: { kind: 'desk' } })
  expect((await radiology.post(`/desk/messaggi/${id}/metti-da-parte`)).status).toBe(303)
})

test('one under a used control ID is applied by whoever has looked at it; one that still cannot be says so', async () => {
  const twice = await idOf('D1', 'refused')
  const applied = await radiology.post(`/desk/messaggi/${twice}/applica`)
  expect([applied.status, applied.headers.get('location')]).toEqual([303, '/desk/messaggi?applicato'])
  expect(await gateway.db.select().from(visits).where(eq(visits.accessionNumber, 'ALTRO'))).toHaveLength(1)
  const strange = await idOf('R1', 'refused')
  const refused = await administrator.post(`/desk/messaggi/${strange}/applica`)
  expect(refused.status).toBe(422)
  expect(await refused.text()).toContain('Il messaggio non è stato applicato')
})

test('the page is accessible, on a narrow screen too; a message is put aside after one question', async () => {
  await using browser = await launchBrowser()
  const context = await browser.newContext({ locale: 'it-IT' })
  const page = await context.newPage()
  await enterByPage(page, gateway, radiology)
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    await page.goto(`${gateway.url}/desk/messaggi`)
    expect(await violationsOf(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await screenshot(page, `desk-messages-${width}`)
  }
  await page.getByRole('row', { name: /ORM/ }).getByText('Metti da parte').click()
  await page.getByRole('button', { name: 'Metti da parte' }).click()
  await page.getByText('è stato messo da parte').waitFor()
  expect(await idOf('R1', 'refused')).toBe('')
})
