import {
  type PDFDocumentProxy,
  type PDFPageProxy,
  type RenderTask,
  TextLayer,
} from 'pdfjs-dist/legacy/build/pdf.mjs'

export type PdfPage = {
  element: HTMLElement
  /** Width at scale 1, in CSS pixels. */
  readonly naturalWidth: number
  setScale(scale: number): void
  draw(): Promise<void>
  release(): void
}

/** Safari on iPhone draws nothing on a larger canvas. */
const MAX_CANVAS_PIXELS = 16_000_000

/** One page: a box of the right size from the start, a canvas and a text layer while it is near the window. */
export function createPage(
  pdf: PDFDocumentProxy,
  number: number,
  label: string,
  guess: { width: number; height: number },
): PdfPage {
  const element = document.createElement('div')
  element.className = 'portal-pdf-page'
  element.setAttribute('role', 'group')
  element.setAttribute('aria-label', label)
  let size = { width: guess.width, height: guess.height }
  let scale = 1
  let drawnScale: number | undefined
  let task: RenderTask | undefined

  const applySize = () => {
    // Style properties set by script are allowed under the CSP; style attributes in the page are not.
    element.style.width = `${Math.floor(size.width * scale)}px`
    element.style.height = `${Math.floor(size.height * scale)}px`
    element.style.setProperty('--total-scale-factor', String(scale))
  }

  const draw = async () => {
    if (drawnScale === scale) return
    const wanted = scale
    drawnScale = wanted
    task?.cancel()
    const page = await pdf.getPage(number)
    const natural = page.getViewport({ scale: 1 })
    size = { width: natural.width, height: natural.height }
    applySize()
    const canvas = document.createElement('canvas')
    canvas.setAttribute('aria-hidden', 'true')
    task = render(page, canvas, wanted)
    try {
      await task.promise
    } catch (error) {
      if ((error as Error).name === 'RenderingCancelledException') return
      throw error
    }
    if (drawnScale !== wanted) return
    const text = await textLayer(page, wanted)
    if (drawnScale === wanted) element.replaceChildren(canvas, text)
  }

  return {
    element,
    get naturalWidth() {
      return size.width
    },
    setScale(next) {
      const wasDrawn = drawnScale !== undefined
      scale = next
      applySize()
      // The old picture is stretched until the new one is ready.
      if (wasDrawn) void draw()
    },
    draw,
    release() {
      task?.cancel()
      drawnScale = undefined
      element.replaceChildren()
    },
  }
}

/** As many pixels as the screen has, so that small print is sharp on telephones too. */
function render(page: PDFPageProxy, canvas: HTMLCanvasElement, scale: number): RenderTask {
  const viewport = page.getViewport({ scale })
  const most = Math.sqrt(MAX_CANVAS_PIXELS / (viewport.width * viewport.height))
  const ratio = Math.min(devicePixelRatio || 1, most)
  canvas.width = Math.floor(viewport.width * ratio)
  canvas.height = Math.floor(viewport.height * ratio)
  return page.render({ canvas, viewport, transform: [ratio, 0, 0, ratio, 0, 0] })
}

/** The page's words over its picture: for screen readers, for search in the page, to select and copy. */
async function textLayer(page: PDFPageProxy, scale: number): Promise<HTMLElement> {
  const container = document.createElement('div')
  container.className = 'textLayer'
  const viewport = page.getViewport({ scale })
  await new TextLayer({ textContentSource: page.streamTextContent(), container, viewport }).render()
  return container
}
