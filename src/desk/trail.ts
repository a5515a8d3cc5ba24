import { and, desc, eq, gte, inArray, like, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { apiKeys, auditEvents, exams, staff, visits } from '../database/schema.ts'
import { addDays, type Day, endOfDay } from '../time/rome.ts'
import { readDay } from './search.ts'

/** What the auditor looks for, as it was typed. */
export type TrailQuestion = { visit: string; actor: string; from: string; to: string; event: string }

/** A row as the auditor reads it: who, what, when, from where, about which visit; nothing of what an exam or report says. */
export type TrailEntry = {
  seq: number
  at: Date
  event: string
  actor: { kind: string; name: string | null }
  source: string | null
  accessionNumber: string | null
  details: Record<string, string | number | boolean | null>
}

export const TRAIL_PAGE = 50
const BATCH = 500

type Faults = Partial<Record<keyof TrailQuestion, 'day' | 'unknown'>>
export type TrailFilter = { conditions: SQL[]; faults: Faults }

/** Reads the question; what cannot be understood is told, and asks for nothing. */
export async function readQuestion(db: Database, question: TrailQuestion): Promise<TrailFilter> {
  const conditions: SQL[] = []
  const faults: Faults = {}
  for (const field of ['from', 'to'] as const) {
    if (question[field] === '') continue
    const day = readDay(question[field])
    if (day === null) faults[field] = 'day'
    else conditions.push(field === 'from' ? since(day) : lt(auditEvents.at, endOfDay(day)))
  }
  if (question.visit !== '') {
    const ids = await visitIds(db, question.visit)
    if (ids.length === 0) faults.visit = 'unknown'
    else conditions.push(aboutVisits(ids))
  }
  if (question.actor !== '') {
    const actor = byActor(question.actor)
    if (actor === null) faults.actor = 'unknown'
    else conditions.push(actor)
  }
  if (question.event !== '')
    conditions.push(like(auditEvents.event, `${question.event.replaceAll(/[\\%_]/g, '')}%`))
  return { conditions, faults }
}

const since = (day: Day) => gte(auditEvents.at, endOfDay(addDays(day, -1)))

/** A page of the trail, newest first; `before` is the last row of the page before. */
export async function readTrail(
  db: Database,
  { conditions }: TrailFilter,
  before: number | null,
  limit = TRAIL_PAGE,
): Promise<TrailEntry[]> {
  const rows = await db
    .select()
    .from(auditEvents)
    .where(and(...conditions, before === null ? undefined : lt(auditEvents.seq, before)))
    .orderBy(desc(auditEvents.seq))
    .limit(limit)
  return describe(db, rows)
}

/** All of it, in batches: for the export. */
export async function* wholeTrail(db: Database, filter: TrailFilter): AsyncGenerator<TrailEntry[]> {
  for (let before: number | null = null; ; ) {
    const batch: TrailEntry[] = await readTrail(db, filter, before, BATCH)
    if (batch.length > 0) yield batch
    before = batch.at(-1)?.seq ?? null
    if (before === null || batch.length < BATCH) return
  }
}

/** By Accession Number, of a visit or an exam, or by the visit's own id; a deleted visit is known by the row that says so. */
async function visitIds(db: Database, typed: string): Promise<string[]> {
  const number = typed.toUpperCase()
  const found = await db.execute<{ id: string }>(sql`
    select id from ${visits} where upper(accession_number) = ${number} or id::text = ${typed.toLowerCase()}
    union select visit_id from ${exams} where upper(accession_number) = ${number}
    union select visit_id from ${auditEvents}
      where event = 'visit.deleted' and (upper(details->>'accessionNumber') = ${number} or visit_id::text = ${typed.toLowerCase()})`)
  return found.map(({ id }) => id)
}

/** Acts upon the visit, and the searches and lists in which its name was on a screen. */
function aboutVisits(ids: string[]): SQL {
  const listed = ids.map((id) => sql`${auditEvents.details}->>'visits' like ${`%${id}%`}`)
  const shown = and(eq(auditEvents.event, 'desk.searched'), or(...listed))
  return or(inArray(auditEvents.visitId, ids), shown) ?? sql`false`
}

const KINDS = ['patient', 'doctor', 'staff', 'ris', 'system', 'anonymous']

/** Whoever acts: a kind of them ('patient', 'staff'), or one ('staff:ACCOUNT', 'ris:KEY'). */
function byActor(actor: string): SQL | null {
  const [kind = '', id = ''] = actor.split(/:(.*)/s)
  if (!KINDS.includes(kind)) return null
  if (id !== '') return eq(auditEvents.actor, actor)
  return or(eq(auditEvents.actor, kind), like(auditEvents.actor, `${kind}:%`)) ?? null
}

/** Who can be asked for by name: every account, and every system that has or had a key. */
export async function knownActors(db: Database): Promise<{ actor: string; name: string }[]> {
  const people = await db.select().from(staff).orderBy(staff.name)
  const keys = await db.selectDistinct({ name: apiKeys.name }).from(apiKeys).orderBy(apiKeys.name)
  return [
    ...people.map(({ id, name, username }) => ({ actor: `staff:${id}`, name: `${name} (${username})` })),
    ...keys.map(({ name }) => ({ actor: `ris:${name}`, name })),
  ]
}

type Row = typeof auditEvents.$inferSelect

async function describe(db: Database, rows: Row[]): Promise<TrailEntry[]> {
  const ids = [...new Set(rows.flatMap(({ visitId }) => visitId ?? []))]
  const people = new Set(rows.flatMap(({ actor }) => (actor.startsWith('staff:') ? actor.slice(6) : [])))
  const known =
    ids.length === 0
      ? []
      : await db
          .select({ id: visits.id, accessionNumber: visits.accessionNumber })
          .from(visits)
          .where(inArray(visits.id, ids))
  const colleagues =
    people.size === 0
      ? []
      : await db
          .select({ id: staff.id, name: staff.name, username: staff.username })
          .from(staff)
          .where(inArray(sql`${staff.id}::text`, [...people]))
  return rows.map(({ seq, at, event, actor, source, visitId, details }) => {
    const [kind = '', id = ''] = actor.split(/:(.*)/s)
    const colleague = colleagues.find((each) => each.id === id)
    const { visits: _listed, ...told } = details
    return {
      seq,
      at,
      event,
      actor: {
        kind,
        name:
          kind === 'staff'
            ? colleague
              ? `${colleague.name} (${colleague.username})`
              : id
            : kind === 'ris'
              ? id
              : null,
      },
      source,
      accessionNumber:
        known.find((visit) => visit.id === visitId)?.accessionNumber ??
        (typeof details.accessionNumber === 'string' ? details.accessionNumber : null),
      details: told,
    }
  })
}
