import { type Context, Hono } from 'hono'
import { type ViewableStudy, type Viewer, viewableStudies } from '../access/access.ts'
import { onlineExam } from '../access/require-viewer.ts'
import { answerDisc } from '../disc/serve.ts'
import { AppError } from '../errors.ts'
import { pourAnswer } from '../http/direct.ts'
import { html } from '../http/html.ts'
import { sourceOf } from '../http/source.ts'
import { watchAuthorised } from '../http/watch.ts'
import { portalViewerPage, studyFolder } from '../light/light.ts'
import { readReport } from '../reports/reports.ts'
import { jsonDataFile } from '../shards/data-file.ts'
import { EXAM_NAME, type ExamData } from '../shards/format.ts'
import type { PortalDependencies } from './dependencies.ts'
import { QuickViewHead, QuickViewIdle } from './pages/quick-view-parts.tsx'
import { QuickViewPreparingPage } from './pages/quick-view-preparing-page.tsx'
import { signatureFacts, signatureSummary } from './pages/signature-facts.tsx'
import { pageSession, stillOnline } from './session.ts'
import { findViewerData } from './viewer-data.ts'
import { viewingNotes } from './viewing-notes.ts'

/** The quick view: the light viewer in the page, with the data files that the disc has too (S20). */
export function quickViewRoutes(dependencies: PortalDependencies) {
  const { db, derived, light, site, requireViewer, trustedProxies, clock } = dependencies
  const noteViewed = viewingNotes({ db, clock })

  return new Hono()
    .get('/referti/:id/rapida', async (c) => {
      const { viewer, online, studies } = await examOf(c)
      const data = await findViewerData(db, derived, studies)
      const id = online.publication.id
      const session = pageSession(viewer)
      if (!data.ready || studies.length === 0) {
        const { done, total } = data.ready ? { done: 0, total: 0 } : data
        return html(
          <QuickViewPreparingPage
            site={site}
            session={session}
            publicationId={id}
            done={done}
            total={total}
          />,
        )
      }
      const page = portalViewerPage(light, {
        data: `/referti/${id}/rapida/`,
        head: String(<QuickViewHead site={site} />),
        end: String(<QuickViewIdle site={site} session={session} />),
      })
      return c.body(page, 200, {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': POLICY,
      })
    })
    .get('/referti/:id/rapida/:file', async (c) => {
      const { online, studies } = await examOf(c)
      if (c.req.param('file') !== `${EXAM_NAME}.JS`) throw new AppError('not_found')
      const exam = await examData(online, studies.length)
      return c.body(new Uint8Array(jsonDataFile(EXAM_NAME, exam)), 200, {
        'content-type': DATA_TYPE,
        'cache-control': 'no-store',
      })
    })
    .get('/referti/:id/rapida/:study/:file', async (c) => {
      const { viewer, online, studies } = await examOf(c)
      const at = studies.findIndex((_, index) => studyFolder(index) === `${c.req.param('study')}/`)
      const study = studies[at]
      const name = /^([A-Z0-9]{1,8})\.JS$/.exec(c.req.param('file'))?.[1]
      if (!study || name === undefined) throw new AppError('not_found')
      const data = await findViewerData(db, derived, [study])
      if (!data.ready) throw new AppError('images.preparing')
      const [of] = data.studies
      const entry = of?.entries.get(name)
      if (!of || !entry) throw new AppError('not_found')
      await noteViewed(viewer, study.studyInstanceUid, online.exam.id, sourceOf(c, trustedProxies))
      const file = {
        size: entry.length,
        etag: `"${entry.sha256.slice(0, 32)}"`,
        lastModified: new Date(Math.floor(of.preparedAt.getTime() / 1000) * 1000),
        fileName: `${name}.JS`,
        mediaType: DATA_TYPE,
      }
      const authorised = watchAuthorised(() => stillOnline(db, c, online.publication.id, clock()), clock)
      const answer = answerDisc(c.req.raw, file, ({ start, end }) =>
        authorised.guard(of.stream(name, { start, end })),
      )
      return pourAnswer(c, answer, { ended: authorised.signal })
    })

  /** The one place where these routes are authorised: the session, and the exam in it. */
  async function examOf(
    c: Context,
  ): Promise<{ viewer: Viewer; online: Viewer['online'][number]; studies: ViewableStudy[] }> {
    const viewer = await requireViewer(c)
    const online = onlineExam(viewer, c.req.param('id') ?? '')
    const studies = await viewableStudies(db, [online])
    if (studies.length === 0 && !online.exam.imagesExpected) throw new AppError('not_found')
    return { viewer, online, studies }
  }

  async function examData(
    { publication, exam }: Viewer['online'][number],
    studies: number,
  ): Promise<ExamData> {
    const report = await readReport(db, publication.id)
    const at = `/referti/${publication.id}`
    return {
      organisation: site.organisation,
      studies: Array.from({ length: studies }, (_, index) => studyFolder(index)),
      reports: report
        ? [
            {
              title: exam.description,
              date: (report.reportDate ?? exam.examDate).replaceAll('-', ''),
              // Its words are there: who opens that has collected it (S39b), who looks at images has not.
              pdf: at,
              frame: `${at}?accanto`,
              signed: { url: `${at}/firmato`, name: '' },
              signature: {
                summary: signatureSummary(site.messages, report.signature),
                facts: signatureFacts(site.messages, report.signature),
              },
              text: '',
            },
          ]
        : [],
      otherViewer: `${at}/immagini?vista=completa`,
      back: '/referti',
    }
  }
}

// Never a script here, whatever it looks like: the page fetches it as bytes.
const DATA_TYPE = 'application/octet-stream'

// No script but the built one, no address but ours, no text made into a script: what DICOM says can do nothing (S44).
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  // The decoders' source is in the viewer's own script: file:// allows no other way, and here it is the same.
  'worker-src blob:',
  // The portal's own page of the report, and PDFs of the study, which are shown from memory.
  "frame-src 'self' blob:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ')
