import { AppError } from '../errors.ts'
import { acceptedBy, choose } from './accept.ts'
import { type Asked, askArchive, passOn, passOnPart } from './archive.ts'

const OCTETS = 'application/octet-stream'

/** Bulk data (PS3.18 §10.4.1.1.5): alone, also in parts (206), or in an envelope for who wants one. */
export async function bulkdata(asked: Asked): Promise<Response> {
  const { c } = asked
  const offers = [
    { multipart: false, type: OCTETS },
    { multipart: true, type: OCTETS },
  ]
  const offer = choose(acceptedBy(c.req.header('accept')), offers)
  // A viewer that knows what the bytes are asks for that: a document, a video.
  const named = /^(?:application\/pdf|video\/[a-z0-9-]+)$/i.exec(
    c.req.header('accept')?.split(/[,;]/)[0]?.trim() ?? '',
  )
  if (!offer && !named) throw new AppError('not_acceptable')
  const abort = new AbortController()
  // Orthanc 1.7 gives bulk data as multipart or not at all.
  const response = await askArchive(asked, '*/*', abort)
  if (offer?.multipart) return passOn(asked, response, abort)
  return passOnPart(asked, response, abort, { type: named?.[0]?.toLowerCase() ?? OCTETS })
}
