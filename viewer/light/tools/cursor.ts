import { type Point, toScreen } from '../render/view.ts'
import type { Viewport } from '../ui/viewport.ts'
import { isMarkTool, type Tool } from './interaction.ts'
import type { Marks } from './marks.ts'

/** The place where the keyboard measures. */
export interface Cursor {
  /** Moves it by a pixel of the image, or ten; shows it. */
  move(viewport: Viewport, by: Point, fast: boolean): boolean
  /** Sets a point of the chosen tool. */
  set(viewport: Viewport): boolean
  hide(): void
  draw(viewport: Viewport, context: CanvasRenderingContext2D): void
}

export function createCursor(tool: () => Tool, marks: Marks): Cursor {
  let at: { readonly viewport: Viewport; readonly point: Point } | null = null
  const here = (viewport: Viewport): Point => {
    if (at?.viewport === viewport) return at.point
    const image = viewport.current()?.image
    return {
      x: Math.floor((image?.pixel.columns ?? 0) / 2) + 0.5,
      y: Math.floor((image?.pixel.rows ?? 0) / 2) + 0.5,
    }
  }
  return {
    move(viewport, by, fast) {
      if (!isMarkTool(tool()) || !viewport.current()) return false
      const { x, y } = here(viewport)
      const step = fast ? 10 : 1
      at = { viewport, point: { x: x + by.x * step, y: y + by.y * step } }
      const matrix = viewport.matrix()
      if (matrix) marks.hover(viewport, toScreen(matrix, at.point))
      viewport.draw()
      return true
    },
    set(viewport) {
      const chosen = tool()
      if (!isMarkTool(chosen) || !viewport.current()) return false
      at = { viewport, point: here(viewport) }
      marks.put(viewport, chosen, at.point)
      return true
    },
    hide() {
      at?.viewport.draw()
      at = null
    },
    draw(viewport, context) {
      const matrix = viewport.matrix()
      if (at?.viewport !== viewport || !matrix) return
      const { x, y } = toScreen(matrix, at.point)
      context.strokeStyle = '#ffd166'
      context.lineWidth = 1.5
      context.beginPath()
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        context.moveTo(x + dx * 4, y + dy * 4)
        context.lineTo(x + dx * 14, y + dy * 14)
      }
      context.stroke()
    },
  }
}
