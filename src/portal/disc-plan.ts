import type { Viewer } from '../access/access.ts'
import type { Compact } from '../compact/compact.ts'
import type { Database } from '../database/database.ts'
import type { DiscContent } from '../disc/content.ts'
import { type DiscPlan, planDisc } from '../disc/disc.ts'
import { reportFiles } from '../disc/pages.ts'
import { DISC_VIEWER, discViewerFiles, type LightViewer, studyFolder } from '../light/light.ts'
import type { Preparation } from '../preparation/preparation.ts'
import { readReport } from '../reports/reports.ts'
import type { ExamData } from '../shards/format.ts'
import type { Site } from '../ui/site.ts'
import { signatureFacts, signatureSummary } from './pages/signature-facts.tsx'
import type { ViewerData } from './viewer-data.ts'

type Planned = { promise: Promise<DiscPlan>; forget: NodeJS.Timeout }

/** Of each: a browser's ranges come within minutes, and what a person withdrew is not kept long (S26). */
const KEPT_MS = 5 * 60_000
const MOST_KEPT = 8

/** Plans discs, and keeps the last few: each Range of a download, and fifty downloads at once, need the same one. */
export function discPlanner(site: Site, db: Database, light: LightViewer) {
  const kept = new Map<string, Planned>()
  const drop = (key: string) => {
    clearTimeout(kept.get(key)?.forget)
    kept.delete(key)
  }

  return async ({ viewer, online, preparation, data, compact }: DiscOf): Promise<DiscPlan> => {
    const { publication, exam } = online
    const { familyName, givenName, birthDate } = viewer.visit
    // All that the plan follows from; a report's row never changes, a corrected one is another row (S7).
    const key = JSON.stringify([
      ...[preparation.key, data.preparedAt, compact?.preparedAt],
      ...[publication.id, publication.reportId, publication.publishedAt],
      ...[exam.description, exam.examDate, familyName, givenName, birthDate],
    ])
    const promise =
      kept.get(key)?.promise ?? discOf({ db, site, light, viewer, online, preparation, data, compact })
    drop(key)
    kept.set(key, { promise, forget: setTimeout(() => drop(key), KEPT_MS).unref() })
    for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) drop(oldest)
    return await promise.catch((error: unknown) => {
      drop(key)
      throw error
    })
  }
}

type DiscOf = {
  viewer: Viewer
  online: Viewer['online'][number]
  preparation: Extract<Preparation, { ready: true }>
  /** Of the same studies, in the same order. */
  data: Extract<ViewerData, { ready: true }>
  /** The compact disc is wanted. */
  compact?: Extract<Compact, { state: 'ready' }> | undefined
}

/** The disc of one exam online: its images, its report as shown and as signed, and what they are (S21). */
async function discOf({
  db,
  site,
  viewer,
  online,
  preparation,
  light,
  data,
  compact,
}: DiscOf & { db: Database; site: Site; light: LightViewer }): Promise<DiscPlan> {
  const { publication, exam } = online
  const { familyName, givenName, birthDate } = viewer.visit
  const report = await readReport(db, publication.id)
  const { phone, email, openingHours, address } = site.contacts
  // Fixed by what is on the disc, not by the clock: the same disc has the same bytes whenever and wherever it is made.
  const made = [preparation.preparedAt, data.preparedAt, publication.publishedAt, compact?.preparedAt]
  const date = new Date(Math.max(...made.map((instant) => instant?.getTime() ?? 0)))
  const content: DiscContent = {
    viewer: DISC_VIEWER,
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
              signatureFacts: signatureFacts(site.messages, report.signature),
            }
          : null,
      },
    ],
  }
  return planDisc({
    manifests: await preparation.manifests(),
    compact: compact?.instances,
    date,
    content,
    extras: discViewerFiles(light, discExam(site, content, report, data.studies.length), data.studies),
  })
}

/** What the viewer on the disc is told of the exam; addresses are relative to its page. */
function discExam(site: Site, content: DiscContent, report: StoredReport | null, studies: number): ExamData {
  const [exam] = content.exams
  const files = reportFiles(content).flatMap((one) => one.files)
  const addressOf = (roles: readonly string[]) => {
    const found = files.find(({ role }) => roles.includes(role))
    return found ? `../${found.file.path}` : null
  }
  const signed = addressOf(['signed', 'both'])
  return {
    organisation: site.organisation,
    studies: Array.from({ length: studies }, (_, index) => studyFolder(index)),
    reports:
      exam?.report && report
        ? [
            {
              title: exam.description,
              date: (report.reportDate ?? exam.date).replaceAll('-', ''),
              pdf: addressOf(['shown', 'both']),
              signed: signed ? { url: signed, name: signed.split('/').at(-1) ?? '' } : null,
              signature: {
                summary: exam.report.signature ?? '',
                facts: exam.report.signatureFacts ?? [],
              },
              text: report.body ?? '',
            },
          ]
        : [],
    otherViewer: null,
    back: '../INDEX.HTM',
  }
}

type StoredReport = NonNullable<Awaited<ReturnType<typeof readReport>>>
