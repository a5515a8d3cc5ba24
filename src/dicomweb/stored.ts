import { AppError } from '../errors.ts'
import type { OrthancResponse } from '../orthanc/orthanc.ts'
import { bitsPerFrame, type Image, PixelError, readPicture } from '../pixels/pixels.ts'
import { type Asked, askArchive, bytesOf, DICOM_JSON, typeOf } from './archive.ts'
import { type Part, singlePart } from './multipart.ts'

const AS_STORED = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'

/** Asks for one frame as it is stored: Orthanc 1.7 gives one a request. */
export async function askFrame(
  asked: Asked,
  number: number,
  abort?: AbortController,
): Promise<OrthancResponse> {
  const resource = { ...asked.resource, kind: 'frames' as const, rest: String(number) }
  try {
    return await askArchive({ ...asked, resource, search: '' }, AS_STORED, abort)
  } catch (error) {
    // It says 400 to a number that is not there, 500 to an instance without pixels.
    const isRefused =
      error instanceof AppError && ['not_acceptable', 'images.unavailable'].includes(error.code)
    throw isRefused ? new AppError('not_found') : error
  }
}

/** One frame as it is stored. */
export async function storedFrame(asked: Asked, number: number): Promise<Part> {
  const response = await askFrame(asked, number)
  return singlePart(await bytesOf(response), typeOf(response))
}

/** Attributes by tag (PS3.18 §F.2). */
export type DicomJson = Record<string, { Value?: unknown[] }>

/** What the archive tells of an instance. */
export async function metadataOf(asked: Asked): Promise<DicomJson> {
  const { rest: _frame, ...instance } = asked.resource
  const [told] = await jsonOf(asked, { ...instance, kind: 'metadata' }, '')
  return told ?? {}
}

/** An answer of the archive's in DICOM JSON. */
export async function jsonOf(
  asked: Asked,
  resource: Asked['resource'],
  search: string,
): Promise<DicomJson[]> {
  const answer = await askArchive({ ...asked, resource, search }, DICOM_JSON)
  return JSON.parse(Buffer.from(await bytesOf(answer)).toString('utf8')) as DicomJson[]
}

/** Of pixels that are decoded while somebody waits: some kilobytes may stand for any number of them. */
const LONGEST_FRAME = 256 * 2 ** 20

/** The image of one compressed frame alone: to decode it, nothing else of the file is needed. */
export function imageOf({ bytes }: Part, transferSyntaxUid: string, told: DicomJson): Image {
  const value = (tag: number) => told[tag.toString(16).toUpperCase().padStart(8, '0')]?.Value?.[0]
  const picture = readPicture({
    number: (tag) => (value(tag) === undefined ? null : Number(value(tag))),
    text: (tag) => String(value(tag) ?? ''),
  })
  if (bitsPerFrame(picture) / 8 > LONGEST_FRAME) throw new PixelError('unsupported', 'too long decoded')
  return { ...picture, transferSyntaxUid, frames: [bytes] }
}
