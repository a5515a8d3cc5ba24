import type { Context } from 'hono'
import type { AppError, ErrorCode } from '../errors.ts'

const TITLES: Partial<Record<ErrorCode, string>> = {
  'request.malformed': 'The request cannot be read',
  'request.invalid': 'The request holds values that cannot be accepted',
  'request.cross_origin': 'Requests from other sites are refused',
  'request.too_large': 'The document is too large',
  'request.unsupported_media_type': 'This media type is not accepted here',
  'api.unauthorized': 'A valid API key is needed',
  'access.required': 'The session has ended',
  'staff.required': 'The session of the console has ended',
  'staff.forbidden': 'This role may not do it',
  'staff.exists': 'The user name is taken',
  'staff.elsewhere': 'The identity provider keeps this account',
  'staff.last_administrator': 'This is the last administrator',
  'visit.not_found': 'No such visit',
  'visit.exists': 'The visit is registered already',
  'visit.no_email': 'The visit has no consent or no e-mail',
  'visit.no_publication': 'Nothing of the visit is online',
  'exam.ambiguous': 'Which exam the report belongs to is not clear',
  'exam.not_found': 'No such exam in the visit',
  'share.too_many': 'Too many shares in one day',
  'report.empty': 'The document is empty',
  'report.unrecognised': 'The document is not a signed report',
  'report.content_not_pdf': 'The signed content is not a PDF',
  'report.altered': 'The document was altered after signing',
  'images.gone': 'The archive has these images no more',
  'images.unavailable': 'The images cannot be reached now',
  'images.preparing': 'The images are being prepared',
  'pacs.unavailable': 'The image archive cannot be reached now',
  'database.unavailable': 'The database cannot be reached now',
}

/** A refusal as RFC 9457 problem JSON. `type` is the stable name to program against. */
export function problem(c: Context, error: AppError): Response {
  const body = {
    type: `urn:ritiro:problem:${error.code}`,
    title: TITLES[error.code] ?? 'Not found',
    status: error.status,
    ...(error.detail ? { detail: error.detail } : {}),
    ...error.extra,
  }
  return c.body(JSON.stringify(body), error.status, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    // What is away comes back: whoever asks may ask again (RFC 9110 §10.2.3).
    ...(/^(?:pacs|database)\.unavailable$/.test(error.code) ? { 'retry-after': '2' } : {}),
  })
}
