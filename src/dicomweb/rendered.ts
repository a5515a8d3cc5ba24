import { AppError } from '../errors.ts'
import { type Drawing, PixelError, readImage, type Voi } from '../pixels/pixels.ts'
import { acceptedBy, choose } from './accept.ts'
import { type Asked, askArchive, bytesOf, DICOM_JSON, fileOf, passOn } from './archive.ts'
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
    const image = readImage(await fileOf(of))
    if (!image?.frames[index]) throw new AppError('not_found')
    const how = drawingOf(await metadataOf(of), index, parameters)
    return whole(c, await codecs.draw(image, index, how, as), { 'content-type': type })
  } catch (error) {
    if (error instanceof PixelError) throw new AppError('not_acceptable', error.message)
    throw error
  }
}

type DicomJson = Record<string, { Value?: unknown[] }>

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

async function metadataOf(asked: Asked): Promise<DicomJson> {
  const { rest: _frame, ...instance } = asked.resource
  const [told] = await jsonOf(asked, { ...instance, kind: 'metadata' }, '')
  return told ?? {}
}

async function jsonOf(asked: Asked, resource: Asked['resource'], search: string): Promise<DicomJson[]> {
  const answer = await askArchive({ ...asked, resource, search }, DICOM_JSON)
  return JSON.parse(Buffer.from(await bytesOf(answer)).toString('utf8')) as DicomJson[]
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
