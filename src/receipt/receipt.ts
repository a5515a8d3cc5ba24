import PDFDocument from 'pdfkit'
import type { Messages } from '../messages/it.ts'
import { BLUE, collect, fitted, fontFile, INK, LEFT, LINE, MUTED, type Pdf, WIDTH } from '../print/print.ts'
import { type Collection, collectedAt } from '../reports/collection.ts'
import { formatDay, formatInstantDay, formatInstantTime } from '../ui/format.ts'

export type ReceiptFacts = {
  organisation: string
  patientName: string
  accessionNumber: string
  exam: string
  /** 'YYYY-MM-DD'. */
  examDate: string
  publishedAt: Date
  /** When each version was collected, the present one first. */
  collections: Collection[]
  issuedAt: Date
  messages: Messages
}

const NAME_WIDTH = 180
const ROWS_TOP = 226
const EARLIER_VERSIONS = 4

/** The proof that a report was collected: who, which, when; nothing of what it says. One A4 page (S39b). */
export async function receiptPdf(facts: ReceiptFacts): Promise<Uint8Array> {
  const { organisation, collections, messages } = facts
  const texts = messages.receipt
  const [present, ...earlier] = collections
  const pdf = new PDFDocument({
    size: 'A4',
    margin: 0,
    lang: messages.common.language,
    displayTitle: true,
    info: { Title: texts.title, Author: organisation, CreationDate: facts.issuedAt },
  })
  pdf.registerFont('regular', fontFile('DejaVuSans'))
  pdf.registerFont('bold', fontFile('DejaVuSans-Bold'))
  const finished = collect(pdf)
  pdf.rect(0, 0, 595.28, 10).fill(BLUE)
  fitted(pdf, organisation, { font: 'bold', size: 13, y: 44, height: 34, colour: INK })
  fitted(pdf, texts.title, { font: 'bold', size: 20, y: 92, height: 28, colour: INK })
  const statement =
    present && collectedAt(present)
      ? texts.statement
      : earlier.some(collectedAt)
        ? texts.statementEarlier
        : texts.statementNone
  fitted(pdf, statement(organisation), { font: 'regular', size: 10.5, y: 134, height: 64, colour: INK })
  drawRows(pdf, rowsOf(facts))
  drawFoot(pdf, facts)
  pdf.end()
  return await finished
}

function rowsOf(facts: ReceiptFacts): [string, string][] {
  const texts = facts.messages.receipt
  const [present, ...earlier] = facts.collections
  const at = (instant: Date | null | undefined) =>
    instant ? texts.at(formatInstantDay(instant), formatInstantTime(instant)) : texts.never
  return [
    [texts.name, facts.patientName],
    [texts.accessionNumber, facts.accessionNumber],
    [texts.exam, facts.exam],
    [texts.examDate, formatDay(facts.examDate)],
    [texts.publishedAt, at(facts.publishedAt)],
    ...(earlier.length > 0 && present
      ? ([[texts.version, String(present.version)]] as [string, string][])
      : []),
    [texts.firstViewedAt, at(present?.firstViewedAt)],
    [texts.firstDownloadedAt, at(present?.firstDownloadedAt)],
    [texts.firstDiscAt, at(present?.firstDiscAt)],
    // The page has room for the latest of them.
    ...earlier
      .slice(0, EARLIER_VERSIONS)
      .map((each): [string, string] => [texts.earlierVersion(each.version), at(collectedAt(each))]),
  ]
}

/** Each row as high as its text needs, up to three lines: a long exam pushes the next ones down. */
function drawRows(pdf: Pdf, rows: [string, string][]) {
  let y = ROWS_TOP
  rule(pdf, y)
  for (const [name, value] of rows) {
    const width = WIDTH - NAME_WIDTH - 16
    const needed = Math.max(
      pdf.font('bold').fontSize(11).heightOfString(value, { width }),
      pdf.font('regular').fontSize(10).heightOfString(name, { width: NAME_WIDTH }),
    )
    const height = Math.min(needed, 42)
    fitted(pdf, name, { font: 'regular', size: 10, y: y + 9, width: NAME_WIDTH, height, colour: MUTED })
    fitted(pdf, value, {
      font: 'bold',
      size: 11,
      x: LEFT + NAME_WIDTH + 16,
      y: y + 9,
      width,
      height,
      colour: INK,
    })
    y += height + 18
    rule(pdf, y)
  }
}

function drawFoot(pdf: Pdf, { issuedAt, messages }: ReceiptFacts) {
  const texts = messages.receipt
  const text = `${texts.issuedAt(formatInstantDay(issuedAt), formatInstantTime(issuedAt))} ${texts.zone}`
  fitted(pdf, text, { font: 'regular', size: 9, y: 760, height: 48, colour: MUTED })
}

const rule = (pdf: Pdf, y: number) =>
  pdf
    .moveTo(LEFT, y)
    .lineTo(LEFT + WIDTH, y)
    .lineWidth(0.75)
    .stroke(LINE)
