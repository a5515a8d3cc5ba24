import { z } from 'zod'
import type { PatientNumber } from '../visits/persons.ts'
import type { Mapping } from './mapping.ts'
import { type Delimiters, type Hl7Message, type Segment, valueIn } from './message.ts'
import { fieldsAt, NULL_VALUE, type Path, valuesAt } from './path.ts'

/** A message, or a part of it, to be asked for values by their name in the mapping. */
export type Reader = {
  segments: readonly Segment[]
  all: (paths: readonly Path[]) => string[]
  first: (paths: readonly Path[]) => string | undefined
  /** The first patient's number that the paths lead to, with who assigned it. */
  number: (paths: readonly Path[]) => PatientNumber | undefined
  /** The first name of a person that the paths lead to, in whichever of HL7's forms. */
  person: (paths: readonly Path[]) => string | undefined
}

/** A reader of some segments of a message. */
export function readerOf(segments: readonly Segment[], d: Delimiters): Reader {
  const all = (paths: readonly Path[]) => valuesAt(segments, paths, d).map(oneLine)
  return {
    segments,
    all,
    first: (paths) => all(paths).find((value) => value !== NULL_VALUE),
    number: (paths) =>
      fieldsAt(segments, paths, d)
        .map(({ text, path }) => ({
          id: oneLine(valueIn(text, path.component, path.subcomponent, d)),
          // CX.4, an HD: namespace, or universal ID (HL7 v2.5 §2.A.14).
          authority: oneLine(valueIn(text, 4, 1, d) || valueIn(text, 4, 2, d)).toUpperCase(),
        }))
        .find(({ id }) => id !== '' && id !== NULL_VALUE),
    person: (paths) =>
      fieldsAt(segments, paths, d)
        .map(({ text }) => personName(text, d))
        .find((name) => name !== ''),
  }
}

/**
 * The orders of a message: each ORC and OBR group with the segments of its patient before it. A message may hold several
 * patients (HL7 v2.5 §7.3.1).
 */
export function orderGroups({ segments }: Hl7Message): Segment[][] {
  const groups: Segment[][] = []
  const header = segments.slice(0, 1)
  let ofPatient: Segment[] = []
  let group: Segment[] | null = null
  for (const segment of segments.slice(1)) {
    const { name } = segment
    if (name === 'PID') {
      ofPatient = [segment]
      group = null
      continue
    }
    const begins =
      name === 'ORC' || (name === 'OBR' && (!group || group.some((other) => other.name === 'OBR')))
    if (begins) {
      group = [...header, ...ofPatient]
      groups.push(group)
    }
    if (group) group.push(segment)
    else ofPatient.push(segment)
  }
  return groups
}

export type PatientFacts = {
  patientId?: string | undefined
  /** Who assigned that number; empty where it is not said. */
  patientAuthority?: string | undefined
  familyName?: string | undefined
  givenName?: string | undefined
  birthDate?: string | undefined
  birthPlace?: string | undefined
  taxCode?: string | undefined
  sex?: string | undefined
  /** null: to be deleted. */
  email?: string | null | undefined
  consent?: boolean | undefined
  /** There was an address, but none that can be used. */
  emailUnusable?: boolean
}

/** What a message says of its patient; what it does not say is undefined. */
export function readPatient(reader: Reader, mapping: Mapping): PatientFacts {
  const { first } = reader
  const emails = reader.all(mapping.email)
  const email = emails.find((text) => z.email().safeParse(text).success)
  const deleted = email === undefined && emails[0] === NULL_VALUE
  const sex = first(mapping.sex)?.toUpperCase()
  const number = readNumber(reader, mapping.patientId, mapping)
  return {
    patientId: number?.id,
    patientAuthority: number?.authority,
    familyName: first(mapping.familyName),
    givenName: first(mapping.givenName),
    birthDate: reader.all(mapping.birthDate).map(dayOf).find(Boolean),
    birthPlace: first(mapping.birthPlace),
    taxCode: reader
      .all(mapping.taxCode)
      .map((text) => text.toUpperCase().replaceAll(' ', ''))
      .find((text) => /^[A-Z0-9]{11,16}$/.test(text)),
    sex: sex && (['M', 'F', 'O', 'U'].includes(sex) ? sex : 'O'),
    email: deleted ? null : email,
    consent: yesOrNo(first(mapping.consent), mapping.consentYes, mapping.consentNo),
    emailUnusable: email === undefined && emails.some((text) => text.includes('@')),
  }
}

/** A patient's number where the paths lead, with who assigned it as far as that counts here. */
export function readNumber(
  reader: Reader,
  paths: readonly Path[],
  { patientAuthority }: Mapping,
): PatientNumber | undefined {
  const number = reader.number(paths)
  return number && patientAuthority === 'ignore' ? { ...number, authority: '' } : number
}

/** 'YYYY-MM-DD' of an HL7 date or time; undefined where it is no day of the calendar. */
export function dayOf(text: string): string | undefined {
  const found = /^(\d{4})-?(\d{2})-?(\d{2})/.exec(text)
  if (!found) return undefined
  const day = `${found[1]}-${found[2]}-${found[3]}`
  const date = new Date(`${day}T00:00:00Z`)
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day ? undefined : day
}

const yesOrNo = (value: string | undefined, yes: string[], no: string[]) => {
  const code = value?.toUpperCase()
  if (code === undefined) return undefined
  if (yes.includes(code)) return true
  return no.includes(code) ? false : undefined
}

// Names and descriptions are one line, without control and direction characters.
const oneLine = (text: string) => text.replace(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ').trim()

// XCN: id^family^given^…^prefix(6); NDL: id&family&given^…; CNN the same with its parts as subcomponents.
function personName(field: string, d: Delimiters): string {
  const nested = (field.split(d.component)[0] ?? '').includes(d.subcomponent)
  const at = (position: number) =>
    oneLine(nested ? valueIn(field, 1, position, d) : valueIn(field, position, 1, d))
  return [at(6), at(3), at(2)].filter((text) => text !== '' && text !== NULL_VALUE).join(' ')
}
