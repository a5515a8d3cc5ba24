import type { MiddlewareHandler } from 'hono'
import { AppError } from '../errors.ts'

/**
 * Refuses a body of more than `maxBytes`, whether its length was announced or it comes in pieces; `hearOutMs` as in
 * `hearOut`, for who has shown credentials.
 */
export function limitBody(
  maxBytes: number,
  { hearOutMs = 0, detail }: { hearOutMs?: number; detail?: string } = {},
): MiddlewareHandler {
  return async (c, next) => {
    const { body, headers } = c.req.raw
    if (!body) return next()
    const announced = headers.has('transfer-encoding') ? null : headers.get('content-length')
    if (announced !== null) {
      if (Number(announced) <= maxBytes) return next()
      await hearOut(body, hearOutMs)
      throw new AppError('request.too_large', detail)
    }
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of piecesOf(body)) {
      size += chunk.byteLength
      if (size > maxBytes) break
      chunks.push(chunk)
    }
    if (size > maxBytes) {
      await hearOut(body, hearOutMs)
      throw new AppError('request.too_large', detail)
    }
    c.req.raw = new Request(c.req.raw, { body: Buffer.concat(chunks) })
    return next()
  }
}

/**
 * Reads what is left of a body, for so long at most, and throws it away: most clients look at no answer before they have
 * sent all, and would see a connection cut instead of a reason.
 */
export async function hearOut(body: ReadableStream<Uint8Array> | null, ms: number): Promise<void> {
  if (!body || body.locked || ms === 0) return
  const deadline = Date.now() + ms
  const pieces = piecesOf(body)
  while (Date.now() < deadline) {
    const { done } = await pieces.next()
    if (done) return
  }
}

/** A body's pieces; the reader is let go of in the end, so that somebody else may go on reading. */
async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } catch (error) {
    throw new AppError('request.malformed', 'The body broke off.', {}, { cause: error })
  } finally {
    reader.releaseLock()
  }
}
