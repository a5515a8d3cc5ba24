import type { MiddlewareHandler } from 'hono'
import { AppError } from '../errors.ts'
import { limitBody } from './body-limit.ts'

// The longest form of ours is a doctor's name and address.
const LARGEST_FORM = 64 * 1024

const limit = limitBody(LARGEST_FORM)

/** What people send are small forms: nobody without a session makes the gateway hold more, or read another kind of body. */
export function smallForms(): MiddlewareHandler {
  return (c, next) => {
    if (/^multipart\//i.test(c.req.header('content-type') ?? ''))
      throw new AppError('request.unsupported_media_type')
    return limit(c, next)
  }
}
