import { and, eq, gt, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { exams, loginLocks, mails, publications, reports, studies } from '../database/schema.ts'
import { standingMail } from '../mail/standing.ts'
import type { FoundVisit } from './search.ts'

/** A visit's state on one line of a list. */
export type VisitLine = {
  visit: FoundVisit
  exams: { description: string; examDate: string; excluded: boolean }[]
  images: 'not-expected' | 'none' | 'arriving' | 'stable'
  report: 'missing' | 'partial' | 'delivered'
  /** 'waiting': nothing was online yet. */
  published: 'waiting' | 'online' | 'ended' | 'excluded'
  availableUntil: string | null
  /** Has the person opened what is online? Null where nothing ever was. */
  opened: boolean | null
  mail: 'none' | 'queued' | 'sent' | 'refused'
  lockedUntil: Date | null
}

/** The lines of some visits, in few questions however many they are. */
export async function visitLines(db: Database, found: FoundVisit[], now: Date): Promise<VisitLine[]> {
  const ids = found.map(({ id }) => id)
  if (ids.length === 0) return []
  const ofVisits = await db.select().from(exams).where(inArray(exams.visitId, ids)).orderBy(exams.position)
  const examIds = ofVisits.map(({ id }) => id)
  const numbers = ofVisits.map(({ accessionNumber }) => accessionNumber)
  const [images, delivered, published, letters, locks] = await Promise.all([
    db
      .select({ accessionNumber: studies.accessionNumber, state: studies.state })
      .from(studies)
      .where(and(inArray(studies.accessionNumber, numbers), sql`${studies.state} <> 'gone'`)),
    db
      .select({ examId: reports.examId })
      .from(reports)
      .where(
        and(inArray(reports.examId, examIds), isNull(reports.supersededAt), isNotNull(reports.document)),
      ),
    db.select().from(publications).where(inArray(publications.visitId, ids)),
    db
      .select({ visitId: mails.visitId, state: mails.state })
      .from(mails)
      .where(and(inArray(mails.visitId, ids), eq(mails.id, standingMail(sql`${mails.visitId}`)))),
    db
      .select({ key: loginLocks.pin1Digest, lockedUntil: loginLocks.lockedUntil })
      .from(loginLocks)
      .where(and(inArray(loginLocks.pin1Digest, found.map(lockKey)), gt(loginLocks.lockedUntil, now))),
  ])
  return found.map((visit) => {
    const own = ofVisits.filter(({ visitId }) => visitId === visit.id)
    const ofVisit = published.filter(({ visitId }) => visitId === visit.id)
    const online = ofVisit.filter(({ endedAt, endsAt }) => !endedAt && endsAt > now)
    const shown = online.length > 0 ? online : ofVisit
    const withReport = own.filter(({ id }) => delivered.some(({ examId }) => examId === id)).length
    return {
      visit,
      exams: own.map(({ description, examDate, excluded }) => ({ description, examDate, excluded })),
      images: imagesOf(own, images),
      report: withReport === 0 ? 'missing' : withReport < own.length ? 'partial' : 'delivered',
      published: publishedOf(own, online.length, ofVisit.length),
      availableUntil:
        online
          .map(({ availableUntil }) => availableUntil)
          .sort()
          .at(-1) ?? null,
      opened: shown.length > 0 ? shown.some((each) => each.openedAt) : null,
      mail: mailOf(letters.find(({ visitId }) => visitId === visit.id)?.state),
      lockedUntil: locks.find(({ key }) => key === lockKey(visit))?.lockedUntil ?? null,
    }
  })
}

const lockKey = ({ pin1Digest }: FoundVisit) => Buffer.from(pin1Digest).toString('hex')

type Exam = typeof exams.$inferSelect

function imagesOf(own: Exam[], found: { accessionNumber: string; state: string }[]): VisitLine['images'] {
  const present = found.filter((study) =>
    own.some(({ accessionNumber }) => accessionNumber === study.accessionNumber),
  )
  if (present.length === 0) return own.some(({ imagesExpected }) => imagesExpected) ? 'none' : 'not-expected'
  return present.some(({ state }) => state === 'arriving') ? 'arriving' : 'stable'
}

function publishedOf(own: Exam[], online: number, ever: number): VisitLine['published'] {
  if (online > 0) return 'online'
  if (ever > 0) return 'ended'
  return own.every(({ excluded }) => excluded) ? 'excluded' : 'waiting'
}

function mailOf(state: string | undefined): VisitLine['mail'] {
  if (state === 'sent' || state === 'refused') return state
  return state === 'queued' || state === 'sending' ? 'queued' : 'none'
}
