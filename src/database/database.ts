import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ExtractTablesWithRelations } from 'drizzle-orm'
import type { PgDatabase, PgTransaction } from 'drizzle-orm/pg-core'
import { drizzle, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { errorCode, type Log } from '../log.ts'
import { type Cluster, startCluster } from './cluster.ts'
import * as schema from './schema.ts'

export type Database = PgDatabase<PostgresJsQueryResultHKT, typeof schema>
export type Transaction = PgTransaction<
  PostgresJsQueryResultHKT,
  typeof schema,
  ExtractTablesWithRelations<typeof schema>
>

export type OpenDatabase = {
  db: Database
  /** Closes connections and, where it is ours, ends the private cluster. */
  close: () => Promise<void>
}

// Any fixed numbers: they name our advisory locks (PostgreSQL §13.3.5).
const GATEWAY_LOCK = 7_262_001
const MIGRATION_LOCK = 7_262_002
const WATCH_MS = 1_000

/** Opens PostgreSQL at `url`, or our private cluster in `dataDir`, and brings its tables up to date. */
export async function openDatabase(options: {
  url: string | undefined
  dataDir: string
  log: Log
  /** The gateway takes the private cluster for itself; short commands share it. */
  exclusive: boolean
}): Promise<OpenDatabase> {
  const { url, dataDir, log } = options
  if (url) {
    const { db, sql } = connect(url)
    await migrateDatabase(db, sql).catch(async (error: unknown) => {
      await sql.end({ timeout: 1 }).catch(() => undefined)
      throw new DatabaseUnreachableError(error)
    })
    return { db, close: () => sql.end({ timeout: 5 }) }
  }
  const directory = join(dataDir, 'postgres')
  const cluster = await startCluster({ directory, log })
  // Another gateway may be using a server that was already there: only the lock tells.
  let ours = !cluster.adopted
  try {
    await createDatabase(cluster.connection)
    let lock = await takeGatewayLock(cluster.connection, options.exclusive ? 5 : 1)
    ours = lock !== null
    if (options.exclusive && !lock) throw new ClusterInUseError(dataDir)
    const { db, sql } = connect({ ...cluster.connection })
    await migrateDatabase(db, sql)
    const unwatch = options.exclusive
      ? keepRunning(cluster, log, async () => {
          await startCluster({ directory, log })
          // The lock went with the server that held it.
          const gone = lock
          lock = (await takeGatewayLock(cluster.connection, 5)) ?? lock
          if (lock !== gone) await gone?.end({ timeout: 1 }).catch(() => undefined)
        })
      : null
    const close = async () => {
      await unwatch?.()
      await sql.end({ timeout: 5 })
      // Without the lock another gateway uses the server: leave it to that one. With it, no other may begin to.
      if (lock) await cluster.stop()
      await lock?.end({ timeout: 1 })
    }
    return { db, close }
  } catch (error) {
    if (ours) await cluster.stop().catch(() => undefined)
    throw error
  }
}

/** Starts the cluster anew should it die, killed for its memory for instance; connections find it at the same place. */
function keepRunning(cluster: Cluster, log: Log, revive: () => Promise<void>): () => Promise<void> {
  const closing = new AbortController()
  const { signal } = closing
  const watch = async () => {
    while (!signal.aborted) {
      await sleep(WATCH_MS, undefined, { signal }).catch(() => undefined)
      if (signal.aborted || (await cluster.isRunning())) continue
      log('error', 'database.died')
      await revive().then(
        () => log('info', 'database.revived'),
        (error: unknown) => log('error', 'database.not_revived', { code: errorCode(error) }),
      )
    }
  }
  const watching = watch()
  return async () => {
    closing.abort()
    await watching
  }
}

/** DATABASE_URL leads nowhere, or not in. */
export class DatabaseUnreachableError extends Error {
  override readonly name = 'DatabaseUnreachableError'

  constructor(cause: unknown) {
    // The driver's message may quote the address with its password: its code is enough.
    super(
      `The database at DATABASE_URL cannot be used (${errorCode(cause)}): check the address, the password and that PostgreSQL is running.`,
      {
        cause,
      },
    )
  }
}

/** A second gateway on the same data directory. */
export class ClusterInUseError extends Error {
  override readonly name = 'ClusterInUseError'

  constructor(dataDir: string) {
    super(
      `Another gateway already runs on ${dataDir}. Stop it, or give this one another DATA_DIR; several gateways can share one database by DATABASE_URL.`,
    )
  }
}

/** Opens a pool on an address or on connection values, without touching the tables. */
export function connect(target: string | Record<string, unknown>) {
  const options = {
    max: 12,
    idle_timeout: 60,
    connect_timeout: 10,
    // Seconds. The driver's own pauses grow to twenty: people would wait as long for a page, and after the outage too.
    backoff: (attempts: number) => Math.min(2 ** attempts / 50, 1),
    onnotice: () => undefined,
    connection: { application_name: 'ritiro' },
  }
  const values = typeof target === 'string' ? socketTarget(target) : target
  const sql = values ? postgres({ ...values, ...options }) : postgres(String(target), options)
  keepStatements(sql)
  return { db: drizzle(sql, { schema }) satisfies Database, sql }
}

/**
 * The query builder sends each query as a new one, which the driver must have described before it can bind its values:
 * two round trips. What is asked outside transactions is asked again and again, at every frame of a study: such a
 * statement is kept by its connection and takes one (PostgreSQL §55.2.3).
 */
function keepStatements(sql: postgres.Sql): void {
  const send = sql.unsafe
  sql.unsafe = (query, parameters, options) =>
    send(query, parameters, { ...options, prepare: query.startsWith('select ') })
}

/** `postgres:///database?host=/directory&user=name`, libpq's way to name a Unix socket (§34.1.1.2), which the driver cannot read. */
function socketTarget(url: string): Record<string, unknown> | null {
  const { searchParams, pathname } = new URL(url)
  const host = searchParams.get('host')
  if (!host) return null
  return {
    host,
    port: Number(searchParams.get('port') ?? 5432),
    username: searchParams.get('user') ?? undefined,
    password: searchParams.get('password') ?? undefined,
    database: decodeURIComponent(pathname.slice(1)),
  }
}

/** Applies the migrations in `db/`; gateways that start together take turns. */
export async function migrateDatabase(
  db: ReturnType<typeof connect>['db'],
  sql: postgres.Sql,
): Promise<void> {
  const session = await sql.reserve()
  try {
    await session`select pg_advisory_lock(${MIGRATION_LOCK})`
    await migrate(db, { migrationsFolder: migrationsFolder() })
    await session`select pg_advisory_unlock(${MIGRATION_LOCK})`
  } finally {
    session.release()
  }
}

// The lock belongs to one connection that lives as long as the gateway, and ends with it, however it ends.
async function takeGatewayLock(
  connection: Record<string, unknown>,
  attempts: number,
): Promise<postgres.Sql | null> {
  const sql = postgres({
    ...connection,
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    onnotice: () => undefined,
  })
  for (let attempt = 1; ; attempt++) {
    const [row] = await sql`select pg_try_advisory_lock(${GATEWAY_LOCK}) as held`
    if (row?.held === true) return sql
    if (attempt === attempts) break
    // After kill -9 the server takes a moment to notice that the old gateway is gone.
    await sleep(300)
  }
  await sql.end()
  return null
}

async function createDatabase(connection: { database: string }): Promise<void> {
  const sql = postgres({ ...connection, database: 'postgres', max: 1, onnotice: () => undefined })
  try {
    const found = await sql`select 1 from pg_database where datname = ${connection.database}`
    if (found.length === 0) await sql`create database ${sql(connection.database)}`
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function migrationsFolder(): string {
  // `src/database` and `dist/database` stand at the same depth below the root.
  const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'db')
  if (!existsSync(folder)) throw new Error(`migrations are missing: ${folder}`)
  return folder
}
