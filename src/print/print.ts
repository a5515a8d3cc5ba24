import { createRequire } from 'node:module'
import type PDFDocument from 'pdfkit'

export type Pdf = InstanceType<typeof PDFDocument>

/** Points, from A4's top left corner. */
export const LEFT = 56
export const WIDTH = 595.28 - 2 * LEFT
export const INK = '#17324d'
export const MUTED = '#455b71'
export const BLUE = '#0066cc'
export const LINE = '#c3ccd6'

/** DejaVu holds Latin, Greek and Cyrillic: any European name prints (the PDF's own fonts stop at Windows-1252). */
export const fontFile = (name: string) =>
  createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`)

type Place = {
  font: 'regular' | 'bold'
  size: number
  x?: number
  y: number
  width?: number
  height: number
  colour: string
}

/** Writes a text into its place, smaller if it must be: a name is never cut. */
export function fitted(
  pdf: Pdf,
  text: string,
  { font, size, x = LEFT, y, width = WIDTH, height, colour }: Place,
) {
  pdf.font(font).fillColor(colour)
  let used = size
  while (used > 5 && pdf.fontSize(used).heightOfString(text, { width }) > height) used -= 0.5
  pdf.fontSize(used).text(text, x, y, { width, height, ellipsis: true })
}

/** The document's bytes, once it has ended. */
export function collect(pdf: Pdf): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    pdf.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    pdf.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))))
    pdf.on('error', reject)
  })
}
