import type { Image } from '../model/model.ts'

/** How a viewport looks at its image. */
export interface View {
  /** Screen pixels for one image column; 'fit' shows the whole image. */
  readonly zoom: number | 'fit'
  readonly panX: number
  readonly panY: number
  /** Quarter turns, clockwise. */
  readonly turns: 0 | 1 | 2 | 3
  readonly flipH: boolean
  readonly flipV: boolean
  readonly invert: boolean
}

export const INITIAL_VIEW: View = {
  zoom: 'fit',
  panX: 0,
  panY: 0,
  turns: 0,
  flipH: false,
  flipV: false,
  invert: false,
}

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** As canvas has it: x' = a·x + c·y + e, y' = b·x + d·y + f. */
export interface Matrix {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
  readonly e: number
  readonly f: number
}

/** From image pixels (0,0 is the corner of the first) to the screen's. */
export function matrixOf(view: View, image: Image, aspect: number, screen: Size): Matrix {
  const scale = scaleOf(view, image, aspect, screen)
  const [cos, sin] = TURNS[view.turns]
  const sx = scale * (view.flipH ? -1 : 1)
  const sy = scale * aspect * (view.flipV ? -1 : 1)
  const [a, b, c, d] = [cos * sx, sin * sx, -sin * sy, cos * sy]
  const { columns, rows } = image.pixel
  const x = screen.width / 2 + view.panX
  const y = screen.height / 2 + view.panY
  return { a, b, c, d, e: x - (a * columns + c * rows) / 2, f: y - (b * columns + d * rows) / 2 }
}

/** Screen pixels for one image column. */
export function scaleOf(
  { zoom, turns }: View,
  { pixel }: Image,
  aspect: number,
  { width, height }: Size,
): number {
  if (zoom !== 'fit') return zoom
  const [across, down] = turns % 2 === 0 ? [width, height] : [height, width]
  return Math.min(across / pixel.columns, down / (pixel.rows * aspect))
}

export const toScreen = (m: Matrix, { x, y }: Point): Point => ({
  x: m.a * x + m.c * y + m.e,
  y: m.b * x + m.d * y + m.f,
})

export function toImage(m: Matrix, { x, y }: Point): Point {
  const determinant = m.a * m.d - m.b * m.c
  const [dx, dy] = [x - m.e, y - m.f]
  return { x: (m.d * dx - m.c * dy) / determinant, y: (m.a * dy - m.b * dx) / determinant }
}

/** Cosine and sine of so many quarter turns. */
export const TURNS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const
