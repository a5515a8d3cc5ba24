import { type Delimiters, escapeText, type Hl7Message } from './message.ts'
import { CONDITIONS, type Condition } from './refusal.ts'

export type Answer = {
  code: 'AA' | 'AE' | 'AR'
  /** What happened, for the people of the sending system; never personal data. */
  text: string
  condition?: Condition | undefined
  location?: string | undefined
}

/** MSH of a received message, as far as an answer needs it. */
export type Header = {
  sendingApplication: string
  sendingFacility: string
  receivingApplication: string
  receivingFacility: string
  type: string
  event: string
  controlId: string
  processingId: string
  version: string
  characterSet: string
}

const STANDARD: Delimiters = { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' }
const UNKNOWN: Header = {
  sendingApplication: '',
  sendingFacility: '',
  receivingApplication: 'RITIRO',
  receivingFacility: '',
  type: '',
  event: '',
  controlId: '',
  processingId: 'P',
  version: '2.5',
  characterSet: '',
}

/** Reads MSH. Message type and event are told in upper case, whatever the sender wrote. */
export function headerOf({ segments, delimiters }: Hl7Message): Header {
  const fields = segments[0]?.fields ?? []
  const raw = (number: number) => (fields[number] ?? '').trim()
  const [type = '', event = ''] = raw(9).toUpperCase().split(delimiters.component)
  return {
    sendingApplication: raw(3),
    sendingFacility: raw(4),
    receivingApplication: raw(5),
    receivingFacility: raw(6),
    type: type.trim(),
    event: event.trim(),
    controlId: raw(10),
    processingId: raw(11) || 'P',
    version: raw(12).split(delimiters.component)[0] || '2.5',
    characterSet: raw(18),
  }
}

/**
 * The acknowledgement in original mode (HL7 v2.5 §2.9.2): MSH turned around, MSA with the reason in words, ERR where
 * something was refused, in the form of the sender's version. In ASCII but for what is the sender's own.
 */
export function acknowledgement(
  answer: Answer,
  {
    header = UNKNOWN,
    delimiters = STANDARD,
    now,
    id,
  }: { header?: Header; delimiters?: Delimiters; now: Date; id: string },
): string {
  const { field, component, repetition, subcomponent } = delimiters
  const text = escapeText(ascii(answer.text), delimiters)
  const msh = [
    'MSH',
    component + repetition + delimiters.escape + subcomponent,
    header.receivingApplication || 'RITIRO',
    header.receivingFacility,
    header.sendingApplication,
    header.sendingFacility,
    `${now.toISOString().replace(/[-:T]|\..*$/g, '')}+0000`,
    '',
    ['ACK', header.event, ...(header.event && header.version >= '2.4' ? ['ACK'] : [])]
      .filter(Boolean)
      .join(component),
    id,
    header.processingId,
    header.version,
    ...(header.characterSet ? ['', '', '', '', '', header.characterSet] : []),
  ]
  const segments = [msh.join(field), ['MSA', answer.code, header.controlId, text].join(field)]
  if (answer.condition) segments.push(errorSegment(answer, answer.condition, header, delimiters, text))
  return segments.map((segment) => `${segment}\r`).join('')
}

function errorSegment(
  { location = '' }: Answer,
  condition: Condition,
  { version }: Header,
  { field, component, subcomponent }: Delimiters,
  text: string,
): string {
  const [segment = '', position = ''] = location.split('-')
  const name = CONDITIONS[condition]
  // Up to 2.4 there is ERR-1 alone, with the code in its fourth component.
  if (version < '2.5') {
    const code = [condition, name, 'HL70357'].join(subcomponent)
    return ['ERR', [segment, segment && '1', position, code].join(component)].join(field)
  }
  const at = segment ? [segment, '1', ...(position ? [position] : [])].join(component) : ''
  return ['ERR', '', at, [condition, name, 'HL70357'].join(component), 'E', '', '', '', text].join(field)
}

// Read by systems of every character set.
const ascii = (text: string) => text.replaceAll('’', "'").replaceAll(/[^\x20-\x7e]/g, '?')
