import type { Image } from '../model/model.ts'
import { number, numbers, texts } from '../model/record.ts'
import { statesOf } from '../pixels/presentation.ts'

/** What a shutter leaves to be seen, in image pixels: (0, 0) is the first pixel's corner. */
export type Shutter =
  | { readonly kind: 'rectangle'; left: number; top: number; width: number; height: number }
  | { readonly kind: 'circle'; readonly x: number; readonly y: number; readonly radius: number }
  | { readonly kind: 'polygon'; readonly points: readonly { readonly x: number; readonly y: number }[] }

/**
 * The display shutters of a frame (PS3.3 §C.7.6.11), which are all closed at once: what every one leaves open is seen.
 * Those of a presentation state count instead of the image's.
 */
export function shuttersOf(image: Image, index: number): Shutter[] {
  const source = statesOf(image, index).find((state) => texts(state, '00181600').length > 0)
  const attributes = source ?? image.attributes
  const found: Shutter[] = []
  for (const shape of texts(attributes, '00181600')) {
    if (shape === 'RECTANGULAR') {
      const left = number(attributes, '00181602') ?? 0
      const right = number(attributes, '00181604') ?? image.pixel.columns + 1
      const top = number(attributes, '00181606') ?? 0
      const bottom = number(attributes, '00181608') ?? image.pixel.rows + 1
      if (right <= left || bottom <= top) continue
      found.push({ kind: 'rectangle', left, top, width: right - left - 1, height: bottom - top - 1 })
    } else if (shape === 'CIRCULAR') {
      const [row = 0, column = 0] = numbers(attributes, '00181610')
      const radius = number(attributes, '00181612') ?? 0
      if (radius > 0) found.push({ kind: 'circle', x: column - 0.5, y: row - 0.5, radius })
    } else if (shape === 'POLYGONAL') {
      const vertices = numbers(attributes, '00181620')
      // Row and column of each corner.
      const points = Array.from({ length: vertices.length >> 1 }, (_, at) => ({
        x: (vertices[2 * at + 1] ?? 0) - 0.5,
        y: (vertices[2 * at] ?? 0) - 0.5,
      }))
      if (points.length > 2) found.push({ kind: 'polygon', points })
    }
  }
  return found
}

/** Closes them over what is drawn next. */
export function closeShutters(context: CanvasRenderingContext2D, shutters: readonly Shutter[]): void {
  for (const shutter of shutters) {
    context.beginPath()
    if (shutter.kind === 'rectangle') context.rect(shutter.left, shutter.top, shutter.width, shutter.height)
    else if (shutter.kind === 'circle') context.arc(shutter.x, shutter.y, shutter.radius, 0, 2 * Math.PI)
    else for (const { x, y } of shutter.points) context.lineTo(x, y)
    // Each clips what the ones before left open.
    context.clip()
  }
}
