import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { openApiDocument } from '../../src/ris/openapi.ts'
import { type RisDependencies, risRoutes } from '../../src/ris/routes.ts'
import { pdfOf, visit } from '../support/fixtures.ts'
import { testGateway } from '../support/gateway.ts'
import { registered } from '../support/visits.ts'

type Operation = { operationId: string; responses: Record<string, unknown>; parameters?: unknown[] }
type Path = Record<string, Operation> & { parameters?: { name: string; in: string; required: boolean }[] }

const document = openApiDocument({ portalUrl: 'https://referti.example', organisation: 'Ospedale' })
const paths = document.paths as unknown as Record<string, Path>
const METHODS = ['get', 'post', 'put', 'patch', 'delete']

const operations = Object.entries(paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => (item[method] ? [{ path, method, operation: item[method] }] : [])),
)

test('the OpenAPI document is whole: every reference resolves, every operation has an id of its own and answers', () => {
  expect(document.openapi).toMatch(/^3\.1\./)
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, reference = '']) => reference,
  )
  expect(references.length).toBeGreaterThan(5)
  for (const reference of references) {
    expect(reference).toMatch(/^#\//)
    let found: unknown = document
    for (const step of reference.slice(2).split('/')) found = (found as Record<string, unknown>)[step]
    expect(found, reference).toBeTypeOf('object')
  }
  const ids = operations.map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { path, operation } of operations) {
    for (const [status, answer] of Object.entries(operation.responses)) {
      expect(status).toMatch(/^[2-5]\d\d$/)
      expect(answer).toMatchObject({ description: expect.any(String) })
    }
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const declared = paths[path]?.parameters ?? []
    expect(declared.map(({ name }) => name)).toEqual(named)
    for (const parameter of declared) expect(parameter).toMatchObject({ in: 'path', required: true })
  }
})

test('the document describes each route of the API, and no other', () => {
  // Routes are made without anything being asked of what they need.
  const routes = risRoutes({ maxReportBytes: 1 } as RisDependencies).routes
  const made = routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
  expect(described.toSorted()).toEqual([...new Set(made)].toSorted())
})

test('what the API answers is among what the document announces', async () => {
  await using gateway = await testGateway()
  const pdf = await pdfOf('Referto')
  const ask = async (
    method: string,
    path: string,
    pattern: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => {
    const { status } = await gateway.api(method, path, body, headers)
    const announced = paths[pattern]?.[method.toLowerCase()]?.responses ?? {}
    expect(Object.keys(announced), `${method} ${pattern} answered ${status}`).toContain(String(status))
    return status
  }
  const one = '/visits/{accessionNumber}'
  expect(await ask('POST', '/visits', '/visits', visit())).toBe(201)
  expect(await ask('POST', '/visits', '/visits', visit())).toBe(409)
  expect(await ask('POST', '/visits', '/visits', {})).toBe(422)
  expect(await ask('POST', '/visits', '/visits', '{')).toBe(400)
  expect(await ask('POST', '/visits', '/visits', 'x'.repeat(300_000))).toBe(413)
  expect(await ask('POST', '/visits', '/visits', '{}', { 'content-type': 'text/plain' })).toBe(415)
  expect(await ask('GET', '/visits/ACC001', one)).toBe(200)
  expect(await ask('GET', '/visits/NONE', one)).toBe(404)
  expect(await ask('PATCH', '/visits/ACC001', one, { consent: true })).toBe(200)
  expect(await ask('PATCH', '/visits/ACC001', one, {})).toBe(422)
  expect(await ask('PATCH', '/visits/ACC001', one, '{')).toBe(400)
  expect(await ask('PATCH', '/visits/ACC001', one, '{}', { 'content-type': 'text/plain' })).toBe(415)
  expect(await ask('POST', '/visits/ACC001/pin1', `${one}/pin1`)).toBe(200)
  expect(await ask('POST', '/visits/ACC001/pin2', `${one}/pin2`)).toBe(409)
  expect(await ask('POST', '/visits/ACC001/reports', `${one}/reports`, {})).toBe(415)
  expect(
    await ask('POST', '/visits/ACC001/reports', `${one}/reports`, 'x', {
      'content-type': 'multipart/form-data',
    }),
  ).toBe(400)
  const announced = Object.keys(paths[`${one}/reports`]?.post?.responses ?? {})
  for (const [document, type] of [
    [pdf, 'application/pdf'],
    [pdf, 'application/pdf'],
    [pdf, 'image/png'],
    [new Uint8Array(10), 'application/pdf'],
  ] as const)
    expect(announced).toContain(String((await gateway.deliver('ACC001', document, {}, type)).status))
})

test('a visit’s state is told as the document says, whole, and holds nothing that it does not describe', async () => {
  await using gateway = await testGateway()
  const schema = document.components.schemas.VisitState
  const isDescribed = new Ajv2020({ strict: false, validateFormats: false }).compile(schema)
  const stateOf = async () => (await gateway.api('GET', '/visits/ACC001')).json()
  await registered(gateway)
  for (const act of [async () => undefined, async () => gateway.deliver('ACC001', await pdfOf('Referto'))]) {
    await act()
    const state = await stateOf()
    expect(isDescribed(state), JSON.stringify(isDescribed.errors)).toBe(true)
    expect(undescribed(state, schema as unknown as Schema)).toEqual([])
  }
  expect(isDescribed({ ...((await stateOf()) as object), exams: [{}] })).toBe(false)
})

type Schema = { properties?: Record<string, Schema>; items?: Schema; oneOf?: Schema[] }

/** Keys of an answer that its schema does not name. */
function undescribed(value: unknown, schema: Schema, path = ''): string[] {
  const known = schema.oneOf?.find(({ properties }) => properties) ?? schema
  if (Array.isArray(value)) return value.flatMap((each) => undescribed(each, known.items ?? {}, `${path}[]`))
  if (typeof value !== 'object' || value === null || !known.properties) return []
  return Object.entries(value).flatMap(([key, each]) => {
    const described = known.properties?.[key]
    return described ? undescribed(each, described, `${path}.${key}`) : [`${path}.${key}`]
  })
}

test('the document and its readable form are served to anybody, with nothing of a person in them', async () => {
  await using gateway = await testGateway()
  const served = await fetch(`${gateway.url}/api/openapi.json`)
  expect(served.status).toBe(200)
  expect(await served.json()).toMatchObject({ openapi: '3.1.0', servers: [{ url: `${gateway.url}/api/v1` }] })
  const page = await fetch(`${gateway.url}/api/docs`)
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
  const sources = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source)
  expect(sources).toHaveLength(3)
  for (const source of sources) expect((await fetch(gateway.url + source)).status).toBe(200)
  for (const path of ['package.json', '..%2fpackage.json', 'index.html', '%00'])
    expect((await fetch(`${gateway.url}/api/docs/${path}`)).status).toBe(404)
})
