import type { MllpClient } from './mllp.ts'
import type { PlayedVisit } from './visits.ts'

type Say = (text: string) => void
type Physician = { title: string; givenName: string; familyName: string }

/**
 * Admits the person, orders the exam with their consent, and corrects what reception did not have at first: the address. Who
 * has no number cannot be admitted (PID-3): their order brings it all.
 */
export async function sendRegistration(
  line: MllpClient,
  visit: PlayedVisit,
  email: string,
  say: Say,
): Promise<void> {
  if (visit.patient.patientId === '') return sendOrder(line, visit, email, say)
  await exchange(line, say, [header(visit, 'ADT^A04', 'ADM'), patient(visit, ''), 'PV1|1|O'])
  await sendOrder(line, visit, '', say)
  await exchange(line, say, [header(visit, 'ADT^A08', 'COR'), patient(visit, email), 'PV1|1|O'])
}

/** Orders the exam, as a RIS does: the person, their address and consent, the Accession Number. */
async function sendOrder(line: MllpClient, visit: PlayedVisit, email: string, say: Say): Promise<void> {
  const { accessionNumber, exam, examDate } = visit
  await exchange(line, say, [
    header(visit, 'ORM^O01', 'ORD'),
    patient(visit, email),
    'ZRI|S',
    `ORC|NW|${field(accessionNumber)}|${field(accessionNumber)}`,
    `OBR|1|${field(accessionNumber)}|${field(accessionNumber)}|ESAME^${field(exam)}|||${compact(examDate)}|||||||||||${field(accessionNumber)}`,
  ])
}

/** Sends the report: its text and the signed document. */
export async function sendReport(
  line: MllpClient,
  visit: PlayedVisit,
  document: Uint8Array,
  { title, givenName, familyName }: Physician,
  say: Say,
): Promise<void> {
  const { accessionNumber, exam, examDate, reportText } = visit
  const number = field(accessionNumber)
  await exchange(line, say, [
    header(visit, 'ORU^R01', 'REF'),
    patient(visit, ''),
    `OBR|1|${number}|${number}|ESAME^${field(exam)}|||${compact(examDate)}|||||||||||${number}||||${compact(examDate)}||RAD|F|||||||1&${field(familyName)}&${field(givenName)}&&&${field(title)}`,
    `OBX|1|FT|REFERTO||${field(reportText)}||||||F`,
    `OBX|2|ED|DOCUMENTO||RIS^APPLICATION^PKCS7^Base64^${Buffer.from(document).toString('base64')}||||||F`,
  ])
}

async function exchange(line: MllpClient, say: Say, segments: string[]): Promise<void> {
  for (const segment of segments) say(`  → ${segment.length > 110 ? `${segment.slice(0, 107)}…` : segment}`)
  const [answer = ''] = await line.send(segments.map((segment) => `${segment}\r`).join(''))
  const told = answer.split('\r').find((segment) => segment.startsWith('MSA')) ?? answer
  say(`  ← ${told}`)
  if (!told.startsWith('MSA|AA|')) throw new Error(`The message was not taken: ${told}`)
}

// The same control ID at each start: a message that was applied is answered again, and nothing is done twice.
function header({ accessionNumber, examDate }: PlayedVisit, type: string, what: string): string {
  return `MSH|^~\\&|RIS|OSPEDALE|RITIRO|PORTALE|${compact(examDate)}||${type}|${what}-${field(accessionNumber)}|P|2.5||||||UNICODE UTF-8`
}

function patient({ patient: person }: PlayedVisit, email: string): string {
  const number = `${field(person.patientId)}^^^OSPEDALE^PI${person.taxCode ? `~${field(person.taxCode)}^^^MEF^NNITA` : ''}`
  const name = `${field(person.familyName)}^${field(person.givenName)}`
  const telecom = email ? `^NET^Internet^${field(email)}` : ''
  return `PID|1||${number}||${name}||${compact(person.birthDate)}|${person.sex}|||||${telecom}||||||||||${field(person.birthPlace)}`
}

const compact = (day: string) => day.replaceAll('-', '')

const ESCAPES: Record<string, string> = { '|': 'F', '^': 'S', '&': 'T', '~': 'R', '\\': 'E' }

const field = (text: string) =>
  text.replaceAll(/[|^&~\\]/g, (found) => `\\${ESCAPES[found]}\\`).replaceAll('\n', '\\.br\\')
