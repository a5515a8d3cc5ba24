import { alias } from 'drizzle-orm/pg-core'
import { exams, reports, studies, visits } from '../database/schema.ts'

/** The tables under the short names that the conditions of find.ts use. */
export const v = alias(visits, 'v')
export const e = alias(exams, 'e')
export const r = alias(reports, 'r')
export const s = alias(studies, 's')
