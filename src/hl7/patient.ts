import type { Visit } from '../publications/publications.ts'
import { readVisit } from '../visits/desk-acts.ts'
import { notesOn } from '../visits/heard.ts'
import { currentNumber, knownPatient, mergePatients, updatePatient } from '../visits/patients.ts'
import { areComparable, areTwoPeople, foldedName, type PatientNumber } from '../visits/persons.ts'
import type { Act, Call, Intake, Received } from './call.ts'
import { Hl7Refusal } from './refusal.ts'
import { type PatientFacts, readerOf, readNumber, readPatient } from './values.ts'

/** ADT^A01, A04, A05, A08, A28, A31: who a patient is, for visits there are and for those to come. */
export function admission({ message }: Received, { mapping }: Intake): Act {
  const said = readPatient(readerOf(message.segments, message.delimiters), mapping)
  if (!said.patientId)
    throw new Hl7Refusal('AE', 101, 'The patient’s number is missing.', { location: 'PID-3' })
  return async (call) => {
    const { emailUnusable, ...facts } = await underCurrentNumber(call, said)
    const updated = await updatePatient(call, numberOf(facts), factsAlone(facts))
    if (updated.left > 0 && updated.visits.length === 0) throw somebodyElse()
    const visits = await Promise.all(updated.visits.map(({ id }) => readVisit(call.db, id)))
    const notes = visits.flatMap((visit) => notesOn(visit, { ...factsAlone(facts), consent: undefined }))
    const told = [
      `Patient noted, ${updated.visits.length} visit(s) brought up to date.`,
      ...leftAlone(updated.left),
      ...(emailUnusable ? ['The e-mail address is not usable and was passed over.'] : []),
      ...notes,
    ]
    return [...new Set(told)].join(' ')
  }
}

/** ADT^A40 and the older A18, A34, A36, A39: two numbers are one patient. Each PID goes with the MRG after it. */
export function merge({ message }: Received, { mapping }: Intake): Act {
  const { segments, delimiters } = message
  const pairs: { from: PatientNumber; to: PatientNumber; said: PatientFacts }[] = []
  let said: PatientFacts = {}
  for (const segment of segments) {
    const reader = readerOf([segment], delimiters)
    if (segment.name === 'PID') said = readPatient(reader, mapping)
    if (segment.name !== 'MRG') continue
    const from = readNumber(reader, mapping.previousPatientId, mapping)
    if (!said.patientId)
      throw new Hl7Refusal('AE', 101, 'The number that stays is missing.', { location: 'PID-3' })
    if (!from) throw new Hl7Refusal('AE', 101, 'The number that goes is missing.', { location: 'MRG-1' })
    const to = numberOf(said)
    if (from.id !== to.id || !areComparable(from, to)) pairs.push({ from, to, said })
  }
  if (!segments.some(({ name }) => name === 'MRG'))
    throw new Hl7Refusal('AE', 100, 'A merge needs an MRG segment.', { location: 'MRG' })
  return async (call) => {
    const done = { visits: 0, left: 0 }
    for (const pair of pairs) {
      const { visits, left } = await mergePatients(call, { ...pair, said: factsAlone(pair.said) })
      done.visits += visits
      done.left += left
    }
    if (done.left > 0 && done.visits === 0) throw somebodyElse()
    return [`Patients merged, ${done.visits} visit(s) moved.`, ...leftAlone(done.left)].join(' ')
  }
}

const leftAlone = (count: number) =>
  count > 0 ? [`${count} visit(s) of somebody else under this number were left alone.`] : []

const somebodyElse = () =>
  new Hl7Refusal('AE', 204, 'The visits under this number are another patient’s: nothing was changed.', {
    location: 'PID-3',
  })

const numberOf = ({ patientId = '', patientAuthority = '' }: PatientFacts): PatientNumber => ({
  id: patientId,
  authority: patientAuthority,
})

/** What is said of the person, without their number. */
export function factsAlone(said: PatientFacts) {
  const { patientId: _id, patientAuthority: _authority, emailUnusable: _unusable, ...facts } = said
  return facts
}

/** What is said of a patient under the number that they have now: what is on its way may still name a merged one. */
export async function underCurrentNumber(call: Call, said: PatientFacts): Promise<PatientFacts> {
  if (!said.patientId) return said
  const { id, authority } = await currentNumber(call.db, numberOf(said))
  return { ...said, patientId: id, patientAuthority: authority }
}

/** What the message says of its patient, over what earlier messages said. */
export async function patientOf({ db }: Call, said: PatientFacts): Promise<PatientFacts> {
  const known = said.patientId ? await knownPatient(db, numberOf(said)) : {}
  const stated = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  // Under one number it may have been somebody else.
  if (areTwoPeople(known, said)) return stated
  const before = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null))
  return { ...before, ...stated }
}

/**
 * Refuses what is of another patient than the visit it names: shown under a wrong name, a report harms two people. A tax
 * code or number that agrees is enough, as the other may have been corrected; without either, birth date and name decide.
 * A number alone does not make one person of two.
 */
export function requireSamePatient(visit: Visit, said: PatientFacts): void {
  const code = visit.taxCode && said.taxCode ? visit.taxCode === said.taxCode : undefined
  const number = agreesInNumber(visit, said)
  if (code) return
  if (number && !areTwoPeople(visit, said)) return
  const differs =
    code === false ||
    number !== undefined ||
    (said.birthDate !== undefined && said.birthDate !== visit.birthDate) ||
    (said.familyName !== undefined && foldedName(said.familyName) !== foldedName(visit.familyName))
  if (!differs) return
  throw new Hl7Refusal(
    'AE',
    204,
    'The visit of this Accession Number is another patient’s: nothing was changed.',
    { location: 'PID-3', reason: 'report.other_patient' },
  )
}

/** undefined: one of them has no number, or another authority assigned it. */
function agreesInNumber({ patientId, patientAuthority }: Visit, said: PatientFacts): boolean | undefined {
  if (!patientId || !said.patientId) return undefined
  const ours = { id: patientId, authority: patientAuthority ?? '' }
  return areComparable(ours, numberOf(said)) ? patientId === said.patientId : undefined
}

/** Refuses a report of which nothing but the Accession Number says whose it is: a number mistyped once shows it to a stranger. */
export function requireIdentified(visit: Visit, said: PatientFacts): void {
  const agrees =
    agreesInNumber(visit, said) ||
    (said.taxCode !== undefined && said.taxCode === visit.taxCode) ||
    said.birthDate === visit.birthDate
  if (agrees) return
  throw new Hl7Refusal(
    'AE',
    101,
    'Nothing in the message says that the report is of the person of this visit: send the birth date (PID-7), the tax code or the patient’s number as the visit has it.',
    { location: 'PID-3', reason: 'report.unidentified' },
  )
}
