import { FOREVER } from '../../access/lockout.ts'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import type { Site } from '../../ui/site.ts'
import type { AttentionNote } from '../attention.ts'
import type { VisitLine } from '../lines.ts'
import type { VisitFacts } from '../visit-facts.ts'
import type { Frame } from './layout.tsx'

/** What the page of a visit is drawn from. */
export type VisitPageProps = VisitFacts & {
  frame: Frame
  line: VisitLine
  consentVersion: string
  pin2AtDesk: boolean
  notes: AttentionNote[]
  /** What has just been done, by its word in the catalogue. */
  done?: string | undefined
  fault?: string | undefined
  emailFault?: { email: string; words: string } | undefined
  /** The slip that was just made, while it can be printed. */
  slip?: string | undefined
  /** The PIN2 that was just made, where it is told here. */
  pin2?: string | undefined
}

/** An instant of the state, as the desk reads it. */
export function atText(iso: string, { messages }: Site): string {
  const instant = new Date(iso)
  return messages.deskVisits.visit.at(formatInstantDay(instant), formatInstantTime(instant))
}

/** Until when PIN1 is locked, in words. */
export function lockText(until: Date, site: Site): string {
  const { acts } = site.messages.deskVisits.visit
  return until >= FOREVER ? acts.lockedForGood : acts.lockedUntil(atText(until.toISOString(), site))
}
