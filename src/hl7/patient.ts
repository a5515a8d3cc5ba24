import type { Visit } from '../publications/publications.ts'
import { knownPatient, mergePatients, updatePatient } from '../visits/patients.ts'
import type { Act, Call, Intake, Received } from './call.ts'
import { valuesAt } from './path.ts'
import { Hl7Refusal } from './refusal.ts'
import { type PatientFacts, readerOf, readPatient } from './values.ts'

/** ADT^A01, A04, A05, A08, A28, A31: who a patient is, for visits there are and for those to come. */
export function admission({ message }: Received, { mapping }: Intake): Act {
  const { patientId, emailUnusable, ...facts } = readPatient(
    readerOf(message.segments, message.delimiters),
    mapping,
  )
  if (!patientId) throw new Hl7Refusal('AE', 101, 'The patient’s number is missing.', { location: 'PID-3' })
  return async (call) => {
    const updated = await updatePatient(call, patientId, facts)
    const note = emailUnusable ? ' The e-mail address is not usable and was passed over.' : ''
    return `Patient noted, ${updated.visits} visit(s) brought up to date.${note}`
  }
}

/** ADT^A40 and the older A18, A34, A36, A39: two numbers are one patient. Each PID goes with the MRG after it. */
export function merge({ message }: Received, { mapping }: Intake): Act {
  const { segments, delimiters } = message
  const pairs: { from: string; to: string }[] = []
  let to: string | undefined
  for (const segment of segments) {
    if (segment.name === 'PID') to = readerOf([segment], delimiters).first(mapping.patientId)
    if (segment.name !== 'MRG') continue
    const from = valuesAt([segment], mapping.previousPatientId, delimiters)[0]
    if (!to) throw new Hl7Refusal('AE', 101, 'The number that stays is missing.', { location: 'PID-3' })
    if (!from) throw new Hl7Refusal('AE', 101, 'The number that goes is missing.', { location: 'MRG-1' })
    if (from !== to) pairs.push({ from, to })
  }
  if (!segments.some(({ name }) => name === 'MRG'))
    throw new Hl7Refusal('AE', 100, 'A merge needs an MRG segment.', { location: 'MRG' })
  return async (call) => {
    let moved = 0
    for (const pair of pairs) moved += (await mergePatients(call, pair)).visits
    return `Patients merged, ${moved} visit(s) moved.`
  }
}

/** What the message says of its patient, over what earlier messages said. */
export async function patientOf({ db }: Call, said: PatientFacts): Promise<PatientFacts> {
  const known = said.patientId ? await knownPatient(db, said.patientId) : {}
  const stated = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  const before = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null))
  return { ...before, ...stated }
}

/**
 * Refuses what is of another patient than the visit it names: shown under a wrong name, a report harms two people. A tax
 * code or number that agrees is enough, as the other may have been corrected; without either, birth date and name decide.
 */
export function requireSamePatient(visit: Visit, said: PatientFacts): void {
  const pairs = [
    [visit.taxCode, said.taxCode],
    [visit.patientId, said.patientId],
  ].filter(([ours, theirs]) => ours && theirs)
  if (pairs.some(([ours, theirs]) => ours === theirs)) return
  const differs =
    pairs.length > 0 ||
    (said.birthDate !== undefined && said.birthDate !== visit.birthDate) ||
    (said.familyName !== undefined && folded(said.familyName) !== folded(visit.familyName))
  if (!differs) return
  throw new Hl7Refusal(
    'AE',
    204,
    'The visit of this Accession Number is another patient’s: nothing was changed.',
    { location: 'PID-3', reason: 'report.other_patient' },
  )
}

/** Refuses a report of which nothing but the Accession Number says whose it is: a number mistyped once shows it to a stranger. */
export function requireIdentified(visit: Visit, said: PatientFacts): void {
  const agrees = (['taxCode', 'patientId', 'birthDate'] as const).some(
    (name) => said[name] !== undefined && said[name] === visit[name],
  )
  if (agrees) return
  throw new Hl7Refusal(
    'AE',
    101,
    'Nothing in the message says that the report is of the person of this visit: send the birth date (PID-7), the tax code or the patient’s number as the visit has it.',
    { location: 'PID-3', reason: 'report.unidentified' },
  )
}

const folded = (name: string) =>
  name
    .normalize('NFD')
    .replace(/[^\p{L}]/gu, '')
    .toUpperCase()
