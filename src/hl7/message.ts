/** A segment as it came: `fields[0]` is its name, `fields[n]` field n, still escaped. Of MSH, field 1 is the separator. */
export type Segment = { name: string; fields: string[] }

/** MSH-1 and MSH-2 (HL7 v2.5 §2.5.4): every message may have its own. */
export type Delimiters = {
  field: string
  component: string
  repetition: string
  escape: string
  subcomponent: string
}

export type Hl7Message = { delimiters: Delimiters; segments: Segment[] }

/** A message whose beginning cannot be read: there is nobody to answer by name. */
export class Hl7ParseError extends Error {
  override readonly name = 'Hl7ParseError'
}

const STANDARD = '^~\\&'
// A segment without any field is a line of its own; other short lines belong to the text before them.
const BARE = new Set([
  'EVN',
  'PID',
  'PD1',
  'PV1',
  'PV2',
  'NK1',
  'MRG',
  'ORC',
  'OBR',
  'OBX',
  'NTE',
  'AL1',
  'TXA',
])

/**
 * Takes a message apart (HL7 v2.5 §2.6) as vendors send it: segments may end in CR, LF or both, names may be in lower
 * case, delimiters may trail, and a line that is no segment goes on with the text of the one before.
 */
export function parseMessage(text: string): Hl7Message {
  const start = text.search(/[^\s\uFEFF]/)
  if (start === -1) throw new Hl7ParseError('The message is empty.')
  if (text.slice(start, start + 3).toUpperCase() !== 'MSH')
    throw new Hl7ParseError('The message does not begin with MSH.')
  const delimiters = readDelimiters(text.slice(start, start + 16))
  const lines: string[][] = []
  for (const line of text.slice(start).split(/\r\n|\r|\n/)) {
    const last = lines.at(-1)
    if (!last || isSegment(line, delimiters.field)) lines.push([line])
    else last.push(line)
  }
  return { delimiters, segments: lines.map((parts) => segmentOf(trimmed(parts).join('\n'), delimiters)) }
}

/** What a repetition, a component and a subcomponent say, counted from 1 as the standard does; '' where they are not there. */
export function valueIn(field: string, component: number, subcomponent: number, d: Delimiters): string {
  const ofField = part(field, d.component, component)
  return unescapeText(part(ofField, d.subcomponent, subcomponent), d)
}

/** The repetitions of a field, still escaped. */
export function repetitions(field: string, { repetition }: Delimiters): string[] {
  return repetition === '' ? [field] : field.split(repetition)
}

/**
 * Text with its escape sequences resolved (HL7 v2.5 §2.7): delimiters, hexadecimal, line breaks of formatted text;
 * highlighting is dropped. What is no sequence of the standard stays as it stands.
 */
export function unescapeText(text: string, d: Delimiters): string {
  if (d.escape === '' || !text.includes(d.escape)) return text
  const parts = text.split(d.escape)
  let out = parts[0] ?? ''
  for (let at = 1; at < parts.length; at++) {
    const inner = parts[at] ?? ''
    // An escape character needs its end: the last of an odd number is one of the text.
    const meant = at + 1 < parts.length ? meaningOf(inner, d) : null
    if (meant === null) {
      out += d.escape + inner
      continue
    }
    out += meant + (parts[at + 1] ?? '')
    at += 1
  }
  return out
}

/** Text made safe to stand in a field. */
export function escapeText(text: string, d: Delimiters): string {
  const codes: Record<string, string> = {
    [d.field]: 'F',
    [d.component]: 'S',
    [d.repetition]: 'R',
    [d.escape]: 'E',
    [d.subcomponent]: 'T',
  }
  return [...text.replace(/\r\n|\r|\n/g, ' ')]
    .map((character) => {
      const code = codes[character]
      return code === undefined ? character : `${d.escape}${code}${d.escape}`
    })
    .join('')
}

function readDelimiters(head: string): Delimiters {
  const field = head[3] ?? ''
  if (field === '' || /[A-Za-z0-9\s]/.test(field)) throw new Hl7ParseError('MSH-1 names no field separator.')
  const end = head.indexOf(field, 4)
  const given = head.slice(4, end === -1 ? undefined : end).split(/[\r\n]/)[0] ?? ''
  const [component, repetition, escaping, subcomponent] = [0, 1, 2, 3].map(
    (i) => given[i] ?? STANDARD[i] ?? '',
  )
  const d = { field, component, repetition, escape: escaping, subcomponent } as Delimiters
  if (given.length > 5 || new Set(Object.values(d)).size < 5)
    throw new Hl7ParseError('MSH-2 does not name the encoding characters.')
  return d
}

function isSegment(line: string, field: string): boolean {
  const name = line.slice(0, 3)
  if (!/^[A-Za-z][A-Za-z0-9]{2}$/.test(name)) return false
  return line[3] === field || (line.length === 3 && BARE.has(name.toUpperCase()))
}

// Lines without anything at the end of a message or between segments are no text.
function trimmed(lines: string[]): string[] {
  let end = lines.length
  while (end > 1 && lines[end - 1]?.trim() === '') end -= 1
  return lines.slice(0, end)
}

function segmentOf(line: string, { field }: Delimiters): Segment {
  const fields = line.split(field)
  const name = (fields[0] ?? '').toUpperCase()
  fields[0] = name
  // MSH-1 is the separator itself, so its fields count one more.
  if (name === 'MSH') fields.splice(1, 0, field)
  return { name, fields }
}

function part(text: string, delimiter: string, wanted: number): string {
  let start = 0
  for (let at = 1; at < wanted; at++) {
    const next = delimiter === '' ? -1 : text.indexOf(delimiter, start)
    if (next === -1) return ''
    start = next + 1
  }
  const end = delimiter === '' ? -1 : text.indexOf(delimiter, start)
  return text.slice(start, end === -1 ? undefined : end)
}

function meaningOf(sequence: string, d: Delimiters): string | null {
  const simple: Record<string, string> = {
    F: d.field,
    S: d.component,
    T: d.subcomponent,
    R: d.repetition,
    E: d.escape,
    H: '',
    N: '',
  }
  const known = simple[sequence.toUpperCase()]
  if (known !== undefined) return known
  if (/^X([0-9A-Fa-f]{2})+$/.test(sequence)) return fromHex(sequence.slice(1))
  const format = /^\.(br|sp|fi|nf|in|ti|sk|ce)\s*([+-]?\d*)$/i.exec(sequence)
  if (!format) return null
  const [, command, count] = format
  const times = Math.min(Number(count) || 1, 20)
  if (/br|ce/i.test(command ?? '')) return '\n'
  if (/sp/i.test(command ?? '')) return '\n'.repeat(times)
  return /sk/i.test(command ?? '') ? ' '.repeat(times) : ''
}

// The standard says no character set for these bytes: UTF-8 where they are that, else Latin-1.
function fromHex(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n')
  } catch {
    return bytes.toString('latin1')
  }
}
