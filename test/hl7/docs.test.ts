import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MllpClient, mllpClient } from '../../scripts/demo-run/mllp.ts'
import { freePort } from '../../scripts/orthanc.ts'
import { DEFAULT_MAPPING, readMapping } from '../../src/hl7/mapping.ts'
import { signed } from '../fhir/signed.ts'
import { pdfOf } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'

const SECTIONS = readFileSync('docs/integration.md', 'utf8').split(/^## /m)
const section = (title: string) => SECTIONS.find((part) => part.startsWith(title)) ?? ''
const fences = (title: string, language: string) =>
  [...section(title).matchAll(new RegExp(`^\`\`\`(${language})\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, kind = '', text = '']) => ({ kind, text }),
  )

let gateway: TestGateway
let line: MllpClient
let document: Uint8Array

beforeAll(async () => {
  const port = await freePort()
  gateway = await testGateway({ environment: { HL7_PORT: String(port) } })
  line = await mllpClient({ port })
  document = await signed(await pdfOf('Referto'))
})
afterAll(async () => {
  line?.close()
  await gateway?.[Symbol.asyncDispose]()
})

test('docs/integration.md: each HL7 message is answered as it says', async () => {
  const corrected = await pdfOf('Referto corretto')
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const examples = fences('HL7 v2', 'hl7|ack')
  expect(examples.length).toBeGreaterThanOrEqual(20)
  const asked: string[] = []
  const answered: string[] = []
  for (const { kind, text } of examples) {
    if (kind === 'ack') {
      asked.push(text.trim())
      continue
    }
    const message = text
      .replace('^DOCUMENT|', `^${base64(document)}|`)
      .replace('^CORRECTED|', `^${base64(corrected)}|`)
    const [answer = ''] = await line.send(
      Buffer.from(message.replaceAll('\n', '\r'), text.includes('8859/1') ? 'latin1' : 'utf8'),
    )
    answered.push(answer.split('\r')[1] ?? '')
  }
  expect(answered).toEqual(asked)
  const state = await gateway.waitForState('RX-2026-0200', () => true)
  expect(state).toMatchObject({ published: false, email: 'l.verdi@example.org' })
  expect(state.exams[0]).toMatchObject({
    description: 'RX TORACE (2 PROIEZIONI)',
    publication: { endedBy: 'ris' },
  })
})

test('docs/integration.md: each REST request does what it says', async () => {
  const requests = fences('REST', 'http')
  const statuses: number[] = []
  for (const { text } of requests) {
    const [head = '', ...rest] = text.trimEnd().split('\n\n')
    const [start = '', ...headerLines] = head.split('\n')
    const [method = '', path = ''] = start.split(' ')
    const headers = Object.fromEntries(headerLines.map((each) => each.split(': ')))
    const [before = '', after] = `${rest.join('\r\n\r\n')}\r\n`.replaceAll(/\r?\n/g, '\r\n').split('DOCUMENT')
    const body =
      after === undefined ? before : Buffer.concat([Buffer.from(before), document, Buffer.from(after)])
    const response = await fetch(gateway.url + path, {
      method,
      headers: { ...headers, authorization: `Bearer ${gateway.apiKey}` },
      ...(rest.length > 0 ? { body: Buffer.from(body) } : {}),
    })
    statuses.push(response.status)
    if (method === 'GET') expect(await response.json()).toMatchObject({ published: true })
  }
  expect(statuses).toEqual([201, 201, 200, 200, 202, 200, 200])
  expect((await gateway.waitForState('RX-2026-0100', () => true)).published).toBe(false)
})

test('docs/integration.md: its first mapping is the default, its second can be used', () => {
  const [whole, partial] = fences('HL7 v2', 'json').map(({ text }) => text)
  expect(JSON.parse(whole ?? '')).toEqual(DEFAULT_MAPPING)
  expect(readMapping(whole ?? '')).toEqual(readMapping('{}'))
  expect(readMapping(partial ?? '').accessionNumber).toHaveLength(1)
})

test('docs/integration.md: by its second mapping an order tells e-mail, consent and number where that RIS has them', async () => {
  const [, partial] = fences('HL7 v2', 'json')
  const [order] = fences('HL7 v2', 'hl7-mapped')
  const [answer] = fences('HL7 v2', 'ack-mapped')
  await gateway.stop()
  await gateway.start({ HL7_MAPPING: partial?.text ?? '' })
  const mapped = await mllpClient({ port: Number(gateway.config.hl7Port) })
  const [told = ''] = await mapped.send(Buffer.from(order?.text.replaceAll('\n', '\r') ?? ''))
  mapped.close()
  expect(told.split('\r')[1]).toBe(answer?.text.trim())
  expect(await gateway.waitForState('RX-2026-0300', () => true)).toMatchObject({
    email: 'a.neri@example.org',
    consent: { given: true },
  })
})
