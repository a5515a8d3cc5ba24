import { type Coding, type FrameSize, median } from '../../../src/shards/coding.ts'

/**
 * The samples of a frame from what was deflated: `layOut()` undone. Little endian samples, colours interleaved; `into`
 * that memory where it fits, which spares a grey frame of 16 bits its own.
 */
export function restore(
  laidOut: Uint8Array,
  { columns, rows }: FrameSize,
  coding: Coding,
  into?: ArrayBuffer,
): Uint8Array {
  const { kind, bytes, samples } = coding
  if (kind === 'bytes' || kind === 'jpeg') return laidOut
  const count = columns * rows
  // Never a picture of something else: what is not of its promised length is told, not shown.
  if (laidOut.byteLength !== count * samples * bytes) throw new RangeError('a frame of another length')
  if (kind === 'planes' || bytes > 2) return joinBytes(laidOut, count * samples, bytes)
  if (bytes === 2) return restore16(laidOut, columns, rows, coding, into)
  const planes = Array.from({ length: samples }, (_, component) => {
    const plane = laidOut.slice(component * count, (component + 1) * count)
    unpredict8(plane, columns, rows)
    return plane
  })
  return interleave(planes, coding)
}

function restore16(
  laidOut: Uint8Array,
  columns: number,
  rows: number,
  { samples, signed }: Coding,
  into?: ArrayBuffer,
): Uint8Array {
  const count = columns * rows
  const out = new Uint16Array(samples === 1 ? 0 : count * samples)
  const flip = signed ? 0x8000 : 0
  for (let component = 0; component < samples; component++) {
    const plane = into?.byteLength === count * 2 ? new Uint16Array(into) : new Uint16Array(count)
    unpredict16(laidOut.subarray(component * count * 2, (component + 1) * count * 2), plane, columns, rows)
    if (samples === 1) {
      if (flip) for (let i = 0; i < count; i++) plane[i] = (plane[i] as number) ^ flip
      return new Uint8Array(plane.buffer)
    }
    for (let i = 0, at = component; i < count; i++, at += samples) out[at] = (plane[i] as number) ^ flip
  }
  return new Uint8Array(out.buffer)
}

function unpredict16(coded: Uint8Array, plane: Uint16Array, columns: number, rows: number) {
  const high = columns * rows
  for (let y = 0, at = 0; y < rows; y++) {
    let left = y > 0 ? (plane[at - columns] as number) : 0
    let corner = left
    for (let x = 0; x < columns; x++, at++) {
      const above = y > 0 ? (plane[at - columns] as number) : left
      const code = (coded[at] as number) | ((coded[high + at] as number) << 8)
      left = (median(left, above, corner) + ((code >> 1) ^ -(code & 1))) & 0xffff
      plane[at] = left
      corner = above
    }
  }
}

function unpredict8(plane: Uint8Array, columns: number, rows: number) {
  for (let y = 0, at = 0; y < rows; y++) {
    let left = y > 0 ? (plane[at - columns] as number) : 0
    let corner = left
    for (let x = 0; x < columns; x++, at++) {
      const above = y > 0 ? (plane[at - columns] as number) : left
      const code = plane[at] as number
      left = (median(left, above, corner) + ((code >> 1) ^ -(code & 1))) & 0xff
      plane[at] = left
      corner = above
    }
  }
}

function interleave(planes: readonly Uint8Array[], { green, signed }: Coding): Uint8Array {
  const [first, second, third] = planes
  if (!first) return new Uint8Array()
  if (!second || !third) {
    if (signed) for (let i = 0; i < first.length; i++) first[i] = (first[i] as number) ^ 0x80
    return first
  }
  const out = new Uint8Array(first.length * 3)
  for (let i = 0, at = 0; i < first.length; i++, at += 3) {
    const middle = second[i] as number
    const added = green ? middle : 0
    out[at] = (first[i] as number) + added
    out[at + 1] = middle
    out[at + 2] = (third[i] as number) + added
  }
  return out
}

function joinBytes(planes: Uint8Array, count: number, bytes: number): Uint8Array {
  if (bytes === 1) return planes
  const out = new Uint8Array(count * bytes)
  for (let plane = 0; plane < bytes; plane++) {
    for (let i = 0, at = plane; i < count; i++, at += bytes) out[at] = planes[plane * count + i] as number
  }
  return out
}
