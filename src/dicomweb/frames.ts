import { hash } from 'node:crypto'
import { AppError } from '../errors.ts'
import { PixelError } from '../pixels/pixels.ts'
import { acceptedBy, choose, type Offer } from './accept.ts'
import { type Asked, passOn, streamed } from './archive.ts'
import { framing, type Part } from './multipart.ts'
import { frameName, JPEG_LS } from './prepare.ts'
import { askFrame, type DicomJson, imageOf, metadataOf, storedFrame } from './stored.ts'
import { isUnchanged, whole } from './whole.ts'

const OCTETS = 'application/octet-stream'
const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1'

/**
 * Frames (PS3.18 §10.4.1.1.6): in JPEG-LS as they were prepared, for who asks for that; as they are stored, for who
 * takes any Transfer Syntax or names that one; else decoded. Each in a part, or one alone as it is.
 */
export async function frames(asked: Asked): Promise<Response> {
  const { c, resource } = asked
  const accepted = acceptedBy(c.req.header('accept'))
  const numbers = (resource.rest ?? '').split(',').map(Number)
  return (
    (await preparedFrames(asked, accepted, numbers)) ??
    (await nativeFrame(asked, accepted, numbers)) ??
    (await archivedFrames(asked, accepted, numbers))
  )
}

type Accepted = ReturnType<typeof acceptedBy>

/** Each form in an envelope and, where there is one frame, alone. */
const offersOf = (numbers: readonly number[], offer: Omit<Offer, 'multipart'>): Offer[] => [
  { ...offer, multipart: true },
  ...(numbers.length === 1 ? [{ ...offer, multipart: false }] : []),
]

async function preparedFrames(
  asked: Asked,
  accepted: Accepted,
  numbers: readonly number[],
): Promise<Response | null> {
  const { c, prepared, resource } = asked
  const names = numbers.map((number) => frameName(resource.sopInstanceUid ?? '', number))
  const entries = names.flatMap((name) => prepared?.entries.get(name) ?? [])
  const jls = offersOf(numbers, { type: 'image/jls', transferSyntaxUid: JPEG_LS })
  const raw = offersOf(numbers, { type: OCTETS, transferSyntaxUid: EXPLICIT_LITTLE })
  // What says nothing ("*/*") means pixels as they are (PS3.18 §8.7.3.3.2); liked equally, the smaller goes.
  const named = /image\/(?:jls|\*)/i.test(c.req.header('accept') ?? '')
  const offer = choose(accepted, [...jls, ...raw])
  if (!prepared || !offer || !named || !jls.includes(offer) || entries.length < numbers.length) return null
  const [first] = entries
  if (!offer.multipart && first) {
    const etag = `"${first.sha256.slice(0, 32)}"`
    const headers = { 'content-type': `image/jls; transfer-syntax=${JPEG_LS}` }
    return whole(c, await prepared.read(names[0] ?? ''), headers, etag)
  }
  const { contentType, before, after, end } = framing('image/jls')
  const heads = entries.map(({ length }, index) =>
    before({
      type: 'image/jls',
      transferSyntaxUid: JPEG_LS,
      length,
      location: locationOf(asked, numbers[index] ?? 1),
    }),
  )
  const length = entries.reduce(
    (sum, entry, index) => sum + (heads[index]?.byteLength ?? 0) + entry.length + after.byteLength,
    end.byteLength,
  )
  // Weak: the boundary is another each time (RFC 9110 §8.8.1).
  const etag = `W/"${hash('sha256', entries.map(({ sha256 }) => sha256).join(), 'hex').slice(0, 32)}-m"`
  const headers = { 'content-type': contentType(JPEG_LS), 'content-length': `${length}`, etag }
  if (isUnchanged(c, etag)) return c.body(null, 304, { etag })
  if (c.req.method === 'HEAD') return new Response(null, { headers })
  async function* body() {
    for (const [index, name] of names.entries()) {
      yield heads[index] ?? after
      yield* prepared?.stream(name) ?? []
      yield after
    }
    yield end
  }
  return streamed(asked, body, headers)
}

/** One native frame cut out of the archive's own file. */
async function nativeFrame(
  asked: Asked,
  accepted: Accepted,
  numbers: readonly number[],
): Promise<Response | null> {
  const { c, prepared, resource } = asked
  const [number = 0, ...more] = numbers
  const where = prepared?.facts.native[resource.sopInstanceUid ?? '']
  const offer = choose(accepted, offersOf(numbers, { type: OCTETS, transferSyntaxUid: EXPLICIT_LITTLE }))
  if (!where || !offer || more.length > 0) return null
  const frame = await asked.nativeFrame(where, number)
  if (!frame) return null
  const { bytes, taken, over } = frame
  if (!offer.multipart) {
    over()
    return whole(c, bytes, { 'content-type': `${OCTETS}; transfer-syntax=${EXPLICIT_LITTLE}` })
  }
  const { contentType, before, after, end } = framing(OCTETS)
  const told = { type: OCTETS, transferSyntaxUid: EXPLICIT_LITTLE, length: bytes.byteLength }
  const head = before({ ...told, location: locationOf(asked, number) })
  const tail = Buffer.concat([after, end])
  const length = head.byteLength + bytes.byteLength + tail.byteLength
  const headers = { 'content-type': contentType(EXPLICIT_LITTLE), 'content-length': `${length}` }
  if (c.req.method === 'HEAD') {
    over()
    return new Response(null, { headers })
  }
  async function* body() {
    try {
      yield head
      yield bytes
      yield tail
    } finally {
      over()
    }
  }
  return streamed(asked, body, headers, { sent: (piece) => piece === bytes && taken() })
}

async function archivedFrames(
  asked: Asked,
  accepted: Accepted,
  numbers: readonly number[],
): Promise<Response> {
  const raw = offersOf(numbers, { type: OCTETS, transferSyntaxUid: EXPLICIT_LITTLE })
  const rawOffer = choose(accepted, raw)
  const anySyntax = offersOf(numbers, { type: OCTETS, transferSyntaxUid: 'any' })
  const takesAny = anySyntax.some((offer) => accepted(offer) > 0)
  const [number] = numbers
  if (takesAny && numbers.length === 1 && number !== undefined && accepted(anySyntax[0] as Offer) > 0) {
    const abort = new AbortController()
    return passOn(asked, await askFrame(asked, number, abort), abort)
  }
  // The last tells whether there are so many, before a byte of the first is sent.
  const last = Math.max(...numbers)
  const stored = await storedFrame(asked, last)
  const transferSyntaxUid = stored.transferSyntaxUid ?? EXPLICIT_LITTLE
  const asStored = offersOf(numbers, { type: stored.type, transferSyntaxUid })
  const offer = takesAny ? asStored[0] : (choose(accepted, asStored) ?? rawOffer)
  if (!offer) throw new AppError('not_acceptable')
  const decoded = offer.transferSyntaxUid === EXPLICIT_LITTLE && transferSyntaxUid !== EXPLICIT_LITTLE
  const told = decoded ? await metadataOf(asked) : {}
  const partOf = async (number: number) => {
    const one = number === last ? stored : await storedFrame(asked, number)
    return decoded ? decodedFrame(asked, one, transferSyntaxUid, told) : one
  }
  const part = await partOf(numbers[0] ?? 1)
  if (!offer.multipart) {
    const type = `${part.type}; transfer-syntax=${part.transferSyntaxUid ?? EXPLICIT_LITTLE}`
    return whole(asked.c, part.bytes, { 'content-type': type })
  }
  const { contentType, before, after, end } = framing(part.type)
  const headers = { 'content-type': contentType(part.transferSyntaxUid) }
  if (asked.c.req.method === 'HEAD') return new Response(null, { headers })
  // One frame in memory at a time, and the last.
  async function* body() {
    for (const [index, number] of numbers.entries()) {
      const { bytes, ...form } = index === 0 ? part : await partOf(number)
      yield before({ ...form, length: bytes.byteLength, location: locationOf(asked, number) })
      yield bytes
      yield after
    }
    yield end
  }
  return streamed(asked, body, headers)
}

/** Orthanc 1.7 decodes neither JPEG 2000 nor HTJ2K: we do, each frame by itself. */
async function decodedFrame(
  { codecs }: Asked,
  stored: Part,
  transferSyntaxUid: string,
  told: DicomJson,
): Promise<Part> {
  try {
    const { bytes } = await codecs.decode(imageOf(stored, transferSyntaxUid, told), 0)
    return { type: OCTETS, transferSyntaxUid: EXPLICIT_LITTLE, bytes }
  } catch (error) {
    if (error instanceof PixelError) throw new AppError('not_acceptable', error.message)
    throw error
  }
}

const locationOf = ({ portalUrl, resource }: Asked, number: number): string =>
  `${portalUrl}/dicomweb/studies/${resource.studyInstanceUid}/series/${resource.seriesInstanceUid}/instances/${resource.sopInstanceUid}/frames/${number}`
