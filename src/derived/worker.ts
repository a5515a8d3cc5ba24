import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { derivations, manifests } from '../database/schema.ts'
import { decodeManifest, MANIFEST_VERSION, type Manifest } from '../disc/manifest.ts'
import { AppError } from '../errors.ts'
import { errorCode, type Log } from '../log.ts'
import { IS_WANTED } from '../preparation/preparation.ts'
import { cleanDerived, removeOtherFiles, sweepDerived } from './clean.ts'
import { type Deriver, encodeIndex } from './derived.ts'
import { createPack } from './pack.ts'
import { type DerivedStore, pathOf } from './store.ts'

const IDLE_PAUSE_MS = 1_000
const SWEEP_EVERY_MS = 60 * 60_000
// A gateway that died is taken over after this; a living one extends its claim all the time.
const CLAIM_MS = 60_000
const BEAT_MS = 1_000
// An archive that is away is asked again soon; what fails by itself will mostly fail again.
const LONGEST_PAUSE_MS = { away: 5 * 60_000, failed: 6 * 60 * 60_000 }

type Worker = { db: Database; store: DerivedStore; derivers: readonly Deriver[]; clock: () => Date }
type Claim = { orthancId: string; revision: number; file: string; failures: number }

/**
 * Makes what there is to be made of studies, and deletes what was discarded, until `signal` ends it: one study at a time
 * a gateway of what is always made, and one of what somebody asked for and waits for.
 */
export async function deriveStudies(worker: Worker & { log: Log; signal: AbortSignal }): Promise<void> {
  const { derivers, log, signal } = worker
  const repeat = async (act: () => Promise<boolean>, event: string, pauseMs = IDLE_PAUSE_MS) => {
    while (!signal.aborted) {
      const worked = await act().catch((error: unknown) => {
        if (!signal.aborted) log('warn', event, { code: errorCode(error) })
        return false
      })
      if (!worked) await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }
  await Promise.all([
    ...(['asked', 'always'] as const).map((made) => {
      const lane = { ...worker, derivers: derivers.filter((deriver) => deriver.made === made) }
      return repeat(() => deriveNext(lane, signal), 'derivation.failed')
    }),
    repeat(() => cleanDerived(worker), 'derivation.not_cleaned'),
    repeat(() => sweepDerived(worker), 'derivation.not_swept', SWEEP_EVERY_MS),
  ])
}

/** Makes the next thing that is wanted; false where nothing is. */
export async function deriveNext(worker: Worker, signal: AbortSignal): Promise<boolean> {
  for (const deriver of worker.derivers) {
    const claim = await claimNext(worker.db, deriver, worker.clock())
    if (!claim) continue
    await make(worker, deriver, claim, signal)
    return true
  }
  return false
}

async function make(
  { db, store, clock }: Worker,
  { kind, derive }: Deriver,
  claim: Claim,
  stopping: AbortSignal,
): Promise<void> {
  const { orthancId, file, failures } = claim
  // Of this attempt: whoever takes over, or discards, gives it another name or a mark.
  const mine = and(eq(derivations.file, file), isNull(derivations.discardedAt))
  const over = new AbortController()
  const signal = AbortSignal.any([stopping, over.signal])
  let shown = { done: 0, total: 0 }
  const beat = async () => {
    const claimedUntil = new Date(clock().getTime() + CLAIM_MS)
    const [held] = await db
      .update(derivations)
      .set({ ...shown, claimedUntil })
      .where(mine)
      .returning({ file: derivations.file })
    if (!held) over.abort()
  }
  const beating = keepBeating(beat, over.signal)
  const path = pathOf(store, { orthancId, kind, file })
  try {
    await removeOtherFiles(store, { orthancId, kind, file })
    const manifest = await manifestOf(db, claim)
    // A new revision's manifest is being made: this one's time is over.
    if (!manifest) return
    const pack = await createPack(path)
    try {
      const facts = await derive({
        orthancId,
        manifest,
        signal,
        write(name, bytes) {
          signal.throwIfAborted()
          return pack.write(name, bytes)
        },
        progress(done, total) {
          shown = { done, total }
        },
      })
      signal.throwIfAborted()
      const { entries, size } = await pack.publish()
      const [published] = await db
        .update(derivations)
        .set({ ...shown, index: encodeIndex(entries, facts), sizeBytes: size, preparedAt: clock() })
        .where(mine)
        .returning({ file: derivations.file })
      // Discarded, or taken over, in the last moment.
      if (!published) await rm(path, { force: true })
    } finally {
      await pack.close()
    }
  } catch (error) {
    if (over.signal.aborted) return
    const longest = LONGEST_PAUSE_MS[isAway(error) ? 'away' : 'failed']
    // A gateway that stops leaves it to the others at once.
    const pause = stopping.aborted ? 0 : Math.min(2_000 * 2 ** failures, longest)
    const again = { claimedUntil: new Date(clock().getTime() + pause) }
    await db
      .update(derivations)
      .set(stopping.aborted ? again : { ...again, failures: failures + 1 })
      .where(mine)
    throw error
  } finally {
    over.abort()
    await beating
  }
}

async function keepBeating(beat: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(BEAT_MS, undefined, { signal }).catch(() => undefined)
    // The database may be away for a moment: the claim outlives many beats.
    if (!signal.aborted) await beat().catch(() => undefined)
  }
}

const isAway = (error: unknown): boolean => error instanceof AppError && error.code === 'pacs.unavailable'

async function manifestOf(db: Database, { orthancId, revision }: Claim): Promise<Manifest | null> {
  const [row] = await db
    .select({ body: manifests.body })
    .from(manifests)
    .where(and(eq(manifests.orthancId, orthancId), eq(manifests.revision, revision)))
  return row?.body ? decodeManifest(row.body) : null
}

/**
 * Takes for this gateway the next study that has a manifest and lacks this kind, of an exam that is or may come online.
 * The old file is out of date from then on, and gets no reader.
 */
async function claimNext(
  db: Database,
  { kind, version, made }: Deriver,
  clockNow: Date,
): Promise<Claim | null> {
  const now = sql`${clockNow.toISOString()}::timestamptz`
  const claimedUntil = sql`${new Date(clockNow.getTime() + CLAIM_MS).toISOString()}::timestamptz`
  // What was discarded is made again if it always is, once its exam is online again; else when somebody asks again.
  const revived = made === 'always' ? sql`d.discarded_at is not null` : sql`false`
  const isAsked = made === 'always' ? sql`true` : sql`d.orthanc_id is not null and d.discarded_at is null`
  const rows = await db.execute<{ orthanc_id: string; revision: number; file: string; failures: number }>(sql`
    insert into derivations as d (orthanc_id, kind, revision, format, claimed_until)
    select s.orthanc_id, ${kind}, s.revision, ${version}::integer, ${claimedUntil}
    from studies s
      join manifests m on m.orthanc_id = s.orthanc_id and m.revision = s.revision
        and m.format = ${MANIFEST_VERSION}::integer and m.body is not null
      left join derivations d on d.orthanc_id = s.orthanc_id and d.kind = ${kind}
    where s.state = 'stable' and s.accession_number <> '' and ${isAsked}
      and (d.orthanc_id is null or ${revived} or d.revision < s.revision or d.format < ${version}::integer
        or (d.prepared_at is null and d.claimed_until <= ${now}))
      and ${IS_WANTED}
    order by s.changed_at limit 1
    on conflict (orthanc_id, kind) do update
      set revision = excluded.revision, format = excluded.format, claimed_until = excluded.claimed_until,
        file = gen_random_uuid(), prepared_at = null, index = null, size_bytes = null, discarded_at = null,
        done = 0, total = 0,
        failures = case when d.revision < excluded.revision then 0 else d.failures end
      where ${revived} or d.revision < excluded.revision or d.format < excluded.format
        or (d.prepared_at is null and d.claimed_until <= ${now} and d.discarded_at is null)
    returning orthanc_id, revision, file, failures`)
  const [row] = rows as unknown as { orthanc_id: string; revision: number; file: string; failures: number }[]
  return row
    ? { orthancId: row.orthanc_id, revision: row.revision, file: row.file, failures: row.failures }
    : null
}
