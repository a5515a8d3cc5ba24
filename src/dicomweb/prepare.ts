import { promisify } from 'node:util'
import { brotliCompress, constants, crc32, gzip } from 'node:zlib'
import type { Deriver, Work } from '../derived/derived.ts'
import { AppError } from '../errors.ts'
import type { Orthanc } from '../orthanc/orthanc.ts'
import { type Codecs, type Image, PixelError, readImage } from '../pixels/pixels.ts'
import type { NativeFrames } from './native.ts'
import { pathOf } from './resource.ts'

/** What is known of a prepared study without reading it. */
export type OnlineFacts = {
  /** Addresses within the metadata begin with it. */
  readonly portalUrl: string
  /** SOP Instance UIDs of each series, in the order of its metadata. */
  readonly series: Readonly<Record<string, readonly string[]>>
  /** Where native frames lie in the archive's own files, by SOP Instance UID. */
  readonly native: Readonly<Record<string, NativeFrames>>
  /** Bytes of the frames as stored, and of those among them that were coded. */
  readonly bytes: { readonly stored: number; readonly coded: number; readonly codedAs: number }
}

/** Kind and version of what `onlineDeriver()` makes. */
export const ONLINE: { readonly kind: string; readonly version: number } = { kind: 'online', version: 2 }

/** JPEG-LS without loss: a third of CT and MR, and what OHIF and cornerstone decode by themselves. */
export const JPEG_LS = '1.2.840.10008.1.2.4.80'

export const metadataName = (of: string, encoding: 'br' | 'gzip'): string => `metadata/${of}.${encoding}`
export const STUDY = 'study'
export const frameName = (sopInstanceUid: string, frame: number): string =>
  `frames/${sopInstanceUid}/${frame}`

const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
// A frame that hardly shrinks is sent as it is: whoever decodes it would lose more time than the line gains.
const WORTH_IT = 0.9

/**
 * Makes of a study what the viewer asks for: the metadata of study and series as Orthanc tells it in full, with our own
 * addresses, compressed; and native frames in JPEG-LS. Each file of the archive is fetched once.
 */
export function onlineDeriver({
  orthanc,
  codecs,
  portalUrl,
}: {
  orthanc: Orthanc
  codecs: Codecs
  portalUrl: string
}): Deriver<OnlineFacts> {
  return {
    ...ONLINE,
    made: 'always',
    async derive(work) {
      const series = await prepareMetadata(work, orthanc, portalUrl)
      return { portalUrl, series, ...(await prepareFrames(work, orthanc, codecs)) }
    },
  }
}

/** Series after series, as Orthanc's answer about the study is theirs in a row. */
async function prepareMetadata(
  { manifest, orthancId, write, signal }: Work,
  orthanc: Orthanc,
  portalUrl: string,
) {
  const study = await orthanc.study(orthancId)
  if (!study) throw new AppError('images.unavailable', 'the study is gone')
  const { studyInstanceUid } = study
  const search = await askJson(orthanc, pathOf({ kind: 'search-series', studyInstanceUid }), signal)
  const ofStudy: string[] = []
  const instances: Record<string, string[]> = {}
  for (const found of JSON.parse(search) as DicomJson[]) {
    const seriesInstanceUid = String(found['0020000E']?.Value?.[0] ?? '')
    const text = await askJson(
      orthanc,
      pathOf({ kind: 'metadata', studyInstanceUid, seriesInstanceUid }),
      signal,
    )
    const told = JSON.parse(ownAddresses(text, orthanc, portalUrl)) as DicomJson[]
    instances[seriesInstanceUid] = told.map((instance) => String(instance['00080018']?.Value?.[0] ?? ''))
    const body = JSON.stringify(told)
    ofStudy.push(body.slice(1, -1))
    await writeCompressed(write, seriesInstanceUid, body)
  }
  await writeCompressed(write, STUDY, `[${ofStudy.join(',')}]`)
  // What came while we asked is of the next revision.
  if (Object.values(instances).flat().length < manifest.instances.length)
    throw new AppError('images.unavailable', 'the archive tells of fewer instances than the manifest')
  return instances
}

/** In Orthanc's JSON, its own address becomes ours. */
export const ownAddresses = (text: string, orthanc: Orthanc, portalUrl: string): string =>
  text.replaceAll(orthanc.dicomWebRoot, `${portalUrl}/dicomweb`)

async function askJson(orthanc: Orthanc, path: string, signal: AbortSignal): Promise<string> {
  const response = await orthanc.dicomWeb(path, { accept: 'application/dicom+json' }, signal)
  const text = await response.body.text()
  if (response.statusCode !== 200)
    throw new AppError('pacs.unavailable', `Orthanc answered ${response.statusCode}.`)
  return text
}

async function writeCompressed(write: Work['write'], of: string, text: string): Promise<void> {
  await write(metadataName(of, 'br'), await promisify(brotliCompress)(text, BROTLI))
  await write(metadataName(of, 'gzip'), await promisify(gzip)(text, { level: 9 }))
}

// Held whole and once more as frames; the frames of a longer one are those that the archive gives when asked.
const LONGEST_PREPARED = 64 * 2 ** 20

async function prepareFrames(
  { manifest, write, progress, signal }: Work,
  orthanc: Orthanc,
  codecs: Codecs,
): Promise<Pick<OnlineFacts, 'bytes' | 'native'>> {
  const bytes = { stored: 0, coded: 0, codedAs: 0 }
  const native: Record<string, NativeFrames> = {}
  const total = manifest.instances.length
  for (const [index, { orthancId, sopInstanceUid, fileUuid, length }] of manifest.instances.entries()) {
    const file = length > LONGEST_PREPARED ? null : await orthanc.instanceFile(orthancId, signal)
    const image = file && readable(file)
    const where = file && image && fileUuid ? placeIn(file, image) : null
    if (file && where && fileUuid)
      native[sopInstanceUid] = { orthancId, fileUuid, crc32: crc32(file), ...where }
    for (const [frame, stored] of (image && isPlain(image) ? image.frames : []).entries()) {
      bytes.stored += stored.byteLength
      const coded = image && (await codedFrame(codecs, image, frame))
      if (!coded || coded.byteLength > stored.byteLength * WORTH_IT) continue
      bytes.coded += stored.byteLength
      bytes.codedAs += coded.byteLength
      await write(frameName(sopInstanceUid, frame + 1), coded)
    }
    progress(index + 1, total)
  }
  return { bytes, native }
}

/** Where in the file its frames lie; null where they are not there as Explicit VR Little Endian has them, byte by byte. */
function placeIn(
  file: Uint8Array,
  { frames }: Image,
): Pick<NativeFrames, 'size' | 'start' | 'length' | 'frames'> | null {
  const [first, second] = frames
  if (!first || first.buffer !== file.buffer) return null
  if (second && second.byteOffset - first.byteOffset !== first.byteLength) return null
  const start = first.byteOffset - file.byteOffset
  return { size: file.byteLength, start, length: first.byteLength, frames: frames.length }
}

function readable(file: Uint8Array): Image | null {
  try {
    const image = readImage(file)
    return image && NATIVE.has(image.transferSyntaxUid) ? image : null
  } catch (error) {
    if (error instanceof PixelError) return null
    throw error
  }
}

/** One sample of 8 or 16 bits: CT, MR, radiography. Other native pixels are sent as they are stored. */
const isPlain = ({ samplesPerPixel, bitsAllocated, float }: Image): boolean =>
  samplesPerPixel === 1 && [8, 16].includes(bitsAllocated) && !float

const NATIVE = new Set([
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.1.99',
  '1.2.840.10008.1.2.2',
])

async function codedFrame(codecs: Codecs, image: Image, frame: number): Promise<Uint8Array | null> {
  try {
    return await codecs.encodeJpegLs(await codecs.decode(image, frame))
  } catch (error) {
    if (error instanceof PixelError) return null
    throw error
  }
}

type DicomJson = Record<string, { Value?: unknown[] }>
