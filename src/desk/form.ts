import type { Context } from 'hono'
import type { StaffEnv } from '../staff/guard.ts'
import { staffActor } from '../staff/sign-in.ts'
import type { DeskDependencies } from './dependencies.ts'

export type DeskContext = Context<StaffEnv>

/** A form as it was sent: each field's first value, or all of them. Whatever is no text is none. */
export async function readForm(c: Context): Promise<{
  text: (name: string, longest?: number) => string
  all: (name: string) => string[]
}> {
  const body = await c.req.parseBody({ all: true }).catch(() => ({}))
  const values = new Map(Object.entries(body).map(([name, value]) => [name, [value].flat()]))
  const all = (name: string) =>
    (values.get(name) ?? []).flatMap((value) => (typeof value === 'string' ? clean(value) : []))
  return { text: (name, longest = 500) => (all(name)[0] ?? '').slice(0, longest), all }
}

// PostgreSQL knows no NUL; what is typed holds none.
const clean = (value: string) => value.replaceAll('\0', '').trim()

/** Who asks, as the audit trail names them. */
export const staffOf = (c: DeskContext) => staffActor(c.var.staff, c.var.source)

/** Who asks, as every act of the visits takes it. */
export const callOf = (c: DeskContext, { db, rules, clock }: DeskDependencies) => ({
  db,
  rules,
  actor: staffOf(c),
  now: clock(),
})

/** Takes an address apart only where it is one of ours: anything else was never there. */
export const isUuid = (value: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
