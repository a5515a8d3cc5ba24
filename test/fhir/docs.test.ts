import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pdfOf, visitWithoutImages } from '../support/fixtures.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { type FhirClient, fhirClient, type Json } from './client.ts'
import { complaintsOf } from './schema.ts'
import { signed } from './signed.ts'

type Example = { method: string; path: string; headers: Record<string, string>; body: string }

const EXAMPLES = examplesIn(
  readFileSync('docs/integration.md', 'utf8')
    .split(/^## /m)
    .find((part) => part.startsWith('FHIR R4')) ?? '',
)

let gateway: TestGateway
let fhir: FhirClient
let document: string

beforeAll(async () => {
  gateway = await testGateway()
  fhir = fhirClient(gateway)
  document = Buffer.from(await signed(await pdfOf('Referto'))).toString('base64')
  const exams = [{ description: 'RX TORACE', date: '2026-02-27', imagesExpected: false }]
  const { status } = await gateway.api(
    'POST',
    '/visits',
    visitWithoutImages({ accessionNumber: 'RX-2026-0001', exams }),
  )
  expect(status).toBe(201)
})
afterAll(() => gateway[Symbol.asyncDispose]())

test('docs/integration.md: its resources are valid R4, and each of its requests does what it says', async () => {
  expect(EXAMPLES.length).toBeGreaterThanOrEqual(6)
  // Deliveries first: then there is something to be found.
  const deliveries = EXAMPLES.filter(({ body }) => body.startsWith('{'))
  const answers = []
  for (const example of deliveries) {
    const sent = JSON.parse(example.body.replaceAll('MIIG…', document)) as Json
    expect(complaintsOf(sent)).toEqual([])
    answers.push(await send({ ...example, body: JSON.stringify(sent) }))
  }
  expect(answers.map(({ status }) => status)).toEqual([201, 200])
  // The second brings the same document: it changes nothing.
  expect(answers[1]?.body.entry.map(({ response }: Json) => response.status)).toEqual(Array(3).fill('200 OK'))
  for (const example of EXAMPLES.filter(({ body }) => !body.startsWith('{'))) {
    const { status, body } = await send(example)
    // This exam has no images.
    const expected = example.path.startsWith('/fhir/ImagingStudy') ? 0 : 1
    expect([example.path, status, body.total]).toEqual([example.path, 200, expected])
  }
})

const send = ({ method, path, headers, body }: Example) =>
  fhir.ask(gateway.url + path, { method, headers, ...(method === 'GET' ? {} : { body }) })

/** The requests in fences marked `http`: request line, headers, an empty line, body. */
function examplesIn(section: string): Example[] {
  return [...section.matchAll(/^```http\n([\s\S]*?)^```/gm)].map(([, text = '']) => {
    const [head = '', ...rest] = text.split('\n\n')
    const [line = '', ...fields] = head.trim().split('\n')
    const [method = '', path = ''] = line.split(' ')
    const headers = Object.fromEntries(fields.map((field) => field.split(/: (.*)/).slice(0, 2)))
    return { method, path, headers, body: rest.join('\n\n').trim() }
  })
}
