import { openPdf } from './pdf/document.ts'
import { createPdfView, type PdfView } from './pdf/view.ts'

const ZOOM_STEPS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4]
const root = document.querySelector<HTMLElement>('#pdf')
if (root) void show(root)

/** Draws the report's PDF in the page (S16, S17). If anything fails the link to the document stays. */
async function show(section: HTMLElement) {
  const status = find(section, '#pdf-status')
  const fallback = find(section, '#pdf-fallback')
  const pages = find(section, '#pdf-pages')
  status.hidden = false
  fallback.hidden = true
  try {
    const pdf = await openPdf(section.dataset)
    pages.hidden = false
    const view = await createPdfView(pdf, pages, {
      pageLabel: (number) =>
        `${section.dataset.pageWord} ${number} ${section.dataset.ofWord} ${pdf.numPages}`,
      onPosition: (label) => {
        find(section, '#pdf-position').textContent = label
      },
    })
    find(section, '#pdf-toolbar').hidden = false
    status.hidden = true
    wireToolbar(section, view)
  } catch {
    pages.hidden = true
    fallback.hidden = false
    // A session that has ended answers with the access page, which is no PDF either: that is told apart here.
    const alive = await fetch('/sessione/attiva', { method: 'POST' }).catch(() => undefined)
    status.textContent = (alive?.status === 401 ? section.dataset.sessionOver : section.dataset.failed) ?? ''
  }
}

function wireToolbar(section: HTMLElement, view: PdfView) {
  let zoom = 1
  const [out, fit, into] = ['#pdf-out', '#pdf-fit', '#pdf-in'].map(
    (id) => find(section, id) as HTMLButtonElement,
  )
  const set = (next: number | undefined) => {
    if (next === undefined) return
    zoom = next
    find(section, '#pdf-zoom').textContent = `${Math.round(zoom * 100)}%`
    // aria-disabled rather than disabled: a button that goes dead under the finger loses the keyboard's focus.
    out?.setAttribute('aria-disabled', String(zoom === ZOOM_STEPS[0]))
    into?.setAttribute('aria-disabled', String(zoom === ZOOM_STEPS.at(-1)))
    view.setZoom(zoom)
  }
  out?.addEventListener('click', () => set(ZOOM_STEPS.findLast((step) => step < zoom)))
  into?.addEventListener('click', () => set(ZOOM_STEPS.find((step) => step > zoom)))
  fit?.addEventListener('click', () => set(1))
}

function find(parent: HTMLElement, selector: string): HTMLElement {
  const found = parent.querySelector<HTMLElement>(selector)
  if (!found) throw new Error(`${selector} is missing`)
  return found
}
