import { Icon } from '../../ui/icon.tsx'
import type { Site } from '../../ui/site.ts'

/** The place where src/browser/report.ts draws a PDF's pages. Without script there is the link alone. */
export function PdfView({ site, url }: { site: Site; url: string }) {
  const texts = site.messages.report.pdf
  const button = (id: string, icon: 'it-minus' | 'it-plus' | 'it-fullscreen', words: string) => (
    <button type="button" class="portal-tool" id={id} aria-label={words} title={words}>
      <Icon site={site} name={icon} />
    </button>
  )
  return (
    <section
      class="portal-pdf"
      id="pdf"
      aria-label={texts.region}
      data-url={url}
      data-worker={site.asset('pdf.worker.js')}
      data-pdfjs={site.asset('pdfjs')}
      data-failed={texts.failed}
      data-session-over={texts.sessionOver}
      data-page-word={texts.page}
      data-of-word={texts.of}
    >
      <div class="portal-pdf-toolbar" role="toolbar" aria-label={texts.toolbar} id="pdf-toolbar" hidden>
        {button('pdf-out', 'it-minus', texts.zoomOut)}
        <output id="pdf-zoom" class="portal-pdf-zoom">
          100%
        </output>
        {button('pdf-in', 'it-plus', texts.zoomIn)}
        {button('pdf-fit', 'it-fullscreen', texts.fit)}
        <span class="portal-pdf-position" id="pdf-position" />
        <a href={url} class="portal-tool portal-tool-words">
          <Icon site={site} name="it-file-pdf-ext" />
          <span>{texts.open}</span>
        </a>
      </div>
      <p class="portal-pdf-status" id="pdf-status" role="status" hidden>
        {texts.loading}
      </p>
      <noscript>
        <p class="portal-pdf-status">{texts.noScript}</p>
      </noscript>
      <p class="portal-pdf-fallback" id="pdf-fallback">
        <a href={url} class="btn btn-primary">
          {texts.open}
        </a>
      </p>
      {/* Scrolls sideways when zoomed in, so it must be reachable by keyboard. */}
      <section class="portal-pdf-pages" id="pdf-pages" aria-label={texts.pages} tabindex={0} hidden />
    </section>
  )
}
