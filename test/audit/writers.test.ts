import { eq, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { type AuditEvent, record, transact } from '../../src/audit/audit.ts'
import { verifyTrail } from '../../src/audit/verify.ts'
import { auditEvents, pacsCursor } from '../../src/database/schema.ts'
import { testDatabase } from '../support/database.ts'

const NOW = new Date('2026-11-23T10:00:00Z')
const entry = (i: number): AuditEvent => ({
  event: 'report.viewed',
  actor: { kind: 'patient' },
  details: { i },
})

test('S39: fifty writers at once, some of whom give up, leave one whole chain of those who did not', async () => {
  await using database = await testDatabase()
  const { db } = database
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      transact(db, async (tx) => {
        record(tx, NOW, entry(i))
        record(tx, NOW, entry(i + 1_000))
        if (i % 5 === 0) throw new Error('given up')
      }),
    ),
  )
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(10)
  expect(await verifyTrail(db)).toMatchObject({ whole: true, rows: 80 })
  const written = (await db.select().from(auditEvents).orderBy(auditEvents.seq)).map(({ details }) =>
    Number(details.i),
  )
  expect(written.filter((i) => i < 1_000 && i % 5 === 0)).toEqual([])
  // Each act's two rows stand together.
  for (let at = 0; at < written.length; at += 2) expect(written[at + 1]).toBe(Number(written[at]) + 1_000)
})

test('S39: two acts that wait for each other both happen, one after the other, and are written once each', async () => {
  await using database = await testDatabase()
  const { db } = database
  await db.execute(sql`create table pair (name text primary key, touched int not null default 0)`)
  await db.execute(sql`insert into pair (name) values ('a'), ('b')`)
  const cross = (first: string, second: string, i: number) =>
    transact(db, async (tx) => {
      await tx.execute(sql`update pair set touched = touched + 1 where name = ${first}`)
      // Both have taken their first row before either asks for its second.
      await tx.execute(sql`select pg_sleep(0.2)`)
      await tx.execute(sql`update pair set touched = touched + 1 where name = ${second}`)
      record(tx, NOW, entry(i))
    })
  await Promise.all([cross('a', 'b', 1), cross('b', 'a', 2)])
  expect(await db.execute(sql`select touched from pair`)).toEqual([{ touched: 2 }, { touched: 2 }])
  expect(await verifyTrail(db)).toMatchObject({ whole: true, rows: 2 })
})

test('S39: an act that is recorded but cannot be done leaves no trace of having been done', async () => {
  await using database = await testDatabase()
  const { db } = database
  await expect(
    transact(db, async (tx) => {
      record(tx, NOW, entry(1))
      await tx.insert(pacsCursor).values({ id: 2, lastSeq: 0, updatedAt: NOW })
    }),
  ).rejects.toThrow()
  expect(await db.select().from(auditEvents).where(eq(auditEvents.event, 'report.viewed'))).toEqual([])
})
