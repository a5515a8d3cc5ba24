import { defaultVoi } from '../pixels/gray.ts'
import { isColour, paint } from '../pixels/picture.ts'
import type { DrawPreview } from '../shards/source.ts'

/** Paints a small copy of a frame by the window that the whole is first shown by. */
export const drawPreview: DrawPreview = (image, index, small, { columns, rows }) => {
  const reduced = { ...image, pixel: { ...image.pixel, columns, rows } }
  const rgba = new Uint8ClampedArray(columns * rows * 4)
  const voi = isColour(image) ? null : defaultVoi(small, reduced, index)
  // Overlays have the size of the whole.
  paint(small, reduced, index, { voi, invert: false, overlays: false }, new Uint32Array(rgba.buffer))
  return { columns, rows, rgba }
}
