import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Database } from '../database/database.ts'
import { derivedFolder } from '../database/schema.ts'
import type { Entry } from './pack.ts'

/** Where the files are. `indexes` are those read lately, by file: a file never changes. */
export type DerivedStore = { readonly folder: string; readonly indexes: Map<string, DerivedIndex> }

export type DerivedIndex = { readonly entries: ReadonlyMap<string, Entry>; readonly facts: unknown }

/** The folder of this database in `directory`, made if need be, for its owner alone. */
export async function openDerivedStore(db: Database, directory: string): Promise<DerivedStore> {
  await db.insert(derivedFolder).values({}).onConflictDoNothing()
  const [row] = await db.select().from(derivedFolder)
  if (!row) throw new Error('the row of the folder is there')
  const folder = join(resolve(directory), row.name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return { folder, indexes: new Map() }
}

/** The file of a derivation. */
export const pathOf = (
  { folder }: DerivedStore,
  { orthancId, kind, file }: { orthancId: string; kind: string; file: string },
): string => join(folder, orthancId, `${kind}.${file}`)
