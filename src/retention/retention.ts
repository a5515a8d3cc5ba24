import { and, eq, gt, inArray, isNull, notExists } from 'drizzle-orm'
import { type Actor, record } from '../audit/audit.ts'
import type { Transaction } from '../database/database.ts'
import {
  exams,
  manifests,
  publications,
  reports,
  sharedPublications,
  shares,
  studies,
  visits,
} from '../database/schema.ts'
import { discardDerived } from '../derived/discard.ts'
import { cancelMails } from '../mail/outbox.ts'
import type { Publication } from '../publications/publications.ts'
import { closeSessionsOf } from '../sessions/sessions.ts'
import { endShares } from '../shares/shares.ts'

/**
 * Ends what is online of a visit, all of it or the publications named (S25, S26): at once, in one transaction, with the
 * shares that opened nothing else. The portal's copies of the reports and what was made from the studies are deleted;
 * where nothing stays online, sessions, PIN2 and waiting mails go too. The PACS and the audit trail stay. The caller
 * holds the visit's row. Returns how many ended: none the second time.
 */
export async function endPublications(
  tx: Transaction,
  {
    visitId,
    publicationIds,
    endedBy,
    actor,
    source,
    now,
  }: {
    visitId: string
    publicationIds?: string[]
    endedBy: NonNullable<Publication['endedBy']>
    actor: Actor
    source: string | null
    now: Date
  },
): Promise<number> {
  const chosen = publicationIds ? inArray(publications.id, publicationIds) : undefined
  const ended = await tx
    .update(publications)
    .set({ endedAt: now, endedBy })
    .where(and(eq(publications.visitId, visitId), isNull(publications.endedAt), chosen))
    .returning({ examId: publications.examId })
  const examIds = ended.map(({ examId }) => examId)
  if (examIds.length > 0) await deleteCopies(tx, examIds, now)
  await endEmptyShares(tx, visitId, now)
  await closeIfNothingStays(tx, visitId, now)
  for (const examId of examIds)
    record(tx, now, { event: 'publication.ended', actor, source, visitId, examId, details: { endedBy } })
  return ended.length
}

async function deleteCopies(tx: Transaction, examIds: string[], now: Date): Promise<void> {
  const nothing = { document: null, pdf: null, title: null, body: null, physician: null }
  await tx.update(reports).set(nothing).where(inArray(reports.examId, examIds))
  const accessions = tx
    .select({ accessionNumber: exams.accessionNumber })
    .from(exams)
    .where(inArray(exams.id, examIds))
  const made = tx
    .select({ orthancId: studies.orthancId })
    .from(studies)
    .where(inArray(studies.accessionNumber, accessions))
  await tx.delete(manifests).where(inArray(manifests.orthancId, made))
  await discardDerived(tx, made, now)
}

/** A share whose publications have all ended opens nothing any more. */
async function endEmptyShares(tx: Transaction, visitId: string, now: Date): Promise<void> {
  const open = tx
    .select({ id: publications.id })
    .from(sharedPublications)
    .innerJoin(publications, eq(publications.id, sharedPublications.publicationId))
    .where(and(eq(sharedPublications.shareId, shares.id), isNull(publications.endedAt)))
  const empty = await tx
    .select({ id: shares.id })
    .from(shares)
    .where(and(eq(shares.visitId, visitId), isNull(shares.endedAt), notExists(open)))
  await endShares(
    tx,
    empty.map(({ id }) => id),
    'publication',
    now,
  )
  for (const { id } of empty)
    record(tx, now, {
      event: 'share.ended',
      actor: { kind: 'system' },
      visitId,
      details: { share: id, endedBy: 'publication' },
    })
}

async function closeIfNothingStays(tx: Transaction, visitId: string, now: Date): Promise<void> {
  const [staying] = await tx
    .select({ id: publications.id })
    .from(publications)
    .where(and(eq(publications.visitId, visitId), isNull(publications.endedAt), gt(publications.endsAt, now)))
    .limit(1)
  if (staying) return
  await closeSessionsOf(tx, visitId)
  await cancelMails(tx, visitId, 'all')
  await tx.update(visits).set({ pin2Hash: null, pin2IssuedAt: null }).where(eq(visits.id, visitId))
}
