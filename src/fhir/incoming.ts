import { z } from 'zod'

// Only what a delivery is read from is checked; whatever else R4 allows may stand beside it.
const coding = z.looseObject({
  system: z.string().optional(),
  code: z.string().optional(),
  display: z.string().optional(),
})
const concept = z.looseObject({ text: z.string().optional(), coding: z.array(coding).optional() })
const identifier = z.looseObject({
  system: z.string().optional(),
  value: z.string().optional(),
  type: concept.optional(),
})
const reference = z.looseObject({
  reference: z.string().optional(),
  identifier: identifier.optional(),
  display: z.string().optional(),
})
const instant = z.iso.datetime({ offset: true, error: 'must be an instant with its time zone' })
const attachment = z.looseObject({
  contentType: z.string().optional(),
  data: z.string().optional(),
  url: z.string().optional(),
  size: z.number().optional(),
  hash: z.string().optional(),
})
const name = z.looseObject({
  text: z.string().optional(),
  family: z.string().optional(),
  given: z.array(z.string()).optional(),
})
const contained = z.array(z.looseObject({ resourceType: z.string(), id: z.string() })).optional()

/** A report as FHIR tells it, with the signed document in `presentedForm`. */
export const diagnosticReport = z.looseObject({
  resourceType: z.literal('DiagnosticReport'),
  id: z.string().optional(),
  contained,
  identifier: z.array(identifier).optional(),
  basedOn: z.array(reference).optional(),
  imagingStudy: z.array(reference).optional(),
  status: z.string(),
  code: concept,
  subject: reference.optional(),
  issued: instant.optional(),
  performer: z.array(reference).optional(),
  resultsInterpreter: z.array(reference).optional(),
  conclusion: z.string().optional(),
  presentedForm: z.array(attachment).optional(),
})

/** A document as FHIR tells it. */
export const documentReference = z.looseObject({
  resourceType: z.literal('DocumentReference'),
  id: z.string().optional(),
  contained,
  identifier: z.array(identifier).optional(),
  status: z.string(),
  docStatus: z.string().optional(),
  type: concept.optional(),
  subject: reference.optional(),
  date: instant.optional(),
  author: z.array(reference).optional(),
  content: z.array(z.looseObject({ attachment })).min(1, 'must hold the document'),
  context: z.looseObject({ related: z.array(reference).optional() }).optional(),
})

export const binary = z.looseObject({
  resourceType: z.literal('Binary'),
  contentType: z.string(),
  data: z.string(),
})

/** What stands around a report and is used to find its visit and to check that it is this person's. */
export const supporting = z.looseObject({
  resourceType: z.enum([
    'Patient',
    'Practitioner',
    'PractitionerRole',
    'Organization',
    'ServiceRequest',
    'ImagingStudy',
    'Encounter',
  ]),
  identifier: z.array(identifier).optional(),
  name: z.union([z.array(name), z.string()]).optional(),
  birthDate: z.string().optional(),
})

export const bundle = z.looseObject({
  resourceType: z.literal('Bundle'),
  type: z.enum(['transaction', 'batch', 'collection'], 'must be transaction, batch or collection'),
  entry: z
    .array(
      z.looseObject({
        fullUrl: z.string().optional(),
        resource: z.looseObject({ resourceType: z.string(), id: z.string().optional() }),
        request: z.looseObject({ method: z.string(), url: z.string() }).optional(),
      }),
    )
    .min(1, 'must hold a report')
    .max(50, 'holds too many entries'),
})

export type DiagnosticReport = z.infer<typeof diagnosticReport>
export type DocumentReference = z.infer<typeof documentReference>
export type Supporting = z.infer<typeof supporting>
export type Identifier = z.infer<typeof identifier>
export type Reference = z.infer<typeof reference>
export type Attachment = z.infer<typeof attachment>
export type Concept = z.infer<typeof concept>
