import type { Frame, Image } from '../model/model.ts'
import { paintColour } from './colour.ts'
import { type Grey, paintGrey } from './gray.ts'
import { type Overlay, overlaysOf } from './overlay.ts'
import type { Voi } from './voi.ts'

/** How a frame shall look: `voi` null leaves colours as they are. */
export interface Look {
  readonly voi: Voi | null
  readonly invert: boolean
  readonly overlays: boolean
}

/** Whether a frame shows colours of its own, on which no window measures anything. */
export const isColour = (image: Image): boolean => !image.pixel.photometric.startsWith('MONOCHROME')

/** The whole pipeline of one frame, pure: cells in, RGBA out. */
export function paint(frame: Frame, image: Image, index: number, look: Look, target: Uint32Array): void {
  if (isColour(image)) paintColour(frame, image, look.voi, look.invert, target)
  else if (look.voi) paintGrey(frame, image, index, greyOf(look.voi, look.invert), target)
  if (!look.overlays) return
  for (const overlay of overlaysOf(image, index, frame)) paintMarks(overlay, image, target)
}

const greyOf = (voi: Voi, invert: boolean): Grey => ({ voi, invert })
const WHITE = 0xffffffff

function paintMarks(
  { marks, left, top, rows, columns }: Overlay,
  { pixel }: Image,
  target: Uint32Array,
): void {
  for (let y = Math.max(0, -top); y < rows && y + top < pixel.rows; y++)
    for (let x = Math.max(0, -left); x < columns && x + left < pixel.columns; x++)
      if (marks[y * columns + x]) target[(y + top) * pixel.columns + x + left] = WHITE
}
