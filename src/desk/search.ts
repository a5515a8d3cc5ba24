import { and, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { exams, searchableName, visits } from '../database/schema.ts'
import { addDays, type Day, endOfDay } from '../time/rome.ts'

/** What was typed into the one search box, told apart by its look. All of it must fit a visit. */
export type SearchTerms = {
  /** Beginnings of family or given name, in any order: 'ros mar'. */
  words: string[]
  /** Beginnings of an Accession Number (the visit's or an exam's) or of a tax code, or a patient number. */
  codes: string[]
  /** Birth, exam or registration. */
  days: Day[]
}

export const PAGE_SIZE = 25
const MOST_TERMS = 8

/** Reads what was typed; null where there is nothing to search by. A single letter is nothing: it would list everybody. */
export function readSearch(typed: string, today: Day): SearchTerms | null {
  const terms: SearchTerms = { words: [], codes: [], days: [] }
  for (const item of typed.trim().split(/\s+/).slice(0, MOST_TERMS)) {
    // Eight digits alone are a number, not a day.
    const day = item.toLowerCase() === 'oggi' ? today : /^\d+$/.test(item) ? null : readDay(item)
    if (day) terms.days.push(day)
    else if (/\d/.test(item)) terms.codes.push(item.toUpperCase())
    else terms.words.push(...wordsOf(item))
  }
  const long = [...terms.words, ...terms.codes].some((term) => term.length > 1)
  return long || terms.days.length > 0 ? terms : null
}

/** What kinds of terms a search has: the audit trail keeps these, never the terms (S39). */
export function kindsOf({ words, codes, days }: SearchTerms): string {
  const kinds = [words.length > 0 && 'name', codes.length > 0 && 'code', days.length > 0 && 'date']
  return kinds.filter(Boolean).join(' ')
}

export type FoundVisit = typeof visits.$inferSelect

/** The visits that fit, last registered first; `more` says that there is a further page. */
export async function searchVisits(
  db: Database,
  terms: SearchTerms,
  page: number,
): Promise<{ found: FoundVisit[]; more: boolean }> {
  const rows = await searchQuery(db, terms, page)
  return { found: rows.slice(0, PAGE_SIZE), more: rows.length > PAGE_SIZE }
}

/** The question itself: of a page, and one more. */
export function searchQuery(db: Database, terms: SearchTerms, page: number) {
  const conditions = [
    ...(terms.words.length > 0 ? [byName(terms.words)] : []),
    ...terms.codes.map(byCode),
    ...terms.days.map(byDay),
  ]
  return (
    db
      .select()
      .from(visits)
      .where(and(...conditions))
      // A sum is not the index's own order: else PostgreSQL would walk all visits from the newest on, hoping to meet
      // enough that fit, which a rare name never does.
      .orderBy(sql`${visits.registeredAt} + interval '0' desc`, visits.id)
      .limit(PAGE_SIZE + 1)
      .offset(page * PAGE_SIZE)
  )
}

function byName(words: string[]): SQL {
  // Letters and digits alone are left in a word: nothing of tsquery's own language can come in.
  const query = words.map((word) => `${word}:*`).join(' & ')
  return sql`${searchableName(visits.familyName, visits.givenName)} @@ to_tsquery('simple', ${query})`
}

// Each half by an index of its own, which an OR over two tables would not use.
function byCode(code: string): SQL {
  const prefix = `${code.replaceAll(/[\\%_]/g, '\\$&')}%`
  return sql`${visits.id} in (
    select id from ${visits} where upper(accession_number) like ${prefix}
    union select visit_id from ${exams} where upper(accession_number) like ${prefix}
    union select id from ${visits} where upper(tax_code) like ${prefix}
    union select id from ${visits} where upper(patient_id) = ${code})`
}

function byDay(day: Day): SQL {
  const from = endOfDay(addDays(day, -1)).toISOString()
  const to = endOfDay(day).toISOString()
  return sql`${visits.id} in (
    select id from ${visits} where birth_date = ${day}
    union select id from ${visits} where registered_at >= ${from} and registered_at < ${to}
    union select visit_id from ${exams} where exam_date = ${day})`
}

/** A day as people type it: 23/4/1980, 23.04.1980, 23041980, 1980-04-23; null for anything else. */
export function readDay(typed: string): Day | null {
  const [, date, month, year] =
    /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(typed.trim()) ??
    /^(\d{2})(\d{2})(\d{4})$/.exec(typed.trim()) ??
    []
  const iso =
    date && month && year ? `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}` : typed.trim()
  if (!/^\d{4}-\d{2}-\d{2}$/.test(iso)) return null
  const parsed = new Date(`${iso}T00:00:00Z`)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(iso) && iso > '1850' ? iso : null
}

/** The words of a name as the index has them: no case, accents or apostrophes; a hyphen parts two. */
function wordsOf(name: string): string[] {
  return name
    .normalize('NFD')
    .toLowerCase()
    .replaceAll('đ', 'd')
    .split(/-/)
    .flatMap((word) => word.replaceAll(/[^\p{L}\p{N}]/gu, '') || [])
}
