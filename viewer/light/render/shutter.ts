import type { Image } from '../model/model.ts'
import { number, numbers, texts } from '../model/record.ts'

/** What a display shutter leaves to be seen (PS3.3 §C.7.6.11), in image pixels; null where it has none. */
export function shutterPath({ attributes, pixel }: Image): Path2D | null {
  const shapes = texts(attributes, '00181600')
  // Where several overlap, what all leave open: one is enough in practice, the tightest is drawn last.
  if (shapes.includes('POLYGONAL')) return polygon(numbers(attributes, '00181620'))
  if (shapes.includes('CIRCULAR')) {
    const [row = 0, column = 0] = numbers(attributes, '00181610')
    const radius = number(attributes, '00181612') ?? 0
    const path = new Path2D()
    path.arc(column - 0.5, row - 0.5, radius, 0, 2 * Math.PI)
    return radius > 0 ? path : null
  }
  if (!shapes.includes('RECTANGULAR')) return null
  const left = number(attributes, '00181602') ?? 0
  const right = number(attributes, '00181604') ?? pixel.columns + 1
  const top = number(attributes, '00181606') ?? 0
  const bottom = number(attributes, '00181608') ?? pixel.rows + 1
  if (right <= left || bottom <= top) return null
  const path = new Path2D()
  path.rect(left, top, right - left - 1, bottom - top - 1)
  return path
}

// Row and column of each corner.
function polygon(vertices: readonly number[]): Path2D | null {
  if (vertices.length < 6) return null
  const path = new Path2D()
  for (let at = 0; at + 1 < vertices.length; at += 2)
    path.lineTo((vertices[at + 1] ?? 0) - 0.5, (vertices[at] ?? 0) - 0.5)
  path.closePath()
  return path
}
