import { desc, eq, lt, type SQL, sql } from 'drizzle-orm'
import { type Actor, record, transact } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { attentionNotes, staff } from '../database/schema.ts'
import { standingMail } from '../mail/standing.ts'
import { addDays, dayInRome } from '../time/rome.ts'

/** What can be the matter, in the order of the list: first what a person waits for. */
export const MATTERS = [
  'mail-refused',
  'document-refused',
  'signature',
  'birth-date',
  'study-uid-elsewhere',
  'never-opened',
  'report-without-images',
  'no-email',
  'copy-deleted',
  'images-late',
  'mail-late',
  'images-without-visit',
] as const

export type MatterKind = (typeof MATTERS)[number]

export type Matter = {
  kind: MatterKind
  /** Names the matter in its present form: once dismissed it stays away, until it comes again in another form. */
  key: string
  since: Date
  visit: { id: string; name: string; accessionNumber: string } | null
  /** The exam, or what the archive calls the study. */
  about: string | null
  /** A code, a number, a date: what the words of the list say more with. */
  detail: string | null
}

const MOST = 100
const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
const LATE_MAIL_MS = HOUR_MS
const LATE_IMAGES_MS = 4 * HOUR_MS
const MISSING_MS = DAY_MS
const LOOKED_BACK_MS = 60 * DAY_MS
const KEEP_NOTES_MS = 365 * DAY_MS
const LAST_DAYS = 7

/** All that needs attention and was not dismissed, by kind; of each kind the newest hundred. */
export async function listAttention(db: Database, now: Date): Promise<Matter[]> {
  const found: Matter[] = []
  // One after the other: the connections are everybody's.
  for (const kind of MATTERS) found.push(...(await ofKind(db, kind, now)))
  return found
}

type Row = {
  key: string
  since: Date | string
  visit_id: string | null
  name: string | null
  accession_number: string | null
  about: string | null
  detail: string | null
}

async function ofKind(db: Database, kind: MatterKind, now: Date): Promise<Matter[]> {
  const rows = await db.execute<Row>(sql`
    select * from (${QUERIES[kind](now)}) as matter
    where not exists (select 1 from ${attentionNotes} as note where note.key = matter.key)
    order by since desc limit ${MOST}`)
  return rows.map((row) => ({
    kind,
    key: row.key,
    since: new Date(row.since),
    visit:
      row.visit_id === null
        ? null
        : { id: row.visit_id, name: row.name ?? '', accessionNumber: row.accession_number ?? '' },
    about: row.about,
    detail: row.detail,
  }))
}

const ago = (now: Date, ms: number) => new Date(now.getTime() - ms).toISOString()

// Each tells key, since, visit_id, name, accession_number, about, detail.
const person = sql.raw(
  `v.id as visit_id, v.family_name || ' ' || v.given_name as name, v.accession_number as accession_number`,
)
const atHand = sql.raw(`r.document is not null and r.superseded_at is null`)
const notOnline = sql.raw(
  `not exists (select 1 from publications p where p.exam_id = e.id and (p.ended_at is null or p.ended_by in ('desk', 'patient', 'ris')))`,
)

const QUERIES: Record<MatterKind, (now: Date) => SQL> = {
  // The mail with PIN2, or the last one, came back (S9).
  'mail-refused': () => sql`
    select 'mail-refused:' || m.id as key, m.queued_at as since, ${person}, null as about, m.last_error as detail
    from mails m join visits v on v.id = m.visit_id
    where m.state = 'refused' and m.share_id is null and m.id = ${standingMail(sql.raw('m.visit_id'))}`,
  // A document that was not taken, and nothing came in its place (S19).
  'document-refused': (now) => sql`
    select 'document-refused:' || a.seq as key, a.at as since, ${person}, e.description as about,
      a.details->>'reason' as detail
    from audit_events a join visits v on v.id = a.visit_id left join exams e on e.id = a.exam_id
    where a.event = 'report.refused' and a.at > ${ago(now, LOOKED_BACK_MS)} and not exists (
      select 1 from reports r join exams o on o.id = r.exam_id where o.visit_id = a.visit_id and r.received_at > a.at
        and (a.exam_id is null or r.exam_id = a.exam_id))
      -- Who picks a wrong file at the desk is told at once, and a report that is there stays.
      and not (a.actor like 'staff:%' and exists (
        select 1 from reports r where r.exam_id = a.exam_id and ${atHand}))`,
  // Taken, but the signature does not say what it should.
  signature: (now) => sql`
    select 'signature:' || r.id as key, r.received_at as since, ${person}, e.description as about,
      case when r.signature->>'status' <> 'valid' then r.signature->>'status'
        when r.signature @? '$.signers[*] ? (@.revocation == "revoked")' then 'revoked'
        when r.signature @? '$.signers[*] ? (@.trusted == false)' then 'untrusted' else 'validity' end as detail
    from reports r join exams e on e.id = r.exam_id join visits v on v.id = e.visit_id
    where ${atHand} and r.received_at > ${ago(now, LOOKED_BACK_MS)} and (
      r.signature->>'status' in ('altered', 'unverifiable') or r.signature @?
      '$.signers[*] ? (@.trusted == false || @.inValidity == false || @.revocation == "revoked")')`,
  // The images' Accession Number fits, their birth date does not: two people may have been mixed up.
  'birth-date': (now) => sql`
    select 'birth-date:' || s.orthanc_id || ':' || s.patient_birth_date || ':' || v.birth_date as key,
      s.changed_at as since, ${person}, e.description as about, s.patient_birth_date as detail
    from studies s join exams e on e.accession_number = s.accession_number join visits v on v.id = e.visit_id
    where s.state <> 'gone' and s.changed_at > ${ago(now, LOOKED_BACK_MS)} and coalesce(s.patient_birth_date, '') <> ''
      and s.patient_birth_date <> to_char(v.birth_date, 'YYYYMMDD')`,
  // The archive has the Study Instance UID under another number or Patient ID too: the images show to nobody (S45).
  // Two of one number are one matter of one exam, and no number tells them apart.
  'study-uid-elsewhere': () => sql`
    select 'study-uid-elsewhere:' || s.orthanc_id || ':' || o.orthanc_id as key, greatest(s.changed_at, o.changed_at) as since,
      ${person}, e.description as about, nullif(o.accession_number, s.accession_number) as detail
    from studies s join exams e on e.accession_number = s.accession_number join visits v on v.id = e.visit_id
    join studies o on o.study_instance_uid = s.study_instance_uid and o.orthanc_id <> s.orthanc_id
    where s.state <> 'gone' and o.state <> 'gone'
      and (o.accession_number <> s.accession_number or o.orthanc_id > s.orthanc_id)`,
  // A week before the end, and the person has not been here (S27).
  'never-opened': (now) => sql`
    select 'never-opened:' || p.id || ':' || p.available_until as key, p.published_at as since, ${person},
      e.description as about, p.available_until::text as detail
    from publications p join exams e on e.id = p.exam_id join visits v on v.id = p.visit_id
    where p.ended_at is null and p.ends_at > ${now.toISOString()} and p.opened_at is null
      and p.available_until <= ${addDays(dayInRome(now), LAST_DAYS)}`,
  // Reported a day ago, and the archive has no images of it (S6).
  'report-without-images': (now) => sql`
    select 'report-without-images:' || r.id as key, r.received_at as since, ${person}, e.description as about,
      e.accession_number as detail
    from reports r join exams e on e.id = r.exam_id join visits v on v.id = e.visit_id
    where ${atHand} and r.received_at < ${ago(now, MISSING_MS)} and e.images_expected and not e.excluded
      and v.consent and ${notOnline} and not exists (
        select 1 from studies s where s.accession_number = e.accession_number and s.state <> 'gone')`,
  // Consent without an address: nothing is published (S2).
  'no-email': () => sql`
    select 'no-email:' || r.id as key, r.received_at as since, ${person}, e.description as about, null as detail
    from reports r join exams e on e.id = r.exam_id join visits v on v.id = e.visit_id
    where ${atHand} and v.consent and v.email is null and not e.excluded and ${notOnline}`,
  // Consent was withdrawn, the copies were deleted with what was online (S26), and it was given again: a report that came
  // by the archive is read from there once more, any other has to be sent again.
  'copy-deleted': () => sql`
    select 'copy-deleted:' || r.id || ':' || v.consent_at as key, v.consent_at as since, ${person},
      e.description as about, null as detail
    from reports r join exams e on e.id = r.exam_id join visits v on v.id = e.visit_id
    where r.document is null and r.superseded_at is null and v.consent and v.email is not null and not e.excluded
      and e.cancelled_at is null and exists (
        select 1 from publications p where p.exam_id = e.id and p.ended_by = 'consent') and not exists (
        select 1 from publications p where p.exam_id = e.id and (p.ended_at is null or p.ended_by <> 'consent'))`,
  // All is there but images that go on arriving: a transfer may hang.
  'images-late': (now) => sql`
    select 'images-late:' || s.orthanc_id || ':' || s.revision as key, s.changed_at as since, ${person},
      e.description as about, e.accession_number as detail
    from studies s join exams e on e.accession_number = s.accession_number join visits v on v.id = e.visit_id
    where s.state = 'arriving' and s.changed_at < ${ago(now, LATE_IMAGES_MS)} and not e.excluded and v.consent
      and ${notOnline}`,
  // The relay is down, or a key is missing.
  'mail-late': (now) => sql`
    select 'mail-late:' || m.id as key, m.queued_at as since, ${person}, null as about, m.last_error as detail
    from mails m join visits v on v.id = m.visit_id
    where m.state in ('queued', 'sending') and m.queued_at < ${ago(now, LATE_MAIL_MS)}`,
  // A study that no visit claims: not registered, or another number.
  'images-without-visit': (now) => sql`
    select 'images-without-visit:' || s.orthanc_id || ':' || s.accession_number as key, s.changed_at as since,
      null::uuid as visit_id, null as name, null as accession_number, s.description as about,
      s.accession_number as detail
    from studies s
    where s.state = 'stable' and s.changed_at < ${ago(now, MISSING_MS)} and s.changed_at > ${ago(now, LOOKED_BACK_MS)}
      and not exists (select 1 from exams e where e.accession_number = s.accession_number)`,
}

/** Takes a matter off the list, with a note that says why. */
export async function dismissMatter(
  { db, actor, now }: { db: Database; actor: Extract<Actor, { kind: 'staff' }>; now: Date },
  matter: Matter,
  note: string,
): Promise<void> {
  const visitId = matter.visit?.id ?? null
  await transact(db, async (tx) => {
    const added = await tx
      .insert(attentionNotes)
      .values({ key: matter.key, visitId, note, staffId: actor.id, at: now })
      .onConflictDoNothing()
      .returning({ key: attentionNotes.key })
    if (added.length > 0)
      record(tx, now, { event: 'attention.dismissed', actor, visitId, details: { kind: matter.kind } })
  })
}

export type AttentionNote = { at: Date; by: string; kind: string; note: string; visitId: string | null }

/** The last notes, of one visit or of all. */
export async function listNotes(db: Database, visitId?: string): Promise<AttentionNote[]> {
  const rows = await db
    .select({
      key: attentionNotes.key,
      at: attentionNotes.at,
      by: staff.name,
      note: attentionNotes.note,
      visitId: attentionNotes.visitId,
    })
    .from(attentionNotes)
    .innerJoin(staff, eq(staff.id, attentionNotes.staffId))
    .where(visitId === undefined ? undefined : eq(attentionNotes.visitId, visitId))
    .orderBy(desc(attentionNotes.at))
    .limit(20)
  return rows.map(({ key, ...note }) => ({ ...note, kind: key.split(':')[0] ?? '' }))
}

/** Forgets notes that are older than a year; those of a visit go with it. */
export async function forgetNotes(db: Database, now: Date): Promise<void> {
  await db.delete(attentionNotes).where(lt(attentionNotes.at, new Date(now.getTime() - KEEP_NOTES_MS)))
}
