import { drawMark, wordsOf } from '../render/marks.ts'
import { keyOf } from '../render/store.ts'
import { type Point, toImage, toScreen } from '../render/view.ts'
import type { Viewport } from '../ui/viewport.ts'
import { type Mark, type MarkTool, POINTS_OF } from './measure.ts'

/** The measurements of all frames: made, moved, deleted and drawn. */
export interface Marks {
  /** A press: takes hold of a point that is there, or begins a mark. */
  begin(
    viewport: Viewport,
    tool: MarkTool,
    at: Point,
  ): { move(at: Point): void; end(at: Point): void; cancel(): void }
  /** The pointer moves without a button: an angle's last point follows it. */
  hover(viewport: Viewport, at: Point): void
  /** By keyboard: sets a point at a place of the image. */
  put(viewport: Viewport, tool: MarkTool, point: Point): void
  /** Gives up the mark that is not whole yet, or deletes the last. */
  cancel(viewport: Viewport): void
  clear(viewport: Viewport): void
  draw(viewport: Viewport, context: CanvasRenderingContext2D): void
  count(viewport: Viewport): number
}

/** `onChange` hears the words of a mark that has become whole, for those who do not see it. */
export function createMarks(onChange: (words: string) => void): Marks {
  const all = new Map<string, Mark[]>()
  let open: {
    readonly viewport: Viewport
    readonly key: string
    readonly mark: Mark
    readonly loose: Point | null
  } | null = null

  const keyAt = (viewport: Viewport): string => {
    const slice = viewport.current()
    return slice ? keyOf(slice) : ''
  }
  const marksAt = (key: string): Mark[] => {
    const found = all.get(key) ?? []
    all.set(key, found)
    return found
  }
  const imagePoint = (viewport: Viewport, at: Point): Point => {
    const matrix = viewport.matrix()
    return matrix ? toImage(matrix, at) : { x: 0, y: 0 }
  }
  const addPoint = (viewport: Viewport, tool: MarkTool, point: Point) => {
    const key = keyAt(viewport)
    const before = open?.key === key && open.mark.tool === tool ? open.mark.points : []
    const mark = { tool, points: [...before, point] }
    const slice = viewport.current()
    const isWhole = mark.points.length >= POINTS_OF[tool]
    open = isWhole ? null : { viewport, key, mark, loose: null }
    if (isWhole) marksAt(key).push(mark)
    viewport.draw()
    onChange(isWhole && slice ? wordsOf(mark, slice, viewport.frame()).join('. ') : '')
  }

  return {
    begin(viewport, tool, at) {
      const key = keyAt(viewport)
      const held = open?.key === key ? null : grip(viewport, marksAt(key), at)
      if (held) {
        const place = (screen: Point) => {
          const mark = marksAt(key)[held.mark]
          if (!mark) return
          const points = mark.points.with(held.point, imagePoint(viewport, screen))
          marksAt(key)[held.mark] = { ...mark, points }
          viewport.draw()
        }
        return { move: place, end: place, cancel() {} }
      }
      addPoint(viewport, tool, imagePoint(viewport, at))
      return {
        move(screen) {
          if (open) open = { ...open, loose: imagePoint(viewport, screen) }
          viewport.draw()
        },
        end(screen) {
          // Dragged: the end of the drag is the next point. Only clicked: the next click is.
          if (open && Math.hypot(screen.x - at.x, screen.y - at.y) > CLICK_PX)
            addPoint(viewport, tool, imagePoint(viewport, screen))
        },
        cancel() {
          open = null
          viewport.draw()
        },
      }
    },
    hover(viewport, at) {
      if (open?.viewport !== viewport) return
      open = { ...open, loose: imagePoint(viewport, at) }
      viewport.draw()
    },
    put: addPoint,
    cancel(viewport) {
      if (open) open = null
      else marksAt(keyAt(viewport)).pop()
      viewport.draw()
      onChange('')
    },
    clear(viewport) {
      open = null
      for (const slice of viewport.slices) all.delete(keyOf(slice))
      viewport.draw()
      onChange('')
    },
    draw(viewport, context) {
      const [slice, matrix, frame] = [viewport.current(), viewport.matrix(), viewport.frame()]
      if (!slice || !matrix) return
      const key = keyOf(slice)
      for (const mark of all.get(key) ?? []) drawMark(context, mark, slice, frame, matrix, false)
      if (open?.key !== key) return
      const points = open.loose ? [...open.mark.points, open.loose] : open.mark.points
      drawMark(context, { ...open.mark, points }, slice, frame, matrix, true)
    },
    count: (viewport) =>
      viewport.slices.reduce((sum, slice) => sum + (all.get(keyOf(slice))?.length ?? 0), 0),
  }
}

const CLICK_PX = 4
const GRIP_PX = 14

// The point nearest to the pointer, within a finger's reach.
function grip(viewport: Viewport, marks: readonly Mark[], at: Point): { mark: number; point: number } | null {
  const matrix = viewport.matrix()
  if (!matrix) return null
  let best: { mark: number; point: number; distance: number } | null = null
  for (const [mark, { points }] of marks.entries())
    for (const [point, one] of points.entries()) {
      const { x, y } = toScreen(matrix, one)
      const distance = Math.hypot(x - at.x, y - at.y)
      if (distance < (best?.distance ?? GRIP_PX)) best = { mark, point, distance }
    }
  return best
}
