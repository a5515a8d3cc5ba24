import { transact } from '../audit/audit.ts'
import { publishReady, type Visit } from '../publications/publications.ts'
import { newVisit } from '../ris/visit-input.ts'
import { addExam, cancelExam, changeExam, examsOf, type OrderedExam } from '../visits/exams.ts'
import { firstWord, newsIn, notesOn, takeNews } from '../visits/heard.ts'
import { lockVisit } from '../visits/lock.ts'
import { findVisitIfAny, registerVisit } from '../visits/visits.ts'
import type { Act, Call, Intake, Received } from './call.ts'
import type { Mapping } from './mapping.ts'
import type { Segment } from './message.ts'
import { factsAlone, patientOf, requireSamePatient, underCurrentNumber } from './patient.ts'
import { Hl7Refusal } from './refusal.ts'
import { dayOf, orderGroups, type PatientFacts, type Reader, readerOf, readPatient } from './values.ts'

type Order = {
  action: 'place' | 'cancel'
  accessionNumber: string
  visitNumber: string | undefined
  /** The PID that it stands under. */
  person: Segment | undefined
  exam: Partial<OrderedExam>
  patient: PatientFacts
}

/** ORM^O01, OMG^O19, OMI^O23: each order is an exam; a new one registers its visit, a cancelled one is not done. */
export function order({ message }: Received, { mapping }: Intake): Act {
  const groups = orderGroups(message)
  if (groups.length === 0)
    throw new Hl7Refusal('AE', 100, 'An order needs an ORC or OBR segment.', { location: 'ORC' })
  const orders = groups.map((group) => readOrder(group, readerOf(group, message.delimiters), mapping))
  // Exams of one patient in one message are one acceptance, whatever number joins them.
  const [first] = orders
  return async (call) => {
    const done = { registered: 0, added: 0, changed: 0, cancelled: 0, unknown: 0 }
    const notes = new Set<string>()
    for (const order of orders) {
      const each = { ...order, patient: await underCurrentNumber(call, order.patient) }
      const ofFirst = first && isOfOne(order, first) ? first : each
      const visitNumber = each.visitNumber ?? ofFirst.visitNumber ?? ofFirst.accessionNumber
      const what = each.action === 'cancel' ? await cancel(call, each) : await place(call, each, visitNumber)
      done[what] += 1
      for (const note of await notesOf(call, each)) notes.add(note)
    }
    const told = Object.entries(done).filter(([, count]) => count > 0)
    if (orders.some(({ patient }) => patient.emailUnusable))
      notes.add('The e-mail address is not usable and was passed over.')
    return [`Exams: ${told.map(([what, count]) => `${count} ${what}`).join(', ')}.`, ...notes].join(' ')
  }
}

const isOfOne = (a: Order, b: Order) =>
  a.person === b.person ||
  (a.patient.patientId !== undefined &&
    a.patient.patientId === b.patient.patientId &&
    a.patient.patientAuthority === b.patient.patientAuthority)

async function notesOf({ db }: Call, { action, accessionNumber, patient }: Order): Promise<string[]> {
  const visit = action === 'place' ? await findVisitIfAny(db, accessionNumber) : null
  return visit ? notesOn(visit, patient) : []
}

function readOrder(segments: readonly Segment[], reader: Reader, mapping: Mapping): Order {
  const { first } = reader
  const control = (first(mapping.orderControl) ?? '').toUpperCase()
  const isCancelled = mapping.cancelledOrder.includes(control)
  if (!isCancelled && !mapping.newOrder.includes(control))
    throw new Hl7Refusal('AE', 103, 'The order control code is not known: add it to the mapping.', {
      location: 'ORC-1',
    })
  const accessionNumber = first(mapping.accessionNumber)
  if (!accessionNumber)
    throw new Hl7Refusal('AE', 101, 'The Accession Number is missing where the mapping looks for it.', {
      location: segments.some(({ name }) => name === 'OBR') ? 'OBR-18' : 'ORC-3',
    })
  const noImages = first(mapping.noImages)
  const codes = reader.all(mapping.excluded).map((code) => code.toUpperCase())
  const exams = segments.filter(({ name }) => name === 'OBR').map(({ fields }) => fields[4] ?? '')
  const code = exams[0]?.split(/[\^&]/)[0]?.trim().toUpperCase()
  return {
    action: isCancelled ? 'cancel' : 'place',
    accessionNumber,
    visitNumber: first(mapping.visitNumber),
    person: segments.find(({ name }) => name === 'PID'),
    patient: readPatient(reader, mapping),
    exam: {
      description: first(mapping.exam),
      date: reader.all(mapping.examDate).map(dayOf).find(Boolean),
      // An order that says nothing of images changes nothing of them.
      imagesExpected:
        noImages === undefined ? undefined : !mapping.noImagesValues.includes(noImages.toUpperCase()),
      excluded:
        codes.some((given) => mapping.excludedValues.includes(given)) ||
        (code !== undefined && mapping.excludedExams.includes(code)),
    } as Partial<OrderedExam>,
  }
}

async function place(
  call: Call,
  { accessionNumber, exam, patient: said }: Order,
  visitNumber: string,
): Promise<'registered' | 'added' | 'changed'> {
  const known = await findVisitIfAny(call.db, accessionNumber)
  if (known) {
    requireSamePatient(known, said)
    const [ofNumber, ...others] = await examsOf(call.db, accessionNumber)
    // One number for several exams: which of them is meant cannot be told, and they are there.
    if (ofNumber && others.length === 0) {
      const { description, examDate: date, imagesExpected, excluded } = ofNumber
      await changeExam(call, ofNumber, { description, date, imagesExpected, excluded, ...defined(exam) })
    }
    await bringUpToDate(call, known, said)
    return 'changed'
  }
  const visit = await findVisitIfAny(call.db, visitNumber)
  if (visit) {
    requireSamePatient(visit, said)
    await addExam(call, visit.id, examOf(visitInput(visitNumber, accessionNumber, exam, ownFacts(visit))))
    await bringUpToDate(call, visit, said)
    return 'added'
  }
  const patient = await patientOf(call, said)
  await registerVisit(call, visitInput(visitNumber, accessionNumber, exam, patient), {
    heard: firstWord(call, factsAlone(said)),
    patientAuthority: (patient.patientId && patient.patientAuthority) || null,
  })
  return 'registered'
}

async function cancel(call: Call, { accessionNumber, patient }: Order): Promise<'cancelled' | 'unknown'> {
  const visit = await findVisitIfAny(call.db, accessionNumber)
  if (!visit) return 'unknown'
  requireSamePatient(visit, patient)
  for (const exam of await examsOf(call.db, accessionNumber)) await cancelExam(call, exam)
  return 'cancelled'
}

/** An order may bring the address or the consent that the first one did not have; what it only repeats changes nothing. */
async function bringUpToDate(call: Call, { id }: Visit, { email, consent }: PatientFacts): Promise<void> {
  await transact(call.db, async (tx) => {
    const visit = await lockVisit(tx, id)
    await takeNews(tx, visit, await newsIn(tx, visit, { email, consent }, call), call)
    await publishReady(tx, id, call.rules, call.now)
  })
}

/** Checked as the REST API checks it: what is wrong is told by the field's name, never by its value. */
function visitInput(
  visitNumber: string,
  accessionNumber: string,
  exam: Partial<OrderedExam>,
  patient: PatientFacts,
) {
  const { familyName, givenName, birthDate, birthPlace, taxCode, patientId, sex, email, consent } = patient
  const parsed = newVisit.safeParse({
    accessionNumber: visitNumber,
    patient: defined({
      familyName,
      givenName,
      birthDate,
      birthPlace: birthPlace ?? undefined,
      taxCode: taxCode ?? undefined,
      patientId,
      sex: sex ?? undefined,
    }),
    ...(email ? { email } : {}),
    consent: consent === true,
    exams: [{ accessionNumber, ...defined(exam) }],
  })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue?.path.filter((part) => typeof part === 'string').join('.') ?? ''
  const missing = issue?.code === 'invalid_type' && issue.input === undefined
  throw new Hl7Refusal(
    'AE',
    missing ? 101 : 102,
    missing ? `${path} is missing.` : `${path} cannot be used: ${issue?.message}.`,
    { location: PLACES[path] },
  )
}

const PLACES: Record<string, string> = {
  'patient.familyName': 'PID-5',
  'patient.givenName': 'PID-5',
  'patient.birthDate': 'PID-7',
  'patient.patientId': 'PID-3',
  'exams.description': 'OBR-4',
  'exams.date': 'OBR-7',
  'exams.accessionNumber': 'OBR-18',
  accessionNumber: 'ORC-4',
}

function examOf({ exams: [exam] }: ReturnType<typeof visitInput>): OrderedExam {
  if (!exam?.accessionNumber) throw new Error('an exam was checked away')
  const { accessionNumber, description, date, imagesExpected = true, excluded = false } = exam
  return { accessionNumber, description, date, imagesExpected, excluded }
}

// The visit's own, so that only the exam is checked.
const ownFacts = ({ familyName, givenName, birthDate }: Visit): PatientFacts => ({
  familyName,
  givenName,
  birthDate,
})

const defined = <Value extends object>(value: Value) =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Value
