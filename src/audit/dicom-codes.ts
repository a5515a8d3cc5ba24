import type { AuditEvent } from './audit.ts'

/** A coded value: csd-code, codeSystemName, originalText (PS3.15 §A.5.1). */
export type Code = readonly [code: string, system: 'DCM' | 'RFC-3881' | '99RITIRO', text: string]

/** Codes of PS3.16 that the messages use. */
export const DCM = {
  applicationActivity: ['110100', 'DCM', 'Application Activity'],
  auditLogUsed: ['110101', 'DCM', 'Audit Log Used'],
  instancesAccessed: ['110103', 'DCM', 'DICOM Instances Accessed'],
  export: ['110106', 'DCM', 'Export'],
  patientRecord: ['110110', 'DCM', 'Patient Record'],
  procedureRecord: ['110111', 'DCM', 'Procedure Record'],
  securityAlert: ['110113', 'DCM', 'Security Alert'],
  userAuthentication: ['110114', 'DCM', 'User Authentication'],
  applicationStart: ['110120', 'DCM', 'Application Start'],
  applicationStop: ['110121', 'DCM', 'Application Stop'],
  login: ['110122', 'DCM', 'Login'],
  logout: ['110123', 'DCM', 'Logout'],
  useOfRestrictedFunction: ['110132', 'DCM', 'Use of Restricted Function'],
  objectSecurityChanged: ['110135', 'DCM', 'Object Security Attributes Changed'],
  userSecurityChanged: ['110137', 'DCM', 'User Security Attributes Changed'],
  application: ['110150', 'DCM', 'Application'],
  destination: ['110152', 'DCM', 'Destination Role ID'],
  source: ['110153', 'DCM', 'Source Role ID'],
  destinationMedia: ['110154', 'DCM', 'Destination Media'],
  studyInstanceUid: ['110180', 'DCM', 'Study Instance UID'],
  uriMedia: ['110037', 'DCM', 'URI'],
  patientNumber: ['2', 'RFC-3881', 'Patient Number'],
  uri: ['12', 'RFC-3881', 'URI'],
} as const satisfies Record<string, Code>

/** The messages of PS3.15 §A.5.3 that our events become. */
export type Family =
  | 'applicationActivity'
  | 'auditLogUsed'
  | 'instancesAccessed'
  | 'export'
  | 'patientRecord'
  | 'procedureRecord'
  | 'securityAlert'
  | 'userAuthentication'

export type Mapping = {
  family: Family
  /** Create, Read, Update, Delete, Execute. */
  action: 'C' | 'R' | 'U' | 'D' | 'E'
  /** EventTypeCode where the standard asks for one. */
  type?: Code
  /** EventOutcomeIndicator: success, minor failure, serious failure. */
  outcome: '0' | '4' | '8'
  /** What happened, for people. */
  text: string
}

/** How each act of the trail is told: the table of docs/audit.md. */
export const MAPPINGS: Record<AuditEvent['event'], Mapping> = {
  'gateway.started': application(DCM.applicationStart, 'Gateway started'),
  'gateway.stopped': application(DCM.applicationStop, 'Gateway stopped'),
  'access.login': authentication(DCM.login, '0', 'Signed in'),
  'access.failed': authentication(DCM.login, '4', 'Wrong PIN'),
  'identity.login': authentication(DCM.login, '0', 'Signed in by SPID or CIE'),
  'identity.failed': authentication(DCM.login, '4', 'Login by SPID or CIE refused'),
  'access.logout': authentication(DCM.logout, '0', 'Signed out'),
  'access.alarm': alert(DCM.userSecurityChanged, '8', 'Wrong PINs from many sources at once'),
  'access.locked': alert(DCM.userSecurityChanged, '8', 'Attempt at a PIN1 that is locked after wrong PINs'),
  'share.suspended': alert(DCM.userSecurityChanged, '8', 'Share suspended after wrong PINs'),
  'share.created': alert(DCM.objectSecurityChanged, '0', 'Shared with a doctor'),
  'share.revoked': alert(DCM.objectSecurityChanged, '0', 'Share revoked by the patient'),
  'share.ended': alert(DCM.objectSecurityChanged, '0', 'Share ended'),
  'share.pin_shown': alert(DCM.useOfRestrictedFunction, '0', 'PIN of a share shown to the patient'),
  'share.pin_renewed': alert(DCM.userSecurityChanged, '0', 'PIN of a share renewed'),
  'pin1.reissued': alert(DCM.userSecurityChanged, '0', 'PIN1 reissued'),
  'visit.unlocked': alert(DCM.userSecurityChanged, '0', 'PIN1 unlocked'),
  'pin2.issued': alert(DCM.userSecurityChanged, '0', 'PIN2 issued'),
  'pin2.requested': alert(DCM.userSecurityChanged, '0', 'PIN2 requested again'),
  'report.viewed': { family: 'instancesAccessed', action: 'R', outcome: '0', text: 'Report viewed' },
  'images.viewed': { family: 'instancesAccessed', action: 'R', outcome: '0', text: 'Images viewed' },
  'report.read': { family: 'export', action: 'R', outcome: '0', text: 'Report read by a system' },
  'report.downloaded': { family: 'export', action: 'R', outcome: '0', text: 'Signed report downloaded' },
  'disc.downloaded': { family: 'export', action: 'R', outcome: '0', text: 'Disc image downloaded' },
  'disc.completed': { family: 'export', action: 'R', outcome: '0', text: 'Disc image downloaded to its end' },
  'accesses.viewed': auditLogUsed('Accesses to the exams read'),
  'receipt.downloaded': auditLogUsed('Receipt of collection read'),
  'staff.login': authentication(DCM.login, '0', 'Member of the staff signed in'),
  'staff.failed': authentication(DCM.login, '4', 'Sign-in to the console refused'),
  'staff.logout': authentication(DCM.logout, '0', 'Member of the staff signed out'),
  'staff.locked': alert(DCM.userSecurityChanged, '8', 'Attempt at an account of the console that is locked'),
  'staff.created': alert(DCM.userSecurityChanged, '0', 'Account of the console created'),
  'staff.changed': alert(DCM.userSecurityChanged, '0', 'Roles of an account changed'),
  'staff.reset': alert(DCM.userSecurityChanged, '0', 'Account of the console reset'),
  'staff.disabled': alert(DCM.userSecurityChanged, '0', 'Account of the console disabled'),
  'staff.enabled': alert(DCM.userSecurityChanged, '0', 'Account of the console enabled'),
  'staff.set_up': alert(DCM.userSecurityChanged, '0', 'Account of the console set up by its owner'),
  'staff.password_changed': alert(DCM.userSecurityChanged, '0', 'Password changed by its owner'),
  'staff.codes_renewed': alert(DCM.userSecurityChanged, '0', 'Recovery codes renewed by their owner'),
  'pin1.printed': alert(DCM.useOfRestrictedFunction, '0', 'Slip with PIN1 opened at the desk'),
  'pin2.shown': alert(DCM.useOfRestrictedFunction, '0', 'PIN2 shown at the desk'),
  'audit.read': auditLogUsed('Audit trail read'),
  'audit.exported': auditLogUsed('Audit trail exported'),
  'audit.verified': auditLogUsed('Audit trail verified'),
  'desk.searched': patientRecord('R', '0', 'Visits searched at the desk'),
  'visit.deleted': patientRecord('D', '0', 'Visit deleted at the end of its term'),
  'exam.excluded': procedureRecord('U', '0', 'Exam excluded from online delivery'),
  'exam.included': procedureRecord('U', '0', 'Exam no longer excluded from online delivery'),
  'attention.dismissed': procedureRecord('U', '0', 'Matter that needed attention dismissed with a note'),
  'visit.registered': patientRecord('C', '0', 'Visit registered'),
  'visit.changed': patientRecord('U', '0', 'Visit changed'),
  'visit.read': patientRecord('R', '0', 'Visit read'),
  'consent.given': patientRecord('U', '0', 'Consent given'),
  'consent.withdrawn': patientRecord('U', '0', 'Consent withdrawn'),
  'mail.sent': patientRecord('R', '0', 'Notification sent'),
  'mail.refused': patientRecord('R', '4', 'Notification refused by the mail server'),
  'report.delivered': procedureRecord('C', '0', 'Report delivered'),
  'report.refused': procedureRecord('C', '4', 'Report refused'),
  'report.withdrawn': procedureRecord('U', '0', 'Report withdrawn by its sender'),
  'message.refused': procedureRecord('C', '4', 'HL7 message not applied, kept for the desk'),
  'message.opened': procedureRecord('R', '0', 'Kept HL7 message read'),
  'message.replayed': procedureRecord('U', '0', 'HL7 message applied later'),
  'message.dismissed': procedureRecord('U', '0', 'HL7 message put aside'),
  'message.expired': procedureRecord('U', '0', 'Kept HL7 message deleted, not applied'),
  'publication.published': procedureRecord('U', '0', 'Report and images published'),
  'publication.updated': procedureRecord('U', '0', 'Publication replaced by a corrected report'),
  'publication.ended': procedureRecord('U', '0', 'Publication ended'),
}

/** The mapping of an event by its stored name; a name that this version does not know is told as a record that was read. */
export function mappingOf(event: string): Mapping {
  const known: Partial<Record<string, Mapping>> = MAPPINGS
  return known[event] ?? { family: 'procedureRecord', action: 'R', outcome: '0', text: event }
}

function application(type: Code, text: string): Mapping {
  return { family: 'applicationActivity', action: 'E', type, outcome: '0', text }
}

function authentication(type: Code, outcome: '0' | '4', text: string): Mapping {
  return { family: 'userAuthentication', action: 'E', type, outcome, text }
}

// §A.5.3.11: success is informative; a serious failure tells that what was done against it worked.
function alert(type: Code, outcome: '0' | '8', text: string): Mapping {
  return { family: 'securityAlert', action: 'E', type, outcome, text }
}

function auditLogUsed(text: string): Mapping {
  return { family: 'auditLogUsed', action: 'R', outcome: '0', text }
}

function patientRecord(action: 'C' | 'R' | 'U' | 'D', outcome: '0' | '4', text: string): Mapping {
  return { family: 'patientRecord', action, outcome, text }
}

function procedureRecord(action: 'C' | 'R' | 'U', outcome: '0' | '4', text: string): Mapping {
  return { family: 'procedureRecord', action, outcome, text }
}
