import { PixelError } from '../errors.ts'
import { bitReader, type DecodingTable, decodingTable } from './bits.ts'
import { MARKER, readJpeg, type Scan } from './markers.ts'

export type LosslessImage = {
  readonly rows: number
  readonly columns: number
  readonly components: number
  readonly precision: number
  /** Colour-by-pixel. */
  readonly samples: Uint8Array | Uint16Array
}

/** JPEG lossless, process 14 (ISO/IEC 10918-1 Annex H), any predictor: Transfer Syntaxes .57 and .70. */
export function decodeLosslessJpeg(bytes: Uint8Array): LosslessImage {
  const { frame, scans } = readJpeg(bytes)
  const { process, precision, rows, columns } = frame
  const components = frame.components.length
  if (process !== MARKER.sof3) throw new PixelError('corrupt', 'JPEG: not of the lossless process')
  if (precision < 2 || precision > 16) throw new PixelError('corrupt', `JPEG: ${precision} bits`)
  if (rows === 0 || columns === 0) throw new PixelError('unsupported', 'JPEG without its number of lines')
  if (frame.components.some(({ h, v }) => h !== 1 || v !== 1))
    throw new PixelError('unsupported', 'JPEG lossless with subsampling')
  const count = rows * columns * components
  const samples = precision > 8 ? new Uint16Array(count) : new Uint8Array(count)
  const seen = new Set<number>()
  for (const scan of scans) {
    for (const { index } of scan.components) {
      if (seen.has(index)) throw new PixelError('corrupt', 'JPEG: a component comes twice')
      seen.add(index)
    }
    decodeScan(scan, samples, { rows, columns, components, precision })
  }
  if (seen.size !== components) throw new PixelError('corrupt', 'JPEG: a component is missing')
  return { rows, columns, components, precision, samples }
}

type Shape = { rows: number; columns: number; components: number; precision: number }

function decodeScan(scan: Scan, samples: Uint8Array | Uint16Array, shape: Shape): void {
  const { rows, columns, components, precision } = shape
  const { ss: predictor, pointTransform, restartInterval, huffman } = scan
  if (predictor < 1 || predictor > 7 || pointTransform >= precision)
    throw new PixelError('corrupt', 'JPEG: no such predictor')
  // §H.1.1: restarts come at whole lines only.
  if (restartInterval % columns !== 0) throw new PixelError('corrupt', 'JPEG: a restart within a line')
  const rowsEach = restartInterval === 0 ? rows : restartInterval / columns
  if (scan.segments.length !== Math.ceil(rows / rowsEach))
    throw new PixelError('corrupt', 'JPEG: a restart is missing')
  const tables = scan.components.map(({ dc }): DecodingTable => {
    const table = huffman.get(dc)
    if (!table) throw new PixelError('corrupt', 'JPEG: a Huffman table is missing')
    return decodingTable(table)
  })
  const offsets = scan.components.map(({ index }) => index)
  const stride = columns * components
  for (const [part, segment] of scan.segments.entries()) {
    const reader = bitReader(segment)
    const firstRow = part * rowsEach
    const lastRow = Math.min(rows, firstRow + rowsEach)
    for (let row = firstRow; row < lastRow; row++) {
      for (let column = 0; column < columns; column++) {
        const pixel = row * stride + column * components
        for (let c = 0; c < offsets.length; c++) {
          const at = pixel + (offsets[c] ?? 0)
          const table = tables[c]
          if (!table) continue
          // §H.1.2.1: what stands left, above, and above left; in the first line left, in the first column above.
          let predicted: number
          if (row === firstRow) {
            predicted =
              column === 0
                ? 1 << (precision - pointTransform - 1)
                : (samples[at - components] ?? 0) >> pointTransform
          } else if (column === 0) predicted = (samples[at - stride] ?? 0) >> pointTransform
          else {
            const a = (samples[at - components] ?? 0) >> pointTransform
            if (predictor === 1) predicted = a
            else {
              const b = (samples[at - stride] ?? 0) >> pointTransform
              const d = (samples[at - stride - components] ?? 0) >> pointTransform
              predicted = predict(predictor, a, b, d)
            }
          }
          const category = reader.symbol(table)
          if (category > 16) throw new PixelError('corrupt', 'JPEG: no such difference')
          const value = ((predicted + reader.difference(category)) & 0xffff) << pointTransform
          // Modulo 65536 (§H.1.2.1): beyond the precision only where the data are not what was written.
          if (value >= 1 << precision) throw new PixelError('corrupt', 'JPEG: a sample beyond its precision')
          samples[at] = value
        }
      }
    }
    if (!reader.isAtEnd()) throw new PixelError('corrupt', 'JPEG: a scan goes on after its pixels')
  }
}

/** Table H.1; `d` is Rc, above left. */
function predict(predictor: number, a: number, b: number, d: number): number {
  switch (predictor) {
    case 2:
      return b
    case 3:
      return d
    case 4:
      return a + b - d
    case 5:
      return a + ((b - d) >> 1)
    case 6:
      return b + ((a - d) >> 1)
    default:
      return (a + b) >> 1
  }
}
