import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  bigserial,
  boolean,
  check,
  customType,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Change } from '../orthanc/orthanc.ts'
import type { SignatureReport } from '../signature/signature.ts'
import type { Role } from '../staff/permissions.ts'
import type { Corrected } from '../visits/corrected.ts'

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  toDriver: (value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength),
})
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

// lower() of a database in the C locale leaves these as they are. What has no counterpart (apostrophes) is left out.
const ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿšžćčđÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŸŠŽĆČĐ-’''"
const PLAIN = 'aaaaaaceeeeiiiinooooouuuuyyszccdaaaaaaceeeeiiiinooooouuuuyyszccd '

/** Names as the desk searches them: words without case and accents, in any order. The index and the search share it. */
export const searchableName = (familyName: SQLWrapper, givenName: SQLWrapper): SQL =>
  sql`to_tsvector('simple', lower(translate(${familyName} || ' ' || ${givenName}, ${sql.raw(`'${ACCENTED}'`)}, '${sql.raw(PLAIN)}')))`

/** One acceptance at reception: a person, their consent, and the two PINs that open what is published of it. */
export const visits = pgTable(
  'visits',
  {
    id: uuid().primaryKey().defaultRandom(),
    accessionNumber: text('accession_number').notNull().unique(),
    familyName: text('family_name').notNull(),
    givenName: text('given_name').notNull(),
    birthDate: date('birth_date').notNull(),
    birthPlace: text('birth_place'),
    taxCode: text('tax_code'),
    patientId: text('patient_id'),
    /** Who assigns that number, where a system named it (CX.4): two hospitals may have the same one. */
    patientAuthority: text('patient_authority'),
    sex: text(),
    email: text(),
    /** When the desk set the address; null where it is a system's, or nobody's. */
    emailByDeskAt: instant('email_by_desk_at'),
    /** What each system of the hospital last said of the person: what it only repeats undoes nothing. */
    heard: jsonb().$type<Record<string, Heard>>().notNull().default({}),
    /** What the desk corrected of the person: a system that goes on saying what stood there before undoes nothing. */
    corrected: jsonb().$type<Corrected>().notNull().default({}),
    registeredAt: instant('registered_at').notNull(),
    consent: boolean().notNull(),
    /** When the present consent was given or withdrawn, and which text the person was shown (S38). */
    consentAt: instant('consent_at').notNull(),
    consentTextVersion: text('consent_text_version').notNull(),
    /** Withdrawn and not given again: no message of a system turns it on (S2). */
    consentWithdrawnAt: instant('consent_withdrawn_at'),
    /** HMAC-SHA-256 of PIN1 under the pepper (S42): looked up, never read back. */
    pin1Digest: bytea('pin1_digest').notNull().unique(),
    pin1IssuedAt: instant('pin1_issued_at').notNull(),
    /** argon2id of PIN2; null until something is published (S4) and again when nothing is online any more (S26). */
    pin2Hash: text('pin2_hash'),
    pin2IssuedAt: instant('pin2_issued_at'),
  },
  (table) => [
    // What the desk searches by.
    index('visits_name_words').using('gin', searchableName(table.familyName, table.givenName)),
    index('visits_accession_prefix').on(sql`upper(${table.accessionNumber}) text_pattern_ops`),
    index('visits_tax_code_prefix').on(sql`upper(${table.taxCode}) text_pattern_ops`),
    index('visits_patient_id').on(sql`upper(${table.patientId})`),
    index().on(table.birthDate),
    index().on(table.registeredAt),
  ],
)

/** A prestazione of a visit. Its images are the studies that carry its Accession Number. */
export const exams = pgTable(
  'exams',
  {
    id: uuid().primaryKey().defaultRandom(),
    visitId: uuid('visit_id')
      .notNull()
      .references(() => visits.id, { onDelete: 'cascade' }),
    position: smallint().notNull(),
    accessionNumber: text('accession_number').notNull(),
    description: text().notNull(),
    examDate: date('exam_date').notNull(),
    imagesExpected: boolean('images_expected').notNull().default(true),
    /** Excluded by law from online delivery (S41): never published. */
    excluded: boolean().notNull().default(false),
    /** The order was cancelled: the exam is not done, and never published unless it is ordered again. */
    cancelledAt: instant('cancelled_at'),
    /** What the desk corrected of it, as in `visits`. */
    corrected: jsonb().$type<Corrected>().notNull().default({}),
  },
  (table) => [
    index().on(table.visitId),
    index().on(table.accessionNumber),
    index('exams_accession_prefix').on(sql`upper(${table.accessionNumber}) text_pattern_ops`),
    index().on(table.examDate),
  ],
)

/** A delivered report, one row a version (S7). The signed bytes are kept as they came (S18). */
export const reports = pgTable(
  'reports',
  {
    id: uuid().primaryKey().defaultRandom(),
    examId: uuid('exam_id')
      .notNull()
      .references(() => exams.id, { onDelete: 'cascade' }),
    version: integer().notNull(),
    sha256: text().notNull(),
    kind: text({ enum: ['p7m', 'pdf'] }).notNull(),
    /** As delivered; null after the portal's copy was deleted (S26). */
    document: bytea(),
    /** The PDF taken out of a .p7m; null where the document is the PDF itself or holds none. */
    pdf: bytea(),
    title: text(),
    body: text(),
    physician: text(),
    reportDate: date('report_date'),
    signature: jsonb().$type<SignatureReport>().notNull(),
    receivedAt: instant('received_at').notNull(),
    supersededAt: instant('superseded_at'),
    /** Proof of collection of this very version (S39b): by the person themself, never by a doctor. */
    firstViewedAt: instant('first_viewed_at'),
    firstDownloadedAt: instant('first_downloaded_at'),
    /** The disc that holds it, once it was sent to its end. */
    firstDiscAt: instant('first_disc_at'),
  },
  (table) => [
    uniqueIndex().on(table.examId, table.version),
    uniqueIndex().on(table.examId, table.sha256),
    index('reports_at_hand').on(table.receivedAt).where(sql`document is not null and superseded_at is null`),
  ],
)

/** An exam online: from when, until when, with which version of its report. */
export const publications = pgTable(
  'publications',
  {
    id: uuid().primaryKey().defaultRandom(),
    visitId: uuid('visit_id')
      .notNull()
      .references(() => visits.id, { onDelete: 'cascade' }),
    examId: uuid('exam_id')
      .notNull()
      .references(() => exams.id, { onDelete: 'cascade' }),
    reportId: uuid('report_id')
      .notNull()
      .references(() => reports.id),
    publishedAt: instant('published_at').notNull(),
    /** Last whole day online in Europe/Rome (S24), and the instant at which that day ends. */
    availableUntil: date('available_until').notNull(),
    endsAt: instant('ends_at').notNull(),
    endedAt: instant('ended_at'),
    endedBy: text('ended_by', { enum: ['patient', 'consent', 'expiry', 'desk', 'ris'] }),
    /** When a later version replaced the one that was published first (S7). */
    updatedAt: instant('updated_at'),
    /** First time the person opened the version that is shown now: until then they are reminded (S27). */
    openedAt: instant('opened_at'),
    /** The same dates of the version that is shown now: another version has not been collected (S39b). */
    firstViewedAt: instant('first_viewed_at'),
    firstDownloadedAt: instant('first_downloaded_at'),
    firstDiscAt: instant('first_disc_at'),
    /** When the reminder of S27 was queued. */
    remindedAt: instant('reminded_at'),
  },
  (table) => [
    index().on(table.visitId),
    uniqueIndex('publications_one_online_per_exam').on(table.examId).where(sql`ended_at is null`),
    index('publications_online_until').on(table.availableUntil).where(sql`ended_at is null`),
  ],
)

/** A study the PACS told us of, matched to exams by Accession Number whenever either comes (S6). */
export const studies = pgTable(
  'studies',
  {
    orthancId: text('orthanc_id').primaryKey(),
    studyInstanceUid: text('study_instance_uid').notNull(),
    accessionNumber: text('accession_number').notNull(),
    patientBirthDate: text('patient_birth_date'),
    description: text(),
    state: text({ enum: ['arriving', 'stable', 'gone'] }).notNull(),
    seriesCount: integer('series_count').notNull(),
    instanceCount: integer('instance_count').notNull(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
    /** Grows each time the study becomes stable: what was made from an earlier revision is out of date (S8). */
    revision: integer().notNull().default(0),
    changedAt: instant('changed_at').notNull(),
    /** Up to which revision it was looked through for reports among its objects. */
    documentsRevision: integer('documents_revision').notNull().default(0),
    /** By which settings: what other settings did not mean is looked at again when they change. */
    documentsSettings: text('documents_settings'),
  },
  (table) => [
    index().on(table.accessionNumber),
    index().on(table.studyInstanceUid),
    index().on(table.state, table.changedAt),
  ],
)

/** Objects of a study that are documents: each is handled once, and structured reports are shown as text. */
export const pacsDocuments = pgTable(
  'pacs_documents',
  {
    sopInstanceUid: text('sop_instance_uid').primaryKey(),
    orthancId: text('orthanc_id').notNull(),
    studyId: text('study_id')
      .notNull()
      .references(() => studies.orthancId, { onDelete: 'cascade' }),
    kind: text({ enum: ['pdf', 'cda', 'sr'] }).notNull(),
    /** 'passed': the configuration does not mean it. */
    state: text({ enum: ['taken', 'refused', 'passed', 'shown'] }).notNull(),
    reason: text(),
    seenAt: instant('seen_at').notNull(),
  },
  (table) => [index().on(table.studyId)],
)

/** How far Orthanc's /changes have been handled. One row. */
export const pacsCursor = pgTable(
  'pacs_cursor',
  {
    id: smallint().primaryKey().default(1),
    lastSeq: bigint('last_seq', { mode: 'number' }).notNull(),
    /** The last changes handled: an archive in which those numbers are other events is another archive. */
    lastChanges: jsonb('last_changes').$type<Change[]>().notNull().default([]),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [check('pacs_cursor_one_row', sql`${table.id} = 1`)],
)

/**
 * What the disc of a study's revision is made of: gzip of JSON, see disc/manifest.ts. Null while it is being made, by
 * the gateway that has claimed it. Deleted with the publication (S26).
 */
export const manifests = pgTable('manifests', {
  orthancId: text('orthanc_id')
    .primaryKey()
    .references(() => studies.orthancId, { onDelete: 'cascade' }),
  revision: integer().notNull(),
  /** Version of the manifest's own form: another one is prepared anew. */
  format: integer().notNull(),
  body: bytea(),
  preparedAt: instant('prepared_at'),
  /** Instances read so far: the progress that the page tells. */
  done: integer().notNull().default(0),
  claimedUntil: instant('claimed_until').notNull(),
  failures: integer().notNull().default(0),
})

/**
 * What else is made from a study: one file a kind, see derived/README.md. A row without `preparedAt` is being made, or
 * waits; one with `discardedAt` waits for its file to be deleted (S26).
 */
export const derivations = pgTable(
  'derivations',
  {
    orthancId: text('orthanc_id')
      .notNull()
      .references(() => studies.orthancId, { onDelete: 'cascade' }),
    kind: text().notNull(),
    revision: integer().notNull(),
    /** Version of the deriver that makes it: what a lower one made is made anew. */
    format: integer().notNull(),
    /** Names the file; another one each time it is made, so that no reader ever mixes two. */
    file: uuid().notNull().defaultRandom(),
    sizeBytes: bigint('size_bytes', { mode: 'number' }),
    /** gzip of JSON: where each entry lies in the file, and what the deriver tells of them. */
    index: bytea(),
    preparedAt: instant('prepared_at'),
    done: integer().notNull().default(0),
    total: integer().notNull().default(0),
    claimedUntil: instant('claimed_until').notNull(),
    failures: integer().notNull().default(0),
    discardedAt: instant('discarded_at'),
  },
  (table) => [
    primaryKey({ columns: [table.orthancId, table.kind] }),
    index('derivations_discarded').on(table.discardedAt).where(sql`discarded_at is not null`),
  ],
)

/** The folder of this database's derivations: two databases never share one, even if their settings do. One row. */
export const derivedFolder = pgTable(
  'derived_folder',
  { id: smallint().primaryKey().default(1), name: uuid().notNull().defaultRandom() },
  (table) => [check('derived_folder_one_row', sql`${table.id} = 1`)],
)

/** Mail to be sent, written in the transaction of what it tells (S9). `payload` is AES-256-GCM and wiped once sent. */
export const mails = pgTable(
  'mails',
  {
    id: uuid().primaryKey().defaultRandom(),
    visitId: uuid('visit_id')
      .notNull()
      .references(() => visits.id, { onDelete: 'cascade' }),
    kind: text({ enum: ['published', 'updated', 'pin2', 'shared', 'reminder'] }).notNull(),
    /** The share that a doctor's mail is about. */
    shareId: uuid('share_id').references((): AnyPgColumn => shares.id, { onDelete: 'cascade' }),
    /** Names the event that is told: the same event is never queued twice. */
    dedupeKey: text('dedupe_key').notNull().unique(),
    payload: bytea(),
    carriesPin2: boolean('carries_pin2').notNull(),
    state: text({ enum: ['queued', 'sending', 'sent', 'refused', 'cancelled'] }).notNull(),
    attempts: integer().notNull().default(0),
    nextAttemptAt: instant('next_attempt_at').notNull(),
    /** SMTP reply code or error code of the last failure; never the server's text, which may hold the address. */
    lastError: text('last_error'),
    queuedAt: instant('queued_at').notNull(),
    sentAt: instant('sent_at'),
  },
  (table) => [index().on(table.visitId), index().on(table.state, table.nextAttemptAt)],
)

/**
 * What a patient shares with a doctor (S28–S35). The link's token and the PIN are found and verified by their hashes;
 * the sealed copies are for the patient to see again, and are wiped when the share ends (S42).
 */
export const shares = pgTable(
  'shares',
  {
    id: uuid().primaryKey().defaultRandom(),
    visitId: uuid('visit_id')
      .notNull()
      .references(() => visits.id, { onDelete: 'cascade' }),
    /** Made by the confirmation page: the same form sent twice makes one share. */
    requestId: uuid('request_id').notNull().unique(),
    familyName: text('family_name').notNull(),
    givenName: text('given_name').notNull(),
    email: text().notNull(),
    phone: text(),
    tokenHash: text('token_hash').notNull().unique(),
    tokenSealed: bytea('token_sealed'),
    pinHash: text('pin_hash'),
    pinSealed: bytea('pin_sealed'),
    createdAt: instant('created_at').notNull(),
    availableUntil: date('available_until').notNull(),
    endsAt: instant('ends_at').notNull(),
    endedAt: instant('ended_at'),
    endedBy: text('ended_by', { enum: ['patient', 'publication', 'expiry'] }),
    failuresInRow: integer('failures_in_row').notNull().default(0),
    failuresInAll: integer('failures_in_all').notNull().default(0),
    /** Too many wrong PINs: closed until the patient issues a new one (S35). */
    suspendedAt: instant('suspended_at'),
    firstOpenedAt: instant('first_opened_at'),
  },
  (table) => [index().on(table.visitId)],
)

/** The publications that a share opens. */
export const sharedPublications = pgTable(
  'shared_publications',
  {
    shareId: uuid('share_id')
      .notNull()
      .references(() => shares.id, { onDelete: 'cascade' }),
    publicationId: uuid('publication_id')
      .notNull()
      .references(() => publications.id, { onDelete: 'cascade' }),
  },
  (table) => [primaryKey({ columns: [table.shareId, table.publicationId] }), index().on(table.publicationId)],
)

/** A patient's or, where a share is named, a doctor's session: only the SHA-256 of the cookie's token is kept (S44). */
export const sessions = pgTable(
  'sessions',
  {
    tokenHash: text('token_hash').primaryKey(),
    visitId: uuid('visit_id')
      .notNull()
      .references(() => visits.id, { onDelete: 'cascade' }),
    shareId: uuid('share_id').references(() => shares.id, { onDelete: 'cascade' }),
    /** The tax code that SPID or CIE vouched for; null where the PINs opened it. It must stay the visit's. */
    taxCode: text('tax_code'),
    createdAt: instant('created_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index().on(table.visitId)],
)

/**
 * A login by SPID or CIE that is under way: what the provider's answer must fit, AES-256-GCM. Taken once, and forgotten
 * after ten minutes.
 */
export const identityLogins = pgTable('identity_logins', {
  /** SHA-256 of what the browser's cookie holds. */
  tokenHash: text('token_hash').primaryKey(),
  checks: bytea().notNull(),
  startedAt: instant('started_at').notNull(),
})

/**
 * Wrong PIN2s by PIN1, kept for PIN1s that exist and for those that do not, so that a lock tells nothing (S42, S43).
 */
export const loginLocks = pgTable('login_locks', {
  /** HMAC of PIN1 under the newest pepper, hexadecimal. */
  pin1Digest: text('pin1_digest').primaryKey(),
  failuresInRow: integer('failures_in_row').notNull(),
  failuresInAll: integer('failures_in_all').notNull(),
  lockedUntil: instant('locked_until'),
  lastFailureAt: instant('last_failure_at').notNull(),
})

/** New PIN2s that were asked for on the login's page and not yet made: a row for PIN1s that do not exist too (S11b, S43). */
export const pin2Requests = pgTable('pin2_requests', {
  id: uuid().primaryKey().defaultRandom(),
  /** HMACs of PIN1 under each pepper of the moment, hexadecimal. */
  pin1Digests: text('pin1_digests').array().notNull(),
  /** Network address, for the trail. */
  source: text().notNull(),
  requestedAt: instant('requested_at').notNull(),
})

/** Attempts of one source (HMAC of its address) within one window, for budgets that hold across processes (S42). */
export const sourceAttempts = pgTable(
  'source_attempts',
  {
    source: text().notNull(),
    act: text().notNull(),
    windowStart: instant('window_start').notNull(),
    count: integer().notNull(),
  },
  (table) => [uniqueIndex().on(table.source, table.act, table.windowStart)],
)

/** Bearer keys of the RIS: SHA-256 of 256 random bits. */
export const apiKeys = pgTable('api_keys', {
  id: uuid().primaryKey().defaultRandom(),
  name: text().notNull(),
  keyHash: text('key_hash').notNull().unique(),
  createdAt: instant('created_at').notNull(),
  revokedAt: instant('revoked_at'),
})

/**
 * Who works with the console: reception, radiology, administrators, auditors. Never deleted, only disabled: the audit
 * trail names them by their id.
 */
export const staff = pgTable(
  'staff',
  {
    id: uuid().primaryKey().defaultRandom(),
    /** Lower case; of an account of the hospital's identity provider: what that calls the person. */
    username: text().notNull(),
    name: text().notNull(),
    roles: text().array().$type<Role[]>().notNull(),
    /** Who proves who they are: password and TOTP here, or the hospital's OpenID provider. */
    method: text({ enum: ['local', 'oidc'] }).notNull(),
    issuer: text(),
    subject: text(),
    /** argon2id; null until the account is set up. */
    passwordHash: text('password_hash'),
    /** AES-256-GCM of the TOTP secret (RFC 6238); there before the password while an account is being set up. */
    totpSealed: bytea('totp_sealed'),
    /** Time step of the last code that was taken: no code opens twice (RFC 6238 §5.2). */
    totpLastStep: bigint('totp_last_step', { mode: 'number' }).notNull().default(0),
    /** SHA-256 of the one-time link that sets the account up, and until when it works. */
    setupHash: text('setup_hash').unique(),
    setupExpiresAt: instant('setup_expires_at'),
    createdAt: instant('created_at').notNull(),
    disabledAt: instant('disabled_at'),
    lastLoginAt: instant('last_login_at'),
  },
  (table) => [
    uniqueIndex('staff_local_username').on(table.username).where(sql`method = 'local'`),
    uniqueIndex('staff_oidc_subject').on(table.issuer, table.subject),
  ],
)

/** Codes that stand in for a lost authenticator, each once: HMAC under the pepper. */
export const staffRecoveryCodes = pgTable('staff_recovery_codes', {
  digest: bytea().primaryKey(),
  staffId: uuid('staff_id')
    .notNull()
    .references(() => staff.id, { onDelete: 'cascade' }),
})

/** Sessions of the console, apart from those of patients (S44). */
export const staffSessions = pgTable(
  'staff_sessions',
  {
    tokenHash: text('token_hash').primaryKey(),
    staffId: uuid('staff_id')
      .notNull()
      .references(() => staff.id, { onDelete: 'cascade' }),
    createdAt: instant('created_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    /** The last search, sealed: names and tax codes never stand in an address. */
    searchSealed: bytea('search_sealed'),
    /** Of an OpenID provider's login: when the provider is asked again who this is and what they may do. */
    recheckAt: instant('recheck_at'),
    /** Of an OpenID provider's login, sealed: it ends the provider's session too. */
    idTokenSealed: bytea('id_token_sealed'),
  },
  (table) => [index().on(table.staffId)],
)

/** A PIN to be printed or told by the session that asked for it, sealed, for a few minutes: a printer may jam. */
export const deskSecrets = pgTable('desk_secrets', {
  id: uuid().primaryKey().defaultRandom(),
  visitId: uuid('visit_id')
    .notNull()
    .references(() => visits.id, { onDelete: 'cascade' }),
  kind: text({ enum: ['pin1', 'pin2'] }).notNull(),
  tokenHash: text('token_hash')
    .notNull()
    .references(() => staffSessions.tokenHash, { onDelete: 'cascade' }),
  sealed: bytea().notNull(),
  expiresAt: instant('expires_at').notNull(),
})

/** What was dismissed from the list of what needs attention, by whom and why. */
export const attentionNotes = pgTable('attention_notes', {
  /** Names the matter and its present form: should it come again in another form, it shows again. */
  key: text().primaryKey(),
  visitId: uuid('visit_id').references(() => visits.id, { onDelete: 'cascade' }),
  note: text().notNull(),
  staffId: uuid('staff_id')
    .notNull()
    .references(() => staff.id),
  at: instant('at').notNull(),
})

/**
 * What HL7 told of a patient, for orders that say less of them than an admission did. Forgotten 30 days after the last
 * message.
 */
export const patients = pgTable(
  'patients',
  {
    patientId: text('patient_id').notNull(),
    /** Who assigned the number; empty where the messages do not say. */
    authority: text().notNull().default(''),
    facts: jsonb().$type<StoredPatient>().notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.patientId, table.authority] })],
)

/** Numbers that were merged into others (ADT^A40), for what was on its way under the old one. Forgotten after 30 days. */
export const mergedPatients = pgTable(
  'merged_patients',
  {
    patientId: text('patient_id').notNull(),
    authority: text().notNull().default(''),
    intoId: text('into_id').notNull(),
    intoAuthority: text('into_authority').notNull().default(''),
    mergedAt: instant('merged_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.patientId, table.authority] })],
)

type StoredPatient = Partial<
  Record<
    'familyName' | 'givenName' | 'birthDate' | 'birthPlace' | 'taxCode' | 'sex' | 'email',
    string | null | undefined
  >
> & { consent?: boolean | undefined }

type Heard = { at: string; facts: StoredPatient }

/**
 * HL7 messages by sender and control ID (MSH-10), so that none is applied twice, with the answer they got. The message
 * itself is kept only while it is not applied, AES-256-GCM.
 */
export const hl7Messages = pgTable(
  'hl7_messages',
  {
    id: uuid().primaryKey().defaultRandom(),
    /** MSH-3 and MSH-4. */
    sender: text().notNull(),
    controlId: text('control_id').notNull(),
    sha256: text().notNull(),
    /** MSH-9, such as ORU^R01. */
    type: text().notNull(),
    state: text({ enum: ['applied', 'refused', 'waiting', 'dismissed'] }).notNull(),
    answer: jsonb().$type<StoredAnswer>().notNull(),
    /** Accession Numbers of which one must be registered before the message can be applied. */
    waitingFor: text('waiting_for').array().notNull().default([]),
    sealed: bytea(),
    /** When a message that failed for a fault of the portal's is tried again. */
    retryAt: instant('retry_at'),
    bytes: integer().notNull(),
    source: text(),
    attempts: integer().notNull().default(1),
    receivedAt: instant('received_at').notNull(),
    settledAt: instant('settled_at'),
  },
  (table) => [uniqueIndex().on(table.sender, table.controlId, table.sha256), index().on(table.state)],
)

type StoredAnswer = {
  code: 'AA' | 'AE' | 'AR'
  text: string
  condition?: number | undefined
  location?: string | undefined
}

/** Append-only audit trail (S39); a trigger refuses UPDATE and DELETE, each row is chained by hash to the one before. */
export const auditEvents = pgTable(
  'audit_events',
  {
    seq: bigserial({ mode: 'number' }).primaryKey(),
    at: instant('at').notNull(),
    event: text().notNull(),
    actor: text().notNull(),
    source: text(),
    visitId: uuid('visit_id'),
    examId: uuid('exam_id'),
    details: jsonb().$type<Record<string, string | number | boolean | null>>().notNull(),
    previousHash: text('previous_hash').notNull(),
    hash: text().notNull(),
  },
  (table) => [
    index().on(table.visitId, table.seq),
    index().on(table.event, table.seq),
    index().on(table.actor, table.seq),
    index().on(table.at),
  ],
)

/**
 * How far the trail has been sent to the audit repository, and which gateway is sending: a lease, so that messages stay
 * in order although several gateways run. One row.
 */
export const auditExportCursor = pgTable(
  'audit_export_cursor',
  {
    id: smallint().primaryKey().default(1),
    lastSeq: bigint('last_seq', { mode: 'number' }).notNull(),
    /** Hash of that row as it was sent: should it differ from the trail's, the trail was changed since. */
    lastHash: text('last_hash').notNull(),
    holder: uuid(),
    heldUntil: instant('held_until'),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [check('audit_export_cursor_one_row', sql`${table.id} = 1`)],
)
