import { Hono } from 'hono'
import { findViewer, studiesOfUid, viewableOf, viewableStudies } from '../access/access.ts'
import { readSessionCookie } from '../access/cookie.ts'
import { onlineExam } from '../access/require-viewer.ts'
import { derivationsOfUid, findDerived } from '../derived/derived.ts'
import type { Authorise } from '../dicomweb/dicomweb.ts'
import { ONLINE, type OnlineFacts } from '../dicomweb/prepare.ts'
import { AppError } from '../errors.ts'
import { sourceOf } from '../http/source.ts'
import { chosenView } from './chosen-view.ts'
import type { PortalDependencies } from './dependencies.ts'
import { viewingNotes } from './viewing-notes.ts'

/** Images, into one of the two viewers: the light one on small screens, OHIF elsewhere, or as the person chose (S20). */
export function imageRoutes({ db, requireViewer }: PortalDependencies) {
  return new Hono().get('/referti/:id/immagini', async (c) => {
    const viewer = await requireViewer(c)
    const online = onlineExam(viewer, c.req.param('id'))
    const studies = await viewableStudies(db, [online])
    if (studies.length === 0)
      throw new AppError(online.exam.imagesExpected ? 'images.preparing' : 'not_found')
    if (chosenView(c) === 'rapida') return c.redirect(`/referti/${online.publication.id}/rapida`, 303)
    const uids = studies.map(({ studyInstanceUid }) => studyInstanceUid)
    return c.redirect(
      `/viewer/viewer?StudyInstanceUIDs=${uids.join(',')}&esame=${online.publication.id}`,
      303,
    )
  })
}

/** Which studies a session's DICOMweb requests may reach (S45). */
export function dicomwebAuthorisation({
  db,
  derived,
  requireViewer,
  trustedProxies,
  clock,
}: PortalDependencies): Authorise {
  const noteViewed = viewingNotes({ db, clock })
  return async (c, studyInstanceUid) => {
    // At every frame of a study: all at once, one round trip. Nothing of it is used before the viewer is known, and for
    // whoever has no session nothing is asked.
    const asked = readSessionCookie(c) === null ? undefined : studyInstanceUid
    const [viewer, candidates, made] = await Promise.all([
      requireViewer(c),
      asked === undefined ? null : studiesOfUid(db, asked),
      asked === undefined ? [] : derivationsOfUid(db, ONLINE, asked),
    ])
    const studies = candidates
      ? viewableOf(candidates, viewer.online)
      : await viewableStudies(db, viewer.online)
    return {
      studyInstanceUids: new Set(studies.map(({ studyInstanceUid }) => studyInstanceUid)),
      prepared: async (studyInstanceUid) => {
        const study = studies.find((one) => one.studyInstanceUid === studyInstanceUid)
        if (!study) return null
        const found = await findDerived<OnlineFacts>(db, derived, ONLINE, study, made)
        return found.ready ? found : null
      },
      noteViewed: (studyInstanceUid) => {
        const study = studies.find((candidate) => candidate.studyInstanceUid === studyInstanceUid)
        const exam = viewer.online.find(
          ({ exam: { accessionNumber } }) => accessionNumber === study?.accessionNumber,
        )?.exam
        return noteViewed(viewer, studyInstanceUid, exam?.id ?? null, sourceOf(c, trustedProxies))
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
