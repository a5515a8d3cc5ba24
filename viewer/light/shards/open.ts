import workerSource from 'worker:./worker.ts'
import { EXAM_NAME, type ExamData, type ExamReport } from '../../../src/shards/format.ts'
import { withDocuments } from '../dicom/documents.ts'
import { FrameError, type FrameSource, type Opened, type Report } from '../model/model.ts'
import { studiesOf } from '../model/studies.ts'
import { jsonOf } from './json.ts'
import { type DrawPreview, openShards, type ShardData } from './source.ts'
import { fetchTransport, scriptTransport } from './transport.ts'
import { startDecoders } from './workers.ts'

/** An exam whose data lies beside the page: on a disc, or on the portal. */
export interface OpenedExam extends Opened {
  readonly organisation: string
  /** The other viewer, and the way back, where there are. */
  readonly otherViewer: string | null
  readonly back: string | null
}

/** Is there data beside this page? A viewer without opens folders alone. */
export const hasExam = (): boolean => document.documentElement.dataset.exam !== undefined

/** Is the viewer a page of the portal, with the portal's exam? Its policy compiles no codecs there, as folders may need. */
export const isOnline = (): boolean => hasExam() && location.protocol !== 'file:'

/** Opens the data that the page was given: `data-exam` says where, the address of the page how. */
export async function openExam(drawPreview: DrawPreview): Promise<OpenedExam> {
  const base = document.documentElement.dataset.exam ?? ''
  const transportTo = (folder: string) =>
    isOnline() ? fetchTransport(base + folder) : scriptTransport(base + folder)
  const decoders = startDecoders(workerSource)
  // Written by our own side, in the version that the script checked.
  const exam = await jsonOf<ExamData>(await transportTo('').loadWhole(EXAM_NAME))
  const data = await Promise.all(
    exam.studies.map((folder, index) => openShards(index, transportTo(folder), decoders, drawPreview)),
  )
  const records = data.flatMap((one) => one.records)
  const studies = withDocuments(
    studiesOf(
      records,
      data.flatMap(({ unread }) => unread),
    ),
    records,
    (key) => data[Number.parseInt(key, 10)]?.documents(key) ?? null,
  )
  const reports = exam.reports.map(reportOf)
  return {
    // One visit's report is about all the studies of it: it stands beside the first.
    studies: studies.map((study, index) =>
      index === 0 ? { ...study, reports: [...reports, ...study.reports] } : study,
    ),
    frames: allOf(data),
    organisation: exam.organisation,
    otherViewer: exam.otherViewer,
    back: exam.back,
  }
}

const reportOf = ({ pdf, frame, ...report }: ExamReport): Report => ({
  ...report,
  pdf: pdf === null ? null : { url: pdf, ...(frame !== undefined && { frame }) },
})

/** The frames of several studies as one source; a key begins with its study's number. */
function allOf(data: readonly ShardData[]): FrameSource {
  const sourceOf = (key: string): FrameSource => {
    const found = data[Number.parseInt(key, 10)]?.frames
    if (!found) throw new FrameError('pixels-missing', key)
    return found
  }
  return {
    frame: async (image, index, priority, signal) =>
      sourceOf(image.key).frame(image, index, priority, signal),
    check: async (image, index, priority, signal) =>
      sourceOf(image.key).check?.(image, index, priority, signal),
    // All studies share the workers.
    reuse: (frame) => data[0]?.frames.reuse?.(frame),
    preview: async (image) => sourceOf(image.key).preview(image),
    onProgress(listener) {
      const of = data.map(() => ({ loadedBytes: 0, totalBytes: 0 }))
      const stops = data.map(({ frames }, at) =>
        frames.onProgress((progress) => {
          of[at] = progress
          listener({
            loadedBytes: of.reduce((sum, { loadedBytes }) => sum + loadedBytes, 0),
            totalBytes: of.reduce((sum, { totalBytes }) => sum + totalBytes, 0),
          })
        }),
      )
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}
