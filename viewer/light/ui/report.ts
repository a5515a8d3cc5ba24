import { day, m } from '../messages/messages.ts'
import type { Report } from '../model/model.ts'
import { h, svg } from './dom.ts'
import { ICONS } from './icons.ts'

/** The reports beside the images. Made when first opened. */
export interface ReportPanel {
  readonly element: HTMLElement
  show(reports: readonly Report[]): void
  isOpen(): boolean
  toggle(): void
}

/** `onClosed` hears that it was closed by its own button, which is gone with it: the focus needs another place. */
export function createReportPanel(onToggle: () => void, onClosed: () => void): ReportPanel {
  const body = h('div', { class: 'report-body' })
  const close = h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': m().actions.close },
    svg(ICONS.close),
  )
  const element = h(
    'aside',
    { class: 'report', 'aria-label': m().reportPanel, hidden: true },
    h('header', {}, h('h2', {}, m().reportPanel), close),
    body,
  )
  let shown: readonly Report[] = []
  let drawn: readonly Report[] | null = null
  const panel: ReportPanel = {
    element,
    show(reports) {
      shown = reports
      if (!element.hidden) draw()
    },
    isOpen: () => !element.hidden,
    toggle() {
      element.hidden = !element.hidden
      if (!element.hidden) draw()
      onToggle()
    },
  }
  close.addEventListener('click', () => {
    panel.toggle()
    onClosed()
  })
  const draw = () => {
    if (drawn === shown) return
    drawn = shown
    body.replaceChildren(...(shown.length > 0 ? shown.map(article) : [h('p', {}, m().noReport)]))
  }
  return panel
}

function article(report: Report): HTMLElement {
  const { title, date, signed, signature, text } = report
  const place = h('div', { class: 'report-pdf' })
  void showPdf(report, place)
  return h(
    'article',
    {},
    h('h3', {}, [title || m().reportTitle, day(date)].filter(Boolean).join(' · ')),
    h(
      'p',
      { class: 'signature' },
      h('strong', {}, `${m().reportSignature}: `),
      // The portal's own words, which are Italian.
      signature ? h('span', { lang: 'it' }, signature.summary) : m().signatureUnknown,
    ),
    signature && signature.facts.length > 0
      ? h(
          'details',
          { class: 'signature-facts' },
          h('summary', {}, m().signatureFacts),
          h('ul', { lang: 'it' }, ...signature.facts.map((fact) => h('li', {}, fact))),
        )
      : null,
    signed ? h('p', {}, h('a', { href: signed.url, download: signed.name }, m().reportSigned)) : null,
    place,
    text ? h('details', { open: !report.pdf }, h('summary', {}, m().reportText), h('pre', {}, text)) : null,
  )
}

// WebKit shows no PDF in a frame of file://: the link works everywhere.
async function showPdf({ pdf, title }: Report, place: HTMLElement): Promise<void> {
  if (!pdf) return
  const { url, frame }: { url: string; frame?: string } = 'url' in pdf ? pdf : { url: await addressOf(pdf) }
  // Phones' browsers draw no PDF in a page (HTML §8.9.1.6): an empty frame would say that there is none.
  const src = frame ?? (navigator.pdfViewerEnabled ? `${url}#navpanes=0&view=FitH` : '')
  const link = { href: url, target: '_blank', rel: 'noopener', class: src === '' && 'primary' }
  place.replaceChildren(
    h('p', {}, h('a', link, m().reportOpen)),
    ...(src === '' ? [] : [h('iframe', { src, title: title || m().reportTitle })]),
  )
}

async function addressOf(pdf: { bytes(): Promise<Uint8Array> }): Promise<string> {
  const bytes = (await pdf.bytes()) as Uint8Array<ArrayBuffer>
  return URL.createObjectURL(new Blob([bytes], { type: 'application/pdf' }))
}
