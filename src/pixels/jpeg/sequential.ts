import { PixelError } from '../errors.ts'
import { bitReader, type Decoder, type DecodingTable, decodingTable } from './bits.ts'
import { inverseDct } from './inverse-dct.ts'
import { MARKER, readJpeg, type Scan } from './markers.ts'

/** Where the coefficients of the zigzag sequence stand (ISO/IEC 10918-1 Figure A.6). */
const ZIGZAG = Uint8Array.of(
  ...[
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21,
  ],
  ...[
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53,
    60, 61, 54,
  ],
  ...[47, 55, 62, 63],
)

/** Extended sequential JPEG of one component and 12 bits (process 4, Transfer Syntax .51), which the 8-bit library lacks. */
export function decodeExtendedJpeg(bytes: Uint8Array): {
  rows: number
  columns: number
  precision: number
  samples: Uint16Array
} {
  const { frame, scans } = readJpeg(bytes)
  const { process, precision, rows, columns, components } = frame
  const [scan] = scans
  if (process !== MARKER.sof1 || precision !== 12 || components.length !== 1 || scans.length !== 1 || !scan)
    throw new PixelError(
      'unsupported',
      `JPEG process ${process - MARKER.sof0}, ${precision} bits, ${components.length} components`,
    )
  if (rows === 0 || columns === 0) throw new PixelError('unsupported', 'JPEG without its number of lines')
  const samples = decodeBlocks(scan, rows, columns, 1 << (precision - 1), (1 << precision) - 1)
  return { rows, columns, precision, samples }
}

function decodeBlocks(scan: Scan, rows: number, columns: number, middle: number, most: number): Uint16Array {
  const [of] = scan.components
  const dcTable = of && scan.huffman.get(of.dc)
  const acTable = of && scan.huffman.get(0x10 | of.ac)
  const quantisation = of && scan.quantisation.get(of.component.table)
  if (!dcTable || !acTable || !quantisation) throw new PixelError('corrupt', 'JPEG: a table is missing')
  const [dc, ac] = [decodingTable(dcTable), decodingTable(acTable)]
  const samples = new Uint16Array(rows * columns)
  // §A.2.2: a scan of one component is blocks line by line, whatever its sampling factors say.
  const across = Math.ceil(columns / 8)
  const blocks = across * Math.ceil(rows / 8)
  const each = scan.restartInterval || blocks
  if (scan.segments.length !== Math.ceil(blocks / each))
    throw new PixelError('corrupt', 'JPEG: a restart is missing')
  const block = new Int32Array(64)
  for (const [part, segment] of scan.segments.entries()) {
    const reader = bitReader(segment)
    let predicted = 0
    for (let index = part * each; index < Math.min(blocks, (part + 1) * each); index++) {
      predicted = readBlock(reader, dc, ac, quantisation, predicted, block)
      inverseDct(block)
      put(block, samples, Math.floor(index / across) * 8, (index % across) * 8, {
        rows,
        columns,
        middle,
        most,
      })
    }
    if (!reader.isAtEnd()) throw new PixelError('corrupt', 'JPEG: a scan goes on after its pixels')
  }
  return samples
}

/** §F.2.2: one block, dequantised, in its natural order. */
function readBlock(
  reader: Decoder,
  dc: DecodingTable,
  ac: DecodingTable,
  quantisation: Uint16Array,
  predicted: number,
  block: Int32Array,
): number {
  block.fill(0)
  const value = predicted + reader.difference(reader.symbol(dc))
  block[0] = value * (quantisation[0] ?? 0)
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(ac)
    const [run, category] = [symbol >> 4, symbol & 15]
    if (category === 0) {
      if (run !== 15) break
      k += 15
      continue
    }
    k += run
    if (k > 63) throw new PixelError('corrupt', 'JPEG: a block is too long')
    block[ZIGZAG[k] ?? 0] = reader.difference(category) * (quantisation[k] ?? 0)
  }
  return value
}

function put(
  block: Int32Array,
  samples: Uint16Array,
  row: number,
  column: number,
  { rows, columns, middle, most }: { rows: number; columns: number; middle: number; most: number },
): void {
  for (let y = 0; y < 8 && row + y < rows; y++)
    for (let x = 0; x < 8 && column + x < columns; x++)
      samples[(row + y) * columns + column + x] = Math.min(
        most,
        Math.max(0, (block[8 * y + x] ?? 0) + middle),
      )
}
