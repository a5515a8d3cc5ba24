import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** Sizes of the precompressed forms that are worth serving. */
export interface Encodings {
  br?: number
  gzip?: number
}

/** The precompressed forms of a file; none where it would not save a tenth. */
export async function compressed(bytes: Buffer): Promise<{ br?: Buffer; gzip?: Buffer }> {
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: bytes.byteLength > SLOW_FROM ? 10 : 11,
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
      },
    }),
    promisify(gzip)(bytes, { level: 9 }),
  ])
  if (br.byteLength > bytes.byteLength * 0.9) return {}
  return { br, gzip: gz }
}

const SLOW_FROM = 2 * 1024 * 1024
