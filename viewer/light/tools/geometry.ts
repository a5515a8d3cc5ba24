import type { Image } from '../model/model.ts'
import { add, dot, type Plane, planeOf, type Vector } from '../model/plane.ts'
import type { Slice } from '../model/studies.ts'
import type { Point } from '../render/view.ts'
import { spacingOf } from './spacing.ts'

/** A frame in space: its plane with the millimetres a pixel. */
interface Placed {
  readonly plane: Plane
  readonly x: number
  readonly y: number
}

function placed({ image, index }: Slice): Placed | null {
  const plane = planeOf(image, index)
  const spacing = spacingOf(image, index, [{ x: 0, y: 0 }])
  return plane && spacing ? { plane, x: spacing.x, y: spacing.y } : null
}

/** Where a point of a frame lies in the patient. */
export function toPatient(slice: Slice, { x, y }: Point): Vector | null {
  const at = placed(slice)
  if (!at) return null
  const along = add(at.plane.origin, at.plane.row, (x - 0.5) * at.x)
  return add(along, at.plane.column, (y - 0.5) * at.y)
}

/** Which frame of a stack lies nearest to a point of the patient, and where on it. */
export function nearestSlice(slices: readonly Slice[], point: Vector): { at: number; point: Point } | null {
  let best: { at: number; distance: number } | null = null
  for (const [at, { image, index }] of slices.entries()) {
    const plane = planeOf(image, index)
    if (!plane) continue
    const distance = Math.abs(dot(add(point, plane.origin, -1), plane.normal))
    if (!best || distance < best.distance) best = { at, distance }
  }
  const slice = best && slices[best.at]
  return best && slice ? { at: best.at, point: fromPatient(slice, point) ?? { x: 0, y: 0 } } : null
}

function fromPatient(slice: Slice, point: Vector): Point | null {
  const at = placed(slice)
  if (!at) return null
  const away = add(point, at.plane.origin, -1)
  return { x: dot(away, at.plane.row) / at.x + 0.5, y: dot(away, at.plane.column) / at.y + 0.5 }
}

/** Where the plane of `other` cuts the frame, in its image pixels; null where they do not meet. */
export function referenceLine(slice: Slice, other: Slice): readonly [Point, Point] | null {
  const here = planeOf(slice.image, slice.index)
  const there = planeOf(other.image, other.index)
  if (!here || !there || !sameFrame(here, there)) return null
  if (Math.abs(dot(here.normal, there.normal)) > 0.98) return null
  const { columns, rows } = other.image.pixel
  const corners = [
    { x: 0, y: 0 },
    { x: columns, y: 0 },
    { x: columns, y: rows },
    { x: 0, y: rows },
  ].map((corner) => toPatient(other, corner))
  const crossings: Vector[] = []
  for (const [at, from] of corners.entries()) {
    const to = corners[(at + 1) % 4]
    if (!from || !to) return null
    const before = dot(add(from, here.origin, -1), here.normal)
    const after = dot(add(to, here.origin, -1), here.normal)
    if (before * after < 0) crossings.push(add(from, add(to, from, -1), before / (before - after)))
  }
  const [a, b] = crossings
  const ends = a && b ? [fromPatient(slice, a), fromPatient(slice, b)] : []
  return ends[0] && ends[1] ? [ends[0], ends[1]] : null
}

/** Whether two frames lie in one space and are parallel: their scrolling can follow one place. */
export function areParallel(a: Slice, b: Slice): boolean {
  const [one, other] = [planeOf(a.image, a.index), planeOf(b.image, b.index)]
  return !!one && !!other && sameFrame(one, other) && Math.abs(dot(one.normal, other.normal)) > 0.98
}

/** Frames of different exams may share neither space nor patient. */
const sameFrame = (a: Plane, b: Plane): boolean =>
  a.frameOfReferenceUid !== '' && a.frameOfReferenceUid === b.frameOfReferenceUid

/** Position along the normal, for the corner text. */
export function positionOf(image: Image, index: number): number | null {
  const plane = planeOf(image, index)
  return plane ? dot(plane.origin, plane.normal) : null
}
