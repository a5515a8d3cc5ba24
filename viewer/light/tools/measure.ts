import type { Frame, Image } from '../model/model.ts'
import { isFloating } from '../pixels/gray.ts'
import { type Modality, modalityOf, modalityValue, storedValue } from '../pixels/modality.ts'
import { paddingOf } from '../pixels/padding.ts'
import { isColour } from '../pixels/picture.ts'
import type { Point } from '../render/view.ts'
import type { Spacing } from './spacing.ts'

/** A mark on one frame; points in image pixels, where (0.5, 0.5) is the centre of the first. */
export interface Mark {
  readonly tool: MarkTool
  readonly points: readonly Point[]
}

export type MarkTool = 'length' | 'angle' | 'rectangle' | 'ellipse' | 'probe'

/** How many points make a mark whole. */
export const POINTS_OF: Readonly<Record<MarkTool, number>> = {
  length: 2,
  angle: 3,
  rectangle: 2,
  ellipse: 2,
  probe: 1,
}

/** Millimetres, or pixels where nothing is known of them. */
export function lengthOf([a, b]: readonly Point[], spacing: Spacing | null): number {
  if (!a || !b) return 0
  return Math.hypot((b.x - a.x) * (spacing?.x ?? 1), (b.y - a.y) * (spacing?.y ?? 1))
}

/** Degrees at the middle point. Pixels that are not square are stretched first. */
export function angleOf([a, b, c]: readonly Point[], aspect: number): number {
  if (!a || !b || !c) return 0
  const first = Math.atan2((a.y - b.y) * aspect, a.x - b.x)
  const second = Math.atan2((c.y - b.y) * aspect, c.x - b.x)
  const degrees = Math.abs(((first - second) * 180) / Math.PI)
  return degrees > 180 ? 360 - degrees : degrees
}

/** What lies within a region: only of grey images, in the modality's own units. */
export interface Statistics {
  readonly count: number
  readonly mean: number
  readonly deviation: number
  readonly least: number
  readonly most: number
  readonly units: string
}

/** Pixels whose centre lies within the rectangle or ellipse. */
export function statisticsOf(mark: Mark, frame: Frame, image: Image, index: number): Statistics | null {
  const [a, b] = mark.points
  if (!a || !b || isColour(image)) return null
  const modality = modalityOf(image, index)
  const { columns, rows } = image.pixel
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)]
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)]
  const centre = { x: (left + right) / 2, y: (top + bottom) / 2 }
  const radius = { x: (right - left) / 2, y: (bottom - top) / 2 }
  let [count, mean, squares] = [0, 0, 0]
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let y = Math.max(0, Math.ceil(top - 0.5)); y < Math.min(rows, bottom - 0.5 + 1e-9); y++)
    for (let x = Math.max(0, Math.ceil(left - 0.5)); x < Math.min(columns, right - 0.5 + 1e-9); x++) {
      const [dx, dy] = [(x + 0.5 - centre.x) / radius.x, (y + 0.5 - centre.y) / radius.y]
      if (mark.tool === 'ellipse' && dx * dx + dy * dy > 1) continue
      const value = measured(frame, image, modality, y * columns + x)
      if (value === null) continue
      // Welford's way: a sum of squares loses what small deviations of large values are.
      count++
      const difference = value - mean
      mean += difference / count
      squares += difference * (value - mean)
      least = Math.min(least, value)
      most = Math.max(most, value)
    }
  if (count === 0) return null
  const deviation = count > 1 ? Math.sqrt(squares / (count - 1)) : 0
  return { count, mean, deviation, least, most, units: modality.units }
}

/** The value under a point: a number with its units, or the colours. */
export function probe(point: Point, frame: Frame, image: Image, index: number): Probed | null {
  const [x, y] = [Math.floor(point.x), Math.floor(point.y)]
  const { columns, rows } = image.pixel
  if (x < 0 || y < 0 || x >= columns || y >= rows) return null
  const at = y * columns + x
  if (isColour(image)) {
    if (image.pixel.samplesPerPixel === 1) return { x, y, values: [frame.cells[at] ?? 0], units: '' }
    const values = placesOf(frame, at, columns * rows).map((place) => frame.cells[place] ?? 0)
    return { x, y, values, units: frame.photometric }
  }
  const modality = modalityOf(image, index)
  const value = measured(frame, image, modality, at)
  return { x, y, values: value === null ? [] : [value], units: modality.units }
}

// Where a pixel's three samples lie: colour by colour, pixel by pixel, or Y Y Cb Cr for two (PS3.3 §C.7.6.3.1.2).
function placesOf({ planar, photometric, cells }: Frame, at: number, count: number): readonly number[] {
  if (photometric.endsWith('_422') && cells.length < count * 3) {
    const pair = (at >> 1) * 4
    return [pair + (at & 1), pair + 2, pair + 3]
  }
  return planar ? [at, count + at, 2 * count + at] : [3 * at, 3 * at + 1, 3 * at + 2]
}

export interface Probed {
  readonly x: number
  readonly y: number
  /** Empty on padding. */
  readonly values: readonly number[]
  readonly units: string
}

// Padding measures nothing.
function measured(frame: Frame, image: Image, modality: Modality, at: number): number | null {
  const cell = frame.cells[at] ?? 0
  const stored = isFloating(frame.cells) ? cell : storedValue(image.pixel, cell)
  const padding = paddingOf(image)
  if (padding && stored >= padding.from && stored <= padding.to) return null
  return modalityValue(modality, stored)
}
