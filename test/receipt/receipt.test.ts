import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { it as messages } from '../../src/messages/it.ts'
import { type ReceiptFacts, receiptPdf } from '../../src/receipt/receipt.ts'

const folder = mkdtempSync(join(tmpdir(), 'receipt-'))
afterAll(() => rmSync(folder, { recursive: true }))

const FACTS: ReceiptFacts = {
  organisation: 'Azienda Ospedaliera di Esempio',
  patientName: 'PROVA MARIA GIUSEPPINA',
  accessionNumber: 'DEMO0001',
  exam: 'RM GINOCCHIO DX (ESAME DIRETTO)',
  examDate: '2026-06-18',
  publishedAt: new Date('2026-06-20T07:00:00Z'),
  collections: [
    {
      version: 1,
      supersededAt: null,
      firstViewedAt: new Date('2026-06-30T22:05:00Z'),
      firstDownloadedAt: null,
      firstDiscAt: null,
    },
  ],
  issuedAt: new Date('2026-07-02T08:30:00Z'),
  messages,
}

/** Read by poppler, not by the library that wrote it. */
async function printed(facts: ReceiptFacts, name: string) {
  const path = join(folder, `${name}.pdf`)
  writeFileSync(path, await receiptPdf(facts))
  const info = execFileSync('pdfinfo', [path], { encoding: 'utf8' })
  const text = execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' })
  const fonts = execFileSync('pdffonts', [path], { encoding: 'utf8' })
  return { path, info, fonts, flat: text.replace(/\s+/g, ' ') }
}

test('the receipt is one A4 page that says who collected which report, and when by the clock of Italy (S39b, S49)', async () => {
  const { info, flat, fonts, path } = await printed(FACTS, 'plain')
  expect(info).toMatch(/Pages:\s+1\n/)
  expect(info).toContain('(A4)')
  for (const words of [
    FACTS.organisation,
    'attesta che il referto',
    // Whichever way they came in.
    'con i due PIN della persona interessata o con la sua identità digitale',
    'PROVA MARIA GIUSEPPINA',
    'DEMO0001',
    'RM GINOCCHIO DX (ESAME DIRETTO)',
    '18/06/2026',
    '20/06/2026, ore 09:00',
    // 30 June, 22:05 UTC is already 1 July in Italy.
    '01/07/2026, ore 00:05',
    'non risulta',
    'il 02/07/2026 alle ore 10:30',
  ])
    expect(flat).toContain(words)
  for (const row of fonts.trim().split('\n').slice(2)) expect(row).toMatch(/DejaVu.*\byes yes yes\b/)
  mkdirSync(resolve('var/screenshots'), { recursive: true })
  execFileSync('pdftoppm', ['-r', '80', '-png', '-singlefile', path, resolve('var/screenshots/ui-receipt')])
})

test('long names and exams stay whole on one page', async () => {
  const changes = {
    organisation: 'Azienda Ospedaliero-Universitaria Policlinico di una Città dal Nome Lunghissimo – IRCCS',
    patientName: `${'DE LA '.repeat(15)}CRUZ ĐORĐEVIĆ`,
    exam: 'TC TORACE E ADDOME COMPLETO SENZA E CON MEZZO DI CONTRASTO, '.repeat(4).trim(),
  }
  const { info, flat } = await printed({ ...FACTS, ...changes }, 'long')
  expect(info).toMatch(/Pages:\s+1\n/)
  for (const words of Object.values(changes)) expect(flat).toContain(words)
})

test('a report that nobody opened is not attested as collected', async () => {
  const [version] = FACTS.collections
  const collections = version ? [{ ...version, firstViewedAt: null }] : []
  const { flat } = await printed({ ...FACTS, collections }, 'none')
  expect(flat).toContain('non risulta ancora ritirato')
  expect(flat).not.toContain('ritirato nelle date')
})

test('S39b, S7: of a corrected report the receipt tells each version apart, on one page', async () => {
  const collections = [5, 4, 3, 2, 1].map((number) => ({
    version: number,
    supersededAt: number === 5 ? null : new Date('2026-06-21T07:00:00Z'),
    firstViewedAt: null,
    firstDownloadedAt: null,
    firstDiscAt: number % 2 ? null : new Date(`2026-06-2${number}T07:00:00Z`),
  }))
  const { flat, info } = await printed({ ...FACTS, collections }, 'versions')
  expect(info).toMatch(/Pages:\s+1\n/)
  expect(flat).toContain('Versione del referto 5')
  expect(flat).toContain('una sua versione precedente è stata ritirata')
  expect(flat).toContain('Versione 4, poi sostituita: ritirata 24/06/2026, ore 09:00')
  expect(flat).toContain('Versione 3, poi sostituita: ritirata non risulta')
})
