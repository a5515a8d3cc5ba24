import type { SignatureReport } from '../../signature/signature.ts'
import { BackLink } from '../../ui/back-link.tsx'
import { formatDay } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { FramedLayout, Layout } from '../../ui/layout.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { PageSession, Site } from '../../ui/site.ts'
import { PdfView } from './pdf-view.tsx'
import { SignatureFacts } from './signature-facts.tsx'

/** What the shown report bears (S17). Dates are 'YYYY-MM-DD'; what the RIS did not send is null and not shown. */
export type ReportFields = {
  familyName: string
  givenName: string
  birthPlace: string | null
  birthDate: string
  taxCode: string | null
  patientId: string | null
  accessionNumber: string
  examDate: string
  exam: string
  title: string | null
  text: string | null
  physician: string | null
  reportDate: string | null
}

export type ReportProps = {
  site: Site
  session: PageSession
  publicationId: string
  /** Where the delivered PDF is read from; null where there is none and the fields are shown instead. */
  pdfUrl: string | null
  fields: ReportFields
  signature: SignatureReport
  signedUrl: string
  backUrl: string
  imagesUrl?: string | undefined
  /** Where structured reports of the archive are shown as text; not set: there are none. */
  structuredUrl?: string | undefined
}

/** The report in the page: the delivered PDF itself, or the structured form (S16, S17), and its signature (S19). */
export function ReportPage(props: ReportProps) {
  const { site, session, publicationId, pdfUrl, fields, signature, signedUrl, backUrl, imagesUrl } = props
  const { structuredUrl } = props
  const { report: texts, doctor } = site.messages
  return (
    <Layout
      site={site}
      title={texts.title}
      session={session}
      scripts={pdfUrl === null ? ['images.js'] : ['images.js', 'report.js']}
    >
      <BackLink site={site} href={backUrl} words={site.messages.common.backToList} />
      <div class="portal-report" data-publication={publicationId}>
        <div class="portal-report-head">
          <h1 class="portal-heading">{session.doctor ? doctor.report.heading : texts.heading}</h1>
          <p class="portal-lead">
            {fields.exam} – {formatDay(fields.examDate)}
          </p>
          <ul class="portal-actions portal-actions-inline">
            <li>
              <a href={signedUrl} class="btn btn-outline-primary portal-action">
                <Icon site={site} name="it-file-signed" />
                <span>{texts.downloadSigned}*</span>
              </a>
            </li>
            {imagesUrl && (
              <li>
                <a href={imagesUrl} class="btn btn-outline-primary portal-action">
                  <Icon site={site} name="it-camera" />
                  <span>{texts.viewImages}</span>
                </a>
              </li>
            )}
            {structuredUrl && (
              <li>
                <a href={structuredUrl} class="btn btn-outline-primary portal-action">
                  <Icon site={site} name="it-list" />
                  <span>{site.messages.structured.open}</span>
                </a>
              </li>
            )}
          </ul>
        </div>
        {signature.status === 'altered' && (
          <Notice site={site} tone="danger" title={texts.signature.titles.altered} alert>
            <p>{texts.signature.altered}</p>
          </Notice>
        )}
        <SignatureFacts site={site} signature={signature} />
        {pdfUrl === null ? (
          <StructuredReport site={site} fields={fields} />
        ) : (
          <PdfView site={site} url={pdfUrl} />
        )}
        <p class="portal-note">*{texts.legalNote}</p>
      </div>
    </Layout>
  )
}

/** The same report beside its images, in the viewer's page. */
export function FramedReportPage({ site, pdfUrl, fields }: Pick<ReportProps, 'site' | 'pdfUrl' | 'fields'>) {
  const texts = site.messages.report
  return (
    <FramedLayout site={site} title={texts.title} scripts={pdfUrl === null ? [] : ['report.js']}>
      <h1 class="portal-heading">
        {fields.exam} – {formatDay(fields.examDate)}
      </h1>
      {pdfUrl === null ? (
        <StructuredReport site={site} fields={fields} />
      ) : (
        <PdfView site={site} url={pdfUrl} />
      )}
    </FramedLayout>
  )
}

function StructuredReport({ site, fields }: { site: Site; fields: ReportFields }) {
  const texts = site.messages.report.fields
  const rows: [string, string | null][] = [
    [texts.organisation, site.organisation],
    [texts.name, `${fields.familyName} ${fields.givenName}`],
    [texts.birthPlace, fields.birthPlace],
    [texts.birthDate, formatDay(fields.birthDate)],
    [texts.taxCode, fields.taxCode],
    [texts.patientId, fields.patientId],
    [texts.accessionNumber, fields.accessionNumber],
    [texts.examDate, formatDay(fields.examDate)],
    [texts.exam, fields.exam],
    [texts.reportDate, fields.reportDate && formatDay(fields.reportDate)],
  ]
  return (
    <article class="portal-sheet" aria-labelledby="sheet-title">
      <dl class="portal-facts" aria-label={texts.legend}>
        {rows.map(
          ([name, value]) =>
            value && (
              <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      <h2 id="sheet-title">{fields.title ?? texts.text}</h2>
      <div class="portal-sheet-text">{fields.text ?? texts.noText}</div>
      {fields.physician && (
        <p class="portal-physician">
          <span>{texts.physician}</span>
          <strong>{fields.physician}</strong>
        </p>
      )}
    </article>
  )
}
