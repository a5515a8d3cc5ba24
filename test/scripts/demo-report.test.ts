import { execFileSync, spawnSync } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type DemoReport, reportPdf } from '../../scripts/demo-data/report.ts'
import { demoSigner, signP7m } from '../../scripts/demo-data/sign.ts'
import { DEMO_PHYSICIAN, DEMO_VISITS } from '../../scripts/demo-data/visits.ts'
import { privateFolder } from './folder.ts'

const report: DemoReport = {
  organisation: 'Ospedale dimostrativo Ritiro',
  department: 'Diagnostica per immagini',
  patientName: 'DE NICOLÒ MARIA LUCÌA',
  birthPlace: 'Borgo Dimostrativo',
  birthDate: '1984-06-21',
  taxCode: 'DNCMLC84H61Z998H',
  patientId: 'DEMO-000102',
  accessionNumber: 'DEMO-RM-0002',
  examDate: '2026-11-20',
  exam: 'RM GINOCCHIO DX (ESAME DIRETTO)',
  text: DEMO_VISITS[1]?.reportText ?? '',
  physician: 'Dott.ssa Giulia Bianchi',
}
const inspect = async (tool: string, pdf: Buffer, ...args: string[]) => {
  const file = join(await privateFolder(), 'report.pdf')
  await writeFile(file, pdf)
  return execFileSync(tool, [...args, file, ...(tool === 'pdftotext' ? ['-'] : [])], { encoding: 'utf8' })
}

test('the report bears every field of S17, and says that it is a demonstration', async () => {
  const text = await inspect('pdftotext', await reportPdf(report), '-layout')
  for (const label of [
    'Cognome e Nome',
    'Luogo Nascita',
    'Data Nascita',
    'Codice Fiscale',
    'N° Paziente',
    'Numero Accettazione',
    'Data Esame',
    'Esame',
    'Il Medico Refertante',
  ]) {
    expect(text).toContain(label)
  }
  const { text: _, ...fields } = { ...report, birthDate: '21/06/1984', examDate: '20/11/2026' }
  for (const value of Object.values(fields)) expect(text).toContain(value)
  expect(text).toContain('DOCUMENTO DIMOSTRATIVO')
  expect(text).toContain('lesione di III grado')
})

test('it is A4 with its fonts inside, and the same bytes each time', async () => {
  const pdf = await reportPdf(report)
  expect(await inspect('pdfinfo', pdf)).toMatch(/Page size: +595\.28 x 841\.89 pts \(A4\)/)
  const fonts = (await inspect('pdffonts', pdf)).trim().split('\n').slice(2)
  expect(fonts.length).toBeGreaterThan(0)
  for (const font of fonts) expect(font).toMatch(/ yes (yes|no) yes +\d+ +0$/)
  expect(pdf.equals(await reportPdf(report))).toBe(true)
})

test('a long text goes on over numbered pages, each with heading and mark', async () => {
  const pdf = await reportPdf({ ...report, text: Array(9).fill(report.text).join('\n\n') })
  const pages = (await inspect('pdftotext', pdf)).split('\f').slice(0, -1)
  expect(pages.length).toBeGreaterThan(2)
  for (const [i, page] of pages.entries()) {
    expect(page).toContain(`Pagina ${i + 1} di ${pages.length}`)
    expect(page).toContain('DOCUMENTO DIMOSTRATIVO')
  }
})

test('names beyond Western Europe are written too', async () => {
  const text = await inspect(
    'pdftotext',
    await reportPdf({ ...report, patientName: 'ΔΙΟΝΥΣΙΟΣ ЛЮДМИЛА ŞIŁA' }),
  )
  expect(text).toContain('ΔΙΟΝΥΣΙΟΣ ЛЮДМИЛА ŞIŁA')
})

test('the signed report is CAdES that openssl verifies, with the report inside unaltered', async () => {
  const directory = await privateFolder()
  const signer = await demoSigner(directory, DEMO_PHYSICIAN)
  const pdf = join(directory, 'report.pdf')
  await writeFile(pdf, await reportPdf(report))
  await signP7m(signer, pdf, `${pdf}.p7m`)
  const verify = (ca: string) =>
    spawnSync('openssl', [
      ...['cms', '-verify', '-cades', '-inform', 'DER', '-purpose', 'any', '-CAfile', ca],
      ...['-in', `${pdf}.p7m`, '-out', join(directory, 'content.pdf')],
    ])
  expect(verify(signer.caFile).stderr.toString()).toContain('CAdES Verification successful')
  expect((await readFile(join(directory, 'content.pdf'))).equals(await readFile(pdf))).toBe(true)

  const stranger = await demoSigner(await privateFolder(), DEMO_PHYSICIAN)
  expect(verify(stranger.caFile).status).not.toBe(0)

  const signed = await readFile(`${pdf}.p7m`)
  const place = signed.indexOf('%PDF-') + 200
  signed[place] = (signed[place] ?? 0) ^ 1
  await writeFile(`${pdf}.p7m`, signed)
  expect(verify(signer.caFile).status).not.toBe(0)
})

test('the certificate reads as Italian signature certificates do, and is made once', async () => {
  const directory = await privateFolder()
  const signer = await demoSigner(directory, { ...DEMO_PHYSICIAN, familyName: 'D’Alò' })
  const certificate = execFileSync('openssl', [
    ...['x509', '-in', signer.certificateFile, '-noout', '-nameopt', 'utf8', '-subject', '-text'],
  ]).toString()
  expect(certificate).toContain(`serialNumber=TINIT-${DEMO_PHYSICIAN.taxCode}`)
  expect(certificate).toContain('SN=D’ALÒ')
  expect(certificate).toMatch(/Key Usage: critical\s+Non Repudiation\n/)
  const before = await readFile(signer.certificateFile)
  await demoSigner(directory, DEMO_PHYSICIAN)
  expect((await readFile(signer.certificateFile)).equals(before)).toBe(true)
  expect((await stat(signer.keyFile)).mode & 0o077).toBe(0)
})
