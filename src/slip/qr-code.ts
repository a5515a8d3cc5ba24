import type PDFDocument from 'pdfkit'
import { create } from 'qrcode'

type Square = { x: number; y: number; size: number }

/** ISO/IEC 18004 §6.3.8: four modules of nothing around the symbol. */
const QUIET_ZONE = 4

/** Draws a QR code as one vector path: sharp at any printer's resolution. */
export function drawQrCode(
  pdf: InstanceType<typeof PDFDocument>,
  text: string,
  { x, y, size }: Square,
): void {
  const { modules } = create(text, { errorCorrectionLevel: 'M' })
  const unit = size / (modules.size + 2 * QUIET_ZONE)
  pdf.rect(x, y, size, size).fill('#fff')
  for (let row = 0; row < modules.size; row += 1) {
    for (const { start, length } of darkRuns(modules, row)) {
      pdf.rect(x + (start + QUIET_ZONE) * unit, y + (row + QUIET_ZONE) * unit, length * unit, unit)
    }
  }
  pdf.fill('#000')
}

/** Neighbouring dark modules as one bar, so that no hairline shows between them. */
function darkRuns(
  modules: { size: number; get(row: number, column: number): number | boolean },
  row: number,
) {
  const runs: { start: number; length: number }[] = []
  for (let column = 0; column < modules.size; column += 1) {
    if (!modules.get(row, column)) continue
    const last = runs.at(-1)
    if (last && last.start + last.length === column) last.length += 1
    else runs.push({ start: column, length: 1 })
  }
  return runs
}
