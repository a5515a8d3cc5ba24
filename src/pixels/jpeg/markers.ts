import { PixelError } from '../errors.ts'

/** Markers of ISO/IEC 10918-1 Table B.1 that we read or write. */
export const MARKER = {
  sof0: 0xc0,
  sof1: 0xc1,
  sof3: 0xc3,
  dht: 0xc4,
  rst0: 0xd0,
  rst7: 0xd7,
  soi: 0xd8,
  eoi: 0xd9,
  sos: 0xda,
  dqt: 0xdb,
  dnl: 0xdc,
  dri: 0xdd,
  app0: 0xe0,
  app14: 0xee,
} as const

type Component = {
  readonly id: number
  readonly h: number
  readonly v: number
  readonly table: number
}
export type FrameHeader = {
  readonly process: number
  readonly precision: number
  readonly rows: number
  readonly columns: number
  readonly components: readonly Component[]
}
export type Scan = {
  readonly components: readonly { component: Component; index: number; dc: number; ac: number }[]
  /** Predictor in lossless, first coefficient otherwise. */
  readonly ss: number
  readonly se: number
  readonly pointTransform: number
  /** Entropy-coded data up to each restart marker, without stuffed bytes (§B.1.1.5). */
  readonly segments: readonly Uint8Array[]
  readonly restartInterval: number
  readonly huffman: ReadonlyMap<number, HuffmanTable>
  readonly quantisation: ReadonlyMap<number, Uint16Array>
}
export type HuffmanTable = { readonly lengths: Uint8Array; readonly symbols: Uint8Array }

/** Takes a JPEG image apart: its frame header and its scans, up to EOI. */
export function readJpeg(bytes: Uint8Array): { frame: FrameHeader; scans: Scan[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const huffman = new Map<number, HuffmanTable>()
  const quantisation = new Map<number, Uint16Array>()
  const scans: Scan[] = []
  let frame: FrameHeader | null = null
  let restartInterval = 0
  if (bytes.byteLength < 4 || view.getUint16(0) !== 0xff00 + MARKER.soi) corrupt('no JPEG')
  let at = 2
  for (;;) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++ // fill bytes, §B.1.1.2
    if (bytes[at] !== 0xff) corrupt('no marker where one must be')
    const marker = bytes[at + 1] ?? corrupt('it ends without EOI')
    at += 2
    if (marker === MARKER.eoi) break
    if (at + 2 > bytes.byteLength) corrupt('a marker segment is cut short')
    const end = at + view.getUint16(at)
    if (end < at + 2 || end > bytes.byteLength) corrupt('a marker segment is cut short')
    const segment = bytes.subarray(at + 2, end)
    at = end
    if (marker === MARKER.dht) readHuffman(segment, huffman)
    else if (marker === MARKER.dqt) readQuantisation(segment, quantisation)
    else if (marker === MARKER.dri) restartInterval = ((segment[0] ?? 0) << 8) | (segment[1] ?? 0)
    else if (marker === MARKER.dnl) throw new PixelError('unsupported', 'JPEG with DNL')
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      if (frame) corrupt('two frame headers')
      frame = readFrame(marker, segment)
    } else if (marker === MARKER.sos) {
      if (!frame) return corrupt('a scan before its frame')
      const data = readEntropyCoded(bytes, at)
      at = data.end
      const tables = { huffman: new Map(huffman), quantisation: new Map(quantisation) }
      scans.push({ ...readScan(segment, frame), segments: data.segments, restartInterval, ...tables })
    }
  }
  return frame && scans.length > 0 ? { frame, scans } : corrupt('no image in it')
}

const corrupt = (what: string): never => {
  throw new PixelError('corrupt', `JPEG: ${what}`)
}

function readFrame(process: number, segment: Uint8Array): FrameHeader {
  const [precision = 0, y1 = 0, y0 = 0, x1 = 0, x0 = 0, count = 0] = segment
  if (segment.byteLength !== 6 + 3 * count || count === 0) corrupt('its frame header is malformed')
  const components = Array.from({ length: count }, (_, index): Component => {
    const [id = 0, sampling = 0, table = 0] = segment.subarray(6 + 3 * index)
    const [h, v] = [sampling >> 4, sampling & 15]
    if (h < 1 || h > 4 || v < 1 || v > 4) corrupt('its sampling factors are malformed')
    return { id, h, v, table }
  })
  return { process, precision, rows: (y1 << 8) | y0, columns: (x1 << 8) | x0, components }
}

function readScan(segment: Uint8Array, { components }: FrameHeader) {
  const count = segment[0] ?? 0
  if (segment.byteLength !== 4 + 2 * count || count === 0) corrupt('a scan header is malformed')
  const inScan = Array.from({ length: count }, (_, position) => {
    const [id = 0, tables = 0] = segment.subarray(1 + 2 * position)
    const index = components.findIndex((component) => component.id === id)
    const component = components[index] ?? corrupt('a scan names an unknown component')
    return { component, index, dc: tables >> 4, ac: tables & 15 }
  })
  const [ss = 0, se = 0, approximation = 0] = segment.subarray(1 + 2 * count)
  return { components: inScan, ss, se, pointTransform: approximation & 15 }
}

/** §B.2.4.2. Tables are known by their class (bit 4) and destination. */
function readHuffman(segment: Uint8Array, into: Map<number, HuffmanTable>): void {
  for (let at = 0; at < segment.byteLength; ) {
    const lengths = segment.slice(at + 1, at + 17)
    const count = lengths.reduce((sum, length) => sum + length, 0)
    const symbols = segment.slice(at + 17, at + 17 + count)
    if (lengths.byteLength < 16 || symbols.byteLength < count) corrupt('a Huffman table is cut short')
    into.set(segment[at] ?? 0, { lengths, symbols })
    at += 17 + count
  }
}

function readQuantisation(segment: Uint8Array, into: Map<number, Uint16Array>): void {
  for (let at = 0; at < segment.byteLength; ) {
    const head = segment[at++] ?? 0
    const wide = head >> 4 !== 0
    const table = new Uint16Array(64)
    if (at + (wide ? 128 : 64) > segment.byteLength) corrupt('a quantisation table is cut short')
    for (let k = 0; k < 64; k++) {
      table[k] = wide ? ((segment[at] ?? 0) << 8) | (segment[at + 1] ?? 0) : (segment[at] ?? 0)
      at += wide ? 2 : 1
    }
    into.set(head & 15, table)
  }
}

/** The data of a scan up to the next marker that is no restart, parted at restarts, with stuffed zeros taken out. */
function readEntropyCoded(bytes: Uint8Array, start: number): { segments: Uint8Array[]; end: number } {
  const segments: Uint8Array[] = []
  let expected = 0
  let into = new Uint8Array(bytes.byteLength - start)
  let length = 0
  let at = start
  for (;;) {
    // Runs between FFs are copied whole.
    const ff = bytes.indexOf(0xff, at)
    if (ff < 0) return corrupt('a scan is cut short')
    into.set(bytes.subarray(at, ff), length)
    length += ff - at
    const next = bytes[ff + 1] ?? corrupt('a scan is cut short')
    at = ff + 2
    if (next === 0) into[length++] = 0xff
    else if (next === 0xff) at = ff + 1
    else if (next >= MARKER.rst0 && next <= MARKER.rst7) {
      if (next !== MARKER.rst0 + expected) corrupt('a restart is missing')
      expected = (expected + 1) & 7
      segments.push(into.subarray(0, length))
      into = new Uint8Array(bytes.byteLength - at)
      length = 0
    } else {
      segments.push(into.subarray(0, length))
      return { segments, end: ff }
    }
  }
}
