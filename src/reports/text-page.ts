import PDFDocument from 'pdfkit'
import type { Messages } from '../messages/it.ts'
import { collect, fontFile, INK, LEFT, LINE, MUTED, WIDTH } from '../print/print.ts'
import { formatDay } from '../ui/format.ts'

/** A report that came as text, and whose it is: what its page says (S17). */
export type TextReport = {
  familyName: string
  givenName: string
  birthPlace: string | null
  birthDate: string
  taxCode: string | null
  patientId: string | null
  accessionNumber: string
  exam: string
  examDate: string
  text: string
  physician: string | null
  date: string | null
}

export type PageFacts = { organisation: string; messages: Messages; report: TextReport }

const MARGIN = 56

/** A report that came as text alone, as a PDF with what S17 asks for. The same report gives the same bytes; it is not signed, and says so. */
export async function textPage({ organisation, messages, report }: PageFacts): Promise<Uint8Array> {
  const texts = messages.report
  const pdf = new PDFDocument({
    size: 'A4',
    margin: MARGIN,
    lang: messages.common.language,
    displayTitle: true,
    // A date of its own would make other bytes of the same report.
    info: { Title: texts.title, Author: organisation, CreationDate: new Date(0) },
  })
  pdf.registerFont('regular', fontFile('DejaVuSans'))
  pdf.registerFont('bold', fontFile('DejaVuSans-Bold'))
  const finished = collect(pdf)
  pdf.font('bold').fontSize(14).fillColor(INK).text(organisation, LEFT, MARGIN, { width: WIDTH })
  pdf.moveDown(0.8)
  const rows: [string, string | null][] = [
    [texts.fields.name, `${report.familyName} ${report.givenName}`],
    [texts.fields.birthPlace, report.birthPlace],
    [texts.fields.birthDate, formatDay(report.birthDate)],
    [texts.fields.taxCode, report.taxCode],
    [texts.fields.patientId, report.patientId],
    [texts.fields.accessionNumber, report.accessionNumber],
    [texts.fields.examDate, report.examDate && formatDay(report.examDate)],
    [texts.fields.exam, report.exam],
  ]
  for (const [name, value] of rows) {
    if (!value) continue
    pdf.font('regular').fontSize(10).fillColor(MUTED).text(`${name}: `, { continued: true })
    pdf.font('bold').fillColor(INK).text(value)
  }
  pdf.moveDown(0.8)
  pdf
    .moveTo(LEFT, pdf.y)
    .lineTo(LEFT + WIDTH, pdf.y)
    .lineWidth(0.75)
    .stroke(LINE)
  pdf.moveDown(0.8)
  pdf.font('regular').fontSize(11).fillColor(INK).text(report.text, { width: WIDTH, lineGap: 3 })
  pdf.moveDown(1.5)
  if (report.physician) pdf.font('bold').fontSize(10.5).text(`${texts.fields.physician}: ${report.physician}`)
  if (report.date)
    pdf
      .font('regular')
      .fontSize(10)
      .text(`${texts.fields.reportDate}: ${formatDay(report.date)}`)
  pdf.moveDown(1)
  pdf.font('regular').fontSize(9).fillColor(MUTED).text(texts.unsignedPage, { width: WIDTH })
  pdf.end()
  return await finished
}
