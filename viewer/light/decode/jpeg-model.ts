/** A decoded JPEG. */
export interface JpegImage {
  readonly width: number
  readonly height: number
  readonly precision: number
  readonly components: 1 | 3
  /** Colours interleaved. */
  readonly samples: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>
  /** What the stream says of its colours: YCbCr, RGB, or nothing. */
  readonly colours: 'ycc' | 'rgb' | 'unsaid'
}

/** The stream is not what T.81 says, or a process that we do not decode. */
export class JpegError extends Error {
  override readonly name = 'JpegError'
}

/** A stream taken apart. */
export interface Parsed {
  width: number
  height: number
  precision: number
  lossless: boolean
  components: Component[]
  quantization: Uint16Array[]
  adobeTransform: number | null
  jfif: boolean
  scans: Scan[]
}

export interface Component {
  readonly id: number
  readonly h: number
  readonly v: number
  readonly table: number
}

export interface Scan {
  readonly parts: readonly { readonly component: number; readonly dc: number; readonly ac: number }[]
  readonly predictor: number
  readonly pointTransform: number
  readonly tables: { readonly dc: HuffmanTable[]; readonly ac: HuffmanTable[] }
  readonly restartInterval: number
  readonly data: Uint8Array
}

/** Nine bits look a code up at once; longer ones are compared length by length (T.81 §F.2.2.3). */
export interface HuffmanTable {
  /** value | length << 8 for a prefix of FAST bits, or 0. */
  readonly fast: Uint16Array
  readonly maxCode: Int32Array
  readonly valueOffset: Int32Array
  readonly values: Uint8Array
}

const FAST = 9

export function makeTable(counts: Uint8Array, values: Uint8Array): HuffmanTable {
  const fast = new Uint16Array(1 << FAST)
  const maxCode = new Int32Array(18).fill(-1)
  const valueOffset = new Int32Array(18)
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    const count = counts[length - 1] ?? 0
    valueOffset[length] = index - code
    for (let n = 0; n < count; n++, code++, index++) {
      if (length > FAST) continue
      const from = code << (FAST - length)
      fast.fill((values[index] ?? 0) | (length << 8), from, from + (1 << (FAST - length)))
    }
    if (count > 0) maxCode[length] = code - 1
    code <<= 1
  }
  return { fast, maxCode, valueOffset, values }
}

/** Reads bits of entropy coded data; at its end it gives zeros, and counts how many were missing. */
export class BitReader {
  private readonly data: Uint8Array
  private at = 0
  private held = 0
  private bits = 0
  missing = 0

  constructor(data: Uint8Array) {
    this.data = data
  }

  private fill(): void {
    while (this.bits <= 16) {
      let byte = 0
      if (this.at >= this.data.length) this.missing++
      else {
        byte = this.data[this.at] as number
        if (byte !== 0xff) this.at++
        else if (this.data[this.at + 1] === 0) this.at += 2
        else {
          // A restart marker: nothing more until restart().
          byte = 0
          this.missing++
        }
      }
      this.held = ((this.held << 8) | byte) & 0x7fffffff
      this.bits += 8
    }
  }

  receive(count: number): number {
    if (count === 0) return 0
    if (this.bits < count) this.fill()
    this.bits -= count
    return (this.held >> this.bits) & ((1 << count) - 1)
  }

  /** RECEIVE and EXTEND (T.81 §F.2.2.1). */
  signed(count: number): number {
    if (count === 0) return 0
    const value = this.receive(count)
    return value < 1 << (count - 1) ? value - (1 << count) + 1 : value
  }

  decode(table: HuffmanTable): number {
    if (this.bits < 16) this.fill()
    const entry = table.fast[(this.held >> (this.bits - FAST)) & ((1 << FAST) - 1)] as number
    if (entry !== 0) {
      this.bits -= entry >> 8
      return entry & 0xff
    }
    for (let length = FAST + 1; length <= 16; length++) {
      const code = (this.held >> (this.bits - length)) & ((1 << length) - 1)
      if (code <= (table.maxCode[length] as number)) {
        this.bits -= length
        return table.values[code + (table.valueOffset[length] as number)] ?? 0
      }
    }
    throw new JpegError('no such code')
  }

  /** Goes to behind the next restart marker. */
  restart(): void {
    this.bits = 0
    this.held = 0
    this.missing = 0
    for (;;) {
      const found = this.data.indexOf(0xff, this.at)
      if (found < 0) throw new JpegError('no restart marker')
      const next = this.data[found + 1] ?? 0
      this.at = found + 2
      if (next >= 0xd0 && next <= 0xd7) return
    }
  }

  /** Throws where the data ended long before the picture did: what came then was made up. */
  checkEnd(): void {
    if (this.missing > 8) throw new JpegError('cut short')
  }
}

export function coloursOf({ adobeTransform, jfif, components }: Parsed): JpegImage['colours'] {
  if (adobeTransform !== null) return adobeTransform === 0 ? 'rgb' : 'ycc'
  if (jfif) return 'ycc'
  const ids = components.map(({ id }) => String.fromCharCode(id)).join('')
  return ids === 'RGB' ? 'rgb' : 'unsaid'
}
