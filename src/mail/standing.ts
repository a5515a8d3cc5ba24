import { type SQL, sql } from 'drizzle-orm'

/**
 * The id of the mail by which a visit is judged (S9), as a subquery on `visitId`: the one whose PIN2 was refused, until
 * another with a PIN2 is on its way, for a later notice that gets through is of no use to who has no PIN2; else the last
 * one. A doctor's mail is another matter.
 */
export function standingMail(visitId: SQL): SQL {
  return sql`(
    select m0.id from mails m0
    where m0.visit_id = ${visitId} and m0.share_id is null
    order by
      (m0.carries_pin2 and m0.state = 'refused' and not exists (
        select 1 from mails later
        where later.visit_id = m0.visit_id and later.carries_pin2 and later.queued_at > m0.queued_at)) desc,
      m0.queued_at desc,
      -- Two exams published in one moment: two notices, one of them with PIN2.
      m0.state = 'refused' desc, m0.carries_pin2 desc, m0.id
    limit 1)`
}
