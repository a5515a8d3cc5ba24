import type { MiddlewareHandler } from 'hono'
import { AppError } from '../errors.ts'

/** Refuses `GET http://user:password@host/…`: a user in an address is an error (RFC 9110 §4.2.4), and no Request can be made of it. */
export function refuseUserInAddress(): MiddlewareHandler {
  return (c, next) => {
    if (/^[a-z]+:\/\/[^/?#]*@/i.test(c.req.url)) throw new AppError('request.malformed')
    return next()
  }
}
