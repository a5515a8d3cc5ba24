import type { Actor } from '../../audit/audit.ts'
import type { Messages } from '../../messages/it.ts'

/** One row of the audit trail as the patient reads it (S39). */
export type AccessEntry = {
  at: Date
  who: { kind: Exclude<Actor['kind'], 'staff'> | 'desk'; name: string | null }
  /** AuditEvent['event']; one that has no sentence gets a neutral one. */
  event: string
  /** The exam's description, where the act concerns one. */
  exam: string | null
}

/** An act in plain words: 'Hai letto il referto', 'Il medico ROSSI MARIO ha letto il referto'. */
export function accessSentence({ who, event }: AccessEntry, messages: Messages): string {
  const { sentences, unknown } = messages.accesses
  const sentence = (Object.hasOwn(sentences, event) && sentences[event]) || unknown
  if (typeof sentence === 'string') return sentence
  return who.kind === 'patient' ? sentence.you : `${whoWords(who, messages)} ${sentence.other}`
}

/** Who did it, in words. */
export function whoWords({ kind, name }: AccessEntry['who'], messages: Messages): string {
  const words = messages.accesses.who[kind]
  return typeof words === 'string' ? words : words(name)
}
