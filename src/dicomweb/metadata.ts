import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gunzip, gzip } from 'node:zlib'
import type { Context } from 'hono'
import { AppError } from '../errors.ts'
import { acceptedBy } from './accept.ts'
import { type Asked, askArchive, bytesOf, DICOM_JSON } from './archive.ts'
import { metadataName, ownAddresses, STUDY } from './prepare.ts'
import { isUnchanged } from './whole.ts'

type Encoding = 'br' | 'gzip' | 'identity'

/**
 * Metadata of a study, a series or an instance (PS3.18 §10.4.1.1.2): as it was prepared, compressed, with a validator;
 * else as Orthanc tells it now.
 */
export async function metadata(asked: Asked): Promise<Response> {
  requireJson(asked.c)
  return (await preparedMetadata(asked)) ?? json(asked, await askJson(asked))
}

/** Refuses who accepts no DICOM JSON: it is the only form we have. */
export function requireJson(c: Context): void {
  const accepted = acceptedBy(c.req.header('accept'))
  const types = [DICOM_JSON, 'application/json']
  if (!types.some((type) => accepted({ multipart: false, type }) > 0)) throw new AppError('not_acceptable')
}

/** JSON of the archive, with our own addresses. */
export async function askJson(asked: Asked): Promise<string> {
  const text = Buffer.from(await bytesOf(await askArchive(asked, DICOM_JSON))).toString('utf8')
  return ownAddresses(text, asked.orthanc, asked.portalUrl)
}

/** Text that shrinks sixtyfold goes compressed. */
export async function json({ c }: Pick<Asked, 'c'>, text: string): Promise<Response> {
  const encoding = encodingFor(c)
  const hash = createHash('sha256').update(text).digest('base64url').slice(0, 27)
  const headers = headersFor(hash, encoding)
  if (isUnchanged(c, headers.etag)) return c.body(null, 304, headers)
  if (encoding === 'identity') return c.body(text, 200, headers)
  const compressed =
    encoding === 'br'
      ? await promisify(brotliCompress)(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
      : await promisify(gzip)(text, { level: 4 })
  return c.body(new Uint8Array(compressed), 200, headers)
}

async function preparedMetadata({ c, prepared, portalUrl, resource }: Asked): Promise<Response | null> {
  const { seriesInstanceUid, sopInstanceUid } = resource
  const of = seriesInstanceUid ?? STUDY
  const entry = prepared?.entries.get(metadataName(of, 'gzip'))
  // The portal has moved since.
  if (!prepared || !entry || prepared.facts.portalUrl !== portalUrl) return null
  if (sopInstanceUid) {
    const at = prepared.facts.series[of]?.indexOf(sopInstanceUid) ?? -1
    if (at < 0) return null
    const series = JSON.parse(await inflated(await prepared.read(metadataName(of, 'gzip')))) as unknown[]
    return json({ c }, JSON.stringify([series[at]]))
  }
  const encoding = encodingFor(c)
  const headers = headersFor(entry.sha256.slice(0, 32), encoding)
  if (isUnchanged(c, headers.etag)) return c.body(null, 304, headers)
  const bytes = await prepared.read(metadataName(of, encoding === 'br' ? 'br' : 'gzip'))
  if (encoding === 'identity') return c.body(await inflated(bytes), 200, headers)
  return c.body(new Uint8Array(bytes), 200, { ...headers, 'content-length': `${bytes.byteLength}` })
}

const inflated = async (bytes: Uint8Array): Promise<string> =>
  (await promisify(gunzip)(bytes)).toString('utf8')

// A strong validator differs between encodings (RFC 9110 §8.8.3.3).
const headersFor = (hash: string, encoding: Encoding) => ({
  'content-type': DICOM_JSON,
  'cache-control': 'no-store',
  vary: 'Accept-Encoding',
  etag: `"${hash}-${encoding}"`,
  ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
})

function encodingFor(c: Context): Encoding {
  const weights = new Map(
    (c.req.header('accept-encoding') ?? '').split(',').map((item) => {
      const [name = '', q = ''] = item.trim().toLowerCase().split(/; *q=/)
      return [name, q === '' ? 1 : Number(q)] as const
    }),
  )
  const accepted = (name: string) => (weights.get(name) ?? weights.get('*') ?? 0) > 0
  return accepted('br') ? 'br' : accepted('gzip') ? 'gzip' : 'identity'
}
