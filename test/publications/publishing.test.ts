import { expect, test } from 'vitest'
import { pdfOf, visitWithoutImages } from '../support/fixtures.ts'
import { pin2In, testGateway } from '../support/gateway.ts'

test('S5, S24: a delivered report is published until 45 days later, and PIN2 comes by mail', async () => {
  await using gateway = await testGateway({ now: '2020-05-18T09:00:00Z' })
  const registered = await gateway.api('POST', '/visits', visitWithoutImages())
  expect(registered.status).toBe(201)
  expect(((await registered.json()) as { pin1: string }).pin1).toMatch(/^\d{12}$/)

  const delivered = await gateway.deliver('ACC001', await pdfOf('Referto'))
  expect(delivered.status).toBe(201)

  const mail = await gateway.mailbox.waitFor(() => true)
  expect(pin2In(mail)).toMatch(/^\d{4}-\d{4}$/)
  expect(mail.text).toContain('relativo all’accesso-prestazione del 18/05/2020')
  for (const secret of ['Rossi', 'Mario', 'ORTOPEDICA', 'Referto ']) expect(mail.text).not.toContain(secret)
  const state = await gateway.waitForState('ACC001', ({ mail: { state } }) => state === 'sent')
  expect(state).toMatchObject({ published: true, availableUntil: '2020-07-02', report: 'delivered' })
})
