import { sql } from 'drizzle-orm'
import { verifyTrail } from '../../src/audit/verify.ts'
import { keyRing } from '../../src/crypto/keys.ts'
import { digestPin1 } from '../../src/pin/pin.ts'
import { ask, enter, newestPin2, risAsk } from './person.ts'
import type { Visit } from './story.ts'
import type { World } from './world.ts'

/** What must never be true, whoever was killed when; each query finds the rows that are half-done. */
const HALF_DONE: Record<string, string> = {
  'a publication online without its report':
    'select p.id from publications p join reports r on r.id = p.report_id where p.ended_at is null and r.document is null',
  'a publication online without PIN2':
    'select p.id from publications p join visits v on v.id = p.visit_id where p.ended_at is null and v.pin2_hash is null',
  'a publication online without consent or address':
    'select p.id from publications p join visits v on v.id = p.visit_id where p.ended_at is null and (not v.consent or v.email is null)',
  'PIN2 without anything online':
    'select v.id from visits v where v.pin2_hash is not null and not exists (select 1 from publications p where p.visit_id = v.id and p.ended_at is null)',
  'an ended publication with a copy of its report':
    'select p.id from publications p join reports r on r.exam_id = p.exam_id where p.ended_at is not null and (r.document is not null or r.pdf is not null or r.body is not null) and not exists (select 1 from publications q where q.exam_id = p.exam_id and q.ended_at is null)',
  'a live share of nothing':
    'select s.id from shares s where s.ended_at is null and not exists (select 1 from shared_publications o join publications p on p.id = o.publication_id where o.share_id = s.id and p.ended_at is null)',
  'a share without publications':
    'select s.id from shares s where not exists (select 1 from shared_publications o where o.share_id = s.id)',
  'an ended share with its PIN or link':
    'select id from shares where ended_at is not null and (pin_sealed is not null or token_sealed is not null or pin_hash is not null)',
  'a session of an ended share':
    'select t.visit_id from sessions t join shares s on s.id = t.share_id where s.ended_at is not null',
  'a session where nothing is online':
    'select t.visit_id from sessions t where not exists (select 1 from publications p where p.visit_id = t.visit_id and p.ended_at is null)',
  'a visit without exams':
    'select v.id from visits v where not exists (select 1 from exams e where e.visit_id = v.id)',
  'a mail that waits or is being sent for ever': "select id from mails where state in ('queued', 'sending')",
  'a mail refused that nobody refused': "select id from mails where state = 'refused'",
  'a mail that is over and still holds its letter':
    "select id from mails where state not in ('queued', 'sending') and payload is not null",
  'a publication whose mail was never queued':
    "select p.id from publications p where not exists (select 1 from mails m where m.dedupe_key = 'published:' || p.id)",
  'a share whose mail was never queued':
    "select s.id from shares s where not exists (select 1 from mails m where m.dedupe_key = 'shared:' || s.id)",
  'a live share whose mail was dropped':
    "select s.id from shares s join mails m on m.share_id = s.id where s.ended_at is null and m.state <> 'sent'",
  'PIN2 online whose mail was dropped':
    "select v.id from visits v where v.pin2_hash is not null and coalesce((select m.state from mails m where m.visit_id = v.id and m.carries_pin2 order by m.queued_at desc limit 1), 'none') <> 'sent'",
  'a publication not in the audit trail':
    "select p.id from publications p where (select count(*) from audit_events a where a.event = 'publication.published' and a.exam_id = p.exam_id) <> (select count(*) from publications q where q.exam_id = p.exam_id)",
  'an end not in the audit trail':
    "select p.id from publications p where (select count(*) from audit_events a where a.event = 'publication.ended' and a.exam_id = p.exam_id) <> (select count(*) from publications q where q.exam_id = p.exam_id and q.ended_at is not null)",
  'a registration not in the audit trail':
    "select v.id from visits v where (select count(*) from audit_events a where a.event = 'visit.registered' and a.visit_id = v.id) <> 1",
  'a share not in the audit trail':
    "select s.id from shares s where not exists (select 1 from audit_events a where a.event = 'share.created' and a.details ->> 'share' = s.id::text)",
  'an end of a share not in the audit trail, or there twice':
    "select s.id from shares s where (select count(*) from audit_events a where a.event in ('share.ended', 'share.revoked') and a.details ->> 'share' = s.id::text) <> case when s.ended_at is null then 0 else 1 end",
  'an act in the audit trail that did not happen':
    'select seq from audit_events a where a.visit_id is not null and not exists (select 1 from visits v where v.id = a.visit_id)',
  // One that was on its way while it was cancelled may be told as sent too: it was.
  'mails in the audit trail that are not those sent':
    "select v.id from visits v where (select count(*) from audit_events a where a.event = 'mail.sent' and a.visit_id = v.id) not between (select count(*) from mails m where m.visit_id = v.id and m.state = 'sent') and (select count(*) from mails m where m.visit_id = v.id and m.state in ('sent', 'cancelled'))",
}

/** Mails still under way. */
export async function mailsWaiting(world: World): Promise<number> {
  const rows = await world
    .database()
    .db.execute(sql`select count(*)::int as n from mails where state in ('queued', 'sending')`)
  return Number((rows[0] as { n: number }).n)
}

/** Lets the pauses and leases that minutes would end, end now. Only while no gateway runs: nobody holds anything. */
export async function letTimePass(world: World): Promise<void> {
  const { db } = world.database()
  await db.execute(sql`update mails set next_attempt_at = now() where state in ('queued', 'sending')`)
  await db.execute(sql`update manifests set claimed_until = now() where body is null`)
}

/** What is wrong in the database, in the trail and in the postbox; empty where nothing is. */
export async function checkWhole(world: World): Promise<string[]> {
  const { db } = world.database()
  const wrong: string[] = []
  for (const [what, query] of Object.entries(HALF_DONE)) {
    const rows = await db.execute(sql.raw(query))
    if (rows.length > 0) wrong.push(`${what}: ${rows.length}× (${JSON.stringify(rows[0])})`)
  }
  const trail = await verifyTrail(db)
  if (!trail.whole) wrong.push(`the audit trail: ${trail.reason}`)
  const mails = await db.execute(sql`select id, state from mails`)
  const states = new Map(mails.map((row) => [String(row.id), String(row.state)]))
  const arrived = copiesById(world)
  for (const [id, state] of states)
    if (state === 'sent' && !arrived.has(id)) wrong.push(`mail ${id} is noted as sent and never came`)
  for (const id of arrived.keys())
    if (!states.has(id)) wrong.push(`mail ${id} came of a transaction that never was`)
  return [...wrong, ...unexplainedCopies(world, arrived)]
}

/** How many mails came more than once, with the same Message-ID: for an answer that was lost, or a process that died. */
export function duplicates(world: World): { lostAnswer: number; killed: number } {
  const count = { lostAnswer: 0, killed: 0 }
  for (const [first, ...others] of copiesById(world).values()) {
    if (first === undefined || others.length === 0) continue
    const lost = world.strikes.some(
      ({ at, what }) => what === 'lost-answer' && Math.abs(at - first) < ANSWER_MS,
    )
    count[lost ? 'lostAnswer' : 'killed'] += 1
  }
  return count
}

const ANSWER_MS = 200

function copiesById(world: World): Map<string, number[]> {
  const copies = new Map<string, number[]>()
  for (const { messageId, receivedAt } of world.mailbox.messages()) {
    const id = /^<([0-9a-f-]{36})@/.exec(messageId ?? '')?.[1] ?? `without Message-ID: ${messageId}`
    copies.set(id, [...(copies.get(id) ?? []), Date.parse(receivedAt)])
  }
  return copies
}

const WINDOW_MS = 3_000

// The one window (docs: S9): the server's 250 was given, and its answer, the gateway or the database was lost before it
// was noted. The strike stands right beside the first copy.
function unexplainedCopies(world: World, arrived: Map<string, number[]>): string[] {
  const wrong: string[] = []
  for (const [id, times] of arrived) {
    for (const [index, first] of times.slice(0, -1).entries()) {
      const second = times[index + 1] ?? first
      const cause = world.strikes.some(
        ({ at, what }) => what !== 'orthanc' && Math.abs(at - first) < WINDOW_MS && at <= second,
      )
      if (!cause) wrong.push(`mail ${id} came twice, ${second - first} ms apart, and nothing had struck`)
    }
  }
  return wrong
}

type State = {
  email: string
  consent: { given: boolean }
  published: boolean
  report: string
  images: { state: string }
  exams: { report: object | null; publication: { endedBy: string | null; online: boolean } | null }[]
}

/** What somebody was told and is not so. */
export async function checkVisit(world: World, visit: Visit): Promise<string[]> {
  const wrong: string[] = []
  const say = (what: string) => wrong.push(`${visit.accessionNumber}: ${what}`)
  const answer = await risAsk(world, 'GET', `/visits/${visit.accessionNumber}`)
  if (answer?.status !== 200) return [`${visit.accessionNumber}: registered and lost (${answer?.status})`]
  const state = JSON.parse(answer.text) as State
  if (state.email !== visit.email) say('the address is not the one that was set')
  if (visit.consent !== 'unsure' && state.consent.given !== visit.consent) say('the consent is not as set')
  // Our copy goes with consent and publication (S26); that it was taken stays.
  if (visit.report && !state.exams.some(({ report }) => report !== null))
    say('its report was taken and is lost')
  if (!(await hasPin1(world, visit))) say('PIN1 as it was told is not its PIN1')
  const imagesThere = visit.images === 'none' || visit.images === 'sent'
  if (visit.images === 'sent' && state.images.state !== 'stable') say(`its images are ${state.images.state}`)
  if (visit.consent === true && visit.report && imagesThere && visit.withdrawn === false && !state.published)
    say('it has all it needs and is not published')
  if (visit.withdrawn === true || visit.consent === false) {
    if (state.published) say('it was taken off and is online')
    if (visit.withdrawn === true && state.exams[0]?.publication?.endedBy !== 'patient')
      say('it was withdrawn by the patient, and the portal knows nothing of it')
  }
  return [...wrong, ...(await checkAccess(world, visit, state.published))]
}

async function hasPin1(world: World, visit: Visit): Promise<boolean> {
  const peppers = keyRing(world.secrets.pinPepper)
  if (!peppers || visit.pin1 === null) return false
  const digest = digestPin1(peppers, visit.pin1).toString('hex')
  const rows = await world
    .database()
    .db.execute(
      sql`select 1 from visits where accession_number = ${visit.accessionNumber} and encode(pin1_digest, 'hex') = ${digest}`,
    )
  return rows.length === 1
}

async function checkAccess(world: World, visit: Visit, published: boolean): Promise<string[]> {
  const { address, pin1, accessionNumber } = visit
  const wrong: string[] = []
  const pin2 = newestPin2(world, visit.email)
  if (published && !pin2) return [`${accessionNumber}: it is online and its PIN2 never came`]
  const cookie = pin1 && pin2 ? await enter(world, address, pin1, pin2) : null
  if (published && !cookie) wrong.push(`${accessionNumber}: its two PINs do not open it`)
  if (!published && cookie) wrong.push(`${accessionNumber}: nothing is online and the PINs open it`)
  for (const { id, revoked } of visit.shares) {
    const [row] = await world.database().db.execute(sql`select ended_at from shares where id = ${id}`)
    if (!row) wrong.push(`${accessionNumber}: a share was made and is lost`)
    else if (revoked === true && row.ended_at === null) wrong.push(`${accessionNumber}: an ended share lives`)
    else if (revoked === false && published && cookie && !(await opens(world, visit, cookie, id)))
      wrong.push(`${accessionNumber}: a share was made and does not open`)
  }
  return wrong
}

/** Shows the share's PIN again and goes in as the doctor does. */
async function opens(world: World, { address }: Visit, cookie: string, id: string): Promise<boolean> {
  const page = (await ask(world, 'GET', `/condivisioni/${id}`, { address, cookie }))?.text ?? ''
  const codice = /\/condivisione#([A-Za-z0-9_-]+)/.exec(page)?.[1] ?? ''
  const pin = /data-copy="(\d{7})"/.exec(page)?.[1] ?? ''
  const body = new URLSearchParams({ codice, pin })
  return (await ask(world, 'POST', '/condivisione', { address, body }))?.status === 303
}
