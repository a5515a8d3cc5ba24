import type { Voi } from '../pixels/voi.ts'
import { type Point, toImage, toScreen } from '../render/view.ts'
import type { Viewport } from '../ui/viewport.ts'
import type { Marks } from './marks.ts'
import { type MarkTool, POINTS_OF } from './measure.ts'

export type Tool = 'scroll' | 'window' | 'pan' | 'zoom' | 'crosshair' | MarkTool

export const TOOLS: readonly Tool[] = [
  'window',
  'scroll',
  'pan',
  'zoom',
  'length',
  'angle',
  'rectangle',
  'ellipse',
  'probe',
  'crosshair',
]

export const isMarkTool = (tool: Tool): tool is MarkTool => tool in POINTS_OF

/** What pointers need of the whole. */
export interface Interaction {
  tool(): Tool
  readonly marks: Marks
  activate(viewport: Viewport): void
  locate(viewport: Viewport, point: Point): void
}

/** Mouse, pen and touch on a viewport. */
export function attachPointers(viewport: Viewport, host: Interaction): void {
  const { stage } = viewport
  const down = new Map<number, Point>()
  let action: Action | null = null
  let wheel = 0

  const place = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top } = stage.getBoundingClientRect()
    return { x: clientX - left, y: clientY - top }
  }

  stage.addEventListener('pointerdown', (event) => {
    host.activate(viewport)
    stage.focus({ preventScroll: true })
    stage.setPointerCapture(event.pointerId)
    down.set(event.pointerId, place(event))
    if (down.size > 1) {
      action?.cancel?.()
      action = pinch(viewport, down)
    } else action = begin(viewport, host, event, place(event))
  })
  stage.addEventListener('pointermove', (event) => {
    const at = place(event)
    if (!down.has(event.pointerId)) {
      host.marks.hover(viewport, at)
      return
    }
    const before = down.get(event.pointerId) ?? at
    down.set(event.pointerId, at)
    action?.move(at, { x: at.x - before.x, y: at.y - before.y })
  })
  const up = (event: PointerEvent) => {
    if (!down.delete(event.pointerId)) return
    if (event.type === 'pointercancel') action?.cancel?.()
    else action?.end?.(place(event))
    // The finger that stays does not go on with another gesture.
    action = null
  }
  stage.addEventListener('pointerup', up)
  stage.addEventListener('pointercancel', up)
  stage.addEventListener('contextmenu', (event) => event.preventDefault())
  stage.addEventListener('dblclick', () => {
    if (!isMarkTool(host.tool())) viewport.change({ zoom: 'fit', panX: 0, panY: 0 })
  })
  stage.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault()
      host.activate(viewport)
      const lines =
        event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY / PIXELS_A_NOTCH : event.deltaY / 3
      if (event.ctrlKey || event.metaKey) {
        zoomAt(viewport, place(event), 1.15 ** -lines)
        return
      }
      // Touchpads send many small steps: they add up to whole images. A notch is one image, however large.
      wheel = Math.abs(lines) >= 0.5 ? Math.sign(lines) : wheel + lines
      const steps = Math.trunc(wheel)
      if (steps === 0) return
      wheel -= steps
      viewport.goTo(viewport.at + steps)
    },
    { passive: false },
  )
}

interface Action {
  move(at: Point, by: Point): void
  end?(at: Point): void
  cancel?(): void
}

const PIXELS_A_NOTCH = 100

function begin(viewport: Viewport, host: Interaction, event: PointerEvent, at: Point): Action {
  if (event.button === 1 || (event.button === 0 && event.shiftKey)) return panning(viewport)
  if (event.button === 2 || (event.button === 0 && (event.ctrlKey || event.metaKey)))
    return zooming(viewport, at)
  const tool = host.tool()
  if (tool === 'window') return windowing(viewport)
  if (tool === 'pan') return panning(viewport)
  if (tool === 'zoom') return zooming(viewport, at)
  if (tool === 'scroll') return scrolling(viewport)
  if (tool === 'crosshair') return locating(viewport, host, at)
  return host.marks.begin(viewport, tool, at)
}

function scrolling(viewport: Viewport): Action {
  const from = viewport.at
  // The whole stack within most of the height, but an image a pixel at the fastest.
  const step = Math.min(16, Math.max(1, (viewport.size().height * 0.8) / Math.max(1, viewport.slices.length)))
  let moved = 0
  return {
    move(_at, by) {
      moved += by.y
      viewport.goTo(from + Math.trunc(moved / step))
    },
  }
}

const panning = (viewport: Viewport): Action => ({
  move: (_at, by) => pan(viewport, by),
})

export function pan(viewport: Viewport, { x, y }: Point): void {
  viewport.change({ panX: viewport.view.panX + x, panY: viewport.view.panY + y })
}

const zooming = (viewport: Viewport, from: Point): Action => ({
  move: (_at, by) => zoomAt(viewport, from, 1.01 ** -by.y),
})

/** Zooms so that the point stays where it is. */
export function zoomAt(viewport: Viewport, at: Point, factor: number): void {
  const before = viewport.matrix()
  if (!before) return
  const point = toImage(before, at)
  const zoom = Math.min(64, Math.max(0.02, viewport.scale() * factor))
  viewport.change({ zoom })
  const after = viewport.matrix()
  if (!after) return
  const now = toScreen(after, point)
  pan(viewport, { x: at.x - now.x, y: at.y - now.y })
}

function windowing(viewport: Viewport): Action {
  return { move: (_at, by) => moveWindow(viewport, by) }
}

/** Right is wider, up is brighter. The step follows the width, so that CT and 8-bit images feel alike. */
export function moveWindow(viewport: Viewport, by: Point): void {
  const voi = windowOf(viewport.currentVoi())
  if (!voi) return
  const step = Math.max(voi.width, voi.shape === 'LINEAR_EXACT' ? 1e-6 : 40) / 400
  const least = voi.shape === 'LINEAR' ? 1 : Number.MIN_VALUE
  const width = Math.max(least, voi.width + by.x * step * 2)
  viewport.setVoi({ ...voi, width, center: voi.center + by.y * step })
}

// A table becomes a window as soon as it is changed by hand; colours start from their plain levels.
function windowOf(voi: Voi | null) {
  if (!voi) return { kind: 'window', center: 127.5, width: 255, shape: 'LINEAR_EXACT' } as const
  if (voi.kind === 'window') return voi
  const { first, values } = voi.lut
  return { kind: 'window', center: first + values.length / 2, width: values.length, shape: 'LINEAR' } as const
}

function locating(viewport: Viewport, host: Interaction, at: Point): Action {
  const go = (screen: Point) => {
    const matrix = viewport.matrix()
    if (matrix) host.locate(viewport, toImage(matrix, screen))
  }
  go(at)
  return { move: go }
}

function pinch(viewport: Viewport, down: ReadonlyMap<number, Point>): Action {
  let before = spread(down)
  return {
    move() {
      const now = spread(down)
      if (before.distance > 0) zoomAt(viewport, now.centre, now.distance / before.distance)
      pan(viewport, { x: now.centre.x - before.centre.x, y: now.centre.y - before.centre.y })
      before = now
    },
  }
}

function spread(down: ReadonlyMap<number, Point>) {
  const [a = { x: 0, y: 0 }, b = a] = down.values()
  return { distance: Math.hypot(a.x - b.x, a.y - b.y), centre: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } }
}
