import PDFDocument from 'pdfkit'
import type { Messages } from '../messages/it.ts'
import { BLUE, collect, fitted, fontFile, INK, LEFT, MUTED, type Pdf, WIDTH } from '../print/print.ts'
import { groupPin } from '../ui/format.ts'
import type { Contacts } from '../ui/site.ts'
import { drawQrCode } from './qr-code.ts'

export type SlipFacts = {
  organisation: string
  patientName: string
  /** 12 digits. */
  pin1: string
  portalUrl: string
  contacts: Contacts
  availableDays: number
  messages: Messages
  /** Opened in a browser, the slip brings up the print dialog by itself. */
  printAtOnce?: boolean
}

/** The slip of reception with PIN1 on it: one A4 page, ready to print (S3). */
export async function slipPdf(facts: SlipFacts): Promise<Uint8Array> {
  const texts = facts.messages.slip
  const pdf = new PDFDocument({
    size: 'A4',
    margin: 0,
    lang: facts.messages.common.language,
    displayTitle: true,
    info: { Title: texts.title, Author: facts.organisation },
  })
  pdf.registerFont('regular', fontFile('DejaVuSans'))
  pdf.registerFont('bold', fontFile('DejaVuSans-Bold'))
  pdf.registerFont('digits', fontFile('DejaVuSansMono-Bold'))
  if (facts.printAtOnce) askToPrint(pdf)
  const finished = collect(pdf)
  drawHead(pdf, facts)
  drawPin(pdf, facts)
  drawPortal(pdf, facts)
  drawNext(pdf, facts)
  drawFoot(pdf, facts)
  pdf.end()
  return await finished
}

// ISO 32000-1 §12.6.4.11: a named action when the document is opened. pdfkit has no word for it.
function askToPrint(pdf: Pdf) {
  const { data } = (pdf as unknown as { _root: { data: Record<string, unknown> } })._root
  data.OpenAction = { Type: 'Action', S: 'Named', N: 'Print' }
}

function drawHead(pdf: Pdf, { organisation, patientName, messages }: SlipFacts) {
  const texts = messages.slip
  pdf.rect(0, 0, 595.28, 10).fill(BLUE)
  fitted(pdf, organisation, { font: 'bold', size: 13, y: 40, height: 34, colour: INK })
  fitted(pdf, texts.title, { font: 'bold', size: 20, y: 78, height: 28, colour: INK })
  fitted(pdf, texts.intro, { font: 'regular', size: 10.5, y: 112, height: 44, colour: MUTED })
  fitted(pdf, texts.name, { font: 'regular', size: 9.5, y: 166, height: 14, colour: MUTED })
  fitted(pdf, patientName, { font: 'bold', size: 15, y: 180, height: 40, colour: INK })
}

function drawPin(pdf: Pdf, { pin1, messages }: SlipFacts) {
  pdf.roundedRect(LEFT, 232, WIDTH, 92, 6).lineWidth(2).stroke(BLUE)
  fitted(pdf, messages.slip.pin1, { font: 'bold', size: 14, x: LEFT + 20, y: 246, height: 20, colour: BLUE })
  pdf.font('digits').fontSize(44).fillColor('#000')
  pdf.text(groupPin(pin1), LEFT, 264, { width: WIDTH, align: 'center', lineBreak: false })
}

function drawPortal(pdf: Pdf, { portalUrl, pin1, messages }: SlipFacts) {
  const texts = messages.slip
  const size = 138
  const x = LEFT + WIDTH - size
  const address = new URL(portalUrl)
  // After '#', so that PIN1 reaches no server log (S3): the page takes it out of the address at once.
  address.hash = `pin1=${pin1}`
  drawQrCode(pdf, address.href, { x, y: 344, size })
  const width = WIDTH - size - 24
  fitted(pdf, texts.portal, { font: 'regular', size: 9.5, y: 352, width, height: 14, colour: MUTED })
  fitted(pdf, shownAddress(portalUrl), { font: 'bold', size: 15, y: 368, width, height: 60, colour: BLUE })
  fitted(pdf, texts.qr, { font: 'regular', size: 10.5, y: 428, width, height: 44, colour: INK })
}

function drawNext(pdf: Pdf, { availableDays, messages }: SlipFacts) {
  const texts = messages.slip
  fitted(pdf, texts.next, { font: 'bold', size: 13, y: 502, height: 20, colour: INK })
  texts.steps(availableDays).forEach((step, index) => {
    const y = 528 + index * 32
    pdf.circle(LEFT + 10, y + 7, 10).fill(BLUE)
    pdf.font('bold').fontSize(10).fillColor('#fff')
    pdf.text(String(index + 1), LEFT, y + 1.5, { width: 20, align: 'center', lineBreak: false })
    fitted(pdf, step, {
      font: 'regular',
      size: 10.5,
      x: LEFT + 30,
      y,
      width: WIDTH - 30,
      height: 28,
      colour: INK,
    })
  })
  fitted(pdf, texts.care, { font: 'regular', size: 9.5, y: 664, height: 40, colour: INK })
  fitted(pdf, texts.paper, { font: 'regular', size: 9.5, y: 706, height: 14, colour: INK })
}

function drawFoot(pdf: Pdf, { organisation, contacts, messages }: SlipFacts) {
  const words = messages.common.contacts
  const { phone, email, openingHours, address } = contacts
  pdf
    .moveTo(LEFT, 734)
    .lineTo(LEFT + WIDTH, 734)
    .lineWidth(1)
    .stroke('#c3ccd6')
  const lines = [
    phone && `${words.phone}: ${phone}`,
    email && `${words.email}: ${email}`,
    openingHours && `${words.openingHours}: ${openingHours}`,
    address && `${words.address}: ${address}`,
  ].filter(Boolean)
  const title = `${messages.slip.contacts} – ${organisation}`
  fitted(pdf, title, { font: 'bold', size: 9.5, y: 744, height: 14, colour: INK })
  const text = lines.length > 0 ? lines.join('\n') : words.none
  fitted(pdf, text, { font: 'regular', size: 9.5, y: 760, height: 60, colour: INK })
}

/** What a person types: without the scheme that browsers add by themselves, and without the closing slash. */
function shownAddress(portalUrl: string): string {
  return portalUrl.replace(/^https:\/\//, '').replace(/\/$/, '')
}
