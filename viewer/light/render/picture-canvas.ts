import type { Frame } from '../model/model.ts'
import type { Slice } from '../model/studies.ts'
import { type Look, paint } from '../pixels/picture.ts'
import { closeShutters, shuttersOf } from './shutter.ts'
import { keyOf } from './store.ts'
import type { Matrix } from './view.ts'

/** Holds one painted frame at full size and draws it under any view. */
export interface PictureCanvas {
  draw(
    context: CanvasRenderingContext2D,
    slice: Slice,
    frame: Frame,
    look: Look,
    matrix: Matrix,
    sharp: boolean,
  ): void
}

export function createPictureCanvas(): PictureCanvas {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { alpha: false })
  let painted = ''
  let data: ImageData | null = null
  return {
    draw(target, slice, frame, look, { a, b, c, d, e, f }, sharp) {
      const { image, index } = slice
      const { columns, rows } = image.pixel
      const key = `${keyOf(slice)} ${JSON.stringify({ ...look, voi: look.voi?.kind === 'lut' ? look.voi.lut.id : look.voi })}`
      if (key !== painted) {
        if (!data || data.width !== columns || data.height !== rows) {
          canvas.width = columns
          canvas.height = rows
          data = new ImageData(columns, rows)
        }
        paint(frame, image, index, look, new Uint32Array(data.data.buffer))
        context?.putImageData(data, 0, 0)
        painted = key
      }
      target.save()
      target.transform(a, b, c, d, e, f)
      closeShutters(target, shuttersOf(image, index))
      target.imageSmoothingEnabled = !sharp
      target.imageSmoothingQuality = 'high'
      target.drawImage(canvas, 0, 0)
      target.restore()
    },
  }
}
