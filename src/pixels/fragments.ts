import { PixelError } from './errors.ts'

/** The Basic Offset Table's item and (7FE0,0001), either of which may be empty. */
export type Offsets = { readonly basic: Uint8Array; readonly extended: Uint8Array }

/** The frames of encapsulated pixels: each of one fragment or of several (PS3.5 §A.4). */
export function framesOfFragments(
  fragments: readonly Uint8Array[],
  offsets: Offsets,
  frameCount: number,
): Uint8Array[] {
  if (frameCount === 1) return [joined(fragments)]
  const starts =
    extendedStarts(fragments, offsets.extended, frameCount) ??
    basicStarts(fragments, offsets.basic, frameCount)
  if (starts) return between(fragments, starts)
  if (fragments.length === frameCount) return [...fragments]
  // Without a usable table: a frame begins where a code stream does.
  const guessed = fragments.flatMap((fragment, index) => (beginsCodeStream(fragment) ? [index] : []))
  if (guessed.length === frameCount && guessed[0] === 0) return between(fragments, guessed)
  throw new PixelError('corrupt', `${fragments.length} fragments for ${frameCount} frames, and no table`)
}

/** PS3.5 §A.4: offsets count from the first fragment's Item tag. */
function basicStarts(
  fragments: readonly Uint8Array[],
  table: Uint8Array,
  frameCount: number,
): number[] | null {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  if (table.byteLength !== 4 * frameCount) return null
  return startsAt(
    fragments,
    Array.from({ length: frameCount }, (_, index) => view.getUint32(4 * index, true)),
  )
}

function extendedStarts(
  fragments: readonly Uint8Array[],
  table: Uint8Array,
  frameCount: number,
): number[] | null {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  if (table.byteLength !== 8 * frameCount) return null
  return startsAt(
    fragments,
    Array.from({ length: frameCount }, (_, index) => Number(view.getBigUint64(8 * index, true))),
  )
}

/** Which fragments begin at those offsets; null where one points between two. */
function startsAt(fragments: readonly Uint8Array[], offsets: readonly number[]): number[] | null {
  const at = new Map<number, number>()
  let offset = 0
  for (const [index, { byteLength }] of fragments.entries()) {
    at.set(offset, index)
    offset += 8 + byteLength
  }
  const starts: number[] = []
  for (const wanted of offsets) {
    const start = at.get(wanted)
    if (start === undefined || start <= (starts.at(-1) ?? -1)) return null
    starts.push(start)
  }
  return starts[0] === 0 ? starts : null
}

const between = (fragments: readonly Uint8Array[], starts: readonly number[]): Uint8Array[] =>
  starts.map((start, index) => joined(fragments.slice(start, starts[index + 1])))

function joined(fragments: readonly Uint8Array[]): Uint8Array {
  const [first, ...more] = fragments
  if (!first) throw new PixelError('corrupt', 'a frame without fragments')
  return more.length === 0 ? first : Buffer.concat(fragments)
}

/** SOI of JPEG and JPEG-LS, or SOC and SIZ of JPEG 2000. */
const beginsCodeStream = ([a, b, c]: Uint8Array): boolean =>
  a === 0xff && (b === 0xd8 || (b === 0x4f && c === 0xff)) && c === 0xff
