import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import PDFDocument from 'pdfkit'

/** The fields of a report as the guide shows them (S17). */
export type DemoReport = {
  organisation: string
  department: string
  /** Cognome e Nome */
  patientName: string
  birthPlace: string
  /** yyyy-mm-dd */
  birthDate: string
  taxCode: string
  patientId: string
  accessionNumber: string
  /** yyyy-mm-dd */
  examDate: string
  exam: string
  text: string
  physician: string
}

const MARGIN = 56
const BLUE = '#00418f'
const INK = '#1a1a1a'
const GREY = '#5b6b7c'

/** The report as an A4 PDF with its fonts inside; the same fields give the same bytes. */
export async function reportPdf(report: DemoReport): Promise<Buffer> {
  const doc = new PDFDocument({
    size: 'A4',
    bufferPages: true,
    margins: { top: 96, bottom: 92, left: MARGIN, right: MARGIN },
    lang: 'it-IT',
    displayTitle: true,
    info: {
      Title: `Referto dimostrativo – ${report.exam}`,
      Author: report.physician,
      Creator: 'Ritiro, dati dimostrativi',
      // The exam's date, not the clock's: the document is the same whenever it is made.
      CreationDate: new Date(`${report.examDate}T12:00:00Z`),
    },
  })
  const chunks: Buffer[] = []
  doc.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = once(doc, 'end')
  const fonts = await registerFonts(doc, Object.values(report).join(' '))
  drawFields(doc, fonts, report)
  drawText(doc, fonts, report.text)
  drawSignature(doc, fonts, report)
  drawEveryPage(doc, fonts, report)
  doc.end()
  await ended
  return Buffer.concat(chunks)
}

type Pdf = PDFKit.PDFDocument
type Fonts = { regular: string; strong: string }

// Titillium, the portal's own typeface, covers Western Europe; DejaVu the rest of the alphabets.
async function registerFonts(doc: Pdf, text: string): Promise<Fonts> {
  const western = /^[\s\x20-\xff–—‘’“”•…€]*$/.test(text)
  const [regular, strong] = western
    ? [titillium(400), titillium(700)]
    : ['dejavu-fonts-ttf/ttf/DejaVuSans.ttf', 'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf']
  for (const [name, path] of [
    ['regular', regular],
    ['strong', strong],
  ] as const) {
    doc.registerFont(name, await readFile(fileURLToPath(import.meta.resolve(path))))
  }
  return { regular: 'regular', strong: 'strong' }
}

const titillium = (weight: number) =>
  `@fontsource/titillium-web/files/titillium-web-latin-${weight}-normal.woff`

const italianDate = (date: string) => date.split('-').toReversed().join('/')

function drawFields(doc: Pdf, fonts: Fonts, report: DemoReport) {
  const fields: [string, string][] = [
    ['Cognome e Nome', report.patientName],
    ['N° Paziente', report.patientId],
    ['Luogo Nascita', report.birthPlace],
    ['Data Nascita', italianDate(report.birthDate)],
    ['Codice Fiscale', report.taxCode],
    ['Numero Accettazione', report.accessionNumber],
  ]
  const width = doc.page.width - 2 * MARGIN
  const top = doc.y
  const rowHeight = 35
  doc.roundedRect(MARGIN, top, width, 3 * rowHeight + 12, 4).fill('#f1f5fa')
  fields.forEach(([label, value], i) => {
    const x = MARGIN + 14 + (i % 2) * (width * 0.56)
    const y = top + 9 + Math.floor(i / 2) * rowHeight
    const room = (i % 2 === 0 ? width * 0.56 : width * 0.44) - 24
    doc.font(fonts.regular).fontSize(8.5).fillColor(GREY).text(label, x, y, { width: room })
    doc.font(fonts.strong).fontSize(11).fillColor(INK)
    doc.text(value, x, y + 11, { width: room, height: 16, ellipsis: true })
  })
  doc.x = MARGIN
  doc.y = top + 3 * rowHeight + 30
  doc.font(fonts.regular).fontSize(8.5).fillColor(GREY)
  doc.text('Data Esame  ', { continued: true }).fillColor(INK).text(italianDate(report.examDate))
  doc.moveDown(0.3).fillColor(GREY).text('Esame')
  doc.font(fonts.strong).fontSize(15).fillColor(BLUE).text(report.exam)
  doc.moveDown(0.6)
}

// 'Reperti: …' at the start of a paragraph becomes its heading.
function drawText(doc: Pdf, fonts: Fonts, text: string) {
  for (const paragraph of text.split('\n').map((line) => line.trim())) {
    if (paragraph === '') {
      doc.moveDown(0.5)
      continue
    }
    const [, heading, rest = paragraph] = /^(\p{Lu}[\p{L} ]{3,24}): (.*)$/u.exec(paragraph) ?? []
    if (heading) {
      doc
        .font(fonts.strong)
        .fontSize(9.5)
        .fillColor(BLUE)
        .text(heading.toUpperCase(), { characterSpacing: 0.4 })
    }
    doc
      .font(fonts.regular)
      .fontSize(11)
      .fillColor(INK)
      .text(sentence(rest), { lineGap: 1.5, paragraphGap: 2 })
  }
}

const sentence = (text: string) => text.charAt(0).toLocaleUpperCase('it') + text.slice(1)

function drawSignature(doc: Pdf, fonts: Fonts, report: DemoReport) {
  if (doc.y > doc.page.height - 190) doc.addPage()
  doc.moveDown(1.6)
  const x = doc.page.width / 2
  const width = doc.page.width / 2 - MARGIN
  doc.font(fonts.regular).fontSize(9).fillColor(GREY)
  doc.text('Il Medico Refertante', x, doc.y, { width, align: 'center' })
  doc
    .font(fonts.strong)
    .fontSize(12)
    .fillColor(INK)
    .text(report.physician, x, doc.y, { width, align: 'center' })
  doc.font(fonts.regular).fontSize(8.5).fillColor(GREY)
  doc.text('Documento firmato digitalmente', x, doc.y, { width, align: 'center' })
}

function drawEveryPage(doc: Pdf, fonts: Fonts, report: DemoReport) {
  const { start, count } = doc.bufferedPageRange()
  for (let page = start; page < start + count; page++) {
    doc.switchToPage(page)
    // Header and footer stand in the margins, where text would otherwise open a new page.
    doc.page.margins = { top: 0, bottom: 0, left: MARGIN, right: MARGIN }
    const { width, height } = doc.page
    const inner = width - 2 * MARGIN
    doc.rect(0, 0, width, 6).fill(BLUE)
    doc
      .font(fonts.strong)
      .fontSize(15)
      .fillColor(BLUE)
      .text(report.organisation, MARGIN, 30, { width: inner })
    doc.font(fonts.regular).fontSize(10).fillColor(GREY).text(report.department, MARGIN, 50, { width: inner })
    drawMark(doc, fonts, width - MARGIN - 150, 32)
    doc
      .moveTo(MARGIN, 76)
      .lineTo(width - MARGIN, 76)
      .lineWidth(0.7)
      .strokeColor('#c5d2e0')
      .stroke()
    doc
      .moveTo(MARGIN, height - 66)
      .lineTo(width - MARGIN, height - 66)
      .stroke()
    doc.font(fonts.regular).fontSize(8).fillColor(GREY)
    const notice =
      'Documento dimostrativo: paziente, esame e referto sono inventati e non hanno alcun valore clinico o legale.'
    doc.text(notice, MARGIN, height - 58, { width: inner - 80 })
    doc.text(`Pagina ${page - start + 1} di ${count}`, width - MARGIN - 80, height - 58, {
      width: 80,
      align: 'right',
    })
  }
}

function drawMark(doc: Pdf, fonts: Fonts, x: number, y: number) {
  doc.roundedRect(x, y, 150, 22, 3).lineWidth(1).strokeColor('#b3261e').stroke()
  doc.font(fonts.strong).fontSize(8.5).fillColor('#b3261e')
  doc.text('DOCUMENTO DIMOSTRATIVO', x, y + 4.5, { width: 150, align: 'center', characterSpacing: 0.3 })
}
