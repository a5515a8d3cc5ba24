import { AppError } from '../errors.ts'
import { acceptedBy, choose } from './accept.ts'
import { type Asked, askArchive, passOn } from './archive.ts'

const OFFERS = [
  { multipart: false, type: 'image/jpeg' },
  { multipart: false, type: 'image/png' },
]
const THUMBNAIL = '?viewport=200,200'

/** A picture for people of a study, a series, an instance or a frame, and a small one (PS3.18 §10.4.1.1.3, §10.4.1.1.4). */
export async function rendered(asked: Asked): Promise<Response> {
  const offer = choose(acceptedBy(asked.c.req.header('accept')), OFFERS)
  if (!offer) throw new AppError('not_acceptable')
  const abort = new AbortController()
  // Orthanc 1.7 has no thumbnails, but draws as small as it is told.
  const isSmall = asked.resource.kind === 'thumbnail'
  const drawn = isSmall
    ? {
        ...asked,
        resource: { ...asked.resource, kind: 'rendered' as const },
        search: asked.search || THUMBNAIL,
      }
    : asked
  return passOn(asked, await askArchive(drawn, offer.type, abort), abort)
}
