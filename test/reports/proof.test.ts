import { afterAll, beforeAll, expect, test } from 'vitest'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { enterPins } from '../support/patient.ts'
import { pdfText } from '../support/pdf.ts'
import { publishedVisit } from '../support/site.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway()
})
afterAll(() => gateway[Symbol.asyncDispose]())

type State = {
  report: string
  exams: {
    publication: { firstViewedAt: string | null }
    report: { version: number; atHand: boolean }
    collected: { version: number; supersededAt: string | null; at: string }[]
  }[]
}

const stateOf = async (accessionNumber: string) =>
  (await (await gateway.api('GET', `/visits/${accessionNumber}`)).json()) as State

test('S39b, S7: a new version is not collected by who read the one before, whose proof stays', async () => {
  const { patient, accessionNumber, publicationIds } = await publishedVisit(gateway)
  const receipt = async () => {
    const answer = await patient.get(`/referti/${publicationIds[0]}/ricevuta.pdf`)
    return answer.status === 200 ? pdfText(new Uint8Array(await answer.arrayBuffer())) : answer.status
  }
  const exam = async () => (await stateOf(accessionNumber)).exams[0]
  expect(await receipt()).toBe(404)
  await patient.get(`/referti/${publicationIds[0]}/documento.pdf`)
  const before = (await exam())?.publication.firstViewedAt
  expect(before).not.toBeNull()

  expect((await gateway.deliver(accessionNumber, await pdfOf('Seconda versione'))).status).toBe(201)
  expect(await exam()).toMatchObject({
    publication: { firstViewedAt: null, firstDownloadedAt: null },
    collected: [{ version: 1, at: before, supersededAt: expect.any(String) }],
  })
  expect(await receipt()).toMatch(
    /versione attuale.*non risulta ancora ritirata.*Versione 1, poi sostituita/s,
  )
  expect(await (await patient.get('/referti')).text()).not.toContain('Ritirato il')

  await patient.get(`/referti/${publicationIds[0]}/firmato`)
  expect(await exam()).toMatchObject({
    publication: { firstViewedAt: null, firstDownloadedAt: expect.any(String) },
    collected: [
      { version: 2, supersededAt: null },
      { version: 1, at: before },
    ],
  })
  expect(await receipt()).toMatch(/ritirato nelle date indicate/)
})

test('S7: an earlier version that comes again is told as such, and the newer one stays shown', async () => {
  const { accessionNumber } = await publishedVisit(gateway)
  const first = await pdfOf('Referto ESAME 1')
  await gateway.deliver(accessionNumber, await pdfOf('Seconda versione'))
  const again = (await (await gateway.deliver(accessionNumber, first)).json()) as object
  expect(again).toMatchObject({ created: false, current: false, version: 1 })
  expect((await stateOf(accessionNumber)).exams[0]?.report.version).toBe(2)
})

test('S2, S26: after consent is withdrawn the state says that the report must be delivered again, and that publishes', async () => {
  const { accessionNumber } = await publishedVisit(gateway)
  await gateway.api('PATCH', `/visits/${accessionNumber}`, { consent: false })
  await gateway.api('PATCH', `/visits/${accessionNumber}`, { consent: true })
  expect(await stateOf(accessionNumber)).toMatchObject({
    report: 'missing',
    published: false,
    exams: [{ report: { atHand: false } }],
  })
  await gateway.deliver(accessionNumber, await pdfOf('Referto ESAME 1'))
  expect(await stateOf(accessionNumber)).toMatchObject({ report: 'delivered', published: true })
})

test('S11: the desk ends a lock, and both PINs stay', async () => {
  const { pin1, pin2, accessionNumber } = await publishedVisit(gateway)
  const wrong = pin2.startsWith('0') ? '11111111' : '00000000'
  for (let attempt = 0; attempt < 5; attempt++) await enterPins(gateway, pin1, wrong)
  expect((await enterPins(gateway, pin1, pin2)).status).toBe(429)
  expect((await gateway.api('POST', `/visits/${accessionNumber}/unlock`)).status).toBe(204)
  expect((await enterPins(gateway, pin1, pin2)).status).toBe(303)
})

test('S42: forty people of one waiting room sign in: the right PINs use up no attempt of their address', async () => {
  const { pin1, pin2 } = await publishedVisit(gateway)
  for (let person = 0; person < 40; person++) expect((await enterPins(gateway, pin1, pin2)).status).toBe(303)
}, 60_000)
