import { setTimeout as sleep } from 'node:timers/promises'
import { and, eq, inArray, isNotNull, isNull, lt, ne, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { transact } from '../audit/audit.ts'
import type { Database, Transaction } from '../database/database.ts'
import { exams, pacsCursor, reports, studies } from '../database/schema.ts'
import { AppError } from '../errors.ts'
import { errorCode, type Log } from '../log.ts'
import { type Change, type Orthanc, type OrthancStudy, sameChange } from '../orthanc/orthanc.ts'
import { type PublishingRules, publishReady } from '../publications/publications.ts'

const BATCH = 500
const IDLE_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
const RECHECK_MS = 10_000
// More than one: what is deleted from an archive goes from its /changes too.
const REMEMBERED = 8

export type Follower = { db: Database; orthanc: Orthanc; rules: PublishingRules; clock: () => Date }

/** Follows Orthanc's /changes until `signal` ends it; an Orthanc or a database that is away is waited for, with growing pauses. */
export async function followPacs(follower: Follower & { log: Log; signal: AbortSignal }): Promise<void> {
  const { log, signal } = follower
  let failures = 0
  let rechecked = 0
  // Only an archive that was away can be another one.
  let recognised = false
  while (!signal.aborted) {
    let pause = 0
    try {
      if (!recognised) {
        if (await isReplaced(follower)) log('warn', 'pacs.replaced', {})
        recognised = true
      }
      const { done } = await followOnce(follower)
      if (done && performance.now() - rechecked > RECHECK_MS) {
        await recheckArriving(follower)
        await recheckNamesakes(follower)
        rechecked = performance.now()
      }
      if (failures > 0) log('info', 'pacs.back', { failures })
      failures = 0
      pause = done ? IDLE_PAUSE_MS : 0
    } catch (error) {
      failures += 1
      recognised = false
      pause = Math.min(IDLE_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
      const detail = error instanceof AppError ? error.detail : undefined
      log('warn', 'pacs.unavailable', { code: errorCode(error), detail, failures })
    }
    if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined)
  }
}

/**
 * Handles the next batch of changes. What they change, what gets published by it and the cursor are one transaction:
 * an event is neither lost nor handled twice with effect, whichever side restarts and however many gateways follow.
 */
async function followOnce({ db, orthanc, rules, clock }: Follower): Promise<{ done: boolean }> {
  const since = await readCursor(db)
  const { changes, done, last } = await orthanc.changes(since, BATCH)
  if (changes.length === 0 && last < since) {
    await beginAnew({ db, clock }, since)
    return { done: last === 0 }
  }
  const upTo = changes.at(-1)?.seq
  if (upTo === undefined) return { done: true }
  const touched = await touchedStudies(orthanc, changes)
  const found = new Map<string, OrthancStudy | null>()
  for (const orthancId of touched.keys()) found.set(orthancId, await orthanc.study(orthancId))

  await transact(db, async (tx) => {
    const [cursor] = await tx.select().from(pacsCursor).where(eq(pacsCursor.id, 1)).for('update')
    // Another gateway was faster: these changes are handled.
    if (cursor && cursor.lastSeq !== since) return
    const now = clock()
    const accessionNumbers = new Set<string>()
    for (const [orthancId, study] of found) {
      const known = await noteStudy(tx, orthancId, study, touched.get(orthancId) === 'stable', now)
      for (const accessionNumber of known) accessionNumbers.add(accessionNumber)
    }
    await publishMatching(tx, [...accessionNumbers], rules, now)
    const lastChanges = [...(cursor?.lastChanges ?? []), ...changes].slice(-REMEMBERED)
    const moved = { lastSeq: upTo, lastChanges, updatedAt: now }
    await tx
      .insert(pacsCursor)
      .values({ id: 1, ...moved })
      .onConflictDoUpdate({ target: pacsCursor.id, set: moved })
  })
  return { done }
}

/** Is this an archive in which the numbers of changes we handled are other events? Then it is read from the beginning. */
async function isReplaced({ db, orthanc, clock }: Follower): Promise<boolean> {
  const [cursor] = await db.select().from(pacsCursor).where(eq(pacsCursor.id, 1))
  for (const known of cursor?.lastChanges ?? []) {
    const { changes } = await orthanc.changes(known.seq - 1, 1)
    const [found] = changes
    if (!found || found.seq !== known.seq || sameChange(found, known)) continue
    await beginAnew({ db, clock }, cursor?.lastSeq ?? 0)
    return true
  }
  return false
}

/** The archive was replaced or restored: its numbers mean other events. Handling a change again is harmless. */
async function beginAnew({ db, clock }: Pick<Follower, 'db' | 'clock'>, since: number): Promise<void> {
  await db
    .update(pacsCursor)
    .set({ lastSeq: 0, lastChanges: [], updatedAt: clock() })
    .where(eq(pacsCursor.lastSeq, since))
}

/**
 * Asks again for studies that have been arriving without news. Orthanc keeps in memory alone what is not stable yet: one
 * that was killed meanwhile takes all it has for stable, and never says so in /changes.
 */
async function recheckArriving({ db, orthanc, rules, clock }: Follower): Promise<void> {
  const silentSince = new Date(clock().getTime() - RECHECK_MS)
  const silent = await db
    .select({ orthancId: studies.orthancId })
    .from(studies)
    .where(and(eq(studies.state, 'arriving'), lt(studies.changedAt, silentSince)))
  for (const { orthancId } of silent) {
    const study = await orthanc.study(orthancId)
    if (study && !study.stable) continue
    await transact(db, async (tx) => {
      // Who follows the changes holds this row: what they wrote meanwhile is newer than what we asked.
      await tx.select().from(pacsCursor).where(eq(pacsCursor.id, 1)).for('update')
      const [now] = await tx.select().from(studies).where(eq(studies.orthancId, orthancId))
      if (now?.state !== 'arriving' || now.changedAt >= silentSince) return
      const touched = await noteStudy(tx, orthancId, study, false, clock())
      await publishMatching(tx, touched, rules, clock())
    })
  }
}

/**
 * Asks for studies whose Study Instance UID keeps a report from being published, or its images from being shown, because
 * the archive has it twice: of a deletion, /changes never tell.
 */
async function recheckNamesakes({ db, orthanc, rules, clock }: Follower): Promise<void> {
  const other = alias(studies, 'other')
  const inTheWay = await db
    .selectDistinct({ orthancId: other.orthancId })
    .from(reports)
    .innerJoin(exams, eq(exams.id, reports.examId))
    .innerJoin(studies, eq(studies.accessionNumber, exams.accessionNumber))
    .innerJoin(other, eq(other.studyInstanceUid, studies.studyInstanceUid))
    .where(
      and(
        isNotNull(reports.document),
        isNull(reports.supersededAt),
        ne(other.orthancId, studies.orthancId),
        ne(other.state, 'gone'),
      ),
    )
  for (const { orthancId } of inTheWay) {
    if (await orthanc.study(orthancId)) continue
    await transact(db, async (tx) => {
      await tx.select().from(pacsCursor).where(eq(pacsCursor.id, 1)).for('update')
      await publishMatching(tx, await noteStudy(tx, orthancId, null, false, clock()), rules, clock())
    })
  }
}

async function readCursor(db: Database): Promise<number> {
  const [cursor] = await db.select().from(pacsCursor).where(eq(pacsCursor.id, 1))
  if (cursor) return cursor.lastSeq
  await db
    .insert(pacsCursor)
    .values({ id: 1, lastSeq: 0, updatedAt: new Date(0) })
    .onConflictDoNothing()
  return 0
}

/** Which studies the changes are about, and whether one became stable by them. */
async function touchedStudies(
  orthanc: Orthanc,
  changes: Change[],
): Promise<Map<string, 'stable' | 'arriving'>> {
  const touched = new Map<string, 'stable' | 'arriving'>()
  for (const { type, resource, id } of changes) {
    if (resource !== 'Study') continue
    touched.set(id, type === 'StableStudy' || touched.get(id) === 'stable' ? 'stable' : 'arriving')
  }
  // A late image of a known study comes as NewInstance alone (S8).
  const instances = changes.filter(({ type }) => type === 'NewInstance').map(({ id }) => id)
  for (const study of await orthanc.studiesOf(instances))
    if (!touched.has(study)) touched.set(study, 'arriving')
  return touched
}

/** Writes down what is known of a study; returns the Accession Numbers whose visits it may concern, before and after. */
export async function noteStudy(
  tx: Transaction,
  orthancId: string,
  study: OrthancStudy | null,
  becameStable: boolean,
  now: Date,
): Promise<string[]> {
  const [before] = await tx.select().from(studies).where(eq(studies.orthancId, orthancId))
  if (!study) {
    if (!before) return []
    await tx.update(studies).set({ state: 'gone', changedAt: now }).where(eq(studies.orthancId, orthancId))
    return numbersOfUids(tx, [before.studyInstanceUid])
  }
  const { stable, ...facts } = study
  const values = { ...facts, state: stable ? ('stable' as const) : ('arriving' as const), changedAt: now }
  // What was made from an earlier revision (manifest, metadata) is out of date once it is stable again (S8). An archive
  // that was killed before it was never tells: then the number of images does.
  const isAnother = before?.state !== 'stable' || before.instanceCount !== study.instanceCount
  const revision = sql`${studies.revision} + ${becameStable || (stable && isAnother) ? 1 : 0}`
  await tx
    .insert(studies)
    .values({ ...values, revision: stable ? 1 : 0 })
    .onConflictDoUpdate({ target: studies.orthancId, set: { ...values, revision } })
  const uids = [study.studyInstanceUid, ...(before ? [before.studyInstanceUid] : [])]
  return [...(await numbersOfUids(tx, uids)), ...(before ? [before.accessionNumber] : [])]
}

/** All that the archive has or had under some UIDs: a study that goes may have stood in the way of its namesake (S45). */
async function numbersOfUids(tx: Transaction, uids: string[]): Promise<string[]> {
  const found = await tx
    .selectDistinct({ accessionNumber: studies.accessionNumber })
    .from(studies)
    .where(inArray(studies.studyInstanceUid, uids))
  return found.map(({ accessionNumber }) => accessionNumber)
}

export async function publishMatching(
  tx: Transaction,
  accessionNumbers: string[],
  rules: PublishingRules,
  now: Date,
): Promise<void> {
  if (accessionNumbers.length === 0) return
  const matching = await tx
    .selectDistinct({ visitId: exams.visitId })
    .from(exams)
    .where(and(inArray(exams.accessionNumber, accessionNumbers), ne(exams.accessionNumber, '')))
    .orderBy(exams.visitId)
  for (const { visitId } of matching) await publishReady(tx, visitId, rules, now)
}
