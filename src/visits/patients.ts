import { eq } from 'drizzle-orm'
import { type Actor, record, transact } from '../audit/audit.ts'
import type { Database, Transaction } from '../database/database.ts'
import { patients, visits } from '../database/schema.ts'
import { publishReady, type Visit } from '../publications/publications.ts'
import { changeConsent, changeEmail, type VisitRules } from './visits.ts'

type Call = { db: Database; rules: VisitRules; actor: Actor; now: Date }

/** What a hospital's system says of a patient; undefined: nothing, null: to be deleted. */
export type PatientRecord = (typeof patients.$inferSelect)['facts']

const DEMOGRAPHICS = ['familyName', 'givenName', 'birthDate', 'birthPlace', 'taxCode', 'sex'] as const
// What every visit has cannot be deleted, only corrected.
const REQUIRED: readonly string[] = ['familyName', 'givenName', 'birthDate']

/** What is known of a patient from earlier messages. */
export async function knownPatient(db: Database, patientId: string): Promise<PatientRecord> {
  const [known] = await db.select().from(patients).where(eq(patients.patientId, patientId))
  return known?.facts ?? {}
}

/**
 * Keeps what a message says of a patient for orders to come, and corrects the visits registered under this patient's
 * number: names, dates, and the address of those whose mail may be on its way. A consent that is withdrawn ends what is
 * online of all of them; one that is given holds for visits to come (S2).
 */
export async function updatePatient(
  { db, rules, actor, now }: Call,
  patientId: string,
  said: PatientRecord,
): Promise<{ visits: number }> {
  return transact(db, async (tx) => {
    await keep(tx, patientId, said, now)
    const registered = await visitsOf(tx, patientId)
    for (const visit of registered) {
      await correct(tx, visit, said, actor, now)
      if (said.email !== undefined && said.email !== visit.email)
        await changeEmail(tx, visit, said.email, rules, actor, now)
      if (said.consent === false && visit.consent) await changeConsent(tx, visit, false, rules, actor, now)
      await publishReady(tx, visit.id, rules, now)
    }
    return { visits: registered.length }
  })
}

/** Two numbers are one patient's: visits registered under the old number go on under the one that stays. */
export async function mergePatients(
  { db, actor, now }: Call,
  { from, to }: { from: string; to: string },
): Promise<{ visits: number }> {
  return transact(db, async (tx) => {
    const moved = await visitsOf(tx, from)
    for (const { id } of moved) {
      await tx.update(visits).set({ patientId: to }).where(eq(visits.id, id))
      record(tx, now, { event: 'visit.changed', actor, visitId: id, details: { changed: 'patient-number' } })
    }
    const old = await knownPatient(tx, from)
    await tx.delete(patients).where(eq(patients.patientId, from))
    const kept = await knownPatient(tx, to)
    const facts = { ...old, ...kept }
    if (Object.keys(facts).length > 0) await keep(tx, to, facts, now)
    return { visits: moved.length }
  })
}

async function keep(tx: Transaction, patientId: string, said: PatientRecord, now: Date): Promise<void> {
  // Two messages about one patient take turns.
  const [known] = await tx.select().from(patients).where(eq(patients.patientId, patientId)).for('update')
  const facts = { ...known?.facts, ...present(said) }
  await tx
    .insert(patients)
    .values({ patientId, facts, updatedAt: now })
    .onConflictDoUpdate({ target: patients.patientId, set: { facts, updatedAt: now } })
}

const present = (said: PatientRecord): PatientRecord =>
  Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))

const visitsOf = (tx: Transaction, patientId: string): Promise<Visit[]> =>
  tx.select().from(visits).where(eq(visits.patientId, patientId)).orderBy(visits.id).for('no key update')

async function correct(
  tx: Transaction,
  visit: Visit,
  said: PatientRecord,
  actor: Actor,
  now: Date,
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
  await tx.update(visits).set(changes).where(eq(visits.id, visit.id))
  record(tx, now, {
    event: 'visit.changed',
    actor,
    visitId: visit.id,
    details: { changed: Object.keys(changes).join(' ') },
  })
}
