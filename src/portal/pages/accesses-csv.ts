import type { Messages } from '../../messages/it.ts'
import { formatInstantDay, formatInstantTime } from '../../ui/format.ts'
import { type AccessEntry, accessSentence, whoWords } from './access-words.ts'

/** The accesses as a table for spreadsheets set to Italian: UTF-8 with BOM, semicolons, CRLF (RFC 4180). */
export function accessesCsv(entries: AccessEntry[], messages: Messages): string {
  const { columns } = messages.accesses
  const rows = [
    [columns.day, columns.time, columns.who, columns.what, columns.exam],
    ...entries.map((entry) => [
      formatInstantDay(entry.at),
      formatInstantTime(entry.at),
      whoWords(entry.who, messages),
      accessSentence(entry, messages),
      entry.exam ?? '',
    ]),
  ]
  return `\uFEFF${rows.map((row) => `${row.map(csvCell).join(';')}\r\n`).join('')}`
}

// A cell that begins like a formula would be run by the spreadsheet (S50): the apostrophe makes it text. The full-width
// signs are taken as formulas by spreadsheets of East Asian locales.
const FORMULA = /^\s*[=+\-@|%\uFF1D\uFF0B\uFF0D\uFF20]/

/** A cell in quotes, of one line, that no spreadsheet takes for a formula (S50). */
export function csvCell(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  const safe = FORMULA.test(clean) ? `'${clean}` : clean
  return `"${safe.replaceAll('"', '""')}"`
}
