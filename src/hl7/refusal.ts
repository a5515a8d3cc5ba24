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

  constructor(
    code: 'AE' | 'AR',
    condition: Condition,
    message: string,
    { location, waitingFor = [] }: { location?: string | undefined; waitingFor?: string[] } = {},
  ) {
    super(message)
    this.code = code
    this.condition = condition
    this.location = location
    this.waitingFor = waitingFor
  }
}
