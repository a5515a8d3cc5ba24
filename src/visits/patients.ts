import { and, eq, isNull, or } from 'drizzle-orm'
import { record, transact } from '../audit/audit.ts'
import type { Database, Transaction } from '../database/database.ts'
import { mergedPatients, patients, visits } from '../database/schema.ts'
import { rereadDocuments } from '../pacs/reread.ts'
import { publishReady, type Visit } from '../publications/publications.ts'
import { byDesk, bySystem } from './corrected.ts'
import { type Hearing, newsIn, type PatientRecord, present, takeNews, takenOf } from './heard.ts'
import { areTwoPeople, type PatientNumber } from './persons.ts'

type Call = Hearing & { db: Database }

/** What is corrected of the person of one visit. */
export type Correction = PatientRecord & { patientId?: string | null | undefined }

const DEMOGRAPHICS = [
  'familyName',
  'givenName',
  'birthDate',
  'birthPlace',
  'taxCode',
  'sex',
  'patientId',
] as const
// What every visit has cannot be deleted, only corrected.
const REQUIRED: readonly string[] = ['familyName', 'givenName', 'birthDate']

/** What is known of a patient from earlier messages. */
export async function knownPatient(db: Database, number: PatientNumber): Promise<PatientRecord> {
  const rows = await db.select().from(patients).where(eq(patients.patientId, number.id))
  return theOne(rows, number)?.facts ?? {}
}

/** The number that a patient has now: another one if the number was merged into it (ADT^A40). */
export async function currentNumber(db: Database, number: PatientNumber): Promise<PatientNumber> {
  const rows = await db.select().from(mergedPatients).where(eq(mergedPatients.patientId, number.id))
  const merged = theOne(rows, number)
  return merged ? { id: merged.intoId, authority: merged.intoAuthority } : number
}

/** The row of this authority; where none is named, the only one there is. */
function theOne<Row extends { authority: string }>(
  rows: Row[],
  { authority }: PatientNumber,
): Row | undefined {
  const own = rows.find((row) => row.authority === authority)
  if (own) return own
  const [only, ...others] = authority === '' ? rows : rows.filter((row) => row.authority === '')
  return others.length === 0 ? only : undefined
}

/**
 * Keeps what a message says of a patient for orders to come, and corrects the visits registered under this patient's
 * number: names, dates, and the address of those whose mail may be on its way. A consent that is withdrawn ends what is
 * online of all of them; one that is given holds for visits to come (S2). Visits of somebody else, whom another authority or
 * a mistake gave the same number, are `left` as they are.
 */
export async function updatePatient(
  { db, ...hearing }: Call,
  number: PatientNumber,
  said: PatientRecord,
): Promise<{ visits: Visit[]; left: number }> {
  const { rules, now } = hearing
  return transact(db, async (tx) => {
    await keep(tx, number, said, now)
    const { own, left } = await visitsOf(tx, number, said)
    for (const visit of own) {
      const news = await newsIn(tx, visit, said.consent ? { ...said, consent: undefined } : said, hearing)
      await correctPatient(tx, visit, takenOf(visit, news, hearing), { ...hearing, isDesk: false })
      await takeNews(tx, visit, news, hearing)
      await publishReady(tx, visit.id, rules, now)
    }
    return { visits: own, left }
  })
}

/** Two numbers are one patient's: visits registered under the old number go on under the one that stays. */
export async function mergePatients(
  { db, actor, now }: Call,
  { from, to, said }: { from: PatientNumber; to: PatientNumber; said: PatientRecord },
): Promise<{ visits: number; left: number }> {
  return transact(db, async (tx) => {
    const { own, left } = await visitsOf(tx, from, said)
    for (const { id, patientAuthority } of own) {
      const authority = to.authority || patientAuthority
      await tx.update(visits).set({ patientId: to.id, patientAuthority: authority }).where(eq(visits.id, id))
      record(tx, now, { event: 'visit.changed', actor, visitId: id, details: { changed: 'patient-number' } })
    }
    const old = await knownPatient(tx, from)
    await tx.delete(patients).where(isOf(patients, from))
    const kept = await knownPatient(tx, to)
    const facts = { ...(areTwoPeople(old, kept) ? {} : old), ...kept }
    if (Object.keys(facts).length > 0) await keep(tx, to, facts, now)
    if (own.length > 0 || left === 0) await follow(tx, from, to, now)
    return { visits: own.length, left }
  })
}

/** Notes where a number went, for results that are on their way under it. */
async function follow(tx: Transaction, from: PatientNumber, to: PatientNumber, now: Date): Promise<void> {
  const into = { intoId: to.id, intoAuthority: to.authority, mergedAt: now }
  await tx
    .insert(mergedPatients)
    .values({ patientId: from.id, authority: from.authority, ...into })
    .onConflictDoUpdate({ target: [mergedPatients.patientId, mergedPatients.authority], set: into })
  await tx
    .update(mergedPatients)
    .set(into)
    .where(and(eq(mergedPatients.intoId, from.id), eq(mergedPatients.intoAuthority, from.authority)))
  // The number that stays is somebody's again, if it was merged away before.
  await tx.delete(mergedPatients).where(isOf(mergedPatients, to))
}

const isOf = (table: typeof patients | typeof mergedPatients, { id, authority }: PatientNumber) =>
  and(eq(table.patientId, id), eq(table.authority, authority))

async function keep(tx: Transaction, number: PatientNumber, said: PatientRecord, now: Date): Promise<void> {
  // Two messages about one patient take turns.
  const [known] = await tx.select().from(patients).where(isOf(patients, number)).for('update')
  // Of two people under one number nothing is mixed.
  const before = known && !areTwoPeople(known.facts, said) ? known.facts : {}
  const facts = { ...before, ...present(said) }
  const { id: patientId, authority } = number
  await tx
    .insert(patients)
    .values({ patientId, authority, facts, updatedAt: now })
    .onConflictDoUpdate({ target: [patients.patientId, patients.authority], set: { facts, updatedAt: now } })
}

/** The visits under a number that are this person's, and how many are somebody else's. */
async function visitsOf(
  tx: Transaction,
  { id, authority }: PatientNumber,
  said: PatientRecord,
): Promise<{ own: Visit[]; left: number }> {
  const ofAuthority =
    authority === '' ? undefined : or(isNull(visits.patientAuthority), eq(visits.patientAuthority, authority))
  const all = await tx
    .select()
    .from(visits)
    .where(and(eq(visits.patientId, id), ofAuthority))
    .orderBy(visits.id)
    .for('no key update')
  // Where the number alone does not say who is meant, something else must.
  const isShared =
    new Set(all.flatMap(({ patientAuthority }) => patientAuthority ?? [])).size > 1 ||
    all.some((visit) => all.some((other) => areTwoPeople(visit, other)))
  const own = all.filter((visit) =>
    isShared
      ? visit.taxCode !== null && said.taxCode
        ? visit.taxCode === said.taxCode
        : visit.birthDate === said.birthDate && !areTwoPeople(visit, said)
      : !areTwoPeople(visit, said),
  )
  return { own, left: all.length - own.length }
}

/**
 * Brings a visit's person to what is said of them now; what the desk says stands against repetitions of what was there.
 * The caller holds the visit's row.
 */
export async function correctPatient(
  tx: Transaction,
  visit: Visit,
  said: Correction,
  { actor, now, isDesk }: Pick<Hearing, 'actor' | 'now'> & { isDesk: boolean },
): Promise<void> {
  const changes = Object.fromEntries(
    DEMOGRAPHICS.flatMap((name) => {
      const value = said[name]
      if (value === undefined || value === visit[name] || (value === null && REQUIRED.includes(name)))
        return []
      return [[name, value]]
    }),
  )
  if (Object.keys(changes).length === 0) return
  // Another number is another authority's, until a message says whose.
  const authority = 'patientId' in changes ? { patientAuthority: null } : {}
  const corrected = isDesk ? byDesk(visit.corrected, visit, changes, now) : bySystem(visit.corrected, changes)
  await tx
    .update(visits)
    .set({ ...changes, ...authority, corrected })
    .where(eq(visits.id, visit.id))
  record(tx, now, {
    event: 'visit.changed',
    actor,
    visitId: visit.id,
    details: { changed: Object.keys(changes).join(' ') },
  })
  await rereadDocuments(tx, visit.id)
}
