import { z } from 'zod'

const day = z.iso.date('must be a day as YYYY-MM-DD').describe('YYYY-MM-DD')
// DICOM SH (PS3.5 §6.2) is 16 characters; some systems use LO's 64. Neither holds a backslash or control characters.
const accessionNumber = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\\\p{Cc}]+$/u, 'must not hold "\\" or control characters')
  // The visit's address is made of it, and these two mean something else in an address (RFC 3986 §3.3).
  .refine((value) => value !== '.' && value !== '..', 'must not be "." or ".."')
  .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
const line = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .regex(/^[^\p{Cc}\p{Bidi_Control}]*$/u, 'must be one line, without control or direction characters')
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
const email = z.email('must be a valid e-mail address').max(254)

const patient = z.strictObject({
  familyName: line(120),
  givenName: line(120),
  birthDate: day,
  birthPlace: line(120).optional(),
  taxCode: z
    .string()
    .trim()
    .toUpperCase()
    .regex(/^[A-Z0-9]{11,16}$/, 'must be 11 to 16 letters and digits')
    .optional(),
  patientId: line(64).optional(),
  sex: z.enum(['M', 'F', 'O', 'U']).optional(),
})

/** POST /api/v1/visits. */
export const newVisit = z.strictObject({
  accessionNumber: accessionNumber.describe('Accession Number of the visit; must not be registered yet'),
  patient,
  email: email.optional().describe('Where PIN2 is sent; without it nothing is published'),
  consent: z.boolean().describe('Consent to online delivery; without it nothing is published'),
  exams: z
    .array(
      z.strictObject({
        accessionNumber: accessionNumber.optional().describe('Default: the visit’s'),
        description: line(200),
        date: day,
        imagesExpected: z
          .boolean()
          .optional()
          .describe('false: publish without waiting for a study. Default true'),
        excluded: z
          .boolean()
          .optional()
          .describe('true: excluded by law from online delivery, never published (S41). Default false'),
      }),
    )
    .min(1)
    .max(50),
})

const { familyName, givenName, birthDate, ...mayBeMissing } = patient.shape
const correctedPatient = z.strictObject({
  familyName: familyName.optional(),
  givenName: givenName.optional(),
  birthDate: birthDate.optional(),
  birthPlace: mayBeMissing.birthPlace.nullable(),
  taxCode: mayBeMissing.taxCode.nullable(),
  patientId: mayBeMissing.patientId.nullable(),
  sex: mayBeMissing.sex.nullable(),
})

/** PATCH /api/v1/visits/{accessionNumber}. */
export const visitChange = z
  .strictObject({
    email: email.nullable().optional(),
    consent: z.boolean().optional(),
    patient: correctedPatient.optional().describe('Corrects what it names; null deletes what may be missing'),
  })
  .refine((change) => Object.keys(change).length > 0, 'must hold email, consent or patient')

/** Fields that may come beside the document in a report's multipart form. */
export const reportFields = z.strictObject({
  examAccessionNumber: accessionNumber.optional().describe('Which exam, where the visit has several'),
  exam: line(200).optional().describe('Exam as it stands in the report'),
  text: z
    .string()
    .max(200_000)
    .refine((value) => !value.includes('\0'), 'must not hold the NUL character')
    .optional()
    .describe('Text of the report, shown where there is no PDF'),
  physician: line(200).optional().describe('Reporting physician'),
  date: day.optional().describe('Date of the report'),
})
