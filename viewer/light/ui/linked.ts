import { planeOf } from '../model/plane.ts'
import { type Point, toScreen } from '../render/view.ts'
import { areParallel, nearestSlice, referenceLine, toPatient } from '../tools/geometry.ts'
import type { Viewport } from './viewport.ts'

/** Other viewports follow: to the same place in the patient where stacks share it, else by as many images. */
export function followLinked(viewport: Viewport, all: readonly Viewport[], from: number): void {
  const slice = viewport.current()
  if (!slice) return
  for (const other of all) {
    const there = other.current()
    if (other === viewport || !there) continue
    if (!areParallel(slice, there)) {
      // Planes across this one stay: its reference line tells where it is.
      if (!planeOf(slice.image, slice.index) || !planeOf(there.image, there.index))
        other.goTo(other.at + viewport.at - from)
      else if (!sharesSpace(viewport, other)) other.goTo(other.at + viewport.at - from)
      continue
    }
    const { columns, rows } = slice.image.pixel
    const centre = toPatient(slice, { x: columns / 2, y: rows / 2 })
    const nearest = centre && nearestSlice(other.slices, centre)
    if (nearest) other.goTo(nearest.at)
  }
}

/** All other viewports go to the image nearest to a point. */
export function locate(viewport: Viewport, point: Point, all: readonly Viewport[]): void {
  const slice = viewport.current()
  const place = slice && toPatient(slice, point)
  if (!place) return
  for (const other of all) {
    if (other === viewport || !sharesSpace(viewport, other)) continue
    const nearest = nearestSlice(other.slices, place)
    if (nearest) other.goTo(nearest.at)
  }
}

/** Where the planes of the other viewports cut this one. */
export function drawReferences(
  viewport: Viewport,
  all: readonly Viewport[],
  context: CanvasRenderingContext2D,
): void {
  const [slice, matrix] = [viewport.current(), viewport.matrix()]
  if (!slice || !matrix) return
  context.lineWidth = 1.2
  context.setLineDash([7, 5])
  for (const [at, other] of all.entries()) {
    const there = other.current()
    const line = other !== viewport && there ? referenceLine(slice, there) : null
    if (!line) continue
    const [a, b] = [toScreen(matrix, line[0]), toScreen(matrix, line[1])]
    context.strokeStyle = COLOURS[at % COLOURS.length] ?? ''
    context.beginPath()
    context.moveTo(a.x, a.y)
    context.lineTo(b.x, b.y)
    context.stroke()
  }
  context.setLineDash([])
}

const COLOURS = ['#ff9f5a', '#5ac8fa', '#c58bff']

function sharesSpace(a: Viewport, b: Viewport): boolean {
  const [one, other] = [a.current(), b.current()]
  const here = one && planeOf(one.image, one.index)?.frameOfReferenceUid
  return !!here && here === (other ? planeOf(other.image, other.index)?.frameOfReferenceUid : undefined)
}
