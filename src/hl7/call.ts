import type { Actor } from '../audit/audit.ts'
import type { Transaction } from '../database/database.ts'
import type { TextReport } from '../reports/text-page.ts'
import type { Inspection } from '../signature/signature.ts'
import type { VisitRules } from '../visits/visits.ts'
import type { Header } from './ack.ts'
import type { Mapping } from './mapping.ts'
import type { Hl7Message } from './message.ts'

/** What it takes to read a message and make it into acts of the portal. */
export type Intake = {
  mapping: Mapping
  rules: VisitRules
  inspect: (document: Uint8Array) => Promise<Inspection>
  /** The page that a report which came as text alone is published as. */
  page: (report: TextReport) => Promise<Uint8Array>
  maxReportBytes: number
}

export type Received = { message: Hl7Message; header: Header }

/** The transaction in which a message is applied, by whom and when. */
export type Call = {
  db: Transaction
  rules: VisitRules
  actor: Actor
  /** The sending system: MSH-3 and MSH-4. */
  sender: string
  now: Date
  /** When the message came, where it is applied later: what came since is newer. */
  since?: Date | undefined
  /** It was applied before and came once more: only a report whose copy was deleted with the consent is taken again. */
  again?: boolean | undefined
}

/** Applies a message that was read and checked; says what was done, in words for the sender's log. */
export type Act = (call: Call) => Promise<string>
