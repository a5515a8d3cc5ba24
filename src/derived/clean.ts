import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { and, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { derivations } from '../database/schema.ts'
import { IS_WANTED } from '../preparation/preparation.ts'
import { isThere } from './pack.ts'
import { type DerivedStore, pathOf } from './store.ts'

type Cleaner = { db: Database; store: DerivedStore; clock: () => Date }
type Named = { orthancId: string; kind: string; file: string }

const AT_ONCE = 200

/** Deletes the files of what was discarded, then its rows (S26); true where there was something. */
export async function cleanDerived({ db, store }: Cleaner): Promise<boolean> {
  const discarded = await db
    .select({ orthancId: derivations.orthancId, kind: derivations.kind, file: derivations.file })
    .from(derivations)
    .where(isNotNull(derivations.discardedAt))
    .limit(AT_ONCE)
  for (const named of discarded) {
    await remove(store, named)
    // Not if it was asked for again meanwhile: then it has another file.
    await db
      .delete(derivations)
      .where(and(eq(derivations.file, named.file), isNotNull(derivations.discardedAt)))
    store.indexes.delete(named.file)
  }
  return discarded.length > 0
}

/** Deletes other files of a kind than the one that is being made: those of an earlier revision, or of who died. */
export async function removeOtherFiles(
  { folder }: DerivedStore,
  { orthancId, kind, file }: Named,
): Promise<void> {
  for (const name of await namesIn(join(folder, orthancId))) {
    const isOfKind = name.startsWith(`${kind}.`)
    if (isOfKind && !name.startsWith(`${kind}.${file}`))
      await rm(join(folder, orthancId, name), { force: true })
  }
}

/**
 * Puts folder and table in agreement again, whatever happened to either: files that no row names are deleted, rows whose
 * file vanished are made again, and what no exam wants any more is discarded.
 */
export async function sweepDerived({ db, store, clock }: Cleaner): Promise<boolean> {
  await db.execute(sql`
    update derivations d set discarded_at = ${clock().toISOString()}::timestamptz, prepared_at = null
    where d.discarded_at is null and not exists (
      select 1 from studies s where s.orthanc_id = d.orthanc_id and s.state <> 'gone' and ${IS_WANTED})`)
  const studies = await namesIn(store.folder)
  for (let at = 0; at < studies.length; at += AT_ONCE)
    await sweepSome(db, store, studies.slice(at, at + AT_ONCE))
  const ready = await db
    .select({
      orthancId: derivations.orthancId,
      kind: derivations.kind,
      file: derivations.file,
      size: derivations.sizeBytes,
    })
    .from(derivations)
    .where(and(isNotNull(derivations.preparedAt), isNull(derivations.discardedAt)))
  for (const row of ready) {
    if (await isThere(pathOf(store, row), row.size)) continue
    await db
      .update(derivations)
      .set({ preparedAt: null, claimedUntil: new Date(0) })
      .where(and(eq(derivations.file, row.file), isNull(derivations.discardedAt)))
  }
  return false
}

async function sweepSome(db: Database, store: DerivedStore, orthancIds: string[]): Promise<void> {
  // Files first, then rows: a row is written before its file, so a file without a row is nobody's.
  const files = new Map<string, string[]>()
  for (const orthancId of orthancIds) files.set(orthancId, await namesIn(join(store.folder, orthancId)))
  const rows = await db
    .select({ file: derivations.file })
    .from(derivations)
    .where(inArray(derivations.orthancId, orthancIds))
  const wanted = new Set(rows.map(({ file }) => file))
  for (const [orthancId, names] of files) {
    for (const name of names) {
      const file = name.split('.')[1] ?? ''
      if (!wanted.has(file)) await rm(join(store.folder, orthancId, name), { force: true })
    }
    await removeIfEmpty(join(store.folder, orthancId))
  }
}

async function remove(store: DerivedStore, named: Named): Promise<void> {
  const path = pathOf(store, named)
  await rm(path, { force: true })
  await rm(`${path}.part`, { force: true })
  await removeIfEmpty(join(store.folder, named.orthancId))
}

const removeIfEmpty = (folder: string) => rmdir(folder).catch(() => undefined)

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])
