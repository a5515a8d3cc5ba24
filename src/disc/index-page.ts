import { createHash } from 'node:crypto'
import type { DiscContent, DiscExam, DiscReport, ImagesSummary, ReportFile } from './content.ts'
import { italianDate, italianDay } from './days.ts'
import { type Html, html } from './html.ts'
import { it } from './messages.it.ts'

/**
 * INDEX.HTM: one page in itself, without script, font or picture from elsewhere. The policy lets nothing in but
 * its own style, known by hash; so a text that got through escaping could still do nothing (S48).
 */
export function indexPage(
  content: DiscContent,
  images: ImagesSummary,
  date: Date,
  files: ReadonlyMap<DiscReport, readonly ReportFile[]>,
): string {
  const { organisation, patient } = content
  return html`<!doctype html>
<html lang="it">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${it.title} - ${organisation.name}</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<a class="skip" href="#main">${it.skip}</a>
<header>
<p class="organisation">${organisation.name}</p>
<h1>${it.title}</h1>
</header>
<main id="main">
<section class="patient">
<h2>${it.patient}</h2>
<dl>
<div><dt>${it.name}</dt><dd>${patient.familyName} ${patient.givenName}</dd></div>
<div><dt>${it.birthDate}</dt><dd>${italianDate(patient.birthDate)}</dd></div>
</dl>
</section>
<section>
<h2>${it.exams}</h2>
${content.exams.map((exam) => examCard(exam, (exam.report && files.get(exam.report)) ?? []))}
<p class="note">${it.legalNote} ${hasP7m(content) && it.p7mNote}</p>
</section>
<section>
<h2>${it.images}</h2>
${content.viewer && images.instanceCount > 0 ? viewerLink(content.viewer) : ''}${imagesTable(images)}
</section>
<section>
<h2>${it.howTo}</h2>
<p>${content.viewer ? it.howToViewer : ''} ${it.howToIntro}</p>
<dl class="systems">
${it.howToSystems.map(([system, how]) => html`<div><dt>${system}</dt><dd>${how}</dd></div>\n`)}
</dl>
</section>
<section>
<h2>${it.forDoctor}</h2>
<p>${it.forDoctorText} ${it.profile(images.profile)} ${images.copies > 0 && it.copies(images.copies)} ${it.integrity}</p>
</section>
<p class="privacy">${it.privacy}</p>
</main>
<footer>
<h2>${it.contacts}</h2>
<p>${organisation.name}${organisation.contacts.map((line) => html`<br>${line}`)}</p>
${organisation.portalUrl ? html`<p>${it.portal}: ${organisation.portalUrl}</p>` : ''}
<p>${it.preparedOn(italianDay(date))}</p>
</footer>
</body>
</html>
`.html
}

function examCard({ description, date, report }: DiscExam, files: readonly ReportFile[]): Html {
  return html`<article>
<h3>${description}</h3>
<p>${it.examOf(italianDate(date))}</p>
${report ? html`<ul class="actions">${files.map(reportLink)}</ul>` : html`<p class="note">${it.noReport}</p>`}
${report?.signature ? html`<p class="note">${report.signature}</p>` : ''}
${report?.signatureFacts?.length ? html`<ul class="note">${report.signatureFacts.map((fact) => html`<li>${fact}</li>`)}</ul>` : ''}
</article>
`
}

function reportLink({ file, role }: ReportFile): Html {
  const text = role === 'signed' ? it.signedReport : it.openReport
  return html`<li><a class="${role === 'signed' ? 'signed' : 'shown'}" href="${file.path}">${text}</a></li>`
}

function viewerLink(path: string): Html {
  return html`<ul class="actions"><li><a class="shown" href="${path}">${it.openViewer}</a></li></ul>
<p class="note">${it.viewerNote}</p>
`
}

/** More rows than this help nobody; the DICOM software lists them all. */
const MOST_SERIES = 60

function imagesTable({ instanceCount, series }: ImagesSummary): Html {
  if (instanceCount === 0) return html`<p>${it.noImages}</p>`
  const shown = series.slice(0, MOST_SERIES)
  const more = series.length - shown.length
  return html`<p>${it.imagesCount(instanceCount, series.length)}<code>DICOM</code>.</p>
<table>
<thead><tr><th scope="col">${it.seriesNumber}</th><th scope="col">${it.modality}</th><th scope="col">${it.description}</th><th scope="col" class="number">${it.files}</th></tr></thead>
<tbody>
${shown.map(
  ({ number, modality, description, instanceCount: count }) =>
    html`<tr><td>${number}</td><td>${modality}</td><td>${description}</td><td class="number">${count}</td></tr>\n`,
)}</tbody>
</table>
${more > 0 ? html`<p class="note">${it.moreSeries(more)}</p>` : ''}`
}

const hasP7m = ({ exams }: DiscContent): boolean => exams.some(({ report }) => report?.kind === 'p7m')

const STYLE = `
:root { color-scheme: light }
* { box-sizing: border-box }
body { margin: 0; font: 1.0625rem/1.55 "Titillium Web", "Segoe UI", system-ui, -apple-system, Roboto, "Helvetica Neue", Arial, sans-serif; color: #17324d; background: #f2f5f9 }
.skip { position: absolute; left: -999em }
.skip:focus { left: 1rem; top: 1rem; background: #fff; padding: .5rem 1rem }
header { background: #0059b3; color: #fff; padding: 2rem max(1.25rem, calc(50vw - 27rem)) 2.25rem }
header h1 { margin: 0; font-size: clamp(1.75rem, 5vw, 2.5rem); line-height: 1.2 }
.organisation { margin: 0 0 .35rem; font-weight: 600 }
main, footer { max-width: 56.5rem; margin: 0 auto; padding: 0 1.25rem }
section { background: #fff; border-radius: 6px; padding: 1.25rem 1.5rem 1.4rem; margin: 1.25rem 0; box-shadow: 0 1px 3px rgb(23 50 77 / 14%) }
h2 { font-size: 1.3rem; margin: 0 0 .6rem; color: #0b3d73 }
h3 { font-size: 1.1rem; margin: 0 }
p { margin: .4rem 0 .6rem }
dl { margin: 0 }
.patient dl { display: flex; flex-wrap: wrap; gap: .5rem 3rem }
dt { font-size: .9rem; color: #455a70 }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere }
.systems div { padding: .6rem 0; border-top: 1px solid #d9e2ec }
.systems dt { font-weight: 600; font-size: 1rem; color: inherit }
.systems dd { font-weight: 400 }
article { border-left: 4px solid #0059b3; padding: .1rem 0 .1rem 1rem; margin: 1rem 0; overflow-wrap: anywhere }
.actions { list-style: none; margin: .7rem 0 .4rem; padding: 0; display: flex; flex-wrap: wrap; gap: .6rem }
.actions a { display: inline-block; padding: .6rem 1.1rem; border: 2px solid #0059b3; border-radius: 4px; font-weight: 600; text-decoration: none; color: #0059b3; background: #fff }
.actions a.shown { background: #0059b3; color: #fff }
a:hover { text-decoration: underline }
a:focus-visible { outline: 3px solid #000; outline-offset: 2px; box-shadow: 0 0 0 5px #fff }
table { border-collapse: collapse; width: 100%; font-size: 1rem }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #d9e2ec; vertical-align: top }
td:nth-child(3) { overflow-wrap: anywhere; width: 60% }
th { color: #455a70; font-size: .9rem }
.number { text-align: right; padding-right: 0 }
.note { color: #455a70; font-size: .95rem }
.privacy { border: 1px solid #b38600; border-left-width: 6px; background: #fff8e1; padding: .9rem 1.2rem; border-radius: 4px; color: #3d2f00 }
footer { padding-bottom: 2.5rem; color: #33475b; font-size: .95rem }
footer h2 { font-size: 1.05rem; margin-top: 1.5rem }
code { font-family: ui-monospace, Consolas, monospace }
@media print {
  body, section { background: #fff; box-shadow: none }
  header { background: none; color: #000; padding: 0 0 .5rem; border-bottom: 2px solid #000 }
  section, .privacy { padding: .5rem 0; margin: 0; border: 0; border-radius: 0; background: none }
  article, .systems div, tr { break-inside: avoid }
  .actions a, .actions a.shown { border: 0; padding: 0; background: none; color: #000 }
  .actions a::after { content: " (" attr(href) ")"; font-weight: 400 }
  .skip { display: none }
}
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
