import { create } from 'qrcode'

/** A QR code as one SVG path in a square of `size` modules, quiet zone included: nothing that a strict CSP refuses. */
export type QrCode = { size: number; path: string }

/** ISO/IEC 18004 §6.3.8: four modules of nothing around the symbol. */
const QUIET_ZONE = 4

/** Draws a text as a QR code. */
export function qrCode(text: string): QrCode {
  const { modules } = create(text, { errorCorrectionLevel: 'M' })
  let path = ''
  for (let row = 0; row < modules.size; row += 1) {
    for (let column = 0; column < modules.size; column += 1) {
      if (!modules.get(row, column)) continue
      const start = column
      // Neighbouring dark modules as one bar, so that no hairline shows between them.
      while (column + 1 < modules.size && modules.get(row, column + 1)) column += 1
      const length = column - start + 1
      path += `M${start + QUIET_ZONE} ${row + QUIET_ZONE}h${length}v1h-${length}z`
    }
  }
  return { size: modules.size + 2 * QUIET_ZONE, path }
}
