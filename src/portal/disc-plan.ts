import type { Viewer } from '../access/access.ts'
import type { Database } from '../database/database.ts'
import { type DiscPlan, planDisc } from '../disc/disc.ts'
import type { Preparation } from '../preparation/preparation.ts'
import { readReport } from '../reports/reports.ts'
import type { Site } from '../ui/site.ts'
import { signatureSummary } from './pages/signature-facts.tsx'

/** The disc of one exam online: its images, its report as shown and as signed, and what they are (S21). */
export async function discOf({
  db,
  site,
  viewer,
  online,
  preparation,
}: {
  db: Database
  site: Site
  viewer: Viewer
  online: Viewer['online'][number]
  preparation: Extract<Preparation, { ready: true }>
}): Promise<DiscPlan> {
  const { publication, exam } = online
  const { familyName, givenName, birthDate } = viewer.visit
  const report = await readReport(db, publication.id)
  const { phone, email, openingHours, address } = site.contacts
  // Fixed by what is on the disc, not by the clock: the same disc has the same bytes whenever and wherever it is made.
  const date = new Date(Math.max(preparation.preparedAt.getTime(), publication.publishedAt.getTime()))
  return planDisc({
    manifests: preparation.manifests,
    date,
    content: {
      organisation: {
        name: site.organisation,
        contacts: [address, phone, email, openingHours].filter((line) => line !== undefined),
      },
      patient: { familyName, givenName, birthDate },
      exams: [
        {
          description: exam.description,
          date: exam.examDate,
          report: report?.document
            ? {
                kind: report.kind,
                document: report.document,
                pdf: report.pdf,
                signature: signatureSummary(site.messages, report.signature),
              }
            : null,
        },
      ],
    },
  })
}
