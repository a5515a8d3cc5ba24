import { type Context, Hono } from 'hono'
import type { Viewer } from '../access/access.ts'
import { onlineExam, requirePatient } from '../access/require-viewer.ts'
import { listAccesses } from '../audit/accesses.ts'
import { recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import { AppError } from '../errors.ts'
import { html } from '../http/html.ts'
import { sourceOf } from '../http/source.ts'
import { receiptPdf } from '../receipt/receipt.ts'
import { collectedAt, collectionsOf } from '../reports/collection.ts'
import type { PortalDependencies } from './dependencies.ts'
import { accessesCsv } from './pages/accesses-csv.ts'
import { AccessesPage } from './pages/accesses-page.tsx'
import { pageSession } from './session.ts'

const READING_PERIOD_MS = 10 * 60_000

/** "Chi ha visto il mio esame", and the receipt of collection (S39, S39b). */
export function trailRoutes(dependencies: PortalDependencies) {
  const { db, site, trustedProxies, clock } = dependencies
  const patient = requirePatient(dependencies.requireViewer)

  const noteOnce = oncePerPeriod(READING_PERIOD_MS, clock)

  return new Hono()
    .get('/accessi', async (c) => {
      const viewer = await patient(c)
      await noteOnce(viewer.tokenHash, () => note(c, viewer))
      const entries = await listAccesses(db, viewer.visit.id)
      return html(
        <AccessesPage
          site={site}
          session={pageSession(viewer)}
          entries={entries}
          downloadUrl="/accessi.csv"
        />,
      )
    })
    .get('/accessi.csv', async (c) => {
      const viewer = await patient(c)
      await note(c, viewer)
      const csv = accessesCsv(await listAccesses(db, viewer.visit.id), site.messages)
      return c.body(csv, 200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="accessi.csv"',
        'cache-control': 'no-store',
      })
    })
    .get('/referti/:id/ricevuta.pdf', async (c) => {
      const viewer = await patient(c)
      const { publication, exam } = onlineExam(viewer, c.req.param('id'))
      const collections = await collectionsOf(db, exam.id)
      if (!collections.some(collectedAt)) throw new AppError('not_found')
      const { visit } = viewer
      const now = clock()
      const pdf = await receiptPdf({
        organisation: site.organisation,
        patientName: `${visit.familyName} ${visit.givenName}`,
        accessionNumber: exam.accessionNumber,
        exam: exam.description,
        examDate: exam.examDate,
        publishedAt: publication.publishedAt,
        collections,
        issuedAt: now,
        messages: site.messages,
      })
      await recordAlone(db, now, {
        event: 'receipt.downloaded',
        actor: viewer.actor,
        source: sourceOf(c, trustedProxies),
        visitId: visit.id,
        examId: exam.id,
      })
      return c.body(new Uint8Array(pdf), 200, {
        'content-type': 'application/pdf',
        'content-disposition': `attachment; filename="ricevuta-${exam.examDate}.pdf"`,
        'cache-control': 'no-store',
      })
    })
  function note(c: Context, viewer: Viewer): Promise<void> {
    return recordAlone(db, clock(), {
      event: 'accesses.viewed',
      actor: viewer.actor,
      source: sourceOf(c, trustedProxies),
      visitId: viewer.visit.id,
    })
  }
}
