import { z } from 'zod'
import { type Path, parsePath } from './path.ts'

/**
 * Where each value stands in this hospital's messages, and what codes mean: what HL7_MAPPING changes. Of several places
 * the first that holds something usable counts. Documented in docs/integration.md.
 */
export const DEFAULT_MAPPING = {
  /** The exam's Accession Number, as its images carry it. */
  accessionNumber: ['IPC-1.1', 'OBR-18.1', 'OBR-3.1', 'ORC-3.1', 'TXA-15.1', 'TXA-14.1'],
  /** What joins several orders into one visit with one pair of PINs; empty: the first exam's Accession Number. */
  visitNumber: ['ORC-4.1'],
  patientId: ['PID-3[5=PI].1', 'PID-3[5=MR].1', 'PID-3.1', 'PID-2.1'],
  previousPatientId: ['MRG-1[5=PI].1', 'MRG-1[5=MR].1', 'MRG-1.1'],
  taxCode: [
    'PID-3[5=NNITA].1',
    'PID-3[5=NN].1',
    'PID-3[5=CF].1',
    'PID-3[5=NI].1',
    'PID-19.1',
    'PID-3[4=CF].1',
  ],
  familyName: ['PID-5.1'],
  givenName: ['PID-5.2'],
  birthDate: ['PID-7.1'],
  birthPlace: ['PID-23.1', 'PID-11[7=BDL].3', 'PID-11[7=N].3'],
  sex: ['PID-8.1'],
  email: [
    'PID-13[2=NET].4',
    'PID-13[3=INTERNET].4',
    'PID-13.4',
    'PID-14.4',
    'PID-13.1',
    'PID-14.1',
    'PID-40.4',
  ],
  /** Consent to online delivery (S1): without a value there is none. */
  consent: ['ZRI-1.1', 'OBX[3.1=CONSENSO-ONLINE]-5.1', 'CON[2.1=CONSENSO-ONLINE]-11.1'],
  consentYes: ['Y', 'YES', 'S', 'SI', 'SÌ', '1', 'T', 'TRUE', 'A'],
  consentNo: ['N', 'NO', '0', 'F', 'FALSE', 'R'],
  exam: ['OBR-4.2', 'OBR-4.5', 'OBR-4.1'],
  examDate: ['OBR-7.1', 'OBR-36.1', 'OBR-27.4', 'ORC-7.4', 'OBR-6.1', 'ORC-9.1', 'MSH-7.1'],
  /** Is there no study to be waited for? Empty: there is one. */
  noImages: ['ZRI-2.1'],
  noImagesValues: ['N', 'NO', '0'],
  /** Excluded by law from online delivery (S41): by a code of the order, or by the exam's own code. */
  excluded: ['ZRI-3.1', 'ORC-28.1'],
  excludedValues: ['Y', 'S', 'SI', '1', 'V', 'AID', 'HIV'],
  excludedExams: [] as string[],
  orderControl: ['ORC-1.1'],
  newOrder: ['', 'NW', 'SN', 'RF', 'PA', 'CH', 'XO', 'XX', 'SC', 'RO', 'RP', 'OK', 'NA'],
  cancelledOrder: ['CA', 'CR', 'OC', 'DC', 'DR', 'OD'],
  resultStatus: ['OBR-25.1', 'OBX-11.1'],
  finalStatus: ['F', ''],
  correctedStatus: ['C', 'A', 'K'],
  preliminaryStatus: ['P', 'R', 'I', 'O', 'S', 'Y', 'Z', 'N', 'U', 'B'],
  withdrawnStatus: ['X', 'D', 'W'],
  physician: ['OBR-32', 'OBX-16', 'TXA-22', 'TXA-10', 'TXA-9'],
  reportDate: ['OBR-22.1', 'OBX-14.1', 'TXA-22.15', 'TXA-7.1', 'TXA-6.1'],
  /** Where a report's text stands: whole fields, a line each repetition. */
  text: ['OBX-5'],
  /** A report that comes as text, without a document: `publish` it as an unsigned page, or `refuse` it. */
  textAlone: 'publish' as 'publish' | 'refuse',
  /** A report without a tax code, patient number or birth date that agrees with the visit: `refuse` it, or `accept` it by its Accession Number. */
  unidentified: 'refuse' as 'refuse' | 'accept',
  /** Who assigned a patient's number (component 4 beside it): two may have given the same one. `ignore` where systems name one differently. */
  patientAuthority: 'compare' as 'compare' | 'ignore',
}

type Raw = typeof DEFAULT_MAPPING
type PathKey =
  | Exclude<
      keyof Raw,
      | `${string}Values`
      | `${string}Status`
      | 'consentYes'
      | 'consentNo'
      | 'excludedExams'
      | 'newOrder'
      | 'cancelledOrder'
      | keyof typeof CHOICES
    >
  | 'resultStatus'

/** The mapping in use: paths read, codes in upper case. */
export type Mapping = { [Key in keyof Raw]: Key extends PathKey ? Path[] : Raw[Key] }

/** What is one word of two: the default first. */
const CHOICES = {
  textAlone: ['publish', 'refuse'],
  unidentified: ['refuse', 'accept'],
  patientAuthority: ['compare', 'ignore'],
} as const

const CODES = new Set<string>([
  'consentYes',
  'consentNo',
  'noImagesValues',
  'excludedValues',
  'excludedExams',
  'newOrder',
  'cancelledOrder',
  'finalStatus',
  'correctedStatus',
  'preliminaryStatus',
  'withdrawnStatus',
])

const isChoice = (key: string): key is keyof typeof CHOICES => Object.hasOwn(CHOICES, key)
const path = z.string().transform((text, context) => {
  const read = parsePath(text)
  if (read) return read
  context.addIssue({ code: 'custom', message: `"${text}" is no path such as PID-3[5=MR].1` })
  return z.NEVER
})
const paths = z.array(path)
const codes = z.array(z.string().transform((code) => code.toUpperCase()))

const schema = z.strictObject(
  Object.fromEntries(
    Object.entries(DEFAULT_MAPPING).map(([key, fallback]) => {
      if (isChoice(key)) return [key, z.enum(CHOICES[key]).default(CHOICES[key][0])]
      return [key, (CODES.has(key) ? codes : paths).prefault(fallback as string[])]
    }),
  ),
)

/** Reads a mapping file; what it does not name stays as it is by default. Throws an Error that says what is wrong. */
export function readMapping(json: string): Mapping {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new Error('is not valid JSON')
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw new Error(
      parsed.error.issues
        .map(({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`)
        .join('; '),
    )
  return parsed.data as Mapping
}
