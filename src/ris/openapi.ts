import { z } from 'zod'
import { flag, object, text, VISIT_STATE } from './openapi-state.ts'
import { newVisit, reportFields, visitChange } from './visit-input.ts'

const json = (schema: object) => ({ content: { 'application/json': { schema } } })
const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})
const pdf = {
  'application/pdf': {
    schema: { type: 'string', contentEncoding: 'binary', description: 'The slip of PIN1, one A4 page' },
  },
}
const accessionParameter = {
  name: 'accessionNumber',
  in: 'path',
  required: true,
  description: 'Accession Number of the visit, or of one of its exams',
  schema: { type: 'string' },
}
const BODY = {
  '400': problem('The body cannot be read'),
  '413': problem('The body is too large'),
  '415': problem('Another media type is wanted'),
}
const COMMON = { '401': problem('No valid API key'), '404': problem('No such visit') }
const state = { description: 'The visit’s state', ...json({ $ref: '#/components/schemas/VisitState' }) }
const issuedPin1 = {
  description: 'PIN1, told this once; as application/pdf the slip to print',
  content: { ...json({ $ref: '#/components/schemas/IssuedPin1' }).content, ...pdf },
}

/** The API's description in OpenAPI 3.1; request schemas come from the very checks the routes make. */
export function openApiDocument({ portalUrl, organisation }: { portalUrl: string; organisation: string }) {
  return {
    openapi: '3.1.0',
    info: {
      title: `Ritiro RIS API — ${organisation}`,
      version: '1',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Register a visit, deliver its signed reports, follow its state. Publication happens by itself when consent, e-mail, report and images are there, in whatever order they come.',
    },
    servers: [{ url: `${portalUrl}/api/v1` }],
    security: [{ apiKey: [] }],
    paths: {
      '/visits': {
        post: {
          summary: 'Register a visit',
          operationId: 'registerVisit',
          description: 'Send `Accept: application/pdf` to get the slip with PIN1, ready to print.',
          requestBody: { required: true, ...json(request(newVisit)) },
          responses: {
            '201': issuedPin1,
            ...BODY,
            '401': COMMON['401'],
            '409': problem('The Accession Number is registered already; nothing was changed'),
            '422': problem('A field is missing or wrong; `errors` names each'),
          },
        },
      },
      '/visits/{accessionNumber}': {
        parameters: [accessionParameter],
        get: {
          summary: 'State of a visit',
          operationId: 'readVisit',
          responses: { '200': state, ...COMMON },
        },
        patch: {
          summary: 'Correct the person or the e-mail, give or withdraw consent',
          operationId: 'changeVisit',
          description:
            'Withdrawing consent ends what is online at once. A corrected address after a refused mail gets a new PIN2 by itself. Of the person what is named is corrected; documents that were refused for what was wrong are looked at again. What the desk corrected (`correctedAtDesk`) is not changed back to what it was before.',
          requestBody: { required: true, ...json(request(visitChange)) },
          responses: { '200': state, ...BODY, ...COMMON, '422': problem('A field is wrong') },
        },
      },
      '/visits/{accessionNumber}/reports': {
        parameters: [accessionParameter],
        post: {
          summary: 'Deliver a signed report',
          operationId: 'deliverReport',
          description:
            'Idempotent by content: the same bytes again answer 200 and change nothing; other bytes for the same exam are a new version.',
          requestBody: {
            required: true,
            content: {
              'multipart/form-data': {
                schema: reportForm(),
                encoding: { document: { contentType: 'application/pkcs7-mime, application/pdf' } },
              },
            },
          },
          responses: {
            '201': { description: 'Taken', ...json({ $ref: '#/components/schemas/DeliveredReport' }) },
            '200': {
              description: 'Already there',
              ...json({ $ref: '#/components/schemas/DeliveredReport' }),
            },
            ...BODY,
            ...COMMON,
            '413': problem('The document is too large'),
            '415': problem('Neither .p7m nor PDF by its media type'),
            '422': problem('Not a signed report, altered, empty, or of an exam that is not clear'),
          },
        },
      },
      '/visits/{accessionNumber}/pin1': {
        parameters: [accessionParameter],
        post: {
          summary: 'Reissue PIN1; the old one dies',
          operationId: 'reissuePin1',
          responses: { '200': issuedPin1, ...COMMON },
        },
      },
      '/visits/{accessionNumber}/unlock': {
        parameters: [accessionParameter],
        post: {
          summary: 'End the lock that wrong PINs brought; both PINs stay',
          operationId: 'unlockVisit',
          responses: { '204': { description: 'Unlocked' }, ...COMMON },
        },
      },
      '/visits/{accessionNumber}/pin2': {
        parameters: [accessionParameter],
        post: {
          summary: 'Send a new PIN2; the old one dies',
          operationId: 'renewPin2',
          responses: {
            '202': {
              description: 'Queued to the registered address',
              ...json(object({ delivery: { const: 'email' } })),
            },
            '200': {
              description: 'Told to the desk, where PIN2 never travels by mail',
              ...json(object({ delivery: { const: 'desk' }, pin2: { ...text, pattern: '^[0-9]{8}$' } })),
            },
            ...COMMON,
            '409': problem('Nothing is online, or there is no consent or e-mail'),
          },
        },
      },
    },
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'npm run api-key -- create NAME' },
      },
      schemas: {
        Problem: PROBLEM,
        IssuedPin1: ISSUED_PIN1,
        DeliveredReport: DELIVERED_REPORT,
        VisitState: VISIT_STATE,
      },
    },
  }
}

const request = (schema: z.ZodType) =>
  withoutMeta(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }))

function withoutMeta({ $schema: _, ...schema }: Record<string, unknown>) {
  return schema
}

function reportForm() {
  const fields = request(reportFields) as { properties: object }
  const document = {
    type: 'string',
    contentMediaType: 'application/pkcs7-mime',
    description: 'The signed document, .p7m (CAdES) or PDF',
  }
  return { ...fields, properties: { document, ...fields.properties }, required: ['document'] }
}

const PROBLEM = {
  ...object({
    type: { ...text, description: 'urn:ritiro:problem:CODE, stable' },
    title: text,
    status: { type: 'integer' },
    detail: text,
    errors: { type: 'array', items: object({ pointer: text, detail: text }) },
  }),
  description: 'RFC 9457',
}
const ISSUED_PIN1 = object({
  accessionNumber: text,
  pin1: { ...text, pattern: '^[0-9]{12}$' },
  links: { type: 'object', additionalProperties: text },
})
const DELIVERED_REPORT = object({
  created: flag,
  current: {
    ...flag,
    description: 'false: an earlier version came again; the newer one stays shown',
  },
  version: { type: 'integer' },
  sha256: text,
  examAccessionNumber: text,
})
