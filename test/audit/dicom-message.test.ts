import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MAPPINGS } from '../../src/audit/dicom-codes.ts'
import { auditMessage, type RowContext, type TrailRow } from '../../src/audit/dicom-message.ts'
import { all, complaintsOf, type Node, parseXml, trailDetails } from './xml.ts'

const SOURCE = {
  organisation: 'Ospedale “San Giovanni” & figli',
  portalUrl: 'https://referti.ospedale.example',
}
const VISIT = '6f1c1c1e-0000-4000-8000-000000000001'
const SHARE = '6f1c1c1e-0000-4000-8000-000000000002'
const EXAM = '6f1c1c1e-0000-4000-8000-000000000003'
const CONTEXT: RowContext = {
  patient: { familyName: "D'Alì", givenName: 'Niccolò', patientId: 'P1' },
  doctor: { familyName: 'Bianchi', givenName: 'Anna' },
  accessionNumber: 'ACC001',
  studyInstanceUids: ['1.2.3', '1.2.4'],
}
const EVENTS = Object.keys(MAPPINGS)

function row(changes: Partial<TrailRow> = {}): TrailRow {
  return {
    seq: 42,
    at: new Date('2026-11-23T10:00:00.123Z'),
    event: 'report.viewed',
    actor: 'patient',
    source: '192.0.2.7',
    visitId: VISIT,
    examId: EXAM,
    details: {},
    previousHash: 'a'.repeat(64),
    hash: 'b'.repeat(64),
    ...changes,
  }
}

function told(changes: Partial<TrailRow> = {}, context: RowContext = CONTEXT): Node {
  return parseXml(auditMessage(row(changes), context, SOURCE))
}

const event = (message: Node) => all(message, 'EventIdentification')[0]
const codes = (node: Node | undefined, name: string) =>
  all(node, name).map(({ attributes }) => attributes['csd-code'])
const participants = (message: Node) => all(message, 'ActiveParticipant')
const withRole = (message: Node, role: string) =>
  participants(message).filter((participant) => codes(participant, 'RoleIDCode').includes(role))
const objectsOfRole = (message: Node, role: string) =>
  all(message, 'ParticipantObjectIdentification').filter(
    ({ attributes }) => attributes.ParticipantObjectTypeCodeRole === role,
  )

test('every event, by everyone, with all or nothing known, is a message of the schema of PS3.15 §A.5.1', async () => {
  const nothing: RowContext = { patient: null, doctor: null, accessionNumber: null, studyInstanceUids: [] }
  const messages: string[] = []
  for (const name of [...EVENTS, 'an.event_of_tomorrow']) {
    for (const actor of ['patient', `doctor:${SHARE}`, 'ris:PACS & <RIS>', 'system', 'anonymous']) {
      const details = { share: SHARE, reason: 'x', version: 2 }
      messages.push(auditMessage(row({ event: name, actor, details }), CONTEXT, SOURCE))
      const bare = row({ event: name, actor, source: null, visitId: null, examId: null })
      messages.push(auditMessage(bare, nothing, SOURCE))
    }
  }
  expect(messages.length).toBeGreaterThan(300)
  expect(await complaintsOf(messages)).toEqual([])
}, 60_000)

test('the schema check finds what is missing, in the wrong place or not of its set', async () => {
  const good = auditMessage(row(), CONTEXT, SOURCE)
  const broken = [
    good.replace(/ EventOutcomeIndicator="0"/, ''),
    good.replace('EventOutcomeIndicator="0"', 'EventOutcomeIndicator="5"'),
    good.replace(/ UserIsRequestor="true"/, ''),
    good.replace(/<AuditSourceIdentification.*?<\/AuditSourceIdentification>/, ''),
    good.replace('10:00:00.123Z', '10:00:00.123'),
    good.replace(/<ParticipantObjectName>.*?<\/ParticipantObjectName>/, ''),
    good.replace(/ originalText="Report viewed"/, ''),
  ]
  for (const message of broken) {
    expect(message).not.toBe(good)
    expect(await complaintsOf([message])).not.toEqual([])
  }
})

test('the same row and context give the same bytes', () => {
  expect(auditMessage(row(), CONTEXT, SOURCE)).toBe(auditMessage(row(), structuredClone(CONTEXT), SOURCE))
})

test.each([
  ['access.login', 'patient', '110122', '0'],
  ['access.failed', 'anonymous', '110122', '4'],
  ['access.failed', `doctor:${SHARE}`, '110122', '4'],
  ['access.logout', 'patient', '110123', '0'],
])('%s by %s is a User Authentication (§A.5.3.12)', (name, actor, type, outcome) => {
  const message = told({ event: name, actor })
  expect(event(message)?.attributes).toEqual({
    EventActionCode: 'E',
    EventDateTime: '2026-11-23T10:00:00.123Z',
    EventOutcomeIndicator: outcome,
  })
  expect(codes(event(message), 'EventID')).toEqual(['110114'])
  expect(codes(event(message), 'EventTypeCode')).toEqual([type, name])
  expect(participants(message).map(({ attributes }) => attributes.UserIsRequestor)).toEqual(['true', 'false'])
  expect(participants(message)[0]?.attributes).toMatchObject({
    NetworkAccessPointTypeCode: '2',
    NetworkAccessPointID: '192.0.2.7',
  })
  expect(objectsOfRole(message, '1')).toEqual([])
})

test('a wrong PIN1 that nobody has names an unknown person, and still a place (§A.5.3.12)', () => {
  const [person] = participants(
    told({ event: 'access.failed', actor: 'anonymous', visitId: null, source: null }),
  )
  expect(person?.attributes).toMatchObject({
    UserID: 'unknown@referti.ospedale.example',
    NetworkAccessPointTypeCode: '1',
    NetworkAccessPointID: 'unknown',
  })
  expect(person?.attributes.UserName).toBeUndefined()
})

test.each([
  ['report.viewed', 'patient', `visit-${VISIT}`, "D'Alì Niccolò"],
  ['images.viewed', `doctor:${SHARE}`, `share-${SHARE}`, 'Bianchi Anna'],
])('%s is DICOM Instances Accessed: who, which studies, whose (§A.5.3.6)', (name, actor, login, userName) => {
  const message = told({ event: name, actor })
  expect(codes(event(message), 'EventID')).toEqual(['110103'])
  expect(event(message)?.attributes).toMatchObject({ EventActionCode: 'R', EventOutcomeIndicator: '0' })
  expect(participants(message)[0]?.attributes).toEqual({
    UserID: `${login}@referti.ospedale.example`,
    UserName: userName,
    UserIsRequestor: 'true',
    NetworkAccessPointTypeCode: '2',
    NetworkAccessPointID: '192.0.2.7',
  })
  const studies = objectsOfRole(message, '3')
  expect(studies.map(({ attributes }) => attributes.ParticipantObjectID)).toEqual(['1.2.3', '1.2.4'])
  for (const study of studies) {
    expect(study.attributes.ParticipantObjectTypeCode).toBe('2')
    expect(codes(study, 'ParticipantObjectIDTypeCode')).toEqual(['110180'])
    expect(all(study, 'ParticipantObjectName')[0]?.text).toBe('ACC001')
  }
  const [patient] = objectsOfRole(message, '1')
  expect(patient?.attributes).toMatchObject({ ParticipantObjectID: 'P1', ParticipantObjectTypeCode: '1' })
  expect(all(patient, 'ParticipantObjectIDTypeCode')[0]?.attributes).toEqual({
    'csd-code': '2',
    codeSystemName: 'RFC-3881',
    originalText: 'Patient Number',
  })
  expect(all(patient, 'ParticipantObjectName')[0]?.text).toBe("D'Alì^Niccolò")
})

test('a report without images is a Procedure Record, which needs no study (§A.5.3.15)', () => {
  const message = told({}, { ...CONTEXT, studyInstanceUids: [] })
  expect(codes(event(message), 'EventID')).toEqual(['110111'])
  expect(event(message)?.attributes.EventActionCode).toBe('R')
  expect(objectsOfRole(message, '1')).toHaveLength(1)
})

test.each(['report.downloaded', 'disc.downloaded'])(
  '%s is a Data Export: receiver, exporter, media (§A.5.3.4)',
  (name) => {
    const message = told({ event: name })
    expect(codes(event(message), 'EventID')).toEqual(['110106'])
    expect(event(message)?.attributes.EventActionCode).toBe('R')
    expect(withRole(message, '110152').map(({ attributes }) => attributes.UserIsRequestor)).toEqual(['true'])
    expect(withRole(message, '110153').map(({ attributes }) => attributes.UserIsRequestor)).toEqual(['false'])
    const [media] = withRole(message, '110154')
    expect(media?.attributes).toMatchObject({
      UserIsRequestor: 'false',
      NetworkAccessPointTypeCode: '2',
      NetworkAccessPointID: '192.0.2.7',
    })
    expect(codes(all(media, 'MediaIdentifier')[0], 'MediaType')).toEqual(['110037'])
    expect(objectsOfRole(message, '3')).toHaveLength(2)
    expect(objectsOfRole(message, '1')).toHaveLength(1)
  },
)

test.each([
  ['access.locked', 'anonymous', '110137', '8'],
  ['share.suspended', `doctor:${SHARE}`, '110137', '8'],
  ['pin1.reissued', 'ris:RIS', '110137', '0'],
  ['share.created', 'patient', '110135', '0'],
])('%s is a Security Alert with its description (§A.5.3.11)', (name, actor, type, outcome) => {
  const message = told({ event: name, actor, details: actor.startsWith('doctor') ? { share: SHARE } : {} })
  expect(codes(event(message), 'EventID')).toEqual(['110113'])
  expect(codes(event(message), 'EventTypeCode')).toEqual([type, name])
  expect(event(message)?.attributes).toMatchObject({ EventActionCode: 'E', EventOutcomeIndicator: outcome })
  expect(participants(message).map(({ attributes }) => attributes.UserIsRequestor)).toEqual([
    'false',
    'false',
  ])
  const subjects = objectsOfRole(message, '13')
  expect(subjects[0]?.attributes.ParticipantObjectID).toBe(
    `urn:uuid:${actor.startsWith('doctor') ? SHARE : VISIT}`,
  )
  for (const subject of subjects)
    expect(all(subject, 'ParticipantObjectDetail').map(({ attributes }) => attributes.type)).toContain(
      'Alert Description',
    )
})

test('who reads the accesses is told as Audit Log Used (§A.5.3.2)', () => {
  const message = told({ event: 'accesses.viewed' })
  expect(codes(event(message), 'EventID')).toEqual(['110101'])
  const logs = objectsOfRole(message, '13')
  expect(logs).toHaveLength(1)
  expect(logs[0]?.attributes).toMatchObject({
    ParticipantObjectID: 'https://referti.ospedale.example/#audit-trail',
    ParticipantObjectTypeCode: '2',
  })
  expect(codes(logs[0], 'ParticipantObjectIDTypeCode')).toEqual(['12'])
  expect(all(logs[0], 'ParticipantObjectName')[0]?.text).toBe('Security Audit Log')
})

test.each([
  ['gateway.started', '110120'],
  ['gateway.stopped', '110121'],
])('%s is an Application Activity (§A.5.3.1)', (name, type) => {
  const message = told({ event: name, actor: 'system', source: null, visitId: null, examId: null })
  expect(codes(event(message), 'EventID')).toEqual(['110100'])
  expect(codes(event(message), 'EventTypeCode')[0]).toBe(type)
  expect(participants(message)).toHaveLength(1)
  expect(withRole(message, '110150')).toHaveLength(1)
})

test('every message carries the row and its hash, so that the repository can vouch for the chain (S39)', () => {
  for (const name of EVENTS)
    expect(trailDetails(told({ event: name }))).toMatchObject({
      seq: '42',
      hash: 'b'.repeat(64),
      previousHash: 'a'.repeat(64),
      visit: VISIT,
      exam: EXAM,
    })
})

test('at most one participant is the requestor (§A.5.2)', () => {
  for (const name of EVENTS)
    for (const actor of ['patient', `doctor:${SHARE}`, 'ris:RIS', 'system', 'anonymous'])
      expect(
        participants(told({ event: name, actor })).filter(
          ({ attributes }) => attributes.UserIsRequestor === 'true',
        ).length,
      ).toBeLessThanOrEqual(1)
})

test('of an act’s details only known ones leave: no PIN, token or address that a later event might hold', () => {
  const details = {
    pin: '5856183',
    token: 'tok-secret',
    email: 'anna@example.org',
    reason: 'report.altered',
    version: 3,
  }
  const xml = auditMessage(row({ details }), CONTEXT, SOURCE)
  const sent = trailDetails(parseXml(xml))
  expect(sent).toMatchObject({ reason: 'report.altered', version: '3' })
  for (const secret of ['5856183', 'tok-secret', 'anna@example.org']) {
    expect(xml).not.toContain(secret)
    expect(xml).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''))
    expect(Object.values(sent)).not.toContain(secret)
  }
})

test('names of any kind stay text, and the message stays one line of well-formed XML (S50)', async () => {
  const names = [
    '"><script>alert(1)</script>',
    "' onload='x",
    ']]><!--',
    '&amp;&#0;',
    'a\r\nb\tc\u2028d',
    'nul\u0000bell\u0007del\u007f',
    'lone \ud800 surrogate',
    '\ufffe\uffff',
    'رفيق \u202e gnp.exe',
    '^',
    '   ',
  ]
  const messages = names.map((name) =>
    auditMessage(
      row({ actor: `ris:${name}`, source: name, event: 'visit.read', details: { reason: name } }),
      {
        patient: { familyName: name, givenName: name, patientId: name },
        doctor: null,
        accessionNumber: name,
        studyInstanceUids: ['1.2.3'],
      },
      SOURCE,
    ),
  )
  for (const message of messages) expect(message).not.toMatch(/[\r\n]/)
  expect(await complaintsOf(messages)).toEqual([])
  const [patient] = objectsOfRole(parseXml(messages[0] ?? ''), '1')
  expect(all(patient, 'ParticipantObjectName')[0]?.text).toBe(`${names[0]}^${names[0]}`)
})

test('what was deleted meanwhile is absent, never an empty claim', async () => {
  const gone: RowContext = { patient: null, doctor: null, accessionNumber: null, studyInstanceUids: [] }
  const xml = auditMessage(row({ actor: `doctor:${SHARE}` }), gone, SOURCE)
  const message = parseXml(xml)
  expect(participants(message)[0]?.attributes.UserName).toBeUndefined()
  const [patient] = objectsOfRole(message, '1')
  expect(patient?.attributes.ParticipantObjectID).toBe(VISIT)
  expect(all(patient, 'ParticipantObjectName')[0]?.text).toBe('not kept any more')
  expect(await complaintsOf([xml])).toEqual([])
})

test('the table of docs/audit.md tells of each event what is sent', () => {
  const page = readFileSync('docs/audit.md', 'utf8')
  for (const name of EVENTS) {
    const message = told({ event: name })
    const [id] = codes(event(message), 'EventID')
    const [type = ''] = codes(event(message), 'EventTypeCode').filter((code) => code !== name)
    const { EventActionCode, EventOutcomeIndicator } = event(message)?.attributes ?? {}
    const [line] = page.split('\n').filter((text) => text.startsWith(`| \`${name}\` |`))
    expect(line).toMatch(
      new RegExp(
        `\\(${id}\\)[ ¹]* \\| ?${type}[^|]*\\| ${EventActionCode} \\| ${EventOutcomeIndicator} \\|$`,
      ),
    )
  }
})
