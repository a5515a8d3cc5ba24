import { AppError } from '../errors.ts'
import { type Drawing, isEncapsulated, PixelError, readImage, type Voi } from '../pixels/pixels.ts'
import { acceptedBy, choose } from './accept.ts'
import { type Asked, askArchive, passOn, withFile } from './archive.ts'
import { type DicomJson, imageOf, jsonOf, metadataOf, storedFrame } from './stored.ts'
import { whole } from './whole.ts'

const OFFERS = [
  { multipart: false, type: 'image/jpeg' },
  { multipart: false, type: 'image/png' },
] as const
const THUMBNAIL = '?viewport=200,200'
const QUALITY = 90

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
  try {
    return passOn(asked, await askArchive(drawn, offer.type, abort), abort)
  } catch (error) {
    // It draws neither JPEG 2000 nor 32 bits: we do.
    const isRefused =
      error instanceof AppError && ['not_acceptable', 'images.unavailable'].includes(error.code)
    if (!isRefused) throw error
    return drawnHere(drawn, offer.type)
  }
}

async function drawnHere(asked: Asked, type: (typeof OFFERS)[number]['type']): Promise<Response> {
  const { resource, search, c, codecs } = asked
  const of = resource.sopInstanceUid ? asked : await representative(asked)
  const index = Number(resource.rest ?? 1) - 1
  const parameters = new URLSearchParams(search)
  const as = type === 'image/png' ? { type } : { type, quality: Number(parameters.get('quality') ?? QUALITY) }
  try {
    const told = await metadataOf(of)
    const how = drawingOf(told, index, parameters)
    const frame = await storedFrame(of, index + 1).catch(orNull)
    // Of a compressed frame nothing else is held. Native ones may be of any byte order, or not integers.
    const drawn =
      frame?.transferSyntaxUid && isEncapsulated(frame.transferSyntaxUid)
        ? await codecs.draw(imageOf(frame, frame.transferSyntaxUid, told), 0, how, as)
        : await withFile(of, async (file) => {
            const image = readImage(file)
            if (!image?.frames[index]) throw new AppError('not_found')
            return codecs.draw(image, index, how, as)
          })
    return whole(c, drawn, { 'content-type': type })
  } catch (error) {
    if (error instanceof PixelError) throw new AppError('not_acceptable', error.message)
    throw error
  }
}

// Orthanc gives no frames of floating pixels.
function orNull(error: unknown): null {
  if (error instanceof AppError && error.code === 'not_found') return null
  throw error
}

/** Of a study or a series the image in the middle. */
async function representative(asked: Asked): Promise<Asked> {
  const { kind: _kind, ...within } = asked.resource
  const resource = { ...within, kind: 'search-instances' as const }
  const found = await jsonOf(asked, resource, '?includefield=00280010')
  const images = found.filter((instance) => instance['00280010']?.Value?.length)
  const middle = images[images.length >> 1]
  const uid = (tag: string) => String(middle?.[tag]?.Value?.[0] ?? '')
  if (!middle) throw new AppError('not_found')
  return {
    ...asked,
    resource: { ...asked.resource, seriesInstanceUid: uid('0020000E'), sopInstanceUid: uid('00080018') },
  }
}

/** What was asked for, else what the instance says: of the frame, of all frames (PS3.3 §C.7.6.16), or of the image. */
function drawingOf(told: DicomJson, index: number, parameters: URLSearchParams): Drawing {
  const groups = [told['52009230']?.Value?.[index], told['52009229']?.Value?.[0]] as (DicomJson | undefined)[]
  const places = (sequence: string): DicomJson[] => [
    ...groups.flatMap((group) => (group?.[sequence]?.Value ?? []) as DicomJson[]),
    told,
  ]
  const number = (sequence: string, tag: string): number | null => {
    for (const place of places(sequence)) {
      const value = place[tag]?.Value?.[0]
      if (value !== undefined && Number.isFinite(Number(value))) return Number(value)
    }
    return null
  }
  const [FRAME_VOI, PIXEL_VALUES] = ['00289132', '00289145']
  const center = number(FRAME_VOI, '00281050')
  const width = number(FRAME_VOI, '00281051')
  const voi =
    center !== null && width !== null && width > 0 ? { center, width, kind: 'linear' as const } : null
  const [columns = 0, rows = 0] = (parameters.get('viewport') ?? '').split(',').map(Number)
  return {
    slope: number(PIXEL_VALUES, '00281053') ?? 1,
    intercept: number(PIXEL_VALUES, '00281052') ?? 0,
    voi: wantedVoi(parameters.get('window')) ?? voi,
    viewport: columns > 0 && rows > 0 ? { width: columns, height: rows } : null,
  }
}

function wantedVoi(text: string | null): Voi | null {
  const [center = '', width = '', kind] = (text ?? '').split(',')
  return kind === 'linear' || kind === 'linear-exact' || kind === 'sigmoid'
    ? { center: Number(center), width: Number(width), kind }
    : null
}
