import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { auditEvents, exams, publications, reports, studies, visits } from '../database/schema.ts'
import type { Criteria, Token } from './criteria.ts'
import { DIGEST_PREFIX, localSystem, type Place, type ResourceType, SYSTEMS } from './resource.ts'

export type Found = { id: string; lastUpdated: Date }

/**
 * The resources of a search, oldest change first, after the one where the page before ended. What changes meanwhile
 * comes again at the end: a reader who goes through all pages misses nothing.
 */
export async function find(
  db: Database,
  place: Place,
  type: ResourceType,
  criteria: Criteria,
  { after, limit }: { after: Found | null; limit: number },
): Promise<{ found: Found[]; total: number }> {
  const within = criteria.lastUpdated.flatMap(({ from, to }) => [
    ...(from ? [sql`last_updated >= ${from.toISOString()}::timestamptz`] : []),
    ...(to ? [sql`last_updated < ${to.toISOString()}::timestamptz`] : []),
  ])
  const candidates = sql`select id, date_trunc('milliseconds', last_updated) as last_updated from (${CANDIDATES[type](criteria, place)}) c`
  const matching = sql`select id, last_updated from (${candidates}) m where ${all(within)}`
  const next = after
    ? sql`(last_updated, id) > (${after.lastUpdated.toISOString()}::timestamptz, ${after.id}::text)`
    : sql`true`
  // Every candidate is looked at once, for the page and for the total alike.
  const [row] = await db.execute<{ total: number; page: { id: string; at: number }[] | null }>(
    sql`with matching as materialized (${matching}),
        page as (select id, (extract(epoch from last_updated) * 1000)::float8 as at, last_updated
          from matching where ${next} order by last_updated, id limit ${limit})
        select (select count(*)::int from matching) as total,
          (select json_agg(json_build_object('id', id, 'at', at) order by last_updated, id) from page) as page`,
  )
  const found = row?.page ?? []
  return {
    found: found.map(({ id, at }) => ({ id, lastUpdated: new Date(Math.round(at)) })),
    total: row?.total ?? 0,
  }
}

const CANDIDATES: Record<ResourceType, (criteria: Criteria, place: Place) => SQL> = {
  Patient: people,
  ImagingStudy: imagingStudies,
  DiagnosticReport: diagnosticReports,
  DocumentReference: documentReferences,
}

// upper(): that is how the index has it.
/** A person is all visits of one tax code; a visit without one stands alone. The first of them gives the id. */
export const personOf = (visit: SQL): SQL<string> =>
  sql`coalesce((select p.id from ${visits} p where upper(p.tax_code) = upper(${visit}.tax_code) order by p.registered_at, p.id limit 1), ${visit}.id)::text`

function people(criteria: Criteria, place: Place): SQL {
  const matching = all([...byId(criteria, sql`v.id`), ...ofPerson(criteria.identifiers, place)])
  const person = sql`coalesce(upper(v.tax_code), v.id::text)`
  // Whoever is found comes with all their visits. Two halves, as each has an index of its own.
  const own = sql`
    select v.id, v.tax_code, v.registered_at from ${visits} v where ${matching}
    union select o.id, o.tax_code, o.registered_at from ${visits} o
      join (select distinct upper(v.tax_code) as code from ${visits} v where ${matching}) w on upper(o.tax_code) = w.code`
  return sql`
    select g.id::text as id, g.last_updated from (
      select (array_agg(v.id order by v.registered_at, v.id))[1] as id,
        max(greatest(v.registered_at, (select max(a.at) from ${auditEvents} a
          where a.visit_id = v.id and a.event = 'visit.changed'))) as last_updated
      from (${own}) v group by ${person}
    ) g where ${all(byId(criteria, sql`g.id`))}`
}

function imagingStudies(criteria: Criteria, place: Place): SQL {
  const accession = localSystem(place, 'accession-number')
  const conditions = [
    ...any(criteria.ids, (id) => sql`s.orthanc_id = ${id}`),
    ...any(criteria.identifiers, ({ system, value }) => {
      const uid = value.replace(/^urn:oid:/, '')
      if (system === SYSTEMS.dicomUid) return sql`s.study_instance_uid = ${uid}`
      if (system === accession) return sql`s.accession_number = ${value}`
      return system === null
        ? sql`(s.accession_number = ${value} or s.study_instance_uid = ${uid})`
        : sql`false`
    }),
    ...ofSubject(criteria, place),
  ]
  return sql`
    select distinct s.orthanc_id as id, s.changed_at as last_updated
    from ${studies} s join ${exams} e on e.accession_number = s.accession_number join ${visits} v on v.id = e.visit_id
    where ${VISIBLE_STUDY} and ${all(conditions)}`
}

/**
 * Of the archive's studies `s` those that are of an exam `e`. One whose Study Instance UID the archive also holds under
 * an Accession Number of somebody else is nobody's (S45).
 */
export const VISIBLE_STUDY = sql`s.state <> 'gone' and s.accession_number = e.accession_number and not exists (
  select 1 from ${studies} o where o.study_instance_uid = s.study_instance_uid and o.state <> 'gone'
  and not exists (select 1 from ${exams} oe where oe.accession_number = o.accession_number and oe.visit_id = e.visit_id))`

/** May the content of a report `r` be given away? Only with consent, never where the law excludes it (S2, S41). */
export const RELEASED = sql<boolean>`(v.consent and not e.excluded and e.cancelled_at is null and r.document is not null)`

/** The newest version of an exam's report, also where it was taken back: who reads it before must learn that. */
export const LATEST = sql`r.version = (select max(o.version) from ${reports} o where o.exam_id = e.id)`

function diagnosticReports(criteria: Criteria, place: Place): SQL {
  const conditions = [
    ...byId(criteria, sql`e.id`),
    ...any(criteria.identifiers, (token) => ofReport(token, place)),
    ...ofSubject(criteria, place),
  ]
  // Consent, the end of a publication (which deletes the document), images, and what is changed of the visit change what is told.
  return sql`
    select e.id::text as id, greatest(r.received_at, r.superseded_at, v.consent_at, e.cancelled_at,
      (select max(a.at) from ${auditEvents} a where a.visit_id = v.id
        and a.event in ('visit.changed', 'exam.excluded', 'exam.included')),
      (select max(p.ended_at) from ${publications} p where p.exam_id = e.id),
      (select max(s.changed_at) from ${studies} s where s.accession_number = e.accession_number)) as last_updated
    from ${exams} e join ${visits} v on v.id = e.visit_id join ${reports} r on r.exam_id = e.id
    where ${LATEST} and ${all(conditions)}`
}

function documentReferences(criteria: Criteria, place: Place): SQL {
  const conditions = [
    ...byId(criteria, sql`r.id`),
    ...any(criteria.identifiers, (token) => ofReport(token, place)),
    ...ofSubject(criteria, place),
  ]
  return sql`
    select r.id::text as id, greatest(r.received_at, r.superseded_at, v.consent_at) as last_updated
    from ${reports} r join ${exams} e on e.id = r.exam_id join ${visits} v on v.id = e.visit_id
    where ${RELEASED} and ${all(conditions)}`
}

function ofReport({ system, value }: Token, place: Place): SQL {
  const byAccession = sql`e.accession_number = ${value}`
  if (system === localSystem(place, 'accession-number')) return byAccession
  if (system === SYSTEMS.uri) return byDigest(value)
  return system === null ? sql`(${byAccession} or ${byDigest(value)})` : sql`false`
}

function byDigest(value: string): SQL {
  if (!value.startsWith(DIGEST_PREFIX)) return sql`false`
  return sql`r.sha256 = ${Buffer.from(value.slice(DIGEST_PREFIX.length), 'base64url').toString('hex')}`
}

function ofSubject({ patients, patientIdentifiers }: Criteria, place: Place): SQL[] {
  const byReference = any(
    patients,
    (id) =>
      sql`(${isUuid(sql`v.id`, id)} or upper(v.tax_code) = (select upper(q.tax_code) from ${visits} q where ${isUuid(sql`q.id`, id)}))`,
  )
  return [...byReference, ...ofPerson(patientIdentifiers, place)]
}

function ofPerson(tokens: Token[][], place: Place): SQL[] {
  return any(tokens, ({ system, value }) => {
    const byTaxCode = sql`upper(v.tax_code) = ${value.toUpperCase()}`
    if (system === SYSTEMS.taxCode) return byTaxCode
    const byNumber = sql`(upper(v.patient_id) = ${value.toUpperCase()} and v.patient_id = ${value})`
    if (system === localSystem(place, 'patient-id')) return byNumber
    return system === null ? sql`(${byTaxCode} or ${byNumber})` : sql`false`
  })
}

const byId = ({ ids }: Criteria, column: SQL): SQL[] => any(ids, (id) => isUuid(column, id))

// Compared as a UUID, so that the index is used; what is none is nobody's.
const isUuid = (column: SQL, id: string): SQL => (UUID.test(id) ? sql`${column} = ${id}::uuid` : sql`false`)
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Each list's alternatives joined by "or". */
function any<Item>(lists: Item[][], condition: (item: Item) => SQL): SQL[] {
  return lists.map((list) => sql`(${sql.join(list.map(condition), sql` or `)})`)
}

const all = (conditions: SQL[]): SQL =>
  conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)
