import { m } from '../messages/messages.ts'
import { type Frame, FrameError, type Image, type Preview, type Series, type Study } from '../model/model.ts'
import { type Slice, slicesOf, windowKeyOf } from '../model/studies.ts'
import { defaultVoi, fullWindow } from '../pixels/gray.ts'
import { isColour } from '../pixels/picture.ts'
import { fileVois, type Voi } from '../pixels/voi.ts'
import { createPictureCanvas } from '../render/picture-canvas.ts'
import { type FrameStore, keyOf } from '../render/store.ts'
import { INITIAL_VIEW, type Matrix, matrixOf, type Size, scaleOf, type View } from '../render/view.ts'
import { aspectOf } from '../tools/spacing.ts'
import { createCorners } from './corners.ts'
import { h } from './dom.ts'
import { createSheetView } from './sheet.ts'
import { createSlider } from './slider.ts'
import { createTile } from './tile.ts'

/** One window onto a stack of images. */
export interface Viewport {
  readonly element: HTMLElement
  readonly stage: HTMLElement
  study: Study | null
  series: Series | null
  slices: readonly Slice[]
  /** What is asked for; what is seen follows as soon as it is there. */
  at: number
  view: View
  /** Chosen by hand, or null for what the file says. */
  voi: Voi | null
  /** What resetting goes back to. */
  home: View
  show(study: Study, series: Series, at?: number, home?: View): void
  clear(): void
  goTo(at: number): void
  change(view: Partial<View>): void
  setVoi(voi: Voi | null): void
  /** The window in use. */
  currentVoi(): Voi | null
  current(): Slice | null
  /** The frame of `current()`, once there. */
  frame(): Frame | null
  matrix(): Matrix | null
  scale(): number
  size(): Size
  /** Draws anew at the next picture of the screen. */
  draw(): void
  /** Lets go of everything. */
  end(): void
}

/** What a viewport needs of the whole. */
export interface ViewportHost {
  readonly store: FrameStore
  readonly settings: { readonly texts: boolean; readonly overlays: boolean }
  /** A small picture of an image made ahead, where there is one. */
  preview(image: Image): Promise<Preview | null>
  drawMarks(viewport: Viewport, context: CanvasRenderingContext2D): void
  onMove(viewport: Viewport, from: number): void
  onDrawn(viewport: Viewport): void
}

export function createViewport(host: ViewportHost, label: string): Viewport {
  const canvas = h('canvas', {})
  const marks = h('canvas', { class: 'marks' })
  const corners = createCorners()
  const tile = createTile()
  const slider = createSlider((at) => viewport.goTo(at))
  const stage = h(
    'div',
    { class: 'stage', tabindex: 0, role: 'img', 'aria-label': label },
    canvas,
    marks,
    corners.element,
    tile.element,
  )
  const sheets = createSheetView(label)
  const element = h(
    'section',
    { class: 'viewport', 'aria-label': label },
    stage,
    slider.element,
    sheets.element,
  )
  const picture = createPictureCanvas()
  const stackWindows = new Map<string, Voi>()
  let size: Size = { width: 1, height: 1 }
  let preview: { readonly image: Image; readonly canvas: OffscreenCanvas } | null = null
  let pending = 0
  let waitingSince = 0
  let telling = 0

  const observer = new ResizeObserver(() => {
    size = { width: stage.clientWidth, height: stage.clientHeight }
    for (const one of [canvas, marks]) {
      one.width = Math.max(1, Math.round(size.width * devicePixelRatio))
      one.height = Math.max(1, Math.round(size.height * devicePixelRatio))
    }
    // At once: a canvas that changed size is blank.
    render()
  })
  observer.observe(stage)

  const stop = host.store.onChange((slice) => {
    const current = viewport.current()
    if (current && keyOf(current) === keyOf(slice)) viewport.draw()
    // Not at every frame: the page would be laid out and painted a hundred times a second.
    else telling ||= window.setTimeout(tellLoaded, TELL_LOADED_AFTER_MS)
  })
  const tellLoaded = () => {
    telling = 0
    slider.setLoaded(host.store.loadedOf(viewport.slices), viewport.slices.length)
  }

  // Where the file has no window, the first image seen gives one to its whole volume, or loop, so that it does not
  // flicker. Projections, pictures each of something else, have each their own.
  const voiOf = (slice: Slice, frame: Frame): Voi | null => {
    if (viewport.voi) return viewport.voi
    if (isColour(slice.image)) return null
    if (fileVois(slice.image, slice.index).length > 0) return defaultVoi(frame, slice.image, slice.index)
    const key = windowKeyOf(slice, viewport.series)
    const known = stackWindows.get(key) ?? fullWindow(frame, slice.image, slice.index)
    stackWindows.set(key, known)
    return known
  }

  const showPreview = async (image: Image | undefined) => {
    const made = image && (await host.preview(image).catch(() => null))
    if (!made || viewport.current()?.image !== image) return
    const { columns, rows, rgba } = made
    const small = new OffscreenCanvas(columns, rows)
    small.getContext('2d')?.putImageData(new ImageData(rgba, columns, rows), 0, 0)
    preview = { image, canvas: small }
    viewport.draw()
  }

  const render = () => {
    pending = 0
    const context = canvas.getContext('2d', { alpha: false })
    const over = marks.getContext('2d')
    if (!context || !over) return
    const slice = viewport.current()
    const held = slice && host.store.peek(slice)
    if (slice && !held) {
      // What was seen stays, with its own texts, for a moment; then it is said that something is awaited.
      waitingSince ||= performance.now()
      const waited = performance.now() - waitingSince
      if (waited < SHOW_WAITING_AFTER_MS && tile.isHidden() && preview?.image !== slice.image) {
        setTimeout(viewport.draw, SHOW_WAITING_AFTER_MS - waited + 5)
        return
      }
    } else waitingSince = 0
    const ratio = devicePixelRatio
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.fillStyle = '#000'
    context.fillRect(0, 0, canvas.width, canvas.height)
    over.setTransform(1, 0, 0, 1, 0, 0)
    over.clearRect(0, 0, marks.width, marks.height)
    slider.set(viewport.at, viewport.slices.length)
    slider.setLoaded(host.store.loadedOf(viewport.slices), viewport.slices.length)
    const matrix = viewport.matrix()
    if (!slice || !matrix || !viewport.series || !viewport.study) {
      corners.set(null)
      tile.showUnshown(viewport.series)
      stage.setAttribute('aria-label', label)
      return
    }
    let problem = held instanceof FrameError ? held : null
    let voi: Voi | null = null
    if (held && !(held instanceof FrameError)) {
      try {
        voi = voiOf(slice, held)
        context.setTransform(ratio, 0, 0, ratio, 0, 0)
        const look = { voi, invert: viewport.view.invert, overlays: host.settings.overlays }
        picture.draw(context, slice, held, look, matrix, viewport.scale() >= SHARP_FROM)
      } catch (error) {
        problem = error instanceof FrameError ? error : new FrameError('corrupt', String(error))
        context.setTransform(1, 0, 0, 1, 0, 0)
        context.fillRect(0, 0, canvas.width, canvas.height)
      }
    }
    const drawn = slice && !held && preview?.image === slice.image ? preview.canvas : null
    if (drawn) {
      // Said in the corner to be a preview: its greys measure nothing.
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      context.transform(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)
      context.imageSmoothingQuality = 'high'
      context.drawImage(drawn, 0, 0, slice.image.pixel.columns, slice.image.pixel.rows)
    }
    if (problem) tile.showProblem(problem, viewport.slices.length > 1)
    else if (held || drawn) tile.hide()
    else tile.showWaiting()
    const { study, series, at } = viewport
    const shown = {
      study,
      series,
      slice,
      at,
      count: viewport.slices.length,
      voi,
      isPreview: drawn !== null,
      invert: viewport.view.invert,
      scale: viewport.scale(),
      matrix,
    }
    corners.set(host.settings.texts ? shown : null)
    if (!problem) {
      over.setTransform(ratio, 0, 0, ratio, 0, 0)
      host.drawMarks(viewport, over)
    }
    stage.setAttribute(
      'aria-label',
      `${label}: ${series.description || m().unnamedSeries}. ${m().sliceLabel(at + 1, viewport.slices.length)}${problem ? `. ${m().reasons[problem.reason]}` : ''}`,
    )
    // What a test, or a screen reader's user, can ask: what is seen, not what is asked for.
    stage.dataset.shown = problem || !held ? '' : String(at + 1)
    host.onDrawn(viewport)
  }

  const viewport: Viewport = {
    element,
    stage,
    study: null,
    series: null,
    slices: [],
    at: 0,
    view: INITIAL_VIEW,
    voi: null,
    home: INITIAL_VIEW,
    show(study, series, at, home = INITIAL_VIEW) {
      sheets.show(series)
      viewport.study = study
      viewport.series = series
      viewport.slices = slicesOf(series)
      viewport.view = viewport.home = home
      viewport.voi = null
      viewport.at = Math.min(at ?? startOf(viewport.slices), Math.max(0, viewport.slices.length - 1))
      tile.hide()
      stage.dataset.shown = ''
      host.store.look(viewport, viewport.slices, viewport.at)
      viewport.draw()
      showPreview(viewport.current()?.image)
    },
    clear() {
      viewport.study = viewport.series = null
      sheets.show(null)
      viewport.slices = []
      host.store.leave(viewport)
      viewport.draw()
    },
    goTo(at) {
      const next = Math.max(0, Math.min(viewport.slices.length - 1, Math.round(at)))
      if (next === viewport.at || viewport.slices.length === 0) return
      const from = viewport.at
      viewport.at = next
      host.store.look(viewport, viewport.slices, next)
      viewport.draw()
      host.onMove(viewport, from)
    },
    change(view) {
      viewport.view = { ...viewport.view, ...view }
      viewport.draw()
    },
    setVoi(voi) {
      viewport.voi = voi
      viewport.draw()
    },
    currentVoi() {
      const [slice, frame] = [viewport.current(), viewport.frame()]
      return slice && frame ? voiOf(slice, frame) : viewport.voi
    },
    current: () => viewport.slices[viewport.at] ?? null,
    frame() {
      const slice = viewport.current()
      const held = slice && host.store.peek(slice)
      return held && !(held instanceof FrameError) ? held : null
    },
    matrix() {
      const slice = viewport.current()
      return slice && matrixOf(viewport.view, slice.image, aspectOf(slice.image, slice.index), size)
    },
    scale() {
      const slice = viewport.current()
      return slice ? scaleOf(viewport.view, slice.image, aspectOf(slice.image, slice.index), size) : 1
    },
    size: () => size,
    draw() {
      pending ||= requestAnimationFrame(render)
    },
    end() {
      // A loop that plays here ends with it.
      viewport.slices = []
      observer.disconnect()
      stop()
      host.store.leave(viewport)
      cancelAnimationFrame(pending)
      clearTimeout(telling)
    },
  }
  return viewport
}

const SHOW_WAITING_AFTER_MS = 120
const TELL_LOADED_AFTER_MS = 200
/** Pixels this large are shown as squares: nobody shall take a smoothed edge for anatomy. */
const SHARP_FROM = 6

// A volume opens in its middle, a loop or a set of projections at its beginning.
function startOf(slices: readonly Slice[]): number {
  const [first] = slices
  const volume = first && first.image.frameTimeMs === null && slices.length > 9
  return volume ? slices.length >> 1 : 0
}
