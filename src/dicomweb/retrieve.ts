import { AppError } from '../errors.ts'
import { acceptedBy, choose } from './accept.ts'
import { type Asked, askArchive, passOn, passOnPart } from './archive.ts'
import { withoutPreamble, withoutPreambles } from './preamble.ts'

const DICOM = 'application/dicom'
const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1'
const AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'

/** DICOM files of a study, a series or an instance (PS3.18 §10.4.1.1.1), as they are stored or as Orthanc can make them. */
export async function retrieve(asked: Asked): Promise<Response> {
  const { c, resource } = asked
  const accepted = acceptedBy(c.req.header('accept'))
  const offers = [
    { multipart: true, type: DICOM, upstream: AS_STORED },
    {
      multipart: true,
      type: DICOM,
      transferSyntaxUid: EXPLICIT_LITTLE,
      upstream: `multipart/related; type="application/dicom"; transfer-syntax=${EXPLICIT_LITTLE}`,
    },
    // One file needs no envelope.
    ...(resource.sopInstanceUid ? [{ multipart: false, type: DICOM, upstream: AS_STORED }] : []),
  ]
  const named = namedTransferSyntax(c.req.header('accept'))
  const offer = choose(
    accepted,
    named && named !== EXPLICIT_LITTLE
      ? [{ multipart: true, type: DICOM, transferSyntaxUid: named, upstream: upstreamOf(named) }, ...offers]
      : offers,
  )
  if (!offer) throw new AppError('not_acceptable')
  const abort = new AbortController()
  const response = await askArchive(asked, offer.upstream, abort)
  if (offer.multipart) return passOn(asked, response, abort, withoutPreambles)
  return passOnPart(asked, response, abort, { through: withoutPreamble })
}

const upstreamOf = (uid: string) => `multipart/related; type="application/dicom"; transfer-syntax=${uid}`

// The one that the client asks for by name: Orthanc knows whether it can make it.
function namedTransferSyntax(accept: string | undefined): string | null {
  const uids = [...(accept ?? '').matchAll(/transfer-syntax="?([0-9.]{5,64})"?/g)].map(([, uid = '']) => uid)
  return uids.length === 1 ? (uids[0] ?? null) : null
}
