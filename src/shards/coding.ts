/**
 * How the samples of a frame are laid out before they are deflated (docs/viewer.md). `predicted`: what the MED
 * predictor of JPEG-LS (ISO/IEC 14495-1 §A.4.1) leaves of each sample, zigzag coded, in byte planes. `planes`: byte
 * planes alone, for what does not predict (indexes of a palette, floating point). `bytes`: as they are, for bits in
 * bytes. `jpeg`: a JPEG stream as the file had it, which every browser decodes.
 */
export type Coding = {
  readonly kind: 'predicted' | 'planes' | 'bytes' | 'jpeg'
  /** Of a sample. */
  readonly bytes: 1 | 2 | 4 | 8
  /** Colours stand sample by sample in the frame, component by component in the coding. */
  readonly samples: 1 | 3
  /** Two's complement: the sign bit is turned over, so that -1 and 0 are neighbours. */
  readonly signed?: boolean
  /** Samples are floating point numbers, not whole ones. */
  readonly float?: boolean
  /** RGB: red and blue as differences from green, which says most of both. */
  readonly green?: boolean
}

export type FrameSize = { readonly columns: number; readonly rows: number }

/** The samples of a frame as what is deflated. `frame` holds little endian samples, colours interleaved. */
export function layOut(frame: Uint8Array, { columns, rows }: FrameSize, coding: Coding): Uint8Array {
  const { kind, bytes, samples } = coding
  if (kind === 'bytes' || kind === 'jpeg') return frame
  const count = columns * rows
  if (frame.byteLength < count * samples * bytes) throw new RangeError('a frame shorter than its size')
  if (kind === 'planes' || bytes > 2) return splitBytes(frame, count * samples, bytes)
  const out = new Uint8Array(count * samples * bytes)
  for (let component = 0; component < samples; component++) {
    const at = component * count * bytes
    if (bytes === 1) predict8(component8(frame, component, coding, count), columns, rows, out, at)
    else predict16(component16(frame, component, coding, count), columns, rows, out, at)
  }
  return out
}

function component8(frame: Uint8Array, component: number, { samples, green, signed }: Coding, count: number) {
  if (samples === 1) return signed ? frame.map((value) => value ^ 0x80) : frame
  const plane = new Uint8Array(count)
  const minus = green === true && component !== 1
  for (let i = 0, at = component; i < count; i++, at += 3) {
    plane[i] = minus ? (frame[at] as number) - (frame[at - component + 1] as number) : (frame[at] as number)
  }
  return plane
}

function component16(frame: Uint8Array, component: number, { samples, signed }: Coding, count: number) {
  const plane = new Uint16Array(count)
  const flip = signed ? 0x8000 : 0
  let at = component * 2
  for (let i = 0; i < count; i++, at += samples * 2) {
    plane[i] = ((frame[at] as number) | ((frame[at + 1] as number) << 8)) ^ flip
  }
  return plane
}

function predict8(plane: Uint8Array, columns: number, rows: number, out: Uint8Array, start: number) {
  for (let y = 0, at = 0; y < rows; y++) {
    let left = y > 0 ? (plane[at - columns] as number) : 0
    let corner = left
    for (let x = 0; x < columns; x++, at++) {
      const above = y > 0 ? (plane[at - columns] as number) : left
      const value = plane[at] as number
      const difference = ((value - median(left, above, corner)) << 24) >> 24
      out[start + at] = (difference << 1) ^ (difference >> 7)
      left = value
      corner = above
    }
  }
}

function predict16(plane: Uint16Array, columns: number, rows: number, out: Uint8Array, start: number) {
  const high = start + columns * rows
  for (let y = 0, at = 0; y < rows; y++) {
    let left = y > 0 ? (plane[at - columns] as number) : 0
    let corner = left
    for (let x = 0; x < columns; x++, at++) {
      const above = y > 0 ? (plane[at - columns] as number) : left
      const value = plane[at] as number
      const difference = ((value - median(left, above, corner)) << 16) >> 16
      const coded = (difference << 1) ^ (difference >> 15)
      out[start + at] = coded
      out[high + at] = coded >> 8
      left = value
      corner = above
    }
  }
}

/**
 * The median edge detector: the median of the sample to the left, the one above, and the plane through all three.
 * Without branches, which noise would make the processor guess wrong: this takes most of a preparation's time.
 */
export function median(left: number, above: number, corner: number): number {
  const apart = left - above
  const lower = above + (apart & (apart >> 31))
  const upper = left - (apart & (apart >> 31))
  const plane = left + above - corner
  const capped = upper + ((plane - upper) & ((plane - upper) >> 31))
  return lower - ((lower - capped) & ((lower - capped) >> 31))
}

function splitBytes(frame: Uint8Array, count: number, bytes: number): Uint8Array {
  if (bytes === 1) return frame.subarray(0, count)
  const out = new Uint8Array(count * bytes)
  for (let plane = 0; plane < bytes; plane++) {
    for (let i = 0, at = plane; i < count; i++, at += bytes) out[plane * count + i] = frame[at] as number
  }
  return out
}
