import {
  BitReader,
  coloursOf,
  type HuffmanTable,
  JpegError,
  type JpegImage,
  type Parsed,
  type Scan,
} from './jpeg-model.ts'
import { widened } from './jpeg-upsample.ts'

/** Sequential DCT (T.81 §F). */
export function decodeBlocks(parsed: Parsed): JpegImage {
  const { width, height, precision, components } = parsed
  const hMost = Math.max(...components.map(({ h }) => h))
  const vMost = Math.max(...components.map(({ v }) => v))
  const mcusAcross = Math.ceil(width / (8 * hMost))
  const mcusDown = Math.ceil(height / (8 * vMost))
  const planes = components.map(({ h, v, table }): Plane => {
    const quantization = parsed.quantization[table]
    if (!quantization) throw new JpegError('no quantization table')
    const stride = mcusAcross * h * 8
    return {
      samples: new Uint16Array(stride * mcusDown * v * 8),
      stride,
      h,
      v,
      // Blocks that a scan of this component alone holds (§A.2.2).
      across: Math.ceil(Math.ceil((width * h) / hMost) / 8),
      down: Math.ceil(Math.ceil((height * v) / vMost) / 8),
      quantization,
    }
  })
  for (const scan of parsed.scans) decodeScan(scan, planes, mcusAcross, mcusDown, precision)
  const samples = joined(planes, width, height, hMost, vMost, precision)
  const count = components.length as 1 | 3
  return { width, height, precision, components: count, samples, colours: coloursOf(parsed) }
}

interface Plane {
  readonly samples: Uint16Array
  readonly stride: number
  readonly h: number
  readonly v: number
  readonly across: number
  readonly down: number
  readonly quantization: Uint16Array
}

interface Part {
  readonly plane: Plane
  readonly dc: HuffmanTable
  readonly ac: HuffmanTable
  predicted: number
}

function decodeScan(
  scan: Scan,
  planes: readonly Plane[],
  across: number,
  down: number,
  precision: number,
): void {
  const reader = new BitReader(scan.data)
  const parts = scan.parts.map(({ component, dc, ac }): Part => {
    const [plane, dcTable, acTable] = [planes[component], scan.tables.dc[dc], scan.tables.ac[ac]]
    if (!plane || !dcTable || !acTable) throw new JpegError('no table')
    return { plane, dc: dcTable, ac: acTable, predicted: 0 }
  })
  const [alone] = parts.length === 1 ? parts : []
  const columns = alone ? alone.plane.across : across
  const total = columns * (alone ? alone.plane.down : down)
  const block = new Float32Array(64)
  for (let mcu = 0; mcu < total; mcu++) {
    if (scan.restartInterval > 0 && mcu > 0 && mcu % scan.restartInterval === 0) {
      reader.restart()
      for (const part of parts) part.predicted = 0
    }
    const mcuX = mcu % columns
    const mcuY = (mcu - mcuX) / columns
    for (const part of parts) {
      const { h, v } = alone ? { h: 1, v: 1 } : part.plane
      for (let y = 0; y < v; y++)
        for (let x = 0; x < h; x++) {
          readBlock(reader, part, block)
          putBlock(block, part.plane, mcuX * h + x, mcuY * v + y, precision)
        }
    }
  }
  reader.checkEnd()
}

function readBlock(reader: BitReader, part: Part, block: Float32Array): void {
  const { quantization } = part.plane
  block.fill(0)
  part.predicted += reader.signed(reader.decode(part.dc))
  block[0] = part.predicted * (quantization[0] as number)
  for (let k = 1; k < 64; k++) {
    const code = reader.decode(part.ac)
    const size = code & 15
    k += code >> 4
    if (size === 0) {
      if (code !== 0xf0) return
      continue
    }
    if (k > 63) throw new JpegError('too many coefficients')
    block[ZIGZAG[k] as number] = reader.signed(size) * (quantization[k] as number)
  }
}

function putBlock(
  block: Float32Array,
  { samples, stride }: Plane,
  x: number,
  y: number,
  precision: number,
): void {
  const centre = 1 << (precision - 1)
  const most = (1 << precision) - 1
  for (let column = 0; column < 8; column++) inverse(block, column, 8)
  for (let row = 0; row < 64; row += 8) inverse(block, row, 1)
  let to = y * 8 * stride + x * 8
  for (let row = 0; row < 64; row += 8, to += stride)
    for (let column = 0; column < 8; column++) {
      // Each of the two passes made it √8 times too big.
      const value = Math.round((block[row + column] as number) / 8) + centre
      samples[to + column] = value < 0 ? 0 : Math.min(value, most)
    }
}

// One-dimensional inverse DCT in place: Loeffler, Ligtenberg and Moschytz's (ICASSP 1989), 11 multiplications.
function inverse(block: Float32Array, at: number, step: number): void {
  const in0 = block[at] as number
  const in1 = block[at + step] as number
  const in2 = block[at + 2 * step] as number
  const in3 = block[at + 3 * step] as number
  const in4 = block[at + 4 * step] as number
  const in5 = block[at + 5 * step] as number
  const in6 = block[at + 6 * step] as number
  const in7 = block[at + 7 * step] as number
  const rotated = (in2 + in6) * 0.541196100146197
  const even2 = rotated - in6 * 1.847759065022573
  const even3 = rotated + in2 * 0.765366864730179
  const sum = in0 + in4
  const difference = in0 - in4
  const a0 = sum + even3
  const a3 = sum - even3
  const a1 = difference + even2
  const a2 = difference - even2
  const z1 = (in7 + in1) * -0.899976223136416
  const z2 = (in5 + in3) * -2.562915447741506
  const z5 = (in7 + in3 + in5 + in1) * 1.175875602419359
  const z3 = (in7 + in3) * -1.961570560806461 + z5
  const z4 = (in5 + in1) * -0.390180644032257 + z5
  const b0 = in7 * 0.298631336330145 + z1 + z3
  const b1 = in5 * 2.053119869003887 + z2 + z4
  const b2 = in3 * 3.072711026378379 + z2 + z3
  const b3 = in1 * 1.501321110293315 + z1 + z4
  block[at] = a0 + b3
  block[at + 7 * step] = a0 - b3
  block[at + step] = a1 + b2
  block[at + 6 * step] = a1 - b2
  block[at + 2 * step] = a2 + b1
  block[at + 5 * step] = a2 - b1
  block[at + 3 * step] = a3 + b0
  block[at + 4 * step] = a3 - b0
}

function joined(
  planes: readonly Plane[],
  width: number,
  height: number,
  hMost: number,
  vMost: number,
  precision: number,
) {
  const step = planes.length
  const size = width * height * step
  const out = precision > 8 ? new Uint16Array(size) : new Uint8Array(size)
  for (const [component, { samples, stride, h, v }] of planes.entries()) {
    const size = { columns: Math.ceil((width * h) / hMost), rows: Math.ceil((height * v) / vMost), stride }
    const rowOf = widened(samples, size, hMost / h, vMost / v)
    for (let y = 0, to = component; y < height; y++) {
      const row = rowOf(y)
      for (let x = 0; x < width; x++, to += step) out[to] = row[x] as number
    }
  }
  return out
}

const ZIGZAG = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
])
