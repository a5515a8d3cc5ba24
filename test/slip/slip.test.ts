import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { it as messages } from '../../src/messages/it.ts'
import { itPin2AtDesk } from '../../src/messages/it-pin2-at-desk.ts'
import { type SlipFacts, slipPdf } from '../../src/slip/slip.ts'

const folder = mkdtempSync(join(tmpdir(), 'slip-'))
afterAll(() => rmSync(folder, { recursive: true }))

const FACTS: SlipFacts = {
  organisation: 'Azienda Ospedaliera di Esempio',
  patientName: 'PROVA MARIA GIUSEPPINA',
  pin1: '012345678905',
  portalUrl: 'https://referti.ospedale.example/',
  contacts: {
    phone: '051 000 0000',
    email: 'assistenza.referti@ospedale.example',
    openingHours: 'lun–ven 8:00–18:00',
  },
  availableDays: 45,
  messages,
}

/** Read by poppler, not by the library that wrote it. */
async function printed(facts: SlipFacts, name: string) {
  const path = join(folder, `${name}.pdf`)
  writeFileSync(path, await slipPdf(facts))
  const info = execFileSync('pdfinfo', [path], { encoding: 'utf8' })
  const text = execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' })
  const fonts = execFileSync('pdffonts', [path], { encoding: 'utf8' })
  return { path, info, text, fonts, flat: text.replace(/\s+/g, ' ') }
}

test('the slip is one A4 page with organisation, name, PIN1 in groups, address, steps and contacts (S3)', async () => {
  const { info, flat, fonts, path } = await printed(FACTS, 'plain')
  expect(info).toMatch(/Pages:\s+1\n/)
  expect(info).toContain('(A4)')
  for (const words of [
    FACTS.organisation,
    FACTS.patientName,
    '0123-4567-8905',
    'referti.ospedale.example',
    'restano online 45 giorni',
    '051 000 0000',
    'assistenza.referti@ospedale.example',
  ])
    expect(flat).toContain(words)
  // Embedded fonts only: a printer that lacks one would replace it.
  const rows = fonts.trim().split('\n').slice(2)
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) expect(row).toMatch(/DejaVu.*\byes yes yes\b/)
  mkdirSync(resolve('var/screenshots'), { recursive: true })
  execFileSync('pdftoppm', ['-r', '80', '-png', '-singlefile', path, resolve('var/screenshots/ui-slip')])
})

test('where PIN2 is told at the desk, the slip promises none by e-mail (S3, S5)', async () => {
  const { flat, info } = await printed({ ...FACTS, messages: itPin2AtDesk }, 'at-desk')
  expect(flat).toContain('Il PIN2, la seconda parte, Le viene comunicato allo sportello')
  expect(flat).not.toContain('e-mail con il PIN2')
  expect(info).toMatch(/Pages:\s+1\n/)
})

test('names of any European alphabet and of any length stay whole, on one page (S3)', async () => {
  const long =
    'Azienda Ospedaliero-Universitaria Policlinico Universitario di una Città dal Nome Lunghissimo – IRCCS'
  const names = [
    'ŠKVORECKÝ-ĐORĐEVIĆ ŁUCJA ĂNNĂ',
    'ΠΑΠΑΔΟΠΟΎΛΟΥ ΕΛΈΝΗ',
    'ЩЕРБАК Олександра',
    `${'DE LA '.repeat(15)}CRUZ`,
  ]
  for (const [index, patientName] of names.entries()) {
    const { info, flat } = await printed({ ...FACTS, organisation: long, patientName }, `name-${index}`)
    expect(info).toMatch(/Pages:\s+1\n/)
    expect(flat).toContain(patientName)
    expect(flat).toContain(long)
  }
})

test('the QR code opens the portal with PIN1 in the fragment, never in the query (S3)', async () => {
  const { path } = await printed(FACTS, 'qr')
  execFileSync('pdftoppm', ['-r', '200', '-gray', '-singlefile', path, join(folder, 'qr')])
  // Decoded by Chromium's engine where it has one is not to be counted on: the modules are compared instead.
  const drawn = modulesIn(readFileSync(join(folder, 'qr.pgm')))
  const { create } = await import('qrcode')
  const wanted = create('https://referti.ospedale.example/#pin1=012345678905', {
    errorCorrectionLevel: 'M',
  }).modules
  expect(drawn(wanted.size)).toEqual(
    Array.from({ length: wanted.size }, (_, row) =>
      Array.from({ length: wanted.size }, (_, column) => (wanted.get(row, column) ? '#' : '.')).join(''),
    ),
  )
})

/** Samples the middle of each module of the QR code in a 200 dpi picture of the page. */
function modulesIn(pgm: Buffer) {
  const header = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(pgm.subarray(0, 40).toString('latin1'))
  const width = Number(header?.[1])
  const pixels = pgm.subarray(header?.[0].length)
  const dot = 200 / 72
  return (size: number) => {
    const unit = 138 / (size + 8)
    const left = 595.28 - 56 - 138
    return Array.from({ length: size }, (_, row) =>
      Array.from({ length: size }, (_, column) => {
        const x = Math.round((left + (column + 4.5) * unit) * dot)
        const y = Math.round((344 + (row + 4.5) * unit) * dot)
        return (pixels[y * width + x] ?? 255) < 128 ? '#' : '.'
      }).join(''),
    )
  }
}
