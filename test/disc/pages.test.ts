import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { DiscContent, ExtraFile, ImagesSummary } from '../../src/disc/content.ts'
import { discPages } from '../../src/disc/pages.ts'
import { launchBrowser } from '../support/browser.ts'
import { CONTENT, DISC_DATE } from '../support/disc.ts'

const IMAGES: ImagesSummary = {
  instanceCount: 512,
  copies: 0,
  profile: { names: ['STD-GEN-CD', 'STD-GEN-DVD-JPEG', 'STD-GEN-USB-JPEG'], hugeFile: false, outside: [] },
  series: [
    { number: '1', modality: 'CT', description: 'Localizzatore', instanceCount: 2 },
    { number: '2', modality: 'CT', description: 'Torace senza mdc', instanceCount: 510 },
  ],
}

const pagesOf = (content: DiscContent = CONTENT, images = IMAGES) => discPages(content, images, DISC_DATE)
const textOf = (files: readonly ExtraFile[], name: string) =>
  Buffer.from(files.find(({ path }) => path === name)?.bytes ?? '').toString()

test('the reports are there as shown and as signed, byte for byte (S18, S21)', () => {
  const files = pagesOf()
  const reports = files.filter(({ path }) => path.startsWith('REFERTO/'))
  expect(reports.map(({ path, isoPath, bytes }) => [path, isoPath, Buffer.from(bytes).toString()])).toEqual([
    ['REFERTO/REFERTO1.PDF', 'REFERTO/REFERTO1.PDF', '%PDF-1.7 shown'],
    ['REFERTO/REFERTO1.P7M', 'REFERTO/REFERTO1.P7M', 'signed'],
    ['REFERTO/REFERTO2.PDF', 'REFERTO/REFERTO2.PDF', '%PDF-1.7 both'],
  ])
})

test('a .p7m that holds no PDF is there alone, under its own name', () => {
  const [exam] = CONTENT.exams
  if (!exam?.report) throw new Error('no report')
  const files = pagesOf({ ...CONTENT, exams: [{ ...exam, report: { ...exam.report, pdf: null } }] })
  expect(files.map(({ path }) => path)).toContain('REFERTO/REFERTO1.P7M')
  expect(textOf(files, 'INDEX.HTM')).not.toContain('.PDF"')
})

test('INDEX.HTM names patient, exams and images, and links only to what is on the disc', () => {
  const files = pagesOf()
  const page = textOf(files, 'INDEX.HTM')
  for (const text of [
    'ROSSI MARIO',
    '01/02/1960',
    'TC TORACE',
    '23/11/2026',
    'Torace senza mdc',
    '510',
    'STD-GEN-CD',
  ]) {
    expect(page).toContain(text)
  }
  const links = [...page.matchAll(/href="([^#"]+)"/g)].map(([, link]) => link)
  expect(links.length).toBe(3)
  // By the names of plain ISO 9660, which are those of Joliet: whoever reads only one of the trees finds them.
  for (const link of links) expect(files.map(({ isoPath }) => isoPath)).toContain(link)
  for (const { path, isoPath } of files) expect(path).toBe(isoPath)
  expect(page).not.toMatch(/<script|<img|<link|src=|http-equiv="refresh"/i)
})

test('no text from DICOM or the RIS can become markup (S48, S50)', () => {
  const evil = `<script>alert(1)</script>"'&<img src=x onerror=alert(1)>\0\x1b`
  const page = textOf(
    pagesOf(
      {
        organisation: { name: evil, contacts: [evil], portalUrl: evil },
        patient: { familyName: evil, givenName: evil, birthDate: evil },
        exams: [
          {
            description: evil,
            date: evil,
            report: {
              kind: 'pdf',
              document: Buffer.from(''),
              pdf: null,
              signature: evil,
              signatureFacts: [evil, 'Un fatto.'],
            },
          },
        ],
      },
      {
        instanceCount: 1,
        copies: 1,
        profile: { names: [], hugeFile: true, outside: [{ transferSyntaxUid: evil, instances: 2 }] },
        series: [{ number: evil, modality: evil, description: evil, instanceCount: 1 }],
      },
    ),
    'INDEX.HTM',
  )
  for (const raw of ['<script', '<img', '\0', '\x1b']) expect(page).not.toContain(raw)
  expect(page.split('&lt;script&gt;').length).toBeGreaterThan(10)
})

test('README.TXT is ASCII, LEGGIMI.TXT UTF-8 with its mark, both with lines that Notepad breaks', () => {
  const files = pagesOf({ ...CONTENT, organisation: { name: 'Ospedale San Nicolò', contacts: [] } })
  expect(textOf(files, 'README.TXT')).toMatch(/^[\r\n\x20-\x7e]+$/)
  expect(textOf(files, 'README.TXT')).toContain('Ospedale San Nicolo\r\n')
  expect(textOf(files, 'LEGGIMI.TXT')).toMatch(/^\ufeffESAMI/)
  expect(textOf(files, 'LEGGIMI.TXT')).toContain('San Nicolò')
  for (const name of ['README.TXT', 'LEGGIMI.TXT', 'AUTORUN.INF'])
    expect(textOf(files, name)).not.toMatch(/[^\r]\n/)
})

test('AUTORUN.INF gives the disc a name and an icon, and starts nothing (S48)', () => {
  const pages = pagesOf()
  expect(textOf(pages, 'AUTORUN.INF')).toBe('[autorun]\r\nlabel=Esami radiologici\r\nicon=DISCO.ICO\r\n')
  const icon = Buffer.from(pages.find(({ path }) => path === 'DISCO.ICO')?.bytes ?? [])
  // Type 1, three pictures: each lies in the file, is as large as it says, and is there between its clear corners.
  expect([icon.readUInt16LE(2), icon.readUInt16LE(4)]).toEqual([1, 3])
  for (const [index, size] of [16, 32, 48].entries()) {
    const [length, start] = [icon.readUInt32LE(6 + 16 * index + 8), icon.readUInt32LE(6 + 16 * index + 12)]
    expect(start + length).toBeLessThanOrEqual(icon.byteLength)
    expect([icon.readInt32LE(start + 4), icon.readInt32LE(start + 8)]).toEqual([size, 2 * size])
    const alpha = (x: number, y: number) => icon[start + 40 + 4 * (y * size + x) + 3]
    expect([alpha(0, 0), alpha(size - 1, size - 1), alpha(size >> 2, size >> 1)]).toEqual([0, 0, 255])
  }
})

test('files that are not the page hold no name of the patient', () => {
  for (const { path, bytes } of pagesOf()) {
    if (path !== 'INDEX.HTM' && !path.startsWith('REFERTO'))
      expect(Buffer.from(bytes).toString()).not.toMatch(/ROSSI/)
  }
})

test('from file://, its policy lets its style in, and nothing breaks at 390 pixels', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ritiro-page-'))
  const browser = await launchBrowser()
  try {
    writeFileSync(join(directory, 'INDEX.HTM'), textOf(pagesOf(), 'INDEX.HTM'))
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    await page.goto(`file://${directory}/INDEX.HTM`)
    expect(
      await page.evaluate(() => getComputedStyle(document.querySelector('header') ?? document.body).color),
    ).toBe('rgb(255, 255, 255)')
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    expect(complaints).toEqual([])
    await page.screenshot({ path: join(screenshots(), 'disc-index-390.png'), fullPage: true })
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.screenshot({ path: join(screenshots(), 'disc-index-1280.png'), fullPage: true })
  } finally {
    await browser.close()
    rmSync(directory, { recursive: true })
  }
})

function screenshots(): string {
  const directory = join(import.meta.dirname, '../../var/screenshots')
  mkdirSync(directory, { recursive: true })
  return directory
}
