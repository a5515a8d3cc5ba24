import { and, eq, inArray } from 'drizzle-orm'
import { Hono } from 'hono'
import { viewableStudies } from '../access/access.ts'
import { onlineExam } from '../access/require-viewer.ts'
import { recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import type { Database } from '../database/database.ts'
import { pacsDocuments } from '../database/schema.ts'
import { AppError } from '../errors.ts'
import { html } from '../http/html.ts'
import { sourceOf } from '../http/source.ts'
import type { StructuredReport } from '../pacs/content-tree.ts'
import { readStructuredReport } from '../pacs/structured-report.ts'
import type { OnlinePublication } from '../publications/publications.ts'
import type { PortalDependencies } from './dependencies.ts'
import { StructuredPage } from './pages/structured-page.tsx'
import { pageSession } from './session.ts'

// As for the images: one line in the audit trail a session and exam.
const VIEWING_PERIOD_MS = 8 * 60 * 60_000
const MAX_DOCUMENTS = 20

/** What the archive holds of an exam as structured reports, shown as text. */
export function structuredRoutes({
  db,
  orthanc,
  site,
  requireViewer,
  trustedProxies,
  clock,
}: PortalDependencies) {
  const noteOnce = oncePerPeriod(VIEWING_PERIOD_MS, clock)
  return new Hono().get('/referti/:id/strutturati', async (c) => {
    const viewer = await requireViewer(c)
    const online = onlineExam(viewer, c.req.param('id'))
    const documents = await structuredReportsOf(db, online)
    if (documents.length === 0) throw new AppError('not_found')
    const reports: (StructuredReport | null)[] = []
    for (const { orthancId } of documents) {
      const file = await orthanc.instanceFile(orthancId)
      if (file) reports.push(readable(file))
    }
    const { publication, exam } = online
    await noteOnce(`${viewer.tokenHash} ${exam.id}`, () =>
      recordAlone(db, clock(), {
        event: 'images.viewed',
        actor: viewer.actor,
        source: sourceOf(c, trustedProxies),
        visitId: viewer.visit.id,
        examId: exam.id,
      }),
    )
    return html(
      <StructuredPage
        site={site}
        session={pageSession(viewer)}
        exam={exam.description}
        examDate={exam.examDate}
        backUrl={`/referti/${publication.id}`}
        reports={reports}
      />,
    )
  })
}

/** The structured reports among the objects of an exam that is online. */
export async function structuredReportsOf(
  db: Database,
  online: OnlinePublication,
): Promise<{ orthancId: string }[]> {
  const studies = await viewableStudies(db, [online])
  if (studies.length === 0) return []
  const ids = studies.map(({ orthancId }) => orthancId)
  return db
    .select({ orthancId: pacsDocuments.orthancId })
    .from(pacsDocuments)
    .where(and(eq(pacsDocuments.kind, 'sr'), inArray(pacsDocuments.studyId, ids)))
    .orderBy(pacsDocuments.seenAt, pacsDocuments.sopInstanceUid)
    .limit(MAX_DOCUMENTS)
}

function readable(file: Uint8Array): StructuredReport | null {
  try {
    return readStructuredReport(file)
  } catch {
    // What a reader chokes on is told as such; it is on the disc all the same.
    return null
  }
}
