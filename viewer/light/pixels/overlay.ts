import type { Frame, Image } from '../model/model.ts'
import { bytes, number, numbers, text } from '../model/record.ts'

/** One plane of marks over the picture (PS3.3 §C.9.2), in pixels of the image. */
export interface Overlay {
  readonly name: string
  readonly left: number
  readonly top: number
  readonly columns: number
  readonly rows: number
  /** One byte a pixel: 1 where marked. */
  readonly marks: Uint8Array
}

/** The overlays of a frame, in planes of their own or in bits of its cells. */
export function overlaysOf(image: Image, index: number, frame: Frame): Overlay[] {
  return GROUPS.flatMap((group) => {
    const overlay = overlayOf(image, index, frame, group)
    return overlay ? [overlay] : []
  })
}

const GROUPS = Array.from({ length: 16 }, (_, at) => (0x6000 + 2 * at).toString(16).toUpperCase())

function overlayOf(image: Image, index: number, frame: Frame, group: string): Overlay | null {
  const { attributes, pixel } = image
  const bit = number(attributes, `${group}0102`) ?? 0
  const data = bytes(attributes, `${group}3000`)
  const named = number(attributes, `${group}0010`)
  if (named === null) return null
  const rows = data ? named : pixel.rows
  const columns = data ? (number(attributes, `${group}0011`) ?? 0) : pixel.columns
  const [top = 1, left = 1] = numbers(attributes, `${group}0050`)
  const common = {
    name: text(attributes, `${group}0022`) || text(attributes, `${group}1500`),
    left: left - 1,
    top: top - 1,
    rows,
    columns,
  }
  if (!data) return isSpare(bit, image) ? { ...common, marks: bitOf(frame, bit) } : null
  const frames = number(attributes, `${group}0015`) ?? 1
  const first = number(attributes, `${group}0051`) ?? 1
  const at = frames > 1 ? index - (first - 1) : 0
  const size = rows * columns
  if (at < 0 || at >= frames || data.length * 8 < size * (at + 1)) return null
  return { ...common, marks: planeOf(data, at * size, size) }
}

// Only bits that no pixel value uses can be an overlay (retired, and still found).
const isSpare = (bit: number, { pixel }: Image): boolean =>
  bit < pixel.bitsAllocated && (bit > pixel.highBit || bit <= pixel.highBit - pixel.bitsStored)

function bitOf({ cells }: Frame, bit: number): Uint8Array {
  const marks = new Uint8Array(cells.length)
  for (let at = 0; at < cells.length; at++) marks[at] = ((cells[at] as number) >>> bit) & 1
  return marks
}

function planeOf(data: Uint8Array, from: number, size: number): Uint8Array {
  const marks = new Uint8Array(size)
  for (let at = 0; at < size; at++) marks[at] = ((data[(from + at) >> 3] as number) >> ((from + at) & 7)) & 1
  return marks
}
