import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { createPage, type PdfPage } from './page.ts'

export type PdfView = { setZoom(zoom: number): void }
export type PdfViewOptions = {
  pageLabel: (number: number) => string
  onPosition: (label: string) => void
}

/** A4 at this scale is about 950 px wide: wider lines are no easier to read. */
const WIDEST_FIT = 1.6

/**
 * Lays out all pages one below the other and draws only those near the window, so that a long document costs no
 * more memory than a short one. Zoom 1 is "as wide as fits".
 */
export async function createPdfView(
  pdf: PDFDocumentProxy,
  container: HTMLElement,
  { pageLabel, onPosition }: PdfViewOptions,
): Promise<PdfView> {
  const first = await pdf.getPage(1)
  const firstSize = first.getViewport({ scale: 1 })
  const pages = Array.from({ length: pdf.numPages }, (_, index) =>
    createPage(pdf, index + 1, pageLabel(index + 1), firstSize),
  )
  container.replaceChildren(...pages.map((page) => page.element))
  let zoom = 1
  let width = 0

  const layOut = () => {
    width = container.clientWidth
    for (const page of pages) page.setScale(fitScale(width, page) * zoom)
  }
  layOut()
  await pages[0]?.draw()

  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const page = pages.find(({ element }) => element === target)
        if (isIntersecting) void page?.draw()
        else page?.release()
      }
    },
    { rootMargin: '150% 0px' },
  )
  for (const page of pages) near.observe(page.element)

  let timer: ReturnType<typeof setTimeout> | undefined
  new ResizeObserver(() => {
    // A telephone's address bar changes the height all the time: only the width matters.
    if (container.clientWidth === width) return
    clearTimeout(timer)
    timer = setTimeout(layOut, 150)
  }).observe(container)

  const tellPosition = () => onPosition(pageLabel(currentPage(pages)))
  addEventListener('scroll', tellPosition, { passive: true })
  tellPosition()

  return {
    setZoom(next) {
      const current = pages[currentPage(pages) - 1]
      const before = current ? shareAboveMiddle(current) : 0
      zoom = next
      layOut()
      if (current) scrollBy({ top: (shareAboveMiddle(current) - before) * -current.element.offsetHeight })
      tellPosition()
    },
  }
}

function fitScale(width: number, page: PdfPage): number {
  return Math.min(WIDEST_FIT, width / page.naturalWidth)
}

/** Which page holds the middle of the window: counted from 1. */
function currentPage(pages: PdfPage[]): number {
  const middle = innerHeight / 2
  const after = pages.findIndex(({ element }) => element.getBoundingClientRect().bottom >= middle)
  return after === -1 ? pages.length : after + 1
}

/** How much of the page lies above the window's middle: kept when zooming, so that one goes on reading the same line. */
function shareAboveMiddle({ element }: PdfPage): number {
  const { top, height } = element.getBoundingClientRect()
  return height === 0 ? 0 : (innerHeight / 2 - top) / height
}
