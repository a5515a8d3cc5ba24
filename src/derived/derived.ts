import { hash } from 'node:crypto'
import { crc32, gunzipSync, gzipSync } from 'node:zlib'
import { and, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { derivations, studies } from '../database/schema.ts'
import type { Manifest } from '../disc/manifest.ts'
import { type Entry, isThere, readPack } from './pack.ts'
import { type DerivedIndex, type DerivedStore, pathOf } from './store.ts'

/**
 * Makes one kind of thing from a study, once its manifest is there. See README.md here.
 *
 * `made: 'always'` of every study whose exam is or may come online; `'asked'` from when somebody first asks for it.
 * A higher `version` makes anew what a lower one made.
 */
export type Deriver<Facts = unknown> = {
  readonly kind: string
  readonly version: number
  readonly made: 'always' | 'asked'
  /** Writes the entries; what it returns (plain data, as JSON holds it) is kept with them. */
  readonly derive: (work: Work) => Promise<Facts>
}

export type Work = {
  readonly orthancId: string
  readonly manifest: Manifest
  /** Appends an entry; names are the deriver's own, each once. One at a time. */
  readonly write: (name: string, bytes: Uint8Array) => Promise<Entry>
  /** For who waits. Costs nothing: it is written down now and then. */
  readonly progress: (done: number, total: number) => void
  /** Aborted at the gateway's stop, and when the study is not this gateway's to make any more. */
  readonly signal: AbortSignal
}

type Study = Pick<typeof studies.$inferSelect, 'orthancId' | 'revision'>
type Kind<Facts> = Pick<Deriver<Facts>, 'kind' | 'version'>

export type Derived<Facts = unknown> = {
  readonly ready: true
  readonly preparedAt: Date
  /** Bytes of all entries together. */
  readonly size: number
  readonly entries: ReadonlyMap<string, Entry>
  readonly facts: Facts
  /** A whole entry, compared with its SHA-256. */
  readonly read: (name: string) => Promise<Uint8Array>
  /** The bytes `start` to `end` (exclusive) of an entry; compared with its CRC-32 where that is all of it (ADR 14). */
  readonly stream: (name: string, range?: EntryRange) => AsyncGenerator<Uint8Array>
}

/** Each piece is memory of `allocate`, or its own. */
type EntryRange = {
  readonly start?: number
  readonly end?: number
  readonly allocate?: ((length: number) => Uint8Array) | undefined
}

/** Not there yet. `asked`: it is being made or waits its turn; else nobody has asked for it. */
export type Pending = {
  readonly ready: false
  readonly asked: boolean
  readonly done: number
  readonly total: number
}

/** A file of the store is not what it was when it was written. It is being made again. */
export class DerivedLostError extends Error {
  override readonly name = 'DerivedLostError'
}

type Derivation = Awaited<ReturnType<typeof derivationsBy>>[number]

/** What findDerived() asks first, of all studies of a UID: for who knows no more yet, and asks the rest at the same time. */
export function derivationsOfUid(
  db: Database,
  { kind }: Kind<unknown>,
  studyInstanceUid: string,
): Promise<readonly Derivation[]> {
  const ids = db
    .select({ id: studies.orthancId })
    .from(studies)
    .where(eq(studies.studyInstanceUid, studyInstanceUid))
  return derivationsBy(db, kind, inArray(derivations.orthancId, ids))
}

const derivationsBy = (db: Database, kind: string, which: SQL) =>
  db
    .select({
      orthancId: derivations.orthancId,
      revision: derivations.revision,
      format: derivations.format,
      file: derivations.file,
      size: derivations.sizeBytes,
      preparedAt: derivations.preparedAt,
      done: derivations.done,
      total: derivations.total,
    })
    .from(derivations)
    .where(and(which, eq(derivations.kind, kind), isNull(derivations.discardedAt)))

/** What was made of a study's present revision, or how far it is. A file that vanished is made again: never a wrong answer. */
export async function findDerived<Facts>(
  db: Database,
  store: DerivedStore,
  { kind, version }: Kind<Facts>,
  { orthancId, revision }: Study,
  asked?: readonly Derivation[],
): Promise<Derived<Facts> | Pending> {
  const rows = asked ?? (await derivationsBy(db, kind, eq(derivations.orthancId, orthancId)))
  const row = rows.find((one) => one.orthancId === orthancId)
  if (!row) return { ready: false, asked: false, done: 0, total: 0 }
  const { file, size, preparedAt } = row
  const current = row.revision === revision && row.format === version
  if (!current || !preparedAt || size === null) {
    return { ready: false, asked: true, done: current ? row.done : 0, total: current ? row.total : 0 }
  }
  const path = pathOf(store, { orthancId, kind, file })
  const lost = () => makeAgain(db, file)
  const index = (await isThere(path, size)) ? await indexOf(db, store, file) : null
  if (!index) {
    await lost()
    return { ready: false, asked: true, done: 0, total: row.total }
  }
  const entryOf = (name: string) => {
    const entry = index.entries.get(name)
    if (!entry) throw new Error('no such entry')
    return entry
  }
  const stream = (name: string, range: EntryRange = {}) => verified(path, entryOf(name), range, lost)
  return {
    ready: true,
    preparedAt,
    size,
    entries: index.entries,
    // Kind and version are the deriver's, so what it returned is of its type.
    facts: index.facts as Facts,
    stream,
    async read(name) {
      const chunks: Uint8Array[] = []
      for await (const chunk of stream(name)) chunks.push(chunk)
      const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
      if (hash('sha256', bytes, 'hex') === entryOf(name).sha256) return bytes
      await lost()
      throw new DerivedLostError()
    },
  }
}

/** Asks for what is made only then. Harmless where it is there, or being made. */
export async function askForDerived(
  db: Database,
  { kind, version }: Kind<unknown>,
  { orthancId, revision }: Study,
): Promise<void> {
  await db
    .insert(derivations)
    .values({ orthancId, kind, revision, format: version, claimedUntil: new Date(0) })
    .onConflictDoUpdate({
      target: [derivations.orthancId, derivations.kind],
      set: {
        ...{ revision, format: version, claimedUntil: new Date(0), discardedAt: null },
        ...{ done: 0, total: 0, failures: 0 },
        // Another name: the file of the old one may be being deleted this moment.
        file: sql`gen_random_uuid()`,
      },
      setWhere: sql`${derivations.discardedAt} is not null`,
    })
}

const INDEXES_KEPT = 64

async function indexOf(db: Database, { indexes }: DerivedStore, file: string): Promise<DerivedIndex | null> {
  const known = indexes.get(file)
  if (known) return known
  const [row] = await db
    .select({ index: derivations.index })
    .from(derivations)
    .where(eq(derivations.file, file))
  if (!row?.index) return null
  const index = decodeIndex(row.index)
  indexes.set(file, index)
  for (const oldest of indexes.keys()) if (indexes.size > INDEXES_KEPT) indexes.delete(oldest)
  return index
}

/** An index as it is stored. */
export function encodeIndex(entries: ReadonlyMap<string, Entry>, facts: unknown): Uint8Array {
  const rows = [...entries].map(([name, { length, sha256, crc32 }]) => [name, length, sha256, crc32])
  return gzipSync(JSON.stringify({ entries: rows, facts: facts ?? null }))
}

function decodeIndex(stored: Uint8Array): DerivedIndex {
  const { entries, facts } = JSON.parse(gunzipSync(stored).toString()) as {
    entries: [name: string, length: number, sha256: string, crc32: number][]
    facts: unknown
  }
  let offset = 0
  const found = new Map<string, Entry>()
  for (const [name, length, sha256, crc32] of entries) {
    found.set(name, { offset, length, sha256, crc32 })
    offset += length
  }
  return { entries: found, facts }
}

/** The file is of no use: it is made again under another name. */
async function makeAgain(db: Database, file: string): Promise<void> {
  await db
    .update(derivations)
    .set({ preparedAt: null, index: null, sizeBytes: null, done: 0, claimedUntil: new Date(0) })
    .where(and(eq(derivations.file, file), isNull(derivations.discardedAt)))
}

async function* verified(
  path: string,
  { offset, length, crc32: expected }: Entry,
  { start = 0, end = length, allocate }: EntryRange,
  lost: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  if (start < 0 || end > length) throw new RangeError('beyond the entry')
  const whole = start === 0 && end === length
  let sum = 0
  let held: Uint8Array | null = null
  for await (const chunk of readPack(path, offset + start, offset + end, allocate)) {
    if (whole) sum = crc32(chunk, sum)
    // The last chunk is held back until all were compared: who gets all the bytes got the right ones.
    if (held) yield held
    held = chunk
  }
  if (whole && sum !== expected) {
    await lost()
    throw new DerivedLostError()
  }
  if (held) yield held
}
