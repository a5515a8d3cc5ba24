import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { it as messages } from '../../src/messages/it.ts'
import { type AccessEntry, accessSentence } from '../../src/portal/pages/access-words.ts'
import { accessesCsv } from '../../src/portal/pages/accesses-csv.ts'
import { ACCESSES } from './share-samples.tsx'

const entry = (changes: Partial<AccessEntry> = {}): AccessEntry => ({
  at: new Date('2026-11-22T23:30:00Z'),
  who: { kind: 'doctor', name: 'ROSSI MARIO' },
  event: 'report.viewed',
  exam: 'TC TORACE',
  ...changes,
})

/** Read by Python's csv module, not by what wrote it. */
function rowsOf(csv: string): string[][] {
  const script =
    'import csv,io,json,sys; text=sys.stdin.buffer.read().decode("utf-8-sig"); ' +
    'print(json.dumps(list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))))'
  return JSON.parse(execFileSync('python3', ['-c', script], { input: csv, encoding: 'utf8' })) as string[][]
}

test('each act is told in plain words by who did it (S39)', () => {
  const told = (changes: Partial<AccessEntry>) => accessSentence(entry(changes), messages)
  expect(told({})).toBe('Il medico ROSSI MARIO ha letto il referto')
  expect(told({ who: { kind: 'doctor', name: null } })).toBe('Un medico ha letto il referto')
  expect(told({ who: { kind: 'patient', name: null } })).toBe('Hai letto il referto')
  expect(told({ who: { kind: 'anonymous', name: null }, event: 'access.failed' })).toBe(
    'Qualcuno ha provato a entrare con un PIN sbagliato',
  )
})

test.each(['share.teleported', 'constructor', '__proto__', ''])(
  'an unknown act %j gets a neutral sentence',
  (event) => {
    expect(accessSentence(entry({ event }), messages)).toBe(
      'Il medico ROSSI MARIO ha compiuto un’operazione sull’esame',
    )
  },
)

test('the download is a table that spreadsheets set to Italian open, with the clock of Italy (S39, S49)', () => {
  const csv = accessesCsv(ACCESSES, messages)
  expect([...Buffer.from(csv).subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
  const [head, ...rows] = rowsOf(csv)
  expect(head).toEqual(['Data', 'Ora', 'Chi', 'Che cosa', 'Esame'])
  expect(rows).toHaveLength(ACCESSES.length)
  expect(rows[0]).toEqual([
    '23/11/2026',
    '19:40',
    'Il medico BIANCHI ANNA LUISA',
    'Il medico BIANCHI ANNA LUISA ha avviato lo scaricamento delle immagini',
    'TC TORACE SENZA MDC',
  ])
  expect(rows[4]?.slice(0, 3)).toEqual(['23/11/2026', '00:05', 'Tu'])
})

test.each([
  '=HYPERLINK("http://x";"y")',
  '+39051',
  '-1+1|cmd',
  '@SUM(A1)',
  '  =1+1',
  '\t=1+1',
  '\r\n=1+1',
  '\u200e=1+1',
  '＝1+1',
  '"=1+1',
  'a";"=1+1',
  'a\r\n"b";c',
])('no text becomes a formula, a cell or a row of its own: %j (S50)', (exam) => {
  const rows = rowsOf(accessesCsv([entry({ exam })], messages))
  expect(rows).toHaveLength(2)
  expect(rows[1]).toHaveLength(5)
  expect(rows[1]?.[4]).not.toMatch(/^[\s\p{Cf}]*[=+\-@＝]/u)
  expect(rows[1]?.[4]).not.toMatch(/[\r\n\t]/)
})
