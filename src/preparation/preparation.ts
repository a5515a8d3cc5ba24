import { setTimeout as sleep } from 'node:timers/promises'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { manifests, studies } from '../database/schema.ts'
import type { LargeSource } from '../disc/large-description.ts'
import { LARGE_FILE } from '../disc/large-file.ts'
import {
  decodeManifest,
  encodeManifest,
  MANIFEST_VERSION,
  type Manifest,
  prepareManifest,
  type StoredFile,
} from '../disc/manifest.ts'
import { AppError } from '../errors.ts'
import { errorCode, type Log } from '../log.ts'
import type { Orthanc, OrthancInstance } from '../orthanc/orthanc.ts'
import type { Codecs } from '../pixels/pixels.ts'

const IDLE_PAUSE_MS = 1_000
// A preparer that died is taken over after this; a living one extends its claim as it goes.
const CLAIM_MS = 60_000
const PROGRESS_EVERY = 25
const READ_AHEAD = 4

type Preparer = { db: Database; orthanc: Orthanc; codecs: Codecs; clock: () => Date }
type Claim = { orthancId: string; revision: number; failures: number }

/** Prepares the disc of every stable study that belongs to a visit, until `signal` ends it: one study at a time a gateway. */
export async function prepareStudies(preparer: Preparer & { log: Log; signal: AbortSignal }): Promise<void> {
  const { log, signal } = preparer
  while (!signal.aborted) {
    const worked = await prepareNext(preparer, signal).catch((error: unknown) => {
      if (!signal.aborted) log('warn', 'preparation.failed', { code: errorCode(error) })
      return false
    })
    if (!worked) await sleep(IDLE_PAUSE_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Prepares the next study that needs it; false where none does. */
export async function prepareNext(
  { db, orthanc, codecs, clock }: Preparer,
  signal: AbortSignal,
): Promise<boolean> {
  const claim = await claimNext(db, clock())
  if (!claim) return false
  const mine = and(eq(manifests.orthancId, claim.orthancId), eq(manifests.revision, claim.revision))
  try {
    const instances = await orthanc.instances(claim.orthancId)
    if (!instances) {
      await db.update(studies).set({ state: 'gone' }).where(eq(studies.orthancId, claim.orthancId))
      return true
    }
    const progress = async (done: number) => {
      if (done % PROGRESS_EVERY !== 0) return
      const claimedUntil = new Date(clock().getTime() + CLAIM_MS)
      await db.update(manifests).set({ done, claimedUntil }).where(mine)
    }
    const manifest = await prepareManifest(
      storedFiles(orthanc, instances, progress, signal),
      codecs.decodeFile,
    )
    await db
      .update(manifests)
      .set({ body: encodeManifest(manifest), preparedAt: clock(), done: instances.length })
      .where(mine)
  } catch (error) {
    // Tried again after a pause that grows: an archive that is away is not asked every second.
    const pause = Math.min(2_000 * 2 ** claim.failures, 300_000)
    const again = { claimedUntil: new Date(clock().getTime() + pause), failures: claim.failures + 1 }
    await db.update(manifests).set(again).where(mine)
    throw error
  }
  return true
}

export type Preparation =
  | {
      ready: true
      preparedAt: Date
      /** The same for the same manifests: what was made of them needs not be made anew. */
      key: string
      manifests: () => Promise<Manifest[]>
    }
  | { ready: false; done: number; total: number }

/** Whether the manifests of some studies are there, or how far their preparation is. */
export async function findPreparation(
  db: Database,
  ofStudies: Pick<typeof studies.$inferSelect, 'orthancId' | 'revision' | 'instanceCount'>[],
): Promise<Preparation> {
  const ids = ofStudies.map(({ orthancId }) => orthancId)
  const { orthancId, revision, preparedAt, done } = manifests
  // Without the bodies, which are megabytes.
  const facts = db.select({ orthancId, revision, preparedAt, done }).from(manifests)
  const rows =
    ids.length === 0
      ? []
      : await facts.where(and(inArray(orthancId, ids), eq(manifests.format, MANIFEST_VERSION)))
  const current = ofStudies.flatMap((study) =>
    rows.filter((row) => row.orthancId === study.orthancId && row.revision === study.revision),
  )
  const instants = current.flatMap((row) => row.preparedAt?.getTime() ?? [])
  if (instants.length === ofStudies.length) {
    return {
      ready: true,
      preparedAt: new Date(Math.max(0, ...instants)),
      key: JSON.stringify(current.map((row) => [row.orthancId, row.revision, row.preparedAt])),
      manifests: () => readManifests(db, current),
    }
  }
  return {
    ready: false,
    done: current.reduce((sum, row) => sum + row.done, 0),
    total: ofStudies.reduce((total, { instanceCount }) => total + instanceCount, 0),
  }
}

async function readManifests(
  db: Database,
  wanted: { orthancId: string; revision: number }[],
): Promise<Manifest[]> {
  const ids = wanted.map(({ orthancId }) => orthancId)
  const rows =
    ids.length === 0 ? [] : await db.select().from(manifests).where(inArray(manifests.orthancId, ids))
  return wanted.map(({ orthancId, revision }) => {
    const row = rows.find((candidate) => candidate.orthancId === orthancId)
    const manifest = row?.body && row.revision === revision ? decodeManifest(row.body) : null
    // The study grew since it was looked for.
    if (!manifest) throw new AppError('images.preparing')
    return manifest
  })
}

/** Takes the next study for this gateway: stable, of an exam that is online or may come online, without a manifest of its revision. */
async function claimNext(db: Database, now: Date): Promise<Claim | null> {
  const claimedUntil = new Date(now.getTime() + CLAIM_MS)
  const rows = await db.execute<{ orthanc_id: string; revision: number; failures: number }>(sql`
    insert into manifests (orthanc_id, revision, format, claimed_until)
    select s.orthanc_id, s.revision, ${MANIFEST_VERSION}::integer, ${claimedUntil.toISOString()}::timestamptz
    from studies s left join manifests m on m.orthanc_id = s.orthanc_id
    where s.state = 'stable' and s.accession_number <> ''
      and (m.orthanc_id is null or m.revision < s.revision or m.format <> ${MANIFEST_VERSION} or (m.body is null and m.claimed_until <= ${now.toISOString()}::timestamptz))
      and (${IS_WANTED} or ${MAY_RETURN})
    order by s.changed_at limit 1
    on conflict (orthanc_id) do update
      set revision = excluded.revision, format = excluded.format, claimed_until = excluded.claimed_until, done = 0,
        body = null, prepared_at = null,
        failures = case when manifests.revision < excluded.revision then 0 else manifests.failures end
      where manifests.revision < excluded.revision or manifests.format <> excluded.format
        or (manifests.body is null and manifests.claimed_until <= ${now.toISOString()}::timestamptz)
    returning orthanc_id, revision, failures`)
  const [row] = rows as unknown as { orthanc_id: string; revision: number; failures: number }[]
  return row ? { orthancId: row.orthanc_id, revision: row.revision, failures: row.failures } : null
}

/** Of a study `s`: it belongs to an exam that is online or may come online. */
export const IS_WANTED = sql.raw(`exists (
  select 1 from exams e join visits v on v.id = e.visit_id
  where e.accession_number = s.accession_number and v.consent and not e.excluded
    and (exists (select 1 from publications p where p.exam_id = e.id and p.ended_at is null)
      or not exists (select 1 from publications p where p.exam_id = e.id)))`)

/**
 * Of a study `s`: something in it was not looked at for a report, and a report could bring an exam online again whose
 * publication has ended. What the person or the desk took off stays off.
 */
const MAY_RETURN = sql.raw(`(s.documents_revision < s.revision and exists (
  select 1 from exams e join visits v on v.id = e.visit_id
  where e.accession_number = s.accession_number and v.consent and not e.excluded
    and exists (select 1 from publications p where p.exam_id = e.id and p.ended_by in ('consent', 'expiry', 'ris'))))`)

/** Deletes the manifest of a study that was needed only to look through it (S26). */
export async function forgetUnwanted(db: Database, orthancId: string): Promise<void> {
  await db.execute(sql`
    delete from manifests using studies s
    where manifests.orthanc_id = s.orthanc_id and s.orthanc_id = ${orthancId} and not (${IS_WANTED} or ${MAY_RETURN})`)
}

/** The files of a study in the order of `instances`, each read once: a few fetched ahead, large ones as they are read. */
export async function* storedFiles(
  orthanc: Orthanc,
  instances: OrthancInstance[],
  progress: (done: number) => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<StoredFile> {
  const ahead: { instance: OrthancInstance; fetched: Promise<Uint8Array | null> | null }[] = []
  const waiting = instances.values()
  const fetchOne = () => {
    const { value: instance } = waiting.next()
    if (instance === undefined) return
    const isLarge = instance.fileSize >= LARGE_FILE
    const fetched = isLarge ? null : orthanc.instanceFile(instance.orthancId, signal)
    // It is awaited in its turn; until then a failure must not count as unhandled.
    fetched?.catch(() => undefined)
    ahead.push({ instance, fetched })
  }
  for (let i = 0; i < READ_AHEAD; i++) fetchOne()
  let done = 0
  for (let next = ahead.shift(); next; next = ahead.shift()) {
    const { orthancId, fileUuid, fileSize } = next.instance
    const bytes = next.fetched && (await next.fetched)
    fetchOne()
    if (bytes) yield { orthancId, fileUuid, bytes }
    // Deleted in the meantime, it is left out: the archive tells of a new revision soon.
    if (!next.fetched) yield { orthancId, fileUuid, large: largeSource(orthanc, orthancId, fileSize, signal) }
    done += 1
    await progress(done)
  }
}

function largeSource(orthanc: Orthanc, orthancId: string, size: number, signal: AbortSignal): LargeSource {
  return {
    size,
    async stream() {
      const opened = await orthanc.instanceStream(orthancId, signal)
      if (!opened) throw new AppError('images.unavailable', 'An instance is in the archive no more.')
      return opened
    },
    whole: () => orthanc.instanceFile(orthancId, signal),
  }
}
