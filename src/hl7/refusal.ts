import type { AppError } from '../errors.ts'

/** HL7 table 0357, as far as it is used here. */
export const CONDITIONS = {
  100: 'Segment sequence error',
  101: 'Required field missing',
  102: 'Data type error',
  103: 'Table value not found',
  200: 'Unsupported message type',
  201: 'Unsupported event code',
  204: 'Unknown key identifier',
  205: 'Duplicate key identifier',
  207: 'Application internal error',
} as const

export type Condition = keyof typeof CONDITIONS

/** Of whose exam a report was refused: the desk sees it with its visit (S19). */
export type RefusedReport = { visitId: string; examId: string | null }

type About = {
  location?: string | undefined
  waitingFor?: string[]
  reason?: string
  report?: RefusedReport
}

/**
 * Why a message was not applied: AE where its content cannot be, AR where the message itself is none for us. `message` is
 * read by people of the sending system, so it holds nothing of the patient.
 */
export class Hl7Refusal extends Error {
  override readonly name = 'Hl7Refusal'
  readonly code: 'AE' | 'AR'
  readonly condition: Condition
  /** The field it is about, such as PID-7. */
  readonly location: string | undefined
  /** Accession Numbers, one of which must be registered before the message can be applied. */
  readonly waitingFor: string[]
  /** The same in a word, for the desk's list. */
  readonly reason: string
  readonly report: RefusedReport | undefined

  constructor(
    code: 'AE' | 'AR',
    condition: Condition,
    message: string,
    { location, waitingFor = [], reason = 'report.not_applied', report }: About = {},
  ) {
    super(message)
    this.code = code
    this.condition = condition
    this.location = location
    this.waitingFor = waitingFor
    this.reason = reason
    this.report = report
  }

  /** The same, once it is known whose report it is. */
  of(report: RefusedReport): Hl7Refusal {
    const { code, condition, message, location, waitingFor, reason } = this
    return new Hl7Refusal(code, condition, message, { location, waitingFor, reason, report })
  }
}

/** A refusal of the portal's as the sender of a message reads it. */
export function inWords({ code, detail }: AppError): Hl7Refusal {
  const [condition, location] = code.startsWith('exam.')
    ? ([204, 'OBR-18'] as const)
    : code.startsWith('report.')
      ? ([102, 'OBX-5'] as const)
      : ([207, undefined] as const)
  return new Hl7Refusal('AE', condition, detail ?? code, { location, reason: code })
}
