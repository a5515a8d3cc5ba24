import { eq } from 'drizzle-orm'
import type { Actor } from '../audit/audit.ts'
import type { Transaction } from '../database/database.ts'
import { type patients, visits } from '../database/schema.ts'
import type { Visit } from '../publications/publications.ts'
import { besides } from './corrected.ts'
import { changeConsent, changeEmail, type VisitRules } from './visits.ts'

/** What a hospital's system says of a patient; undefined: nothing, null: to be deleted. */
export type PatientRecord = (typeof patients.$inferSelect)['facts']

export type Hearing = {
  rules: VisitRules
  actor: Actor
  /** Which system says it. */
  sender: string
  now: Date
  /** When it came, where it is applied later. */
  since?: Date | undefined
}

/** A system's first word of a visit that it registers. */
export const firstWord = ({ sender, now, since }: Hearing, said: PatientRecord): Visit['heard'] => ({
  [sender]: { at: (since ?? now).toISOString(), facts: present(said) },
})

/**
 * What of a system's word is news: not what it said before, and not older than that. Systems repeat in every message what
 * they hold; a repetition undoes nothing of what the desk or the person decided since.
 */
export async function newsIn(
  tx: Transaction,
  visit: Visit,
  said: PatientRecord,
  { sender, now, since }: Hearing,
): Promise<PatientRecord> {
  const before = visit.heard[sender]
  const at = (since ?? now).toISOString()
  if (before && before.at > at) return {}
  const known = before?.facts ?? {}
  const news = Object.fromEntries(
    Object.entries(present(said)).filter(([name, value]) => {
      const last = known[name as keyof PatientRecord]
      return name === 'email' ? !isSameAddress(last, value) : last !== value
    }),
  ) as PatientRecord
  const heard = { ...visit.heard, [sender]: { at, facts: { ...known, ...news } } }
  await tx.update(visits).set({ heard }).where(eq(visits.id, visit.id))
  return news
}

/**
 * Takes the address and the consent of a system's news. An address that the desk set gives way only to another one that a
 * system comes to say after it; a consent that was withdrawn is never given again by a message (S2, S38). The caller holds
 * the visit's row.
 */
export async function takeNews(
  tx: Transaction,
  visit: Visit,
  { email, consent }: PatientRecord,
  hearing: Hearing,
): Promise<void> {
  const { rules, actor, sender, now, since } = hearing
  const at = since ?? now
  const isFirst = visit.heard[sender]?.facts.email === undefined
  const givesWay = visit.emailByDeskAt === null || (!isFirst && email !== null && visit.emailByDeskAt < at)
  if (email !== undefined && givesWay && !isSameAddress(email, visit.email))
    await changeEmail(tx, visit, email, { rules, actor, now, byDeskAt: null })
  if (consent === undefined || consent === visit.consent || visit.consentAt > at) return
  if (!consent || visit.consentWithdrawnAt === null)
    await changeConsent(tx, visit, consent, rules, actor, now)
}

/**
 * What of a system's news of the person is taken: where the desk corrected something, only what the system comes to say after
 * that, neither its first word of it nor what stood there before.
 */
export function takenOf(visit: Visit, news: PatientRecord, { sender, now, since }: Hearing): PatientRecord {
  const { email, consent, ...person } = news
  const before: Record<string, unknown> = visit.heard[sender]?.facts ?? {}
  const at = (since ?? now).toISOString()
  return besides(visit.corrected, person, (name, then) => before[name] !== undefined && then < at)
}

/** Told to the sender where its word was not taken. */
export const notesOn = (visit: Visit, { email, consent, ...person }: PatientRecord): string[] => [
  ...(email && visit.emailByDeskAt && !isSameAddress(email, visit.email)
    ? ['The e-mail address that was set at the desk stays.']
    : []),
  ...(consent && !visit.consent && visit.consentWithdrawnAt
    ? ['The consent was withdrawn: it is given again at the desk, or by REST, only.']
    : []),
  ...keptOf(visit, person),
]

function keptOf(visit: Visit, said: PatientRecord): string[] {
  const own: Record<string, unknown> = visit
  const kept = Object.entries(present(said)).flatMap(([name, value]) =>
    name in visit.corrected && value !== own[name] ? name : [],
  )
  return kept.length > 0 ? [`Corrected at the desk, and kept: ${kept.join(', ')}.`] : []
}

/** Without what nothing is said of. */
export const present = (said: PatientRecord): PatientRecord =>
  Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))

type Value = string | boolean | null | undefined
const isSameAddress = (a: Value, b: Value) =>
  typeof a === 'string' && typeof b === 'string' ? a.toLowerCase() === b.toLowerCase() : a === b
