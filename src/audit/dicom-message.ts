import { isIP } from 'node:net'
import type { auditEvents } from '../database/schema.ts'
import { type Code, DCM, type Family, type Mapping, mappingOf } from './dicom-codes.ts'
import { element, textElement } from './xml.ts'

/** The gateway as the audit repository knows it. */
export type AuditSource = { organisation: string; portalUrl: string }

export type TrailRow = typeof auditEvents.$inferSelect

/** What is known of a row's people and objects when it is sent; what was deleted since is null or missing. */
export type RowContext = {
  patient: { familyName: string; givenName: string; patientId: string | null } | null
  doctor: { familyName: string; givenName: string } | null
  /** Who of the staff did it. */
  staff?: { name: string } | null
  accessionNumber: string | null
  studyInstanceUids: string[]
}

/**
 * A row of the trail as a DICOM audit message (PS3.15 §A.5), the same bytes each time for the same row and context.
 * Every message also names the row itself, with its hash, so that the repository can vouch for the trail.
 */
export function auditMessage(row: TrailRow, context: RowContext, source: AuditSource): string {
  const told: Told = {
    row,
    context,
    source,
    mapping: mappingOf(row.event),
    node: new URL(source.portalUrl).hostname,
  }
  const message = element('AuditMessage', {}, [
    eventIdentification(told),
    ...PARTICIPANTS[familyOf(told)](told),
    element(
      'AuditSourceIdentification',
      { AuditEnterpriseSiteID: source.organisation, AuditSourceID: told.node },
      [
        // §A.5.1.2.1: 3 is a web server process.
        element('AuditSourceTypeCode', { 'csd-code': '3' }),
      ],
    ),
    ...objects(told),
  ])
  return `<?xml version="1.0" encoding="UTF-8"?>${message}`
}

type Told = { row: TrailRow; context: RowContext; source: AuditSource; mapping: Mapping; node: string }

// §A.5.3.6 wants at least one study: of an exam without images the report is a record of the procedure (§A.5.3.15).
function familyOf({ mapping: { family }, context }: Told): Family {
  return family === 'instancesAccessed' && context.studyInstanceUids.length === 0 ? 'procedureRecord' : family
}

function eventIdentification(told: Told): string {
  const { row, mapping } = told
  return element(
    'EventIdentification',
    {
      EventActionCode: mapping.action,
      EventDateTime: row.at.toISOString(),
      EventOutcomeIndicator: mapping.outcome,
    },
    [
      coded('EventID', DCM[familyOf(told)]),
      ...(mapping.type ? [coded('EventTypeCode', mapping.type)] : []),
      coded('EventTypeCode', [row.event, '99RITIRO', mapping.text]),
    ],
  )
}

const PARTICIPANTS: Record<Family, (told: Told) => string[]> = {
  applicationActivity: (told) => [gateway(told, { roles: [DCM.application] })],
  auditLogUsed: personAndGateway,
  instancesAccessed: personAndGateway,
  patientRecord: personAndGateway,
  procedureRecord: personAndGateway,
  // §A.5.3.12: where the person is must be told, even if it is not known.
  userAuthentication: (told) => [
    person(told, { requestor: true, place: told.row.source ?? 'unknown' }),
    gateway(told, {}),
  ],
  // §A.5.3.11: who did it is never the requestor of an alert.
  securityAlert: (told) => [
    gateway(told, {}),
    ...(told.row.actor === 'system' ? [] : [person(told, { requestor: false })]),
  ],
  // §A.5.3.4: who receives, who exports, and the media.
  export: (told) => [
    person(told, { requestor: true, roles: [DCM.destination] }),
    gateway(told, { roles: [DCM.source, DCM.application] }),
    media(told),
  ],
}

function personAndGateway(told: Told): string[] {
  if (told.row.actor === 'system') return [gateway(told, { requestor: true })]
  return [person(told, { requestor: true }), gateway(told, {})]
}

type Part = { requestor?: boolean; roles?: Code[]; place?: string }

function gateway({ node }: Told, { requestor = false, roles = [DCM.application] }: Part): string {
  return participant({ id: `gateway@${node}`, name: 'Ritiro', requestor, roles, place: node })
}

function person({ row, context, node }: Told, part: Part): string {
  const [kind = '', id = ''] = row.actor.split(/:(.*)/s)
  const { patient, doctor } = context
  const who: Record<string, { id: string; name?: string | undefined; role: Code }> = {
    patient: {
      id: `visit-${row.visitId ?? 'unknown'}`,
      name: fullName(patient),
      role: ['patient', '99RITIRO', 'Patient'],
    },
    doctor: { id: `share-${id}`, name: fullName(doctor), role: ['doctor', '99RITIRO', 'Doctor of a share'] },
    ris: { id, role: ['ris', '99RITIRO', 'Hospital information system'] },
    staff: {
      id: `staff-${id}`,
      name: context.staff?.name,
      role: ['staff', '99RITIRO', 'Staff of the console'],
    },
  }
  // Whose PIN1 was tried is known, who tried is not.
  const claimed = {
    id: row.visitId ? `visit-${row.visitId}` : 'unknown',
    role: ['anonymous', '99RITIRO', 'Unknown person'] as Code,
  }
  const { id: login, name, role } = { name: undefined, ...(who[kind] ?? claimed) }
  return participant({
    id: `${login}@${node}`,
    name,
    requestor: part.requestor === true,
    roles: [...(part.roles ?? []), role],
    place: part.place ?? row.source,
  })
}

function media({ row, mapping }: Told): string {
  // §A.5.2.1 c: what the file becomes on the person's device is not known to us.
  return participant(
    {
      id: `${mapping.text} by a browser`,
      requestor: false,
      roles: [DCM.destinationMedia],
      place: row.source ?? 'unknown',
    },
    [element('MediaIdentifier', {}, [coded('MediaType', DCM.uriMedia)])],
  )
}

function participant(
  who: { id: string; name?: string | undefined; requestor: boolean; roles: Code[]; place: string | null },
  more: string[] = [],
): string {
  const { id, name, requestor, roles, place } = who
  return element(
    'ActiveParticipant',
    {
      UserID: id,
      UserName: name,
      UserIsRequestor: String(requestor),
      // 1 is a machine's name, 2 an IP address.
      NetworkAccessPointTypeCode: place === null ? undefined : isIP(place) ? '2' : '1',
      NetworkAccessPointID: place ?? undefined,
    },
    [...roles.map((role) => coded('RoleIDCode', role)), ...more],
  )
}

function objects(told: Told): string[] {
  const { row, context } = told
  const family = familyOf(told)
  const withStudies = family === 'instancesAccessed' || family === 'export' || family === 'procedureRecord'
  return [
    ...(withStudies ? context.studyInstanceUids.map((uid) => study(uid, context.accessionNumber)) : []),
    // §A.5.3.1 and §A.5.3.12 have no objects of care.
    ...(row.visitId && family !== 'userAuthentication' ? [patientObject(row.visitId, context)] : []),
    ...(family === 'securityAlert' ? [alertSubject(told)] : []),
    trailObject(told),
  ]
}

function study(uid: string, accessionNumber: string | null): string {
  return object({
    id: uid,
    type: '2',
    role: '3',
    idType: DCM.studyInstanceUid,
    name: accessionNumber?.trim() || uid,
  })
}

function patientObject(visitId: string, { patient }: RowContext): string {
  const name =
    patient && [patient.familyName, patient.givenName].map((part) => part.replaceAll('^', ' ')).join('^')
  // A visit without the hospital's number is known here by its own.
  return object({
    id: patient?.patientId?.trim() || visitId,
    type: '1',
    role: '1',
    idType: DCM.patientNumber,
    name: name ?? 'not kept any more',
  })
}

function alertSubject({ row, source, mapping }: Told): string {
  const { share, staff } = row.details
  const subject = share ?? staff ?? row.visitId
  return object({
    id: subject === null || subject === undefined ? `${source.portalUrl}/` : `urn:uuid:${subject}`,
    type: '2',
    role: '13',
    idType: DCM.uri,
    name: share ? 'Share' : staff ? 'Account' : row.visitId ? 'Visit' : 'Portal',
    details: [['Alert Description', mapping.text]],
  })
}

// Of an act's details only these leave: what a later event might add is not sent before someone has looked at it.
const TOLD_DETAILS = [
  'share',
  'endedBy',
  'reason',
  'version',
  'sha256',
  'textVersion',
  'changed',
  'kind',
  'message',
  'staff',
  'roles',
  'by',
  'found',
] as const

function trailObject({ row, source, context, mapping }: Told): string {
  const details: [string, string | null][] = [
    // §A.5.3.11 wants it in each object of an alert.
    ['Alert Description', mapping.family === 'securityAlert' ? mapping.text : null],
    ['seq', String(row.seq)],
    ['hash', row.hash],
    ['previousHash', row.previousHash],
    ['visit', row.visitId],
    ['exam', row.examId],
    ['accessionNumber', context.accessionNumber],
    ...TOLD_DETAILS.map((name): [string, string | null] => {
      const value = row.details[name]
      return [name, value === undefined || value === null ? null : String(value)]
    }),
  ]
  return object({
    id: `${source.portalUrl}/#audit-trail`,
    type: '2',
    role: '13',
    idType: DCM.uri,
    // §A.5.3.2
    name: 'Security Audit Log',
    details: details.flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  })
}

function object(what: {
  id: string
  type: '1' | '2'
  role: '1' | '3' | '13'
  idType: Code
  name: string
  details?: [string, string][]
}): string {
  return element(
    'ParticipantObjectIdentification',
    {
      ParticipantObjectID: what.id,
      ParticipantObjectTypeCode: what.type,
      ParticipantObjectTypeCodeRole: what.role,
    },
    [
      coded('ParticipantObjectIDTypeCode', what.idType),
      textElement('ParticipantObjectName', what.name),
      ...(what.details ?? []).map(([type, value]) =>
        element('ParticipantObjectDetail', { type, value: Buffer.from(value, 'utf8').toString('base64') }),
      ),
    ],
  )
}

function coded(name: string, [code, system, text]: Code): string {
  return element(name, { 'csd-code': code, codeSystemName: system, originalText: text })
}

function fullName(who: { familyName: string; givenName: string } | null): string | undefined {
  return who ? `${who.familyName} ${who.givenName}` : undefined
}
