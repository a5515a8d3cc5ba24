import { type Frame, FrameError, type Image } from '../model/model.ts'
import { storedValue } from './modality.ts'
import { paletteOf } from './palette.ts'
import { applyVoi, type Voi } from './voi.ts'

/** A colour frame (PS3.3 §C.7.6.3.1.2) as words of RGBA. `voi` brightens, on levels from 0 to 255. */
export function paintColour(
  frame: Frame,
  image: Image,
  voi: Voi | null,
  invert: boolean,
  target: Uint32Array,
): void {
  if (frame.photometric === 'PALETTE COLOR') paintPalette(frame, image, target)
  else paintSamples(frame, image, target)
  if (voi || invert) adjust(target, voi, invert)
}

/** The brightness that changes nothing. */
export const PLAIN_COLOUR: Voi = { kind: 'window', center: 127.5, width: 255, shape: 'LINEAR_EXACT' }

function paintPalette({ cells }: Frame, image: Image, target: Uint32Array): void {
  const palette = paletteOf(image)
  if (!palette) throw new FrameError('unsupported', 'palette')
  const { first, words } = palette
  const last = words.length - 1
  for (let at = 0; at < target.length; at++) {
    const entry = storedValue(image.pixel, cells[at] ?? 0) - first
    target[at] = words[entry < 0 ? 0 : Math.min(entry, last)] ?? 0
  }
}

function paintSamples({ cells, planar, photometric }: Frame, { pixel }: Image, target: Uint32Array): void {
  const shift = Math.max(0, pixel.highBit - 7)
  const count = target.length
  const halved = photometric.endsWith('_422') && cells.length < count * 3
  const convert = converters[photometric]
  if (!convert || cells.length < (halved ? count * 2 : count * 3))
    throw new FrameError('unsupported', `${photometric}, ${cells.length} samples`)
  if (halved) {
    // Two pixels share their colour: Y Y Cb Cr.
    for (let at = 0, from = 0; at < count; at += 2, from += 4) {
      const [a = 0, b = 0, blue = 0, red = 0] = cells.subarray(from, from + 4)
      target[at] = convert(a >> shift, blue >> shift, red >> shift)
      if (at + 1 < count) target[at + 1] = convert(b >> shift, blue >> shift, red >> shift)
    }
    return
  }
  const step = planar ? 1 : 3
  const apart = planar ? count : 1
  for (let at = 0, from = 0; at < count; at++, from += step) {
    const a = (cells[from] as number) >> shift
    const b = (cells[from + apart] as number) >> shift
    target[at] = convert(a, b, (cells[from + 2 * apart] as number) >> shift)
  }
}

type Convert = (a: number, b: number, c: number) => number

const rgb: Convert = (r, g, b) => (0xff000000 | ((b & 255) << 16) | ((g & 255) << 8) | (r & 255)) >>> 0

// ITU-R BT.601, full range (PS3.3 §C.7.6.3.1.2).
const full: Convert = (y, cb, cr) =>
  rgb(
    level(y + 1.402 * (cr - 128)),
    level(y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)),
    level(y + 1.772 * (cb - 128)),
  )

// Black is 16, white 235, colours from 16 to 240.
const partial: Convert = (y, cb, cr) =>
  rgb(
    level(1.1644 * (y - 16) + 1.596 * (cr - 128)),
    level(1.1644 * (y - 16) - 0.3917 * (cb - 128) - 0.8129 * (cr - 128)),
    level(1.1644 * (y - 16) + 2.0173 * (cb - 128)),
  )

const level = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : Math.round(value))

const converters: Readonly<Record<string, Convert>> = {
  RGB: rgb,
  YBR_FULL: full,
  YBR_FULL_422: full,
  YBR_PARTIAL_422: partial,
  YBR_PARTIAL_420: partial,
}

function adjust(target: Uint32Array, voi: Voi | null, invert: boolean): void {
  const table = Uint8Array.from({ length: 256 }, (_, value) => {
    const shown = voi ? applyVoi(voi, value) : value / 255
    return Math.round((invert ? 1 - shown : shown) * 255)
  })
  for (let at = 0; at < target.length; at++) {
    const word = target[at] as number
    target[at] = rgb(table[word & 255] ?? 0, table[(word >> 8) & 255] ?? 0, table[(word >> 16) & 255] ?? 0)
  }
}
