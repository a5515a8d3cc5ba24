import { type Context, Hono } from 'hono'
import { type Viewer, viewableStudies } from '../access/access.ts'
import { onlineExam } from '../access/require-viewer.ts'
import { AppError } from '../errors.ts'
import { pourAnswer } from '../http/direct.ts'
import { FRAMED_HEADERS } from '../http/headers.ts'
import { html } from '../http/html.ts'
import { sourceOf } from '../http/source.ts'
import { watchAuthorised } from '../http/watch.ts'
import { visitsOf } from '../identity/identity.ts'
import type { OnlinePublication } from '../publications/publications.ts'
import { collectedAt, collectionsOf, noteCollected } from '../reports/collection.ts'
import { readReport, reportFacts } from '../reports/reports.ts'
import { dayInRome } from '../time/rome.ts'
import type { PortalDependencies } from './dependencies.ts'
import { type ListedPublication, ReportListPage } from './pages/report-list-page.tsx'
import { FramedReportPage, ReportPage } from './pages/report-page.tsx'
import { pageSession, stillOnline } from './session.ts'
import { structuredReportsOf } from './structured-routes.tsx'

// What may still be sent when it is no longer allowed is no more than this and what the sockets hold.
const PIECE_BYTES = 64 * 1024

/** The list, the report in the page and the signed file (S13–S19). */
export function reportRoutes({
  db,
  site,
  viewerFiles,
  requireViewer,
  trustedProxies,
  clock,
}: PortalDependencies) {
  return new Hono()
    .get('/referti', async (c) => {
      const viewer = await requireViewer(c)
      const { visit, online } = viewer
      const studies = await viewableStudies(db, online)
      const listed: ListedPublication[] = []
      for (const { publication, exam } of online) {
        const own = studies.filter(({ accessionNumber }) => accessionNumber === exam.accessionNumber)
        const report = await reportFacts(db, publication.id)
        listed.push({
          id: publication.id,
          availableUntil: earlier(publication.availableUntil, viewer.share?.availableUntil),
          exams: [{ description: exam.description, examDate: exam.examDate }],
          hasImages: exam.imagesExpected || own.length > 0,
          imagesState:
            own.length === 0 ? 'none' : own.every(({ state }) => state === 'stable') ? 'ready' : 'arriving',
          reportVersion: report?.version ?? 1,
          reportDate: report?.reportDate ?? dayInRome(publication.publishedAt),
          collectedAt: collectedAt(publication),
          hasReceipt: (await collectionsOf(db, exam.id)).some(collectedAt),
          ...(publication.updatedAt ? { updatedAt: publication.updatedAt } : {}),
        })
      }
      return html(
        <ReportListPage
          site={site}
          session={pageSession(viewer)}
          patient={visit}
          publications={listed}
          removed={c.req.query('rimosso') !== undefined}
          otherVisits={
            viewer.identity !== null && (await visitsOf(db, viewer.identity.taxCode, clock())).length > 1
          }
          viewerFiles={viewerFiles}
        />,
      )
    })
    .get('/referti/:id', async (c) => {
      const viewer = await requireViewer(c)
      const { publication, exam } = onlineExam(viewer, c.req.param('id'))
      const report = await reportOf(publication.id)
      const { visit } = viewer
      const studies = await viewableStudies(db, [{ publication, exam }])
      const structured = await structuredReportsOf(db, { publication, exam })
      if (!hasPdf(report)) await note(c, 'viewed', viewer, { publication, exam })
      const pdfUrl = hasPdf(report) ? `/referti/${publication.id}/documento.pdf` : null
      const fields = {
        familyName: visit.familyName,
        givenName: visit.givenName,
        birthPlace: visit.birthPlace,
        birthDate: visit.birthDate,
        taxCode: visit.taxCode,
        patientId: visit.patientId,
        accessionNumber: exam.accessionNumber,
        examDate: exam.examDate,
        exam: exam.description,
        title: report.title,
        text: report.body,
        physician: report.physician,
        reportDate: report.reportDate,
      }
      // In the viewer's page, beside the images (viewer/ritiro.js).
      if (c.req.query('accanto') !== undefined) {
        for (const [name, value] of Object.entries(FRAMED_HEADERS)) c.header(name, value)
        const framed = await html(<FramedReportPage site={site} pdfUrl={pdfUrl} fields={fields} />)
        return c.newResponse(framed.body, framed)
      }
      return html(
        <ReportPage
          site={site}
          session={pageSession(viewer)}
          publicationId={publication.id}
          pdfUrl={pdfUrl}
          fields={fields}
          signature={report.signature}
          signedUrl={`/referti/${publication.id}/firmato`}
          backUrl="/referti"
          structuredUrl={structured.length > 0 ? `/referti/${publication.id}/strutturati` : undefined}
          imagesUrl={studies.length > 0 ? `/referti/${publication.id}/immagini` : undefined}
        />,
      )
    })
    .get('/referti/:id/documento.pdf', async (c) => {
      const viewer = await requireViewer(c)
      const online = onlineExam(viewer, c.req.param('id'))
      const report = await reportOf(online.publication.id)
      const pdf = report.kind === 'pdf' ? report.document : report.pdf
      if (!pdf) throw new AppError('not_found')
      await note(c, 'viewed', viewer, online)
      return file(c, online, pdf, 'application/pdf', 'inline; filename="referto.pdf"')
    })
    .get('/referti/:id/firmato', async (c) => {
      const viewer = await requireViewer(c)
      const online = onlineExam(viewer, c.req.param('id'))
      const report = await reportOf(online.publication.id)
      if (!report.document) throw new AppError('not_found')
      await note(c, 'downloaded', viewer, online)
      const type = report.kind === 'pdf' ? 'application/pdf' : 'application/pkcs7-mime'
      const ending = report.kind === 'pdf' ? '.pdf' : report.pdf ? '.pdf.p7m' : '.p7m'
      const name = `referto-firmato-${online.exam.examDate}${ending}`
      return file(c, online, report.document, type, `attachment; filename="${name}"`)
    })

  /** A HEAD shows nothing: it is no collection. */
  async function note(c: Context, act: 'viewed' | 'downloaded', viewer: Viewer, online: OnlinePublication) {
    if (c.req.method === 'GET')
      await noteCollected(db, act, viewer, online, sourceOf(c, trustedProxies), clock())
  }

  /** Byte for byte as it was delivered (S18), for as long as it may be read (S12). */
  function file(
    c: Context,
    { publication }: OnlinePublication,
    bytes: Uint8Array,
    type: string,
    disposition: string,
  ): Response {
    const authorised = watchAuthorised(() => stillOnline(db, c, publication.id, clock()), clock)
    const headers = {
      'content-type': type,
      'content-disposition': disposition,
      'content-length': String(bytes.byteLength),
      'cache-control': 'no-store',
    }
    const body = c.req.method === 'HEAD' ? null : () => authorised.guard(inPieces(bytes))
    return pourAnswer(c, { status: 200, headers, body }, { ended: authorised.signal })
  }

  async function reportOf(publicationId: string) {
    const report = await readReport(db, publicationId)
    if (!report) throw new AppError('not_found')
    return report
  }
}

type Report = NonNullable<Awaited<ReturnType<typeof readReport>>>

const hasPdf = (report: Report) => report.kind === 'pdf' || report.pdf !== null

/** A doctor's days end with the share, where that is before the publication's end (S31). */
const earlier = (day: string, other: string | undefined) => (other !== undefined && other < day ? other : day)

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}
