import { Hono } from 'hono'
import { findViewer, viewableStudies } from '../access/access.ts'
import { readSessionCookie } from '../access/cookie.ts'
import { onlineExam } from '../access/require-viewer.ts'
import { recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import type { Authorise } from '../dicomweb/dicomweb.ts'
import { AppError } from '../errors.ts'
import { sourceOf } from '../http/source.ts'
import type { PortalDependencies } from './dependencies.ts'

/** Images, into the viewer (S20). */
export function imageRoutes({ db, requireViewer }: PortalDependencies) {
  return new Hono().get('/referti/:id/immagini', async (c) => {
    const viewer = await requireViewer(c)
    const online = onlineExam(viewer, c.req.param('id'))
    const studies = await viewableStudies(db, [online])
    if (studies.length === 0)
      throw new AppError(online.exam.imagesExpected ? 'images.preparing' : 'not_found')
    const uids = studies.map(({ studyInstanceUid }) => studyInstanceUid)
    return c.redirect(`/viewer/viewer?StudyInstanceUIDs=${uids.join(',')}`, 303)
  })
}

// One line in the audit trail a session and study, not one a frame.
const VIEWING_PERIOD_MS = 8 * 60 * 60_000

/** Which studies a session's DICOMweb requests may reach (S45). */
export function dicomwebAuthorisation({
  db,
  requireViewer,
  trustedProxies,
  clock,
}: PortalDependencies): Authorise {
  const noteOnce = oncePerPeriod(VIEWING_PERIOD_MS, clock)
  return async (c) => {
    const viewer = await requireViewer(c)
    const studies = await viewableStudies(db, viewer.online)
    return {
      studyInstanceUids: new Set(studies.map(({ studyInstanceUid }) => studyInstanceUid)),
      noteViewed: (studyInstanceUid) => {
        const study = studies.find((candidate) => candidate.studyInstanceUid === studyInstanceUid)
        const exam = viewer.online.find(
          ({ exam: { accessionNumber } }) => accessionNumber === study?.accessionNumber,
        )?.exam
        const source = sourceOf(c, trustedProxies)
        const write = () =>
          recordAlone(db, clock(), {
            event: 'images.viewed',
            actor: viewer.actor,
            source,
            visitId: viewer.visit.id,
            examId: exam?.id ?? null,
          })
        return noteOnce(`${viewer.tokenHash} ${studyInstanceUid}`, write)
      },
      stillAllowed: async (studyInstanceUid) => {
        const token = readSessionCookie(c)
        const now = token === null ? null : await findViewer(db, token, clock())
        const left = now ? await viewableStudies(db, now.online) : []
        return left.some((study) => study.studyInstanceUid === studyInstanceUid)
      },
    }
  }
}
