import { decodeBlocks } from './jpeg-dct.ts'
import { decodeLossless } from './jpeg-lossless.ts'
import { type Component, JpegError, type JpegImage, makeTable, type Parsed, type Scan } from './jpeg-model.ts'

/**
 * JPEG (ITU T.81) as DICOM uses it: baseline and extended sequential of 8 and 12 bits, and lossless with any predictor.
 * Samples come as they are coded, colours interleaved; colour conversion is the picture's business.
 */
export function decodeJpeg(bytes: Uint8Array): JpegImage {
  const parsed = parse(bytes)
  return parsed.lossless ? decodeLossless(parsed) : decodeBlocks(parsed)
}

const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda

function parse(bytes: Uint8Array): Parsed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.byteLength < 4 || view.getUint16(0) !== 0xff00 + SOI) throw new JpegError('no start of image')
  const parsed: Parsed = {
    width: 0,
    height: 0,
    precision: 0,
    lossless: false,
    components: [],
    quantization: [],
    adobeTransform: null,
    jfif: false,
    scans: [],
  }
  const tables: Scan['tables'] = { dc: [], ac: [] }
  let restartInterval = 0
  let at = 2
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new JpegError(`no marker at ${at}`)
    const marker = bytes[at + 1] ?? 0
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker === EOI) break
    const length = view.getUint16(at + 2)
    const body = bytes.subarray(at + 4, at + 2 + length)
    at += 2 + length
    if (at > bytes.length) throw new JpegError('cut short')
    if (marker === 0xdb) readQuantization(body, parsed)
    else if (marker === 0xc4) readHuffman(body, tables)
    else if (marker === 0xdd) restartInterval = ((body[0] ?? 0) << 8) | (body[1] ?? 0)
    else if (marker === 0xe0) parsed.jfif ||= startsWith(body, 'JFIF')
    else if (marker === 0xee && startsWith(body, 'Adobe')) parsed.adobeTransform = body[11] ?? null
    else if (marker === SOS) {
      const end = endOfScan(bytes, at)
      const scan = scanOf(body, parsed, { dc: [...tables.dc], ac: [...tables.ac] })
      parsed.scans.push({ ...scan, restartInterval, data: bytes.subarray(at, end) })
      at = end
    } else if (marker >= 0xc0 && marker <= 0xcf) readFrame(marker, body, parsed)
  }
  if (parsed.scans.length === 0) throw new JpegError('no scan')
  return parsed
}

const startsWith = (body: Uint8Array, name: string): boolean =>
  [...name].every((character, at) => body[at] === character.charCodeAt(0))

function readFrame(marker: number, body: Uint8Array, parsed: Parsed): void {
  if (marker !== 0xc0 && marker !== 0xc1 && marker !== 0xc3)
    throw new JpegError(`process ${(marker - 0xc0).toString()}`)
  parsed.lossless = marker === 0xc3
  parsed.precision = body[0] ?? 0
  parsed.height = ((body[1] ?? 0) << 8) | (body[2] ?? 0)
  parsed.width = ((body[3] ?? 0) << 8) | (body[4] ?? 0)
  const count = body[5] ?? 0
  const deepest = parsed.lossless ? 16 : 12
  if (parsed.precision < 2 || parsed.precision > deepest) throw new JpegError(`precision ${parsed.precision}`)
  if (parsed.width < 1 || parsed.height < 1 || (count !== 1 && count !== 3))
    throw new JpegError(`${parsed.width}×${parsed.height}×${count}`)
  parsed.components = Array.from({ length: count }, (_, index): Component => {
    const [id = 0, sampling = 0, table = 0] = body.subarray(6 + index * 3)
    const h = sampling >> 4
    const v = sampling & 15
    if (h < 1 || h > 4 || v < 1 || v > 4) throw new JpegError('sampling')
    return { id, h, v, table }
  })
}

function readQuantization(body: Uint8Array, parsed: Parsed): void {
  for (let at = 0; at < body.length; ) {
    const head = body[at++] ?? 0
    const wide = head >> 4
    const table = new Uint16Array(64)
    for (let k = 0; k < 64; k++) {
      table[k] = wide ? ((body[at] ?? 0) << 8) | (body[at + 1] ?? 0) : (body[at] ?? 0)
      at += wide ? 2 : 1
    }
    parsed.quantization[head & 15] = table
  }
}

function readHuffman(body: Uint8Array, tables: Scan['tables']): void {
  for (let at = 0; at + 17 <= body.length; ) {
    const head = body[at] ?? 0
    const counts = body.subarray(at + 1, at + 17)
    const total = counts.reduce((sum, count) => sum + count, 0)
    const table = makeTable(counts, body.subarray(at + 17, at + 17 + total))
    ;(head >> 4 ? tables.ac : tables.dc)[head & 15] = table
    at += 17 + total
  }
}

function scanOf(
  body: Uint8Array,
  parsed: Parsed,
  tables: Scan['tables'],
): Omit<Scan, 'data' | 'restartInterval'> {
  const count = body[0] ?? 0
  const parts = Array.from({ length: count }, (_, index) => {
    const [id = 0, selectors = 0] = body.subarray(1 + index * 2)
    const component = parsed.components.findIndex((one) => one.id === id)
    if (component < 0) throw new JpegError('a scan of an unknown component')
    return { component, dc: selectors >> 4, ac: selectors & 15 }
  })
  const [predictor = 0, , shift = 0] = body.subarray(1 + count * 2)
  return { parts, predictor, pointTransform: shift & 15, tables }
}

// Entropy coded data ends at the first marker that is neither a stuffed byte nor a restart (T.81 §B.1.1.2).
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1]
    if (next === undefined) return bytes.length
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at
  }
  return bytes.length
}
